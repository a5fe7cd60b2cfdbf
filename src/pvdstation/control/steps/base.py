"""What every step is: a small frozen state and a pure tick that says what it wants and what it waits for."""

from enum import Enum
from typing import Any, NamedTuple, Protocol

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.owners import Ask
from pvdstation.control.scene import EMPTY, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.messages import SUPPLY_OFF, ActionClass, EventKind, Outputs, SupplyLevel


class Drive(Enum):
    """What the run wants of the step: go on, hold, or come to an orderly end."""

    RUN = "run"
    HOLD = "hold"
    STOP = "stop"


class Trouble(NamedTuple):
    """Something that the step cannot solve by itself."""

    response: ActionClass
    name: str
    text: str


class Said(NamedTuple):
    """Something that a step puts into the record: a note, or a question."""

    kind: EventKind
    text: str
    values: tuple[tuple[str, float | str], ...] = ()


Values = dict[str, float | str]


class Tick(NamedTuple):
    """What a step says in one scan."""

    state: Any
    wants: Outputs
    text: str  # what it waits for
    done: str = ""  # why it has ended
    is_settled: bool = False  # held, or stopped, and confirmed
    is_cold: bool = False  # held without energy
    ask: Ask | None = None
    scene: Scene = EMPTY
    trouble: Trouble | None = None
    says: Said | None = None
    alarm: Trouble | None = None  # that is told, and moves nothing
    lacks: str = ""  # held: why it cannot be resumed yet
    hold_ends_ns: int | None = None  # held: when this step's own limit makes a stop of it
    grown_nm: tuple[float, ...] = ()  # of each source's film: what the layer that is asked for does not need any more


class StepLogic(Protocol):
    """One kind of step."""

    def begin(self, v: View) -> Any:
        """Return the state at the start of the step."""
        ...

    def tick(self, state: Any, v: View, drive: Drive) -> Tick:
        """Decide one scan."""
        ...

    def values(self, state: Any, v: View) -> Values:
        """Return what the step has reached, in the names of the result's JSON."""
        ...


def with_sources(
    v: View,
    wirings: tuple[Wiring, ...],
    levels: tuple[SupplyLevel, ...],
    *,
    shutter: bool = False,
    substrate: bool = False,
) -> Outputs:
    """Return safe levels but for some sources: their supplies, their shutters, the substrate shutter."""
    safe = safe_levels(v)
    supplies, enable, shutters = list(safe.supply), list(safe.enable), list(safe.source_shutter)
    for w, level in zip(wirings, levels, strict=True):
        supplies[w.supply_index] = level
        enable[w.supply_index] = level is not SUPPLY_OFF and level.on
        shutters[w.index] = shutter
    return safe._replace(
        supply=tuple(supplies), enable=tuple(enable), source_shutter=tuple(shutters), substrate_shutter=substrate
    )
