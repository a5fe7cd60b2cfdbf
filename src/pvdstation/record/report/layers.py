"""Numbers of each layer: what was asked, what its result says, and what the samples show while it grew."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind
from pvdstation.model.station import Station
from pvdstation.recipe.consumption import Ledger
from pvdstation.record.plan import PlannedStep
from pvdstation.record.report import wording
from pvdstation.record.report.curves import Curves, intervals, known, mean_sd, rolling
from pvdstation.record.report.story import Layer
from pvdstation.record.report.together import others_of, seen_from
from pvdstation.record.results import StepResult
from pvdstation.record.targets import thickness_band_nm

if TYPE_CHECKING:
    from pvdstation.record.report.telling import Record

BEFORE_S = 10.0
"""Over which a pressure "before" something is averaged, and the window of a rate that has settled."""


def layers_of(record: "Record", curves: Curves) -> tuple[Layer, ...]:
    """Return every layer of the procedure, those that were not started too."""
    return tuple(_layers(record, curves))


def _layers(record: "Record", curves: Curves) -> Iterator[Layer]:
    ledger = Ledger(record.station, charge_mg=record.charges_mg)
    condition: PlannedStep | None = None
    for step in record.plan:
        if step.do == "condition":
            condition = step
        elif step.do == "deposit":
            own = condition is not None and condition.asked["source"] == step.asked["source"]
            prepared = condition if own else None
            yield _layer(record, curves, ledger, prepared, step)
            for other in others_of(step):
                name = other.asked["source"]
                seen = record._replace(steps=tuple(seen_from(name, result) for result in record.steps))
                yield _layer(seen, curves, ledger, prepared, other)
            condition = None


class _Grown(NamedTuple):
    """What the samples of one layer show."""

    begun_s: float  # NaN: neither it nor its conditioning was begun
    ended_s: float
    opened: tuple[tuple[float, float], ...]
    rate_mean_nm_s: float | None
    rate_sd_nm_s: float | None
    rate_worst: float | None
    indicated_nm: float | None  # of the result, else summed up
    lives: list[float]


def _layer(record: "Record", curves: Curves, ledger: Ledger, condition: PlannedStep | None, step: PlannedStep) -> Layer:
    name: str = step.asked["source"]
    source, result = record.station.source[name], record.step(step.index)
    grown = _grown(record, curves, condition or step, step)
    prepared = [record.step(condition.index)] if condition is not None else []
    return Layer(
        step=step.index,
        source=name,
        material=step.asked["material"],
        state=result.state,
        ended_because=result.ended_because,
        target_nm=step.asked["target_nm"],
        asked_rate_nm_s=step.asked["rate_nm_s"],
        begun_s=grown.begun_s,
        ended_s=grown.ended_s,
        indicated_nm=grown.indicated_nm,
        true_nm=result.true_nm,
        rate_mean_nm_s=grown.rate_mean_nm_s,
        rate_sd_nm_s=grown.rate_sd_nm_s,
        rate_worst=grown.rate_worst,
        open_s=grown.opened,
        base_mbar=_known(result.pressure_base_mbar, curves, grown.begun_s),
        start_mbar=_known(result.pressure_start_mbar, curves, grown.opened[0][0] if grown.opened else math.nan),
        pressure_max_mbar=result.pressure_max_mbar,
        peak_power_w=max((s.peak_power_w for s in (*prepared, result) if s.peak_power_w is not None), default=None),
        power_median_w=result.power_median_w,
        time_to_rate_s=result.time_to_rate_s,
        boat=source.boat,
        boat_material=source.boat_material,
        purity_pct=source.purity,
        density_g_cm3=source.density,
        z=source.z,
        rate_loop=source.rate_loop,
        sensor=source.sensor,
        tooling_pct=record.station.sensor[source.sensor].tooling,
        life_in_pct=grown.lives[0] if grown.lives else None,
        life_out_pct=grown.lives[-1] if grown.lives else None,
        charge_used_mg=_taken_mg(record, ledger, grown, step),
        charge_mg=ledger.holds_mg(name),
        deviations=tuple(_deviations(record.station, result, grown, step)),
        alarms=tuple(alarm for alarm in record.alarms if grown.begun_s <= alarm.came_s <= grown.ended_s),
        ramps=tuple((ramp["at_nm"], ramp["to_nm_s"]) for ramp in step.asked.get("ramps", ())),
        remarks=result.remarks or (),
    )


def _grown(record: "Record", curves: Curves, first: PlannedStep, step: PlannedStep) -> _Grown:
    begun, band, result = record.bands.get(first.index), record.bands.get(step.index), record.step(step.index)
    if begun is None:
        return _Grown(math.nan, math.nan, (), None, None, None, None, [])
    of, ended_s = curves.of(step.asked["source"]), (band or begun).end_s
    opened = _opened(curves, band.start_s, band.end_s) if band is not None else ()
    exposed = _until_told_to_close(record, opened)
    mean, sd = result.rate_mean_nm_s, result.rate_sd_nm_s
    if mean is None:  # a layer that has no end: by the scans
        mean, sd = mean_sd([value for a, b in exposed for value in of.rate_nm_s[curves.span(a, b)]])
    indicated_nm = result.indicated_nm
    if indicated_nm is None and opened:
        indicated_nm = _integral_nm(curves, of.rate_nm_s, opened)
    is_ramped = "ramps" in step.asked  # it has no one rate to be off
    worst = None if is_ramped else _worst(curves, of.rate_nm_s, exposed, step.asked["rate_nm_s"])
    lives = known(of.life_pct[curves.span(begun.start_s, ended_s)])
    return _Grown(begun.start_s, ended_s, opened, mean, sd, worst, indicated_nm, lives)


def _taken_mg(record: "Record", ledger: Ledger, grown: _Grown, step: PlannedStep) -> float:
    """Book what a begun layer and its conditioning took, and return it, mg."""
    if math.isnan(grown.begun_s):
        return 0.0
    name: str = step.asked["source"]
    before_mg = ledger.taken_mg(name)
    grown_nm = (grown.indicated_nm or 0.0) - step.asked.get("on_film_nm", 0.0)
    ledger.take(name, record.station.source[name], grown_nm, step.asked["rate_nm_s"])
    return ledger.taken_mg(name) - before_mg


def _opened(curves: Curves, begin_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    span = curves.span(begin_s, end_s)
    return tuple(intervals(curves.at_s[span], curves.substrate_shutter[span]))


def _until_told_to_close(record: "Record", opened: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the intervals without the shutter's own travel: when a crystal has failed, the rate is gone by then."""
    told = [
        event.at_ns / SECOND
        for event in record.events
        if event.kind is EventKind.OUTPUT and event.source == "substrate_shutter" and event.text == "off"
    ]
    return [(a, min([b, *(at for at in told if a < at < b)])) for a, b in opened]


def _known(mbar: float | None, curves: Curves, at_s: float) -> float | None:
    """Return the pressure of the result; of a layer that has no end, the mean over the 10 s before ``at_s``."""
    if mbar is not None or math.isnan(at_s):
        return mbar
    return mean_sd(curves.full_range_mbar[curves.span(at_s - BEFORE_S, at_s)])[0]


def _integral_nm(curves: Curves, rate_nm_s: Sequence[float], opened: Sequence[tuple[float, float]]) -> float:
    """Return the rate summed up over the open shutter: all there is of a layer that has no end."""
    total = 0.0
    for begin_s, end_s in opened:
        span = curves.span(begin_s, end_s)
        at_s, rates = curves.at_s[span], rate_nm_s[span]
        steps = zip(at_s, (*at_s[1:], end_s), rates, strict=True)
        total += math.fsum((after - before) * rate for before, after, rate in steps if not math.isnan(rate))
    return total


def _worst(
    curves: Curves, rate_nm_s: Sequence[float], opened: Sequence[tuple[float, float]], asked_nm_s: float
) -> float | None:
    shares = [
        mean / asked_nm_s - 1 for begin_s, end_s in opened for mean in _settled(curves, rate_nm_s, begin_s, end_s)
    ]
    return max(shares, key=abs, default=None)


def _settled(curves: Curves, rate_nm_s: Sequence[float], begin_s: float, end_s: float) -> list[float]:
    span = curves.span(begin_s, end_s)
    return known(rolling(curves.at_s[span], rate_nm_s[span], BEFORE_S))


def _deviations(station: Station, result: StepResult, grown: _Grown, step: PlannedStep) -> Iterator[str]:
    """Yield a sentence for each departure: the thickness as a complete run needs it, rate and pressure by limits."""
    if result.state not in ("complete", "not started"):
        yield f"{result.state} before its end"
    if result.indicated_nm is None and grown.indicated_nm is not None:
        yield "the record ends in this layer; its thickness is the indicated rate summed up"
    is_other = step.asked["material"] in {other.material for other in result.together or ()}
    yield from _thickness_off(grown.indicated_nm, step.asked["target_nm"], is_other=is_other)
    attention = station.limits.rate_attention.within / 100
    if "ramps" in step.asked:
        yield from _rates_off(result, attention)
    else:
        yield from _rate_off(grown, step.asked["rate_nm_s"], attention)
    highest, limit = result.pressure_max_mbar, station.limits.film_pressure
    if highest is not None and highest > limit:
        yield f"pressure up to {wording.pressure(highest)}, above the limit for films of {wording.pressure(limit)}"
    if len(grown.opened) > 1:
        yield f"the substrate shutter was opened {len(grown.opened)} times"


def _thickness_off(indicated_nm: float | None, target_nm: float, *, is_other: bool) -> Iterator[str]:
    if indicated_nm is not None and abs(indicated_nm - target_nm) > thickness_band_nm(target_nm, is_other=is_other):
        off = indicated_nm / target_nm - 1
        kind = "short" if off < 0 else "thick"
        asked = f"{wording.plain(target_nm)} nm"
        yield f"film {kind}: {wording.thickness(indicated_nm)} instead of {asked} ({wording.signed_pct(off)})"


def _rates_off(result: StepResult, attention: float) -> Iterator[str]:
    for rate in result.rates or ():
        if rate.set_nm_s and rate.mean_nm_s is not None and abs(off := rate.mean_nm_s / rate.set_nm_s - 1) > attention:
            yield f"mean rate {wording.signed_pct(off)} from {wording.plain(rate.set_nm_s)} nm/s"


def _rate_off(grown: _Grown, asked_nm_s: float, attention: float) -> Iterator[str]:
    mean, worst = grown.rate_mean_nm_s, grown.rate_worst
    if mean is not None and abs(off := mean / asked_nm_s - 1) > attention:
        yield f"mean rate {wording.signed_pct(off)} from the asked one"
    elif worst is not None and abs(worst) > attention:
        yield f"10 s mean of the rate up to {wording.signed_pct(worst)} from the asked one"
