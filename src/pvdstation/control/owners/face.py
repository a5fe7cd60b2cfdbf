"""The face of whoever sets a source's power, and what both owners do alike: arm, energise, go off."""

import math
from typing import NamedTuple, Protocol

from pvdstation.control.crystal_rate import Track
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import SUPPLY_OFF, ActionKind, SupplyLevel
from pvdstation.model.signals import SupplyMode

STOPPED = 0
"""SQC-310 phase: no process runs."""
ENERGISE_NS = 10 * SECOND
OFF_NS = 10 * SECOND


class Ask(NamedTuple):
    """An action that a step wants, for a link."""

    kind: ActionKind
    link: str


class Power(NamedTuple):
    """Memory of the loop's owner within one step."""

    stage: str
    since_ns: int
    asked: bool = False  # the stage's action has been asked for
    phase: int = -1  # SQC-310, as last seen
    phase_since_ns: int = 0
    strange: str = ""  # SQC-310: what somebody else has done to it
    drive_pct: float = 0.0  # host: what our loop sets
    integral_pct: float = math.nan
    rate_nm_s: float = math.nan  # host: filtered
    recent_pct: tuple[float, ...] = ()  # host: drives of the last 10 s


class PowerTick(NamedTuple):
    """What the owner wants in this scan."""

    power: Power
    level: SupplyLevel
    opens_shutter: bool
    text: str
    ask: Ask | None = None
    done: bool = False
    fault: str = ""
    rule: str = ""  # under which the fault is told; empty: the step's own name
    is_first_ramp: bool = False
    is_regulating: bool = False
    may_expose: bool = False


class Owner(Protocol):
    """The face of both owners."""

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        ...

    def condition(self, p: Power, v: View) -> PowerTick:
        """Prepare, arm, energise, ramp and soak; done when the loop may close."""
        ...

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, bumpless from soak 2."""
        ...

    def regulate(self, p: Power, v: View, track: Track, set_rate_nm_s: float) -> PowerTick:
        """Hold the rate; ``may_expose`` when the substrate shutter may open."""
        ...

    def freeze(self, p: Power, v: View, track: Track) -> PowerTick:
        """Hold: the SQC-310 regulates on; our own loop is open and its drive frozen, never up."""
        ...

    def closing(self, now_ns: int, p: Power) -> Power:
        """Return the memory at the start of the layer's end."""
        ...

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to idle and switch off; done when off is read back."""
        ...

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch off at once; done when off is read back."""
        ...


def staged(name: str, v: View, p: Power) -> Power:
    """Return the memory at the start of another stage; drive and phase go on."""
    return Power(name, v.now_ns, drive_pct=p.drive_pct, phase=p.phase, phase_since_ns=p.phase_since_ns)


def is_off(v: View, w: Wiring) -> bool:
    """Return whether off is read back: output off, below 1 A, enable contact open; without a link the contact alone.

    A link that is lost leaves the contact too (safety B.4): the way of the energy is open, the current not measured.
    """
    if v.is_unmeasured(w):
        return v.io(w.enable_open) == 1 and not v.last.supply[w.supply_index].on
    return (
        v.supply(w.signals.mode) == SupplyMode.OFF
        and v.supply(w.signals.current) <= v.station.limits.hot_above
        and v.io(w.enable_open) == 1
    )


class Shared:
    """What both owners do: arm, energise, and go off."""

    def __init__(self, wiring: Wiring) -> None:
        self.w = wiring

    def on(self, v: View, current_a: float = 0.0, *, foldback: bool = True) -> SupplyLevel:
        """Return the level "on"; foldback is armed once the current has been above its threshold for its time."""
        above = v.sources[self.w.index].above_since_ns
        arm = foldback and above is not None and v.now_ns - above >= self.w.foldback_after_ns
        return SupplyLevel(on=True, current_a=current_a, foldback=arm)

    def answered(
        self, p: Power, v: View, kind: ActionKind, link: str, after: str, text: str, level: SupplyLevel
    ) -> PowerTick:
        """Ask for an action once and go on when it has been resolved."""
        if not p.asked:
            return PowerTick(p._replace(asked=True), level, opens_shutter=False, text=text, ask=Ask(kind, link))
        if v.result is None:
            return PowerTick(p, level, opens_shutter=False, text=text)
        if v.result.ok:
            return PowerTick(staged(after, v, p), level, opens_shutter=False, text=text)
        who = "SQC-310" if link == "sqc" else f"supply {self.w.boat}"
        return PowerTick(p, SUPPLY_OFF, opens_shutter=False, text=text, fault=f"{who}: {v.result.text}")

    def energise(self, p: Power, v: View, after: str) -> PowerTick:
        """Switch the output on and go on when it is read back, still without current."""
        w = self.w
        text = "supply on, no current yet"
        on = v.last.supply[w.supply_index].on
        if not w.is_linked and on and v.io(w.enable_open) == 0:
            return PowerTick(staged(after, v, p), self.on(v), opens_shutter=False, text="enable contact closed")
        mode = v.supply(w.signals.mode)
        if on and mode > SupplyMode.OFF and v.supply(w.signals.current) <= v.station.limits.hot_above:
            return PowerTick(staged(after, v, p), self.on(v), opens_shutter=False, text=text)
        late = v.now_ns - p.since_ns > ENERGISE_NS
        fault = f"supply {w.boat} did not switch on in {ENERGISE_NS // SECOND} s" if late else ""
        return PowerTick(p, self.on(v), opens_shutter=False, text=text, fault=fault)

    def off(self, p: Power, v: View) -> PowerTick:
        """Switch the output off; done when off is read back."""
        done = is_off(v, self.w)
        late = not done and v.now_ns - p.since_ns > OFF_NS
        fault = f"supply {self.w.boat}: off is not read back in {OFF_NS // SECOND} s" if late else ""
        return PowerTick(p, SUPPLY_OFF, opens_shutter=False, text="off, to be confirmed", done=done, fault=fault)
