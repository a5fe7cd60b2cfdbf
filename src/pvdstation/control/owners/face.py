"""The face of whoever sets a source's power, and what both owners do alike: arm, energise, go off."""

import math
from typing import NamedTuple, Protocol

from pvdstation.control.crystal_rate import Track
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import SUPPLY_OFF, ActionKind, LayerSetup, ManualOrder, SupplyLevel
from pvdstation.model.signals import SupplyMode

STOPPED = 0
"""SQC-310 phase: no process runs."""
ENERGISE_NS = 10 * SECOND
OFF_NS = 10 * SECOND


class Ask(NamedTuple):
    """An action that a step wants, for a link; of other layers than the step's where it names them."""

    kind: ActionKind
    link: str
    layers: tuple[LayerSetup, ...] | None = None
    manual: ManualOrder | None = None


class Aim(NamedTuple):
    """What the loop is told of one source: what its crystal shows, and the rate that it is to have."""

    track: Track
    rate_nm_s: float


class Loop(NamedTuple):
    """Memory of our own loop of one source."""

    drive_pct: float = 0.0  # what it sets
    integral_pct: float = math.nan
    rate_nm_s: float = math.nan  # filtered
    recent_pct: tuple[float, ...] = ()  # drives of the last 10 s
    set_nm_s: float = math.nan  # set-point of the last sample


class Power(NamedTuple):
    """Memory of the loop's owner within one step."""

    stage: str
    since_ns: int
    asked: bool = False  # the stage's action has been asked for
    place: int = 0  # of the supply that is being armed
    passed_ns: int = 0  # of ramps and soaks, when our own clock was held
    phase: int = -1  # SQC-310, as last seen
    phase_since_ns: int = 0
    strange: str = ""  # SQC-310: what somebody else has done to it
    loops: tuple[Loop, ...] = ()  # host: of each source


class PowerTick(NamedTuple):
    """What the owner wants in this scan."""

    power: Power
    levels: tuple[SupplyLevel, ...]  # of each source's supply
    opens_shutter: bool  # all of them
    text: str
    ask: Ask | None = None
    done: bool = False
    fault: str = ""
    rule: str = ""  # under which the fault is told; empty: the step's own name
    in_first_ramp: tuple[int, ...] = ()  # places of the sources that are in the ramp in which a boat is fingerprinted
    is_regulating: bool = False
    may_expose: bool = False


class Owner(Protocol):
    """The face of both owners, of one source or of several that are evaporated together, the first-named one first."""

    none: tuple[SupplyLevel, ...]
    """Levels of no energy."""

    @property
    def holds_cold(self) -> bool:
        """Return whether a hold of the closed loop takes the energy away."""
        ...

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        ...

    def condition(self, p: Power, v: View) -> PowerTick:
        """Prepare, arm, energise, ramp and soak; done when the loop may close, of a melt-in when it has soaked."""
        ...

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, bumpless from soak 2."""
        ...

    def regulate(self, p: Power, v: View, aims: tuple[Aim, ...]) -> PowerTick:
        """Hold the rates; ``may_expose`` when the substrate shutter may open."""
        ...

    def freeze(self, p: Power, v: View) -> PowerTick:
        """Hold: the SQC-310 regulates on; our own loop is open and its drive frozen, never up."""
        ...

    def keeps_heat(self, p: Power) -> bool:
        """Return whether a hold of conditioning freezes the power and a stop ramps it down; else it goes off."""
        ...

    def freeze_heat(self, p: Power, v: View) -> PowerTick:
        """Hold conditioning at its present power, never up."""
        ...

    def closing(self, now_ns: int, p: Power, *, stopped: bool = False) -> Power:
        """Return the memory at the start of the layer's end, or of the end of a melt-in; a stop is faster."""
        ...

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to idle and switch off; done when off is read back."""
        ...

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch off at once; done when off is read back."""
        ...


def staged(name: str, v: View, p: Power) -> Power:
    """Return the memory at the start of another stage; drive and phase go on."""
    return Power(name, v.now_ns, loops=p.loops, phase=p.phase, phase_since_ns=p.phase_since_ns)


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
    """What both owners do: arm, energise, and go off; every supply that takes part does it."""

    def __init__(self, wirings: tuple[Wiring, ...], *, melts: bool = False) -> None:
        self.wirings = wirings
        self.w = wirings[0]
        self.melts = melts
        self.none = (SUPPLY_OFF,) * len(wirings)
        """Levels of no energy."""

    def on(self, v: View, *, foldback: bool = True) -> tuple[SupplyLevel, ...]:
        """Return the levels "on" without a current of our own."""
        return tuple(self.level(v, w, 0.0, foldback=foldback) for w in self.wirings)

    def level(self, v: View, w: Wiring, current_a: float, *, foldback: bool = True) -> SupplyLevel:
        """Return the level "on"; foldback is armed once the current has been above its threshold for its time."""
        above = v.sources[w.index].above_since_ns
        arm = foldback and above is not None and v.now_ns - above >= w.foldback_after_ns
        return SupplyLevel(on=True, current_a=current_a, foldback=arm)

    def answered(
        self, p: Power, v: View, ask: Ask, following: Power, text: str, levels: tuple[SupplyLevel, ...]
    ) -> PowerTick:
        """Ask for an action once and go on when it has been resolved."""
        if not p.asked:
            return PowerTick(p._replace(asked=True), levels, opens_shutter=False, text=text, ask=ask)
        if v.result is None:
            return PowerTick(p, levels, opens_shutter=False, text=text)
        if v.result.ok:
            return PowerTick(following, levels, opens_shutter=False, text=text)
        who = "SQC-310" if ask.link == "sqc" else f"supply {ask.link.removeprefix('supply')}"
        return PowerTick(p, self.none, opens_shutter=False, text=text, fault=f"{who}: {v.result.text}")

    def arm(self, p: Power, v: View, after: str) -> PowerTick:
        """Arm one supply after the other; one without a link is set by hand, its enable contact on a watchdog."""
        linked = [w for w in self.wirings if w.is_linked]
        if p.place >= len(linked):
            return self.energise(staged("energise", v, p), v, after)
        following = staged("arm", v, p)._replace(place=p.place + 1)
        if p.place + 1 == len(linked):
            following = staged("energise", v, p)
        text = "supply armed, every limit read back"
        return self.answered(p, v, Ask(ActionKind.SUPPLY_ARM, linked[p.place].link), following, text, self.none)

    def energise(self, p: Power, v: View, after: str) -> PowerTick:
        """Switch the outputs on and go on when all are read back, still without current."""
        text = "supply on, no current yet"
        lacking = [w.boat for w in self.wirings if not self._is_energised(v, w)]
        if not lacking:
            text = text if self.w.is_linked else "enable contact closed"
            return PowerTick(staged(after, v, p), self.on(v), opens_shutter=False, text=text)
        late = v.now_ns - p.since_ns > ENERGISE_NS
        fault = f"supply {lacking[0]} did not switch on in {ENERGISE_NS // SECOND} s" if late else ""
        return PowerTick(p, self.on(v), opens_shutter=False, text=text, fault=fault)

    def _is_energised(self, v: View, w: Wiring) -> bool:
        on = v.last.supply[w.supply_index].on
        if not w.is_linked:
            return on and v.io(w.enable_open) == 0
        has_no_current = v.supply(w.signals.current) <= v.station.limits.hot_above
        return on and v.supply(w.signals.mode) > SupplyMode.OFF and has_no_current

    def is_off(self, v: View) -> bool:
        """Return whether off is read back of every supply."""
        return all(is_off(v, w) for w in self.wirings)

    def off(self, p: Power, v: View) -> PowerTick:
        """Switch the outputs off; done when off is read back."""
        lacking = [w.boat for w in self.wirings if not is_off(v, w)]
        late = lacking and v.now_ns - p.since_ns > OFF_NS
        fault = f"supply {lacking[0]}: off is not read back in {OFF_NS // SECOND} s" if late else ""
        done = not lacking
        return PowerTick(p, self.none, opens_shutter=False, text="off, to be confirmed", done=done, fault=fault)
