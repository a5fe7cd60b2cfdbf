"""The arbiter: the only way to an energising output. Wants go in, levels come out, interlocks have the last word.

Order: what is blocked is closed · what rises needs its start part · what energises or opens needs a durable intent ·
set-points are finite, within limits, and rise no faster than allowed · every level expires unless renewed.
"""

import math
from typing import NamedTuple

from pvdstation.control.conditions import BACKING, FRESH_IMAGE, Condition
from pvdstation.control.rules import PERMISSIVES
from pvdstation.control.scene import Scene
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import SUPPLY_OFF, Outputs, Pace, SupplyLevel

WARM_NS = 30 * SECOND
"""For how long after its supply was on a source is watched closely."""
STANDING = ("gate", "foreline", "roughing")
"""Outputs that open under a permissive but need no intent: they neither energise nor admit gas."""


ALONE = ("supply", "roughing", "gate", "n2", "vent")
"""Outputs whose start parts look at each other: in one scan only one of them rises, and the next one sees it."""


class Refusal(NamedTuple):
    """An output that may not rise, and every condition of its rule that is missing."""

    output: str
    rule: str
    missing: tuple[tuple[str, str], ...]  # sentence, live value

    def __str__(self) -> str:
        listed = "; ".join(f"{sentence} ({shown})" if shown else sentence for sentence, shown in self.missing)
        return f"{self.rule}: needs {listed}"


class Intent(NamedTuple):
    """An output that waits until the event of its intent is durable."""

    output: str
    number: int


class Ruling(NamedTuple):
    """What the arbiter has decided."""

    outputs: Outputs
    intents: tuple[Intent, ...]
    asked: tuple[str, ...]  # outputs whose intent event must be written now
    refusals: tuple[Refusal, ...]


def missing(output: str, v: View, scene: Scene, overridden: frozenset[str] = frozenset()) -> Refusal | None:
    """Return what an output still needs to rise, or None when its start part holds; no override helps an old image."""
    permissive = PERMISSIVES[output]
    start = () if permissive.name in overridden else permissive.start
    claims: tuple[Condition, ...] = (FRESH_IMAGE, *start)
    lacking = tuple((claim.sentence, claim.shows(v)) for claim in claims if not claim.holds(v, scene))
    return Refusal(output, permissive.name, lacking) if lacking else None


def safe_levels(v: View) -> Outputs:
    """Return everything off and closed; pumps run, the gate stays as it is, the fore-line valve backs the turbo."""
    last = v.last
    station = v.station
    return Outputs(
        source_shutter=(False,) * len(station.source),
        substrate_shutter=False,
        n2=False,
        vent=False,
        roughing=False,
        gate=last.gate,
        foreline=True,
        backing_stop=False,
        enable=(False,) * len(station.supply),
        beacon=last.beacon,
        supply=(SUPPLY_OFF,) * len(station.supply),
        turbo=last.turbo,
        pace=last.pace,
        until_ns=0,
    )


class _Gate:
    """Decides one rising output after the other for one scan."""

    def __init__(
        self,
        v: View,
        scene: Scene,
        closed: frozenset[str],
        intents: tuple[Intent, ...],
        overridden: frozenset[str],
        *,
        may_rise: bool,
    ) -> None:
        self.may_rise = may_rise
        self.overridden = overridden
        self.v = v
        self.scene = scene
        self.closed = closed
        self.numbers = dict(intents)
        self.durable = v.readings[v.s.journal_durable].value
        self.kept: list[Intent] = []
        self.asked: list[str] = []
        self.refusals: list[Refusal] = []
        self.risen: list[str] = []
        """Valves and supplies that rise in this scan, by rule."""

    def level(self, name: str, rule: str, *, wanted: bool, before: bool) -> bool:
        """Return the level of one output: ``name`` identifies it, ``rule`` is its row of the permissives."""
        if not wanted or rule in self.closed:
            return False
        if before:
            return True
        if not self.may_rise and rule not in STANDING:
            return False
        refusal = missing(rule, self.v, self.scene, self.overridden)
        if refusal is not None:
            self.refusals.append(refusal)
            return False
        if rule in ALONE and any(other != rule for other in self.risen):
            return False
        if rule in STANDING:
            self.risen.append(rule)
            return True
        number = self.numbers.get(name)
        if number is None:
            self.asked.append(name)
            return False
        self.kept.append(Intent(name, number))
        if rule in ALONE and self.durable >= number:
            self.risen.append(rule)
        return self.durable >= number

    def turbo(self, wanted: bool | None) -> bool | None:  # noqa: FBT001 - the level
        """Return what the turbo is told: its start and its stop each have a rule."""
        last = self.v.last.turbo
        rule = "turbo" if wanted else "turbo_stop"
        return wanted if wanted == last or self._may_move(rule) else last

    def backing_stop(self, *, wanted: bool) -> bool:
        """Return whether the backing pump is told to stop."""
        return wanted and (self.v.last.backing_stop or self._may_move("backing_stop"))

    def _may_move(self, rule: str) -> bool:
        return not self.risen and missing(rule, self.v, self.scene) is None

    def may_raise(self) -> bool:
        """Return whether a supply's own set-point may rise: freely while ramping, by its rule in a closed loop."""
        layer = self.scene.layer
        is_closed_loop = layer is not None and layer.is_regulating
        return self.may_rise and not (is_closed_loop and missing("current", self.v, self.scene) is not None)


def arbitrate(
    wants: Outputs,
    v: View,
    scene: Scene,
    intents: tuple[Intent, ...],
    closed: frozenset[str],
    *,
    may_rise: bool = True,
    overridden: frozenset[str] = frozenset(),
) -> Ruling:
    """Return the levels of this scan. Closing and OFF look at nothing; unless the run goes on, nothing rises."""
    gate = _Gate(v, scene, closed, intents, overridden, may_rise=may_rise)
    last = v.last
    substrate = gate.level(
        "substrate shutter", "substrate_shutter", wanted=wants.substrate_shutter, before=last.substrate_shutter
    )
    shutters = tuple(
        gate.level(f"source shutter {w.name}", "source_shutter", wanted=wanted, before=before)
        for w, wanted, before in zip(v.frame.sources, wants.source_shutter, last.source_shutter, strict=True)
    )
    supplies = tuple(_supply(gate, place, wanted, last.supply[place]) for place, wanted in enumerate(wants.supply))
    roughing = gate.level("roughing valve", "roughing", wanted=wants.roughing, before=last.roughing)
    # a pump that stands lets air through: the valve closes with it, and opens again when it runs
    backs = wants.foreline and not roughing and BACKING.holds(v, scene)
    foreline = gate.level("fore-line valve", "foreline", wanted=backs, before=last.foreline)
    n2 = gate.level("N2 valve", "n2", wanted=wants.n2, before=last.n2)
    vent = gate.level("vent valve", "vent", wanted=wants.vent, before=last.vent)
    hv_gate = gate.level("HV gate", "gate", wanted=wants.gate, before=last.gate)
    outputs = Outputs(
        source_shutter=shutters,
        substrate_shutter=substrate,
        n2=n2,
        vent=vent,
        roughing=roughing,
        gate=hv_gate,
        foreline=foreline,
        backing_stop=gate.backing_stop(wanted=wants.backing_stop),
        enable=tuple(wanted and level.on for wanted, level in zip(wants.enable, supplies, strict=True)),
        beacon=any(level.on for level in supplies),
        supply=supplies,
        turbo=gate.turbo(wants.turbo),
        pace=_pace(v, supplies, wants),
        until_ns=v.now_ns + v.frame.lease_ns,
        substrate_until_ns=wants.substrate_until_ns,
        n2_until_ns=wants.n2_until_ns,
    )
    return Ruling(outputs, tuple(gate.kept), tuple(gate.asked), tuple(gate.refusals))


def _supply(gate: _Gate, place: int, wanted: SupplyLevel, before: SupplyLevel) -> SupplyLevel:
    v = gate.v
    number, supply = list(v.station.supply.items())[place]
    if not gate.level(f"supply {number}", "supply", wanted=wanted.on, before=before.on):
        return SUPPLY_OFF
    if supply.current_source == "analogue":
        return SupplyLevel(on=True, current_a=0.0, foldback=wanted.foldback)
    ceiling = min(w.source.max_power for w in v.frame.sources if w.boat == number) * supply.full_scale / 100
    asked = wanted.current_a
    if not (math.isfinite(asked) and 0 <= asked <= ceiling + 1e-9):
        raise ValueError(f"supply {number} was asked for {asked} A; its range is 0 to {ceiling:g} A")
    fastest = before.current_a
    if gate.may_raise():
        fastest += supply.ramp_host * v.station.scan_period
    return SupplyLevel(on=True, current_a=min(asked, fastest), foldback=wanted.foldback)


def _pace(v: View, supplies: tuple[SupplyLevel, ...], wants: Outputs) -> Pace:
    """Return how closely the links must watch: sources while on and for 30 s after, gas while a valve is open."""
    recent_ns = v.now_ns - WARM_NS
    warm = tuple(s.was_energised_ns is not None and s.was_energised_ns >= recent_ns for s in v.sources)
    by_supply = tuple(
        level.on or any(warm[w.index] for w in v.frame.sources if w.supply_index == place)
        for place, level in enumerate(supplies)
    )
    crystals = tuple(
        w.source.sensor for w, is_open in zip(v.frame.sources, wants.source_shutter, strict=True) if is_open
    )
    return Pace(sqc=any(by_supply), crystals=crystals, supplies=by_supply, gas=wants.n2 or wants.vent or v.last.n2)
