"""One layer of a recipe in plain numbers: any two of thickness, rate and time, on this station's boats."""

from dataclasses import dataclass

from pvdstation.model.materials import MATERIALS
from pvdstation.model.quantities import QuantityError
from pvdstation.model.station import Source, Station
from pvdstation.recipe.amounts import areal_charge_mah_cm2, thickness_nm
from pvdstation.recipe.findings import Findings
from pvdstation.recipe.origin import Origin
from pvdstation.recipe.procedure import Deposit, RateRamp, Together
from pvdstation.recipe.spelling import rounded, time_text
from pvdstation.recipe.station_limits import check_layer, check_rate, find_source, note_spelling
from pvdstation.recipe.steps import DepositStep


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that can be expanded: its work, and the sources it takes, the first-named one first."""

    work: Deposit
    sources: tuple[tuple[str, Source, float, float], ...]  # name, boat, film nm, rate nm/s; films as if alone
    shown: str  # the numbers that follow from those written: "10 min, 0.02 mAh/cm²"


def read_layer(
    step: DepositStep, inherited_nm_s: float | None, station: Station, origin: Origin, findings: Findings
) -> Layer | None:
    """Return the layer, or None after saying what is wrong; ``inherited_nm_s`` is the rate of the layer before."""
    source = find_source(step, station, origin, findings)
    note_spelling(step, origin, findings)
    if source is None:
        return None
    film_nm = _film_nm(step, source, origin, findings)
    rate = _rate(step, film_nm, inherited_nm_s)
    if rate is None:
        _refuse_no_rate(step, film_nm, origin, findings)
        return None
    if film_nm is None:
        film_nm = rate * (step.time or 0.0)
    _note_third(step, film_nm, rate, origin, findings)
    check_layer(step, rate, source, station, origin, findings)
    ramps = _ramps(step, film_nm, source, station, origin, findings)
    others = _others(step, source, station, origin, findings)
    work = _deposit(step, station, film_nm, rate, ramps, tuple(Together(name, r) for name, _, r in others))
    return Layer(work, _taken(work, source, others), _shown(work, source))


def layer_s(work: Deposit) -> float:
    """Return how long the substrate shutter is open, s: rates and their ramps over the thickness."""
    spent_s, rate, done_nm = 0.0, work.rate_nm_s, 0.0
    for ramp in work.ramps:
        spent_s += max(0.0, ramp.at_nm - done_nm) / rate
        done_nm = max(done_nm, ramp.at_nm) + (rate + ramp.to_nm_s) / 2 * ramp.over_s
        spent_s, rate = spent_s + ramp.over_s, ramp.to_nm_s
    return spent_s + (work.thickness_nm - done_nm) / rate


def _film_nm(step: DepositStep, source: Source, origin: Origin, findings: Findings) -> float | None:
    if step.thickness is None:
        return None
    try:
        film_nm = thickness_nm(step.thickness, MATERIALS[step.material], source.density)
    except QuantityError as error:
        findings.refuse(origin, "thickness", error.what, error.write)
        return None
    if step.thickness.dimension != "length":
        what = f'"{origin.written("thickness")}" is {rounded(film_nm)} nm at {rounded(source.density)} g/cm3'
        findings.note(origin, "thickness", what)
    if film_nm > 1e5:
        findings.refuse(origin, "thickness", f"{rounded(film_nm)} nm is no thin film", "Write at most 100 µm.")
    return film_nm


def _rate(step: DepositStep, film_nm: float | None, inherited_nm_s: float | None) -> float | None:
    if step.rate is not None:
        return step.rate
    if step.time is not None and film_nm is not None:
        return film_nm / step.time
    return inherited_nm_s


def _refuse_no_rate(step: DepositStep, film_nm: float | None, origin: Origin, findings: Findings) -> None:
    if step.thickness is not None and film_nm is None:
        return  # said already
    text = f"{rounded(film_nm)} nm {step.material}" if film_nm is not None else f"{step.material} for 200 s"
    what = "this layer has no rate, and there is no layer before it to take one from"
    findings.refuse(origin, "", what, f'Write for example "{text} at 0.5 nm/s".')


def _note_third(step: DepositStep, film_nm: float, rate: float, origin: Origin, findings: Findings) -> None:
    if step.time is None:
        return
    third = f"{rounded(film_nm)} nm" if step.thickness is None else f"{rounded(rate)} nm/s"
    findings.note(origin, "time", f'"{origin.written("time")}" makes {third}')


def _ramps(
    step: DepositStep, film_nm: float, source: Source, station: Station, origin: Origin, findings: Findings
) -> tuple[RateRamp, ...]:
    if step.ramps and source.rate_loop == "sqc":
        what = (
            f"the SQC-310 cannot ramp the rate of {step.material}: the duration of its rate ramp has no documented "
            "parameter"
        )
        findings.refuse(origin, "ramps", what, f'Set rate_loop = "host" for {step.material} in the station file.')
    if step.ramps and step.together:
        what = "a layer of several materials keeps its rates"
        findings.refuse(origin, "ramps", what, "Leave the ramps out, or write one material.")
    before_nm = 0.0
    for place, ramp in enumerate(step.ramps):
        if not before_nm < ramp.at < film_nm:
            what = f"this ramp begins at {rounded(ramp.at)} nm of a layer of {rounded(film_nm)} nm"
            after = f" and above {rounded(before_nm)} nm, where the ramp before it begins" if before_nm else ""
            findings.refuse(origin, f"ramps.{place}.at", what, f"Write less than {rounded(film_nm)} nm{after}.")
        check_rate(step.material, ramp.to, source, station, origin, f"ramps.{place}.to", findings)
        before_nm = ramp.at
    return tuple(RateRamp(ramp.at, ramp.to, ramp.over) for ramp in step.ramps)


def _others(
    step: DepositStep, source: Source, station: Station, origin: Origin, findings: Findings
) -> list[tuple[str, Source, float]]:
    found: list[tuple[str, Source, float]] = []
    taken = {step.material}
    for place, other in enumerate(step.together):
        boat = station.source.get(other.material)
        key = f"with.{place}.material"
        if boat is None:
            has = f"It has {', '.join(station.source)}."
            findings.refuse(origin, key, f"this station has no source of {other.material}", has)
        elif other.material in taken:
            findings.refuse(origin, key, f"{other.material} stands twice in this layer", "Keep one of them.")
        else:
            check_rate(other.material, other.rate, boat, station, origin, f"with.{place}.rate", findings)
            found.append((other.material, boat, other.rate))
            taken.add(other.material)
    if found:
        _check_together(source, [boat for _, boat, _ in found], station, origin, findings)
    return found


def _check_together(source: Source, others: list[Source], station: Station, origin: Origin, findings: Findings) -> None:
    if any(boat.rate_loop != source.rate_loop for boat in others):
        what = "sources that are evaporated together need one owner of their rate loops"
        findings.refuse(origin, "with", what, "Give them the same rate_loop in the station file.")
        return
    layers = station.codeposition.layers if station.codeposition else []
    if source.rate_loop == "sqc" and len(layers) <= len(others):
        what = f"this station has no template for {len(others) + 1} materials at once ([codeposition])"
        findings.refuse(origin, "with", what, "Prepare one on the SQC-310's panel and name it in the station file.")


def _deposit(
    step: DepositStep,
    station: Station,
    film_nm: float,
    rate: float,
    ramps: tuple[RateRamp, ...],
    others: tuple[Together, ...],
) -> Deposit:
    usual, wish = station.defaults.capture, step.capture
    return Deposit(
        source=step.material,
        material=step.material,
        thickness_nm=film_nm,
        rate_nm_s=rate,
        capture_within_pct=wish.within if wish and wish.within is not None else usual.within,
        capture_hold_s=wish.hold if wish and wish.hold is not None else usual.hold,
        capture_timeout_s=wish.timeout if wish and wish.timeout is not None else usual.timeout,
        capture_otherwise=wish.otherwise if wish and wish.otherwise is not None else usual.otherwise,
        ramps=ramps,
        others=others,
        pre_coat_s=step.pre_coat or 0.0,
    )


def _taken(
    work: Deposit, source: Source, others: list[tuple[str, Source, float]]
) -> tuple[tuple[str, Source, float, float], ...]:
    """Return what each boat gives: the film, and what hits the closed shutter meanwhile."""
    open_s = layer_s(work)
    first = (work.material, source, work.thickness_nm + work.rate_nm_s * work.pre_coat_s, work.rate_nm_s)
    return (first, *((name, boat, rate * (open_s + work.pre_coat_s), rate) for name, boat, rate in others))


def _shown(work: Deposit, source: Source) -> str:
    charge = areal_charge_mah_cm2(work.thickness_nm, MATERIALS[work.material], source.density)
    parts = [time_text(layer_s(work)), *([] if charge is None else [f"{rounded(charge, 3)} mAh/cm²"])]
    return ", ".join(parts)
