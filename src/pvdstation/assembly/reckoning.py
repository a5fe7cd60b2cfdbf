"""Reckons what is known of a run whose record has no end: where it was, what is on the substrate, what was left on.

The core decides every recorded scan again, so what it knew then is known now.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pvdstation.assembly.known import Boat, Crystal, Film, Gas, Known, Layer
from pvdstation.assembly.replay import Again, core_of, decided_again, gap_of
from pvdstation.assembly.vanishing import if_we_vanish
from pvdstation.control.core import Control
from pvdstation.control.sources import Wiring
from pvdstation.control.states import Mode
from pvdstation.control.steps.admit_gas import GasState
from pvdstation.control.steps.growth import Growth
from pvdstation.control.steps.layer_state import DepositState
from pvdstation.control.turn import Turn
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Outputs
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.recipe import procedure as order
from pvdstation.record.gathering import Gathering
from pvdstation.record.journal import COMMIT_EVERY_S
from pvdstation.record.opened import DAMAGED
from pvdstation.record.plan import procedure_of, steps_of
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry

_PRESSURES = ("chamber.full_range", "chamber.capacitance", "foreline.pirani")
_LEVELS = {
    "substrate_shutter": "substrate shutter",
    "n2": "N2 valve",
    "vent": "vent valve",
    "roughing": "roughing valve",
    "gate": "HV gate",
    "foreline": "fore-line valve",
    "turbo": "turbo",
}


def reckon(run: RunFile) -> Known:
    """Read what is known of a run whose record has no end. Raises nothing for what is damaged: it becomes a doubt."""
    _, digest = run.head()
    genesis = run.genesis
    speed, last_ns = float(genesis["speed"] or 1.0), run.last_ns()
    known = Known(
        run.run, digest.hex(), genesis["recipe"]["name"], genesis["started"], last_ns / SECOND,
        _wall(genesis["started"], last_ns / SECOND / speed), Mode.STARTING.value, 0, False, "", None,  # noqa: FBT003
    )  # fmt: skip
    try:
        known = replace(known, procedure=procedure_of(run.document(Entry.PLAN)), layers=_layers(run))
        core = core_of(run)
        last = _last(run, core)
    except Refused as refusal:
        return replace(known, doubt=refusal.problems[0].what)
    except DAMAGED as error:
        return replace(known, doubt=f"its record is damaged: {error}")
    if last is None:
        return known
    if last.difference is not None:
        return replace(known, doubt=f"this version decides otherwise than the one that ran it ({last.difference})")
    if gap_of(run) is not None:
        return replace(known, doubt="its record has a gap: the disk did not keep up")
    return _with_gas_before(_Reckoning(core, last, speed).of(known), genesis.get("continues", {}).get("gas"))


def _with_gas_before(known: Known, gas: Mapping[str, Any] | None) -> Known:
    """Return the same with the gas that was there before this run, as long as it has not pumped it out."""
    if known.gas is not None or gas is None or known.step is None:
        return known
    done = known.procedure.steps[: known.place] if known.procedure else ()
    if any(isinstance(step.work, order.Evacuate | order.PumpDown) for step in done):
        return known
    mbar = (known.pressures or {}).get("chamber.capacitance", math.nan)
    return replace(known, gas=Gas(gas["gas"], False, math.nan, 0.0, 0.0, mbar))  # noqa: FBT003


def _last(run: RunFile, core: Control) -> Again | None:
    again = None
    for again in decided_again(run, core):  # noqa: B007 - the last one counts
        pass
    return again


def _layers(run: RunFile) -> tuple[Layer, ...]:
    """Return the layers that are finished, those of the runs that this one continues first."""
    before = run.genesis.get("continues", {}).get("layers", ())
    layers = [Layer(one["layer"], one["material"], one["target_nm"], one["film_nm"]) for one in before]
    gathering = Gathering(steps_of(run.document(Entry.PLAN)))
    gathering.take(run.events())
    for step in gathering.steps(0):
        if step.do == "deposit" and step.state == "complete":
            film_nm, target_nm = step.indicated_nm or 0.0, step.target_nm or 0.0
            layers.append(Layer(len(layers) + 1, step.material or "", target_nm, film_nm))
    return tuple(layers)


class _Reckoning:
    """The last scan of the record, and what the core remembered after it."""

    def __init__(self, core: Control, last: Again, speed: float) -> None:
        self._core = core
        self._station: Station = core.frame.station
        self._scan, self._state = last.scan, last.decision.state
        self._view: View = Turn(core, self._state, last.scan.image, last.scan.at_ns).v
        self._unseen_s = COMMIT_EVERY_S * speed + self._station.scan_period
        """What was decided in so long a time may not be in the record."""

    def of(self, known: Known) -> Known:
        """Return all that is known."""
        course = self._state.course
        is_begun = course.step_state is not None
        return replace(
            known,
            state=course.mode.value,
            place=course.step,
            is_begun=is_begun,
            stage=course.stage,
            film=self._film(len(known.layers) + 1),
            gas=self._gas(),
            boats=tuple(self._boat(w) for w in self._core.frame.sources),
            pressures={name: value for name in _PRESSURES if (value := self._good(name)) is not None},
            left=tuple(_left(self._core, self._state.last)),
        )

    def _good(self, name: str) -> float | None:
        reading = self._scan.readings[self._core.frame.signals.number[name]]
        return reading.value if reading.quality is Quality.GOOD and math.isfinite(reading.value) else None

    def _film(self, number: int) -> Film | None:
        p, step = self._state.course.step_state, self._core.procedure.steps[self._state.course.step]
        if not isinstance(p, DepositState) or not isinstance(step.work, order.Deposit):
            return None
        logic, work = self._core.logic[self._state.course.step], step.work
        values = logic.values(p, self._view)
        recorded_nm = float(values["indicated_nm"])
        was_open = self._state.last.substrate_shutter
        longer_s = self._longer_s(p, was_open=was_open)
        rate = p.growths[0].track.rate_nm_s
        grows_nm_s = max(rate, work.rate_nm_s) if math.isfinite(rate) else work.rate_nm_s
        wirings = [self._core.frame.by_name[name] for name in (work.source, *(o.source for o in work.others))]
        crystals: tuple[Crystal, ...] = ()
        if p.stage == "exposed":
            crystals = tuple(self._crystal(w, g) for w, g in zip(wirings, p.growths, strict=True))
        return Film(
            number,
            work.material,
            work.thickness_nm,
            recorded_nm,
            recorded_nm + (grows_nm_s * longer_s if longer_s else 0.0),
            longer_s,
            was_open,
            crystals,
            tuple((o.source, float(values[f"together.{o.source}.indicated_nm"])) for o in work.others),
        )

    def _longer_s(self, p: DepositState, *, was_open: bool) -> float:
        """Return for how long the shutter may have been open after the last row, s; infinite where nothing closes it.

        A shutter that opens is in the record before it moves; one that was told to close may have been told too late.
        """
        may_move = p.stage in {"open", "exposed", "close"} or "substrate_shutter" in {i.output for i in self._intents()}
        if not (was_open or may_move):
            return 0.0
        _, closes_s = if_we_vanish(self._station, "io")
        return math.inf if closes_s is None else self._unseen_s + closes_s + p.delay_ns / SECOND

    def _intents(self) -> Sequence[Any]:
        intents: Sequence[Any] = self._state.intents
        return intents

    def _crystal(self, w: Wiring, growth: Growth) -> Crystal:
        source, sensor = self._station.source[w.name], self._station.source[w.name].sensor
        track = growth.track
        more_nm = growth.film_nm + track.offset_nm - growth.baseline_nm
        last_hz = self._scan.readings[w.crystal.frequency].value
        name = f"sensor.{sensor}.frequency"
        return Crystal(sensor, name, w.name, track.zero_hz, last_hz, more_nm, source.density, source.z, w.tooling_pct)

    def _gas(self) -> Gas | None:
        course, now_ns = self._state.course, self._scan.at_ns
        work = self._core.procedure.steps[course.step].work
        p = course.step_state
        read = self._good("chamber.capacitance")
        mbar = math.nan if read is None else read
        if isinstance(p, GasState) and isinstance(work, order.AdmitGas):
            opened_ns = now_ns if p.opened_ns is None else p.opened_ns
            dwell_s = 0.0 if p.dwell_ns is None else (now_ns - p.dwell_ns) / SECOND
            in_gas_s = (now_ns - opened_ns) / SECOND
            return Gas(work.gas, p.dwell_ns is not None, in_gas_s, dwell_s, work.dwell_s, mbar)
        if not self._state.since_gas:
            return None
        done = [step.work for step in self._core.procedure.steps[: course.step + 1]]
        admitted = [one for one in done if isinstance(one, order.AdmitGas)]
        return Gas(admitted[-1].gas if admitted else "gas", False, math.nan, 0.0, 0.0, mbar)  # noqa: FBT003

    def _boat(self, w: Wiring) -> Boat:
        state, level = self._state.sources[w.index], self._state.last.supply[w.supply_index]
        off_s = None if state.off_since_ns is None else (self._scan.at_ns - state.off_since_ns) / SECOND
        return Boat(w.name, w.boat, level.on, self._good(f"supply.{w.boat}.current"), off_s, w.source.cool_down)


def _left(core: Control, last: Outputs) -> list[str]:
    """Return the outputs that were told to be on or open, in words."""
    frame = core.frame
    left = [
        f"source shutter {w.name}" for w, is_open in zip(frame.sources, last.source_shutter, strict=True) if is_open
    ]
    left += [words for name, words in _LEVELS.items() if getattr(last, name)]
    on = zip(frame.station.supply, last.supply, strict=True)
    return [*left, *(f"supply {number}" for number, level in on if level.on)]


def _wall(started: str, since_s: float) -> str:
    moment = datetime.fromisoformat(started) + timedelta(seconds=since_s)
    return moment.astimezone(UTC).isoformat(timespec="seconds")
