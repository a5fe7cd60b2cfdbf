"""Runs of the paper's recipe, each computed once per process, and the golden event log of one of them.

``python tests/run/paper_runs.py`` renews the golden log after a change that was meant; read its diff before you commit.
"""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pvd_command import pvd

SENTENCE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
GOLDEN = Path(__file__).with_name("golden") / "dual-layer-sqc-seed-1.jsonl"


class PaperRun(NamedTuple):
    """What ``--json`` prints, and the lines of ``--events``."""

    document: dict[str, Any]
    lines: tuple[str, ...]


@cache
def paper_run(station: str, seed: int) -> PaperRun:
    """Return the dry run of the paper's sentence on a packaged station; 4 to 10 s the first time."""
    with TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        options = ("--station", station, "--seed", str(seed), "--no-record")
        ended = pvd("dry-run", SENTENCE, *options, "--json", "--events", str(events))
        assert ended.returncode == 0, ended.stderr
        return PaperRun(json.loads(ended.stdout), tuple(events.read_text(encoding="utf-8").splitlines()))


def renew() -> None:
    """Write the golden log."""
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("".join(f"{line}\n" for line in paper_run("sim", 1).lines), encoding="utf-8")


if __name__ == "__main__":
    renew()
