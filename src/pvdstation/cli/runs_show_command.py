"""``pvd runs show``: one run as it was, outcome first."""

from pvdstation.assembly.finding import find_run
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Refused
from pvdstation.record.run_file import RunFile


def run_show(streams: Streams, text: str, data: str | None) -> ExitCode:
    """Show a run; return the exit code."""
    try:
        run = RunFile(find_run(text, data))
    except Refused as refusal:
        streams.refuse(refusal.problems)
        return ExitCode.REFUSED
    end = run.end or {"outcome": "interrupted"}
    if streams.json:
        streams.document({"run": run.run, "genesis": run.genesis, "end": end})
    streams.show(f"{end['outcome']}  {run.run}")
    return ExitCode.COMPLETE
