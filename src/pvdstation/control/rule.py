"""What a rule is: the start part of an output, the part that must stay true, and whether a person may override it."""

from collections.abc import Callable
from typing import NamedTuple

from pvdstation.control.conditions import Condition
from pvdstation.control.scene import Scene
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass
from pvdstation.model.station import Station

OFF_DELAY_S = 2.0
"""How long an alarm's claim must hold again before the alarm goes."""


class Overridable(NamedTuple):
    """How long a rule may be overridden, and when (design 10). A rule without one is absolute."""

    minutes: float
    needs_cold: bool = False  # all sources cold, and it ends when one is not
    without_lithium: bool = False  # no source of the station holds lithium


class Permissive(NamedTuple):
    """What must hold before an output may go from closed or off to open or on."""

    output: str
    name: str
    ref: str
    action: str  # what a person wants: "Open N2 valve"
    start: tuple[Condition, ...]
    override: Overridable | None = None


class Interlock(NamedTuple):
    """What must stay true while it is needed; how long it may be lost; what happens then."""

    name: str
    ref: str
    sentence: str
    needed: Callable[[View, Scene], bool]
    holds: Callable[[View, Scene], bool]
    on_loss: ActionClass
    with_energy: ActionClass | None = None  # instead of it, while a supply is on
    delay_s: Callable[[Station], float] = lambda _station: 0.0
    samples_of: str = ""  # a signal: the claim must fail in ``samples`` samples of it in a row
    samples: int = 1
    closes: str = ""  # an output that is closed at once and stays closed
    shows: Callable[[View], str] = lambda _view: ""
    parts: tuple[Condition, ...] = ()  # where several conditions are one claim: those that are lost are told
    clears: Callable[[View, Scene], bool] | None = None  # an alarm goes by this, its dead-band, and not by ``holds``
    off_delay_s: float = OFF_DELAY_S
    override: Overridable | None = None

    @property
    def is_latched(self) -> bool:
        """Return whether it stays until the run is resumed or cleared; an alarm that closes nothing goes by itself."""
        return self.on_loss is not ActionClass.ALARM or bool(self.closes)
