"""What a person reads and fills in before a run begins, and the start that comes of it."""

import getpass
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pvdstation.desk.start import Start
from pvdstation.recipe.procedure import Condition, Deposit
from pvdstation.tui.parts.form import Field, Filled, number_of
from pvdstation.tui.recipe.looking import Seen
from pvdstation.tui.recipe.steps import sums

SPEED = "speed"
FASTEST = 10_000.0
_MOST_PPM = 1e6
_MOST_SEED = 2**32 - 1
_FAULTS_HINT = "e.g. t=1200s crystal.1 fail; several with ;"
_KEPT = ("operator", "h2o", "o2", "lots", SPEED)
"""What the next start begins with: who and which glovebox change less often than the sample."""


class Ready(NamedTuple):
    """A checked recipe that can be started, and where."""

    seen: Seen
    recipe: str  # file, or the notation itself
    station: str
    is_live: bool


def fields_of(ready: Ready, before: Filled) -> tuple[Field, ...]:
    """Return what is asked for; ``before`` is what was filled in the last time."""
    about = [
        Field("operator", "who", before.get("operator", "") or login_name()),
        Field("samples", "samples", before.get("samples", ""), is_needed=False, hint="e.g. S-1, 17, B4; S-2"),
        Field("h2o", "glovebox H2O, ppm", before.get("h2o", ""), most=_MOST_PPM, is_needed=False),
        Field("o2", "glovebox O2, ppm", before.get("o2", ""), most=_MOST_PPM, is_needed=False),
        Field(
            "lots", "lots", before.get("lots", ""), is_needed=False, hint=f"e.g. {_first_used(ready)}=lot 442, 99.99 %"
        ),
        Field("note", "note", before.get("note", ""), is_needed=False),
    ]
    if ready.is_live:
        return (*about, Field("station", "LIVE: station's name"))
    speed = Field(SPEED, "speed, × real time", before.get(SPEED, "") or "1", 0.01, FASTEST)
    faults = Field("faults", "faults to inject", before.get("faults", ""), is_needed=False, hint=_FAULTS_HINT)
    return (speed, faults, *about, Field("seed", "seed of the noise", before.get("seed", "") or "1", 0, _MOST_SEED))


def preflight_text(ready: Ready) -> str:
    """Return what is to be read before: station, recipe, what it takes, and every warning."""
    return "\n".join(_preflight_lines(ready))


def wrong_station(ready: Ready, filled: Filled) -> str:
    """Return why a live start is not to be: the station's name was not written as it is; empty when it was."""
    if not ready.is_live or filled.get("station", "") == ready.station:
        return ""
    return f'"{filled.get("station", "")}" is not the name of this station; nothing was started'


def kept(filled: Filled) -> dict[str, str]:
    """Return what the next start begins with."""
    return {name: filled[name] for name in _KEPT if filled.get(name)}


def start_of(ready: Ready, filled: Filled) -> Start:
    """Return the start."""
    written = ready.seen.written
    return Start(
        recipe=ready.recipe,
        sha256=written.sha256,
        sets=tuple(f"{name}={value}" for name, value in written.sets.items()),
        faults=_parts(filled, "faults"),
        speed=1.0 if ready.is_live else number_of(filled[SPEED]),
        seed=1 if ready.is_live else int(number_of(filled["seed"])),
        is_live=ready.is_live,
        operator=filled["operator"],
        samples=_parts(filled, "samples"),
        h2o_ppm=_ppm(filled, "h2o"),
        o2_ppm=_ppm(filled, "o2"),
        lots=_parts(filled, "lots"),
        note=filled["note"],
    )


def login_name() -> str:
    """Return the name of the user of this process; empty when the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _preflight_lines(ready: Ready) -> Iterator[str]:
    seen, checked = ready.seen, ready.seen.checked
    yield f"{'LIVE: REAL INSTRUMENTS' if ready.is_live else 'SIMULATED'}   {ready.station}"
    if checked is None:
        return
    yield f"{checked.procedure.name}   {_source(ready)}"
    yield "  ".join(sums(checked))
    for name, value in seen.written.sets.items():
        yield f"{name} = {value}"
    for message in seen.messages:
        yield f"{message.sign} {message.text}"
    if not seen.messages:
        yield "the check has nothing to warn of"
    if ready.is_live:
        yield f'At the end write the name of the station as it stands: "{ready.station}"'


def _source(ready: Ready) -> str:
    path = ready.seen.written.path
    if ready.recipe == ready.seen.written.text:
        return "as written in one line"
    return f"as written, not saved to {path.name}" if path and path != Path(ready.recipe) else ready.recipe


def _first_used(ready: Ready) -> str:
    """Return the first source that the recipe heats."""
    steps = ready.seen.checked.procedure.steps if ready.seen.checked else ()
    return next((step.work.source for step in steps if isinstance(step.work, Condition | Deposit)), "Zn")


def _parts(filled: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in filled.get(name, "").split(";") if part.strip())


def _ppm(filled: Mapping[str, str], name: str) -> float | None:
    return number_of(filled[name]) if filled.get(name) else None
