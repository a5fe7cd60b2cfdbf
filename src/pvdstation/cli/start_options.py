"""The options by which a person says at the start what the record of a run is to keep."""

from typing import Annotated

import typer

Operator = Annotated[str | None, typer.Option(metavar="NAME", help="Who runs it; default the login name.")]
Samples = Annotated[
    list[str] | None,
    typer.Option("--sample", metavar="SAMPLE", help='"name", "name, id" or "name, id, batch"; may be given again.'),
]
H2o = Annotated[float | None, typer.Option("--h2o", metavar="PPM", help="Water in the glovebox, ppm.")]
O2 = Annotated[float | None, typer.Option("--o2", metavar="PPM", help="Oxygen in the glovebox, ppm.")]
Lots = Annotated[
    list[str] | None,
    typer.Option(
        "--lot", metavar="LOT", help='Of a charge or gas: "Zn=lot 442, 99.99 %"; may be given again, once for each.'
    ),
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Anything else that the record should say.")]
Data = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Folder of the records; default PVD_DATA, else the user's own."),
]
