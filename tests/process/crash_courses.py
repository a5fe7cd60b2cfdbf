"""What is run and killed: short courses in which every kind of step comes once.

Gas and vent need sources that are cold: 300 s of the plant after every kill, so that there are no more of them.
"""

import sys
from pathlib import Path
from typing import NamedTuple

from station_bench import QUICK, Changes, station_with
from test_day_steps import DAY
from test_layer_runs import MUCH, TWO
from test_tune_runs import SHORT

HAS_TERMINALS = sys.platform != "win32"


class Kill(NamedTuple):
    """When a run is killed: what it prints then, and how long after it, s of plant time."""

    kind: str  # of the step
    words: str
    plant_s: float = 0.0


class Course(NamedTuple):
    """What is run on one plant, and the kills; each run goes on from the one before."""

    name: str
    recipe: str  # in notation, or a file's content; empty: a tuning of Zn
    kills: tuple[Kill, ...]
    changes: Changes
    station: str = "sim"
    has_core: bool = False  # a process of its own, as always but in tests; else what ``pvd run`` runs is run by itself


FILM = Course(
    "film",
    """
name = "film and gas"
steps = [
    "20 nm Zn at 0.5 nm/s",
    { do = "admit_gas", gas = "N2", pressure = "100 mbar", dwell = "30 s", keep = "settle" },
]
""",
    (
        Kill("pump_down", "step 1: running, pump down"),
        Kill("condition", "soak 2", 2.0),
        Kill("deposit", "thickness 20 nm", 10.0),
        Kill("cool", "Zn, Li cold", 1.0),
        Kill("admit_gas", ": N2 to 100 mbar", 3.0),
        Kill("admit_gas", "dwell 30 s", 5.0),
        Kill("evacuate", "by roughing", 5.0),
    ),
    {**QUICK, "limits.start_pressure.hold": "5 s"},
)
TOGETHER = Course(
    "together",
    "condition Zn; 20 nm Zn at 0.5 nm/s with Li at 0.2 nm/s",
    (Kill("condition", "soak 2", 4.0), Kill("deposit", "thickness 20 nm", 10.0)),
    {**TWO, **MUCH},
    "sim-host-loop",
    has_core=True,
)
PASTIMES = Course(
    "pastimes",
    'leak test 30 s below 1e-3 mbar/s, then wait 30 s, then note "golden film", '
    'then wait until fore-line below 1 mbar for 30 s within 1 h, then ask "Mass?" 10 mg to 500 mg as mass',
    (
        Kill("leak_test", "rise of the pressure", 3.0),
        Kill("wait", "30 s over", 5.0),
        Kill("note", ": golden film"),  # it takes no time: this is right after it
        Kill("wait_until", ": fore-line pressure below", 5.0),
        *([Kill("ask", ">> Mass?")] if HAS_TERMINALS else []),
    ),
    DAY,
)
VENT = Course(
    "vent", "vent with Ar", (Kill("isolate", "pressure rise over 10 s"), Kill("vent", ": Ar to 1000 mbar", 15.0)), QUICK
)
TUNE = Course("tune", "", (Kill("tune", "tuning, at the operating power", 5.0),), SHORT, "sim-host-loop")
COURSES = (FILM, VENT, TOGETHER, PASTIMES, TUNE)


def station_of(course: Course, folder: Path) -> Path:
    """Write the station of a course."""
    path = folder / f"{course.name}.toml"
    path.write_bytes(station_with(course.changes, course.station))
    return path
