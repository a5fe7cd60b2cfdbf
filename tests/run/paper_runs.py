"""Runs of the paper's recipe, each computed once per process, and the golden event log of one of them.

``python tests/run/paper_runs.py`` renews the golden log after a change that was meant; read its diff before you commit.
"""

import io
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.runs import execute
from pvdstation.record.results import RunResult

SENTENCE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
GOLDEN = Path(__file__).with_name("golden") / "dual-layer-sqc-seed-1.jsonl"


class PaperRun(NamedTuple):
    """What came out, and its events as the lines of ``--events``."""

    result: RunResult
    lines: tuple[str, ...]


@cache
def paper_run(station: str, seed: int) -> PaperRun:
    """Return the run of the paper's sentence on a packaged station; 4 to 10 s the first time."""
    ready = prepare(SENTENCE, station)
    assert isinstance(ready, Prepared), ready
    events = io.StringIO()
    result = execute(ready, seed, events=events).result
    return PaperRun(result, tuple(events.getvalue().splitlines()))


def renew() -> None:
    """Write the golden log."""
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("".join(f"{line}\n" for line in paper_run("sim", 1).lines), encoding="utf-8")


if __name__ == "__main__":
    renew()
