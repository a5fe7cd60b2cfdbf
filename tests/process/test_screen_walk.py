"""A person's first walk through the screen, in tmux, with real processes: from a recipe to the report of a failure.

PVD_SCREENS=docs/screens pytest -m long tests/process/test_screen_walk.py

draws the pictures of the docs anew.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from core_bench import gone, pid_of
from screen_pictures import picture, words_of
from station_bench import QUICK, station_with
from tmux_bench import TMUX, Terminal

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "docs" / "screens"
RENEW = "PVD_SCREENS=docs/screens pytest -m long tests/process/test_screen_walk.py draws it anew"
AT_HOME = "/home/anna"
FAULT = "t=900s crystal.1 fail"
"""In the zinc layer, however long a person of this test holds the conditioning before it."""

PUMPED = {
    name: value
    for name, value in QUICK.items()
    if name.startswith(("simulation.start", "simulation.chamber", "limits.start_pressure")) or "cool_down" in name
}
"""The packaged station, close to high vacuum: pumping and cooling take less of the test's time."""

pytestmark = [pytest.mark.long, pytest.mark.skipif(TMUX is None, reason="tmux is not installed")]


@pytest.fixture
def data() -> Iterator[Path]:
    """Give a folder with a short name; the core that was started in it is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pvd-"))
    try:
        yield folder
    finally:
        with suppress(OSError, IndexError):
            pid = pid_of(folder / "records")
            os.kill(pid, signal.SIGKILL)
            gone(pid)
        shutil.rmtree(folder)


class Walk:
    """The terminal, and the pictures of it that the docs show."""

    def __init__(self, terminal: Terminal, data: Path) -> None:
        self.terminal = terminal
        self._paths = re.compile(f"(?:{re.escape(str(data))}|{re.escape(str(ROOT))})" + r"(\S*)( *)")

    def sees(self, *words: str, name: str = "", title: str = "") -> None:
        """Wait for words; the picture of that name in the docs has the same ones."""
        coloured = self.terminal.until(*words)
        if not name:
            return
        drawn = os.environ.get("PVD_SCREENS")
        if drawn:
            Path(drawn).mkdir(parents=True, exist_ok=True)
            (Path(drawn) / f"{name}.svg").write_text(picture(self._paths.sub(_at_home, coloured), title), "utf-8")
        kept = SCREENS / f"{name}.svg"
        missing = [word for word in words if word not in words_of(kept)]
        assert not missing, f"docs/screens/{name}.svg does not say {missing}: {RENEW}"


def _at_home(found: re.Match[str]) -> str:
    """Return a path as a person has it, as wide as it was with the spaces behind it."""
    return f"{AT_HOME}{found[1]}".ljust(len(found[0]))


def test_a_person_who_has_read_the_readme_walks_from_a_recipe_to_the_report_of_a_failure(data: Path) -> None:
    station = data / "quick.toml"
    station.write_bytes(station_with(PUMPED))
    records = data / "records"
    command = (sys.executable, "-m", "pvdstation", "ui", "--station", str(station), "--data", str(records))
    with Terminal(command, ROOT, {"LOGNAME": "anna"}, data / "tmux") as terminal:
        walk = Walk(terminal, records)
        walk.sees("SIMULATED", "IDLE", "3 opens, checks and starts a recipe")
        opens_and_checks(walk)
        runs_it_dry(walk)
        starts_it(walk)
        holds_and_resumes(walk)
        sees_what_has_happened(walk)
        finds_the_report(walk, records)
        terminal.press("F10")


def opens_and_checks(walk: Walk) -> None:
    walk.terminal.press("3")
    walk.sees("Write a recipe as on paper")
    walk.terminal.press("o")
    walk.sees("letters narrow the list")
    walk.terminal.write("lzln")
    walk.terminal.press("Enter")
    walk.sees(
        "lzln.toml", "+1 pump down to", "3 deposit 300 nm Zn at 0.5 nm/s", "┃ ok",
        name="recipe", title="The Recipe page: the dual layer, opened and checked",
    )  # fmt: skip


def runs_it_dry(walk: Walk) -> None:
    walk.terminal.press("d")
    walk.sees(
        "DRY RUN: COMPLETE", "safe state confirmed", "rate nm/s", "Li at most",
        name="dry-run", title="The Recipe page: a dry run and its curves",
    )  # fmt: skip


def starts_it(walk: Walk) -> None:
    walk.terminal.press("r")
    walk.sees("Start a SIMULATED run", "speed, × real time")
    walk.terminal.write("60")
    walk.terminal.press("Down")
    walk.terminal.write(FAULT)
    walk.sees(FAULT, "anna", "Ctrl+S: start", name="start", title="What is filled in before a run begins")
    walk.terminal.press("C-s")
    walk.sees("has begun: 1 shows it")


def holds_and_resumes(walk: Walk) -> None:
    walk.terminal.press("1")
    walk.sees("SIMULATED ×60", "step 2 of 10  condition Zn")
    walk.terminal.press("F3")
    walk.sees(
        "HELD: hold by", "CONFIRMED: supplies off", "shutters closed", "Do: ", "a stop in",
        name="held", title="Held: what was done is read back, and how long the hold may last",
    )  # fmt: skip
    walk.terminal.press("F4")
    walk.sees(
        "RUNNING", "step 3 of 10  deposit 300 nm Zn at 0.5 nm/s", "of 300.0", "substrate shutter  OPEN", "to go",
        name="running", title="The Overview while zinc is deposited",
    )  # fmt: skip


def sees_what_has_happened(walk: Walk) -> None:
    walk.sees(
        "HELD: ", "crystal 1 failed", "CONFIRMED: ", "Do: Change the crystal", "of 300.0, held",
        "cannot be resumed yet", "set 0.500 unknown",
        name="failed", title="Held by the program: the crystal has failed",
    )  # fmt: skip
    walk.terminal.press("F9", "F9")
    walk.sees("STOPPED: ", "crystal 1 failed", "safe state", "6, then R writes the report of run")


def finds_the_report(walk: Walk, records: Path) -> None:
    walk.terminal.press("6")
    walk.sees("▶ ", "! stopped: crystal")
    walk.terminal.press("r")
    walk.sees(
        "! stopped: crystal", "The report is in", "The same by: pvd runs report",
        name="report", title="The Runs page: the run that was stopped, and its report",
    )  # fmt: skip
    (report,) = (records / "reports").glob("*.html")
    assert "crystal 1 failed" in report.read_text("utf-8")
