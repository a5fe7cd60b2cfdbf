"""What nobody has proved on the bench yet, and without which real instruments are not driven."""

import re
from collections.abc import Iterator

from pvdstation.model.problems import Problem
from pvdstation.model.station import Source, Station
from pvdstation.model.switchgear_table import DAY
from pvdstation.protocol.sqc310_commands import address
from pvdstation.protocol.sqc310_parameters import Table

_COMPARED = (Table.FILM_LOOP, Table.FILM_SHUTTER, Table.FILM_FAIL)
"""Tables of a film that hold parameters which are never written (station-and-sequence 3.2)."""


def unproved(station: Station) -> list[Problem]:
    """Return every proof that the station file lacks, each with its row of the bench checks."""
    return [*_scales(station), *_fingerprints(station)]


def _scales(station: Station) -> Iterator[Problem]:
    proved = station.sqc.scale.proved
    if not re.fullmatch(DAY, proved):
        what = f'proved = "{proved[:40]}" is no day: a scale of rate or power that is wrong by ten is a runaway'
        write = 'Do bench check S3, then write the day, for example proved = "2026-05-01".'
        yield Problem("sqc.scale.proved", what, write, file=station.file)


def _fingerprints(station: Station) -> Iterator[Problem]:
    """Where the SQC-310 sets the power, what it may do beside our numbers must be as at commissioning."""
    known = station.sqc.fingerprint
    owned = [source for source in station.source.values() if source.rate_loop == "sqc"]
    missing = [name for source in owned for name in _tables(source) if name not in known]
    if owned and not any(name.startswith(Table.LAYER) for name in known):
        missing.append(f"{Table.LAYER}n")
    if missing:
        what = f"nothing says what {', '.join(missing)} of the SQC-310 held at commissioning: limits, alarms, fail mode"
        write = 'Do bench check S4; "pvd probe --survey" prints the table.'
        yield Problem("sqc.fingerprint", what, write, file=station.file)


def _tables(source: Source) -> list[str]:
    return [address(table, source.sqc.film) for table in _COMPARED]
