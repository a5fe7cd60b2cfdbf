"""Numbers of each gas step: isolation before it, filling, dwell, and the evacuation that ends it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind
from pvdstation.record.plan import PlannedStep
from pvdstation.record.report import wording
from pvdstation.record.report.story import GasStep
from pvdstation.record.results import StepResult
from pvdstation.record.targets import DWELL_LONG_S, DWELL_SHORT_S, PRESSURE

if TYPE_CHECKING:
    from pvdstation.record.report.telling import Record


def gas_steps(record: "Record") -> tuple[GasStep, ...]:
    """Return every gas step that was begun."""
    return tuple(
        _gas_step(record, step) for step in record.plan if step.do == "admit_gas" and step.index in record.bands
    )


def _gas_step(record: "Record", step: PlannedStep) -> GasStep:
    result, band = record.step(step.index), record.bands[step.index]
    isolated, cooled = _before(record, step, "isolate"), _before(record, step, "cool")
    evacuated = _after(record, step)
    gas = record.station.gas.get(step.asked["gas"])
    return GasStep(
        step=step.index,
        gas=step.asked["gas"],
        state=result.state,
        ended_because=result.ended_because,
        purity_pct=gas.purity if gas is not None else None,
        target_mbar=step.asked["target_mbar"],
        reached_mbar=result.reached_mbar,
        begun_s=band.start_s,
        ended_s=band.end_s,
        fill_s=_fill_s(record, step),
        dwell_s=step.asked["dwell_s"],
        held_s=result.held_s,
        top_ups=result.top_ups,
        rise_mbar_s=isolated.rise_mbar_s if isolated is not None else None,
        cooled_s=cooled.duration_s if cooled is not None else None,
        evacuated_to_mbar=evacuated.reached_mbar if evacuated is not None else None,
        evacuated_in_s=evacuated.duration_s if evacuated is not None else None,
        deviations=tuple(_deviations(step, result)),
        alarms=tuple(alarm for alarm in record.alarms if band.start_s <= alarm.came_s <= band.end_s),
    )


def _before(record: "Record", step: PlannedStep, do: str) -> StepResult | None:
    """Return the nearest step of a kind between the layer before and a gas step, if it was completed."""
    for earlier in reversed([planned for planned in record.plan if planned.index < step.index]):
        if earlier.do in ("deposit", "admit_gas"):
            return None
        if earlier.do == do:
            return _complete(record, earlier)
    return None


def _after(record: "Record", step: PlannedStep) -> StepResult | None:
    following = next((planned for planned in record.plan if planned.index == step.index + 1), None)
    return _complete(record, following) if following is not None and following.do == "evacuate" else None


def _complete(record: "Record", step: PlannedStep) -> StepResult | None:
    result = record.step(step.index)
    return result if result.state == "complete" else None


def _fill_s(record: "Record", step: PlannedStep) -> float | None:
    """Return how long the gas valve was open until the dwell began, s."""
    band = record.bands[step.index]
    opened = dwell = None
    for event in record.events:
        if not band.start_s <= event.at_ns / SECOND <= band.end_s:
            continue
        if opened is None and event.kind is EventKind.OUTPUT and event.source == "n2" and event.text == "on":
            opened = event.at_ns
        if event.kind is EventKind.STAGE and event.text.startswith("dwell"):
            dwell = event.at_ns
            break
    return None if opened is None or dwell is None else (dwell - opened) / SECOND


def _deviations(step: PlannedStep, result: StepResult) -> Iterator[str]:
    """Yield a sentence for each departure from what a complete run needs."""
    target_mbar, dwell_s = step.asked["target_mbar"], step.asked["dwell_s"]
    if result.state != "complete":
        yield f"{result.state} before its end"
    reached = result.reached_mbar
    if reached is not None and abs(off := reached / target_mbar - 1) > PRESSURE:
        yield f"mean pressure {wording.pressure(reached)}, {wording.signed_pct(off)} from the target"
    if result.held_s is not None and not -DWELL_SHORT_S <= result.held_s - dwell_s <= DWELL_LONG_S:
        yield f"held for {wording.duration(result.held_s)} instead of {wording.duration(dwell_s)}"
