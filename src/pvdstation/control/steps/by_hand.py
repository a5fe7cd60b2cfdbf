"""Work by hand: each output is what a person has asked for last, and what the rules allow. It never ends by itself.

A wish never waits hidden: what is not granted within two seconds, and what a rule has taken back, is dropped and told.
"""

from typing import NamedTuple

from pvdstation.control.arbiter import missing, safe_levels
from pvdstation.control.knobs import Knob, knobs_of, with_levels
from pvdstation.control.scene import EMPTY, Scene
from pvdstation.control.steps.base import Drive, Said, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.hand_heat import DRIVEN, GRANTED_NS, HandHeat, Heat, Heated
from pvdstation.control.steps.vent import BELOW_MBAR
from pvdstation.control.view import Frame, View
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import ActionClass, EventKind, Outputs
from pvdstation.recipe import procedure as order

UNTOUCHED = "untouched"
"""Name of the alarm that sources went off because nobody asked for anything."""


class Wish(NamedTuple):
    """What a person wants of one output."""

    level: bool | None  # None: as it was found
    since_ns: int
    is_granted: bool = False


class HandState(NamedTuple):
    """What a person wants of every output, and the source that is on."""

    wishes: tuple[Wish, ...]  # in the order of the knobs
    heat: Heat | None
    touched_ns: int  # when a person last asked for anything


class ByHand:
    """Every output of a station, as a person asks for it."""

    def __init__(self, frame: Frame, work: order.ByHand) -> None:
        self.frame = frame
        self.knobs = knobs_of(frame)
        self.heats = {w.index: HandHeat(w) for w in frame.sources if w.host}
        self.untouched_ns = to_ns(work.untouched_s)
        self.untouched_s = work.untouched_s

    def begin(self, v: View) -> HandState:
        """Return the state in which nothing is open but what backs the turbo, and pumps and gate are as they are."""
        return HandState(self._wishes(safe_levels(v), v.now_ns), None, v.now_ns)

    def _wishes(self, outputs: Outputs, now_ns: int) -> tuple[Wish, ...]:
        return tuple(Wish(knob.level(outputs), now_ns) for knob in self.knobs)

    # --- what a person asks ---

    def touched(self, p: HandState, now_ns: int) -> HandState:
        """Return the state after any request of a person."""
        return p._replace(touched_ns=now_ns)

    def switched(self, p: HandState, knob: Knob, level: bool, now_ns: int) -> HandState:  # noqa: FBT001 - the level
        """Return the state with an output wished on or off."""
        wishes = tuple(
            Wish(level, now_ns) if other is knob else wish for other, wish in zip(self.knobs, p.wishes, strict=True)
        )
        return p._replace(wishes=wishes)

    def driven(self, p: HandState, source: int, pct: float, v: View, *, at_once: bool = False) -> HandState:
        """Return the state with a source wished at a drive, %; 0 is off."""
        heat = self.heats.get(source)
        if heat is None:
            return p
        if p.heat is None:
            return p if pct <= 0 else p._replace(heat=heat.begin(pct, v))
        if p.heat.source != source:  # off already: another one is on
            return p
        return p._replace(heat=heat.aimed(p.heat, pct, v, at_once=at_once))

    # --- one scan ---

    def tick(self, p: HandState, v: View, drive: Drive) -> Tick:
        """Want what was wished; held and stopped, everything closed and off but pumps and gate."""
        if drive is not Drive.RUN:
            return self._parked(p, v, drive)
        told: list[str] = []
        p = p._replace(wishes=tuple(self._judged(*pair, v, told) for pair in zip(self.knobs, p.wishes, strict=True)))
        p, alarm = self._watched(p, v)
        tick = self._says(p, v, self._heated(p, v, drive), "by hand", told)
        levels = [(knob, wish.level) for knob, wish in zip(self.knobs, p.wishes, strict=True)]
        scene = tick.scene
        if any(level for knob, level in levels if knob.attribute == "n2"):
            scene = scene._replace(gas_target_mbar=self._gas_mbar())
        return tick._replace(wants=with_levels(tick.wants, levels), scene=scene, alarm=alarm)

    def _judged(self, knob: Knob, wish: Wish, v: View, told: list[str]) -> Wish:
        """Return the wish after what became of it."""
        level = knob.level(v.last)
        if level == wish.level:
            reached = self._reached(knob, v) if level else ""
            if reached:
                told.append(f"{knob.name} closes: {reached}")
                return Wish(level=False, since_ns=v.now_ns)
            return wish if wish.is_granted else wish._replace(is_granted=True)
        if not wish.is_granted and v.now_ns - wish.since_ns <= GRANTED_NS:
            return wish
        why = "a rule has taken it back" if wish.is_granted else self._refused(knob, bool(wish.level), v)
        told.append(f"{knob.name} is {knob.word(level)}, not {knob.word(wish.level)}: {why}")
        return Wish(level, v.now_ns, is_granted=True)

    def _refused(self, knob: Knob, level: bool, v: View) -> str:  # noqa: FBT001 - the level
        rule = knob.moves(level)
        refusal = missing(rule, v, self.scene_for(knob, EMPTY)) if rule else None
        return str(refusal or "it was not let out within 2 s")

    def _reached(self, knob: Knob, v: View) -> str:
        """Return that an open gas valve has reached where it closes by itself; empty before."""
        if knob.attribute not in ("n2", "vent"):
            return ""
        most = self._gas_mbar() if knob.attribute == "n2" else v.station.glovebox.pressure - BELOW_MBAR
        return f"{most:g} mbar reached" if v.gas_pressure() >= most else ""

    def _gas_mbar(self) -> float:
        """Return the highest pressure to which gas may be let in by hand: what a recipe may ask for."""
        return self.frame.station.gas["N2"].max

    def scene_for(self, knob: Knob, scene: Scene) -> Scene:
        """Return a scene with the target of the gas that an output would let in."""
        return scene._replace(gas_target_mbar=self._gas_mbar()) if knob.attribute == "n2" else scene

    def _watched(self, p: HandState, v: View) -> tuple[HandState, Trouble | None]:
        """Return the state with a source going off that nobody looks after, and the alarm that says so."""
        heat = p.heat
        if heat is None or heat.is_going_off or heat.target_pct <= 0 or v.now_ns - p.touched_ns < self.untouched_ns:
            return p, None
        name = self.frame.sources[heat.source].name
        text = f"{name} goes off: nobody has asked for anything for {self.untouched_s / 60:g} min"
        return self.driven(p, heat.source, 0.0, v), Trouble(ActionClass.ALARM, UNTOUCHED, text)

    def _heated(self, p: HandState, v: View, drive: Drive) -> Heated | None:
        return None if p.heat is None else self.heats[p.heat.source].tick(p.heat, v, drive)

    # --- what it says ---

    def _says(self, p: HandState, v: View, heated: Heated | None, text: str, told: list[str]) -> Tick:
        """Return the tick with the source's part of the outputs, of the scene and of what is told."""
        scene, wants, trouble, ask = EMPTY, safe_levels(v), None, None
        if heated is not None and p.heat is not None:
            hand = self.heats[p.heat.source]
            wants = with_sources(v, (hand.w,), heated.tick.levels)
            told = [*told, *self._told(hand, p.heat, heated)]
            trouble, ask = _trouble(heated), heated.tick.ask
            if heated.heat is not None and heated.heat.power.stage != "off":
                scene = hand.scene(heated.heat, v)
                text = f"{text}: {hand.w.name} at {heated.heat.drive_pct:.1f} %"
            p = p._replace(heat=heated.heat)
        says = Said(EventKind.NOTE, "; ".join(told)) if told else None
        return Tick(p, wants, text, ask=ask, scene=scene, trouble=trouble, says=says)

    def _told(self, hand: HandHeat, before: Heat, heated: Heated) -> list[str]:
        """Return why a source is not what was asked for, and at its end what it has evaporated."""
        told = [heated.dropped] if heated.dropped else []
        evaporated_nm = hand.evaporated_nm(before)
        if heated.heat is None and evaporated_nm:
            told.append(f"{hand.w.name} is off; its crystal has grown by {evaporated_nm:.3g} nm")
        return told

    def _parked(self, p: HandState, v: View, drive: Drive) -> Tick:
        """Close and switch off; pumps and gate stay, and what is then still open is what is wished."""
        tick = self._says(p, v, self._heated(p, v, drive), "closed and off", [])
        wants = tick.wants._replace(backing_stop=v.last.backing_stop)
        p = tick.state._replace(wishes=self._wishes(wants, v.now_ns))
        closed = (v.s.n2, v.s.vent, v.s.roughing)
        is_settled = p.heat is None and v.shutters_closed() and all(v.is_closed(number) for number in closed)
        return tick._replace(state=p, wants=wants, is_settled=is_settled, is_cold=drive is Drive.HOLD)

    def values(self, p: HandState, v: View) -> Values:
        """Return nothing: every request and every output has its own event."""
        del p, v
        return {}


def _trouble(heated: Heated) -> Trouble | None:
    """Return what is wrong with a source that is on, or that does not go off."""
    if not heated.tick.fault:
        return None
    if heated.tick.power.stage == DRIVEN:
        return Trouble(ActionClass.HOLD, "rate_loop", heated.tick.fault)
    return Trouble(ActionClass.FAST_OFF, "off_not_confirmed", heated.tick.fault)
