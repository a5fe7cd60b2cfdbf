"""What one station allows for one step: every limit is the station file's, a recipe can only be stricter."""

import math

from pvdstation.model.port_rules import unstable_ports
from pvdstation.model.problems import Problem
from pvdstation.model.profile import Profile
from pvdstation.model.quantities import QuantityError, split
from pvdstation.model.sentences import suggest
from pvdstation.model.station import Deviation, Gas, Source, Station
from pvdstation.model.station_rules import conditioning_contradictions
from pvdstation.model.toml import Document
from pvdstation.recipe.document import Recipe, Requires
from pvdstation.recipe.estimate import HOT_GAS
from pvdstation.recipe.findings import Findings
from pvdstation.recipe.origin import Origin
from pvdstation.recipe.procedure import LEAK_TEST_UP_TO
from pvdstation.recipe.spelling import pressure_text, rounded, time_text
from pvdstation.recipe.steps import AdmitGasStep, ConditionStep, CoolStep, DepositStep, LeakTestStep, VentStep

LEAST_COOL_DOWN_S = 300.0
"""No station may call a source cold earlier (plant reference 8)."""
PROMISED_C = 60.0
"""What the cool-down time stands for where nothing measures a boat's temperature (physics 7)."""
TOPPED_UP_S = 8.0
"""Shortest dwell in which gas that cools is topped up: the valve stays closed in the last 5 s (control)."""
WIDEST_PCT, LONGEST_S = 50.0, 60.0
"""The ends of what a station file may say of a rate's band: there it is as good as off."""
_READ_AS = {"A": "Å", "kA": "kÅ", "A/s": "Å/s", "kA/s": "kÅ/s", "A/min": "Å/min"}
_STEPS_PER_RATE = 10
_RAMPS = ("ramp1", "ramp2")


def origin_of_limit(station: Station, key: str) -> str:
    """Return where a limit stands: "station file sim.toml, gas.N2.max"."""
    return f"station file {station.file}, {key}" if station.file else f"station file, {key}"


def check_requires(recipe: Recipe, station: Station, findings: Findings) -> None:
    """Check what the headers of a recipe and of its included ones ask of the station."""
    for part in (recipe, *recipe.included):
        if part.document is not None:
            _check_header(part.requires, part.document, station, findings)


def _check_header(requires: Requires, document: Document, station: Station, findings: Findings) -> None:
    for place, name in enumerate(requires.materials):
        if name not in station.source:
            what = f"this station has no source of {name}"
            findings.problems.append(document.problem(("requires", "materials", place), what, _sources(station)))
    for place, name in enumerate(requires.gas):
        if find_gas(station, name) is None:
            what, write = f"this station has no gas {name[:40]}", _gases(name, station)
            findings.problems.append(document.problem(("requires", "gas", place), what, write))
    limit, asked = station.limits.start_pressure.pressure, requires.base_pressure
    if asked is not None and asked > limit:
        what = (
            f"{pressure_text(asked)} is laxer than this station: layers start at {pressure_text(limit)} or below "
            f"({origin_of_limit(station, 'limits.start_pressure')})"
        )
        path = ("requires", "base_pressure")
        findings.problems.append(document.problem(path, what, f"Write at most {pressure_text(limit)}."))


def warn_of_ports(station: Station, findings: Findings) -> None:
    """Warn of ports whose names may mean another instrument tomorrow."""
    for path, what, write in unstable_ports(station):
        where = ".".join(str(part) for part in path)
        findings.warnings.append(Problem(where, f"{where}: {what}", write, file=station.file))


def warn_of_supplies(station: Station, findings: Findings) -> None:
    """Warn of supplies that nobody switches off by themselves when this program has gone."""
    for number, supply in station.supply.items():
        if supply.watchdog is None:
            has = "a supply without a link has no watchdog" if not supply.has_link else "it has no watchdog of its own"
            what = f"supply {number}: {has}; if this program dies, only the I/O's watchdog opens its enable contact"
            where = f"supply.{number}.watchdog"
            findings.warnings.append(Problem(where, what, "Prove that contact on the bench.", file=station.file))


def warn_of_rate_alarms(station: Station, findings: Findings) -> None:
    """Warn of rate alarms that are as good as off: at the end of what the station file may say."""
    for name in ("rate_attention", "rate_alert", "rate_alarm"):
        band: Deviation = getattr(station.limits, name)
        if band.within >= WIDEST_PCT or band.hold >= LONGEST_S:
            where = f"limits.{name}"
            what = f"{where} is as good as off: it acts on a rate that is {band.within:g} % away for {band.hold:g} s"
            findings.warnings.append(Problem(where, what, "Write a narrower one.", file=station.file))


def find_source(
    step: DepositStep | ConditionStep, station: Station, origin: Origin, findings: Findings
) -> Source | None:
    """Return the boat that holds a layer's material, or None after saying why there is none."""
    source = station.source.get(step.material)
    if source is None:
        findings.refuse(origin, "material", f"this station has no source of {step.material}", _sources(station))
    elif isinstance(step, DepositStep) and step.boat not in {None, source.boat}:
        other = next((name for name, s in station.source.items() if s.boat == step.boat), None)
        holds = f"holds {other}" if other else "does not exist"
        what = f"boat {step.boat} {holds}; {step.material} is in boat {source.boat}"
        findings.refuse(origin, "boat", what, f'Write "from boat {source.boat}", or leave it out.')
    return source


def check_layer(
    step: DepositStep, rate_nm_s: float, source: Source, station: Station, origin: Origin, findings: Findings
) -> None:
    """Check rate and capture of a layer."""
    check_rate(step.material, rate_nm_s, source, station, origin, "rate", findings)
    timeout, longest = step.capture.timeout if step.capture else None, station.sqc.shutter_delay - 20
    if timeout is not None and timeout > longest:
        what = f"the capture must end 20 s before the SQC-310's own time-out of {time_text(station.sqc.shutter_delay)}"
        findings.refuse(origin, "capture.timeout", what, f"Write at most {time_text(longest)}.")


def check_rate(
    material: str, rate_nm_s: float, source: Source, station: Station, origin: Origin, key: str, findings: Findings
) -> None:
    """Check that a boat gives a rate and that the SQC-310 can be told it."""
    written = origin.written(key)
    shown = f'"{written}"' if written else f"the rate of {rounded(rate_nm_s)} nm/s"
    if rate_nm_s > source.max_rate:
        what = (
            f"{shown} is too fast: this station evaporates {material} at {rounded(source.max_rate)} nm/s at most "
            f"({origin_of_limit(station, f'source.{material}.max_rate')})"
        )
        findings.refuse(origin, key, what, f"Write a rate of at most {rounded(source.max_rate)} nm/s.")
    least = least_rate_nm_s(station)
    if rate_nm_s < least * (1 - 1e-9):
        what = f"{shown} is too slow: the SQC-310 takes rates in steps of {rounded(least / _STEPS_PER_RATE)} nm/s"
        findings.refuse(origin, key, what, f"Write a rate of at least {rounded(least)} nm/s.")


def least_rate_nm_s(station: Station) -> float:
    """Return the lowest rate of which the SQC-310's steps are fine enough, nm/s."""
    return _STEPS_PER_RATE * 0.1 / station.sqc.scale.rate


def backstop_nm(film_nm: float, rate_nm_s: float, pre_coat_s: float, station: Station) -> float:
    """Return the thickness at which the SQC-310 would end a layer: behind the pre-coat and the longest hold."""
    return film_nm + rate_nm_s * (60 + station.limits.hold + pre_coat_s)


def check_melt(
    profile: Profile, material: str, source: Source, station: Station, origin: Origin, findings: Findings
) -> None:
    """Check that boat, supply and SQC-310 can follow the ramps and soaks of a melt-in."""
    boats = {material: source.conditioned(profile)}
    for (*_, part, key), what, write in conditioning_contradictions(station.model_copy(update={"source": boats})):
        field = str(part) if part in _RAMPS else str(key)
        if field in _RAMPS:
            findings.refuse(origin, field, what, write)
    if source.rate_loop == "host":
        return
    scale = station.sqc.scale
    for field, value, steps, unit in (
        ("ramp1", profile.ramp1_pct, scale.power, "%"),
        ("ramp1", profile.ramp1_s, scale.time, "s"),
        ("soak1", profile.soak1_s, scale.time, "s"),
        ("ramp2", profile.ramp2_pct, scale.power, "%"),
        ("ramp2", profile.ramp2_s, scale.time, "s"),
        ("soak2", profile.soak2_s, scale.time, "s"),
    ):
        if abs(round(value * steps) - value * steps) > 0.01 * value * steps:
            what = f"{value:g} {unit} is too fine: the SQC-310 takes steps of {1 / steps:g} {unit}"
            findings.refuse(origin, field, what, f"Write {round(value * steps) / steps:g} {unit}.")


def find_gas(station: Station, name: str) -> str | None:
    """Return the station's spelling of a gas, or None."""
    return next((gas for gas in station.gas if gas.casefold() == name.casefold()), None)


def check_gas(step: AdmitGasStep, station: Station, origin: Origin, findings: Findings) -> Gas | None:
    """Check gas, pressure and cool-down of a gas step; return the station's gas, or None where it has none."""
    name = find_gas(station, step.gas)
    if name is None:
        findings.refuse(origin, "gas", f"this station has no gas {step.gas[:40]}", _gases(step.gas, station))
        return None
    gas = station.gas[name]
    if step.pressure > gas.max:
        what = (
            f"{_as_written(origin, 'pressure', step.pressure)}; this station admits {name} up to {rounded(gas.max)} "
            f"mbar absolute ({origin_of_limit(station, f'gas.{name}.max')})"
        )
        findings.refuse(origin, "pressure", what, f"Write a pressure of at most {rounded(gas.max)} mbar.")
    if step.pressure < gas.no_rise.rise:
        what = (
            f"{_as_written(origin, 'pressure', step.pressure)}; this station proves the flow by a rise of "
            f"{rounded(gas.no_rise.rise)} mbar ({origin_of_limit(station, f'gas.{name}.no_rise')})"
        )
        findings.refuse(origin, "pressure", what, f"Write a pressure of at least {rounded(gas.no_rise.rise)} mbar.")
    _check_cool_down(step, station, origin, findings)
    if step.keep == "top_up" and step.dwell < TOPPED_UP_S:
        what = (
            f"{time_text(step.dwell)} is too short for a top-up: the gas cools and sinks by up to "
            f"{rounded(100 * (1 - HOT_GAS))} %, to {rounded(HOT_GAS * step.pressure)} mbar; a mean more than 2 % below "
            "the target is a target missed"
        )
        findings.warn(origin, "dwell", what, f"Write at least {time_text(TOPPED_UP_S)}.")
    return gas


def check_vacuum(pressure_mbar: float | None, station: Station, origin: Origin, findings: Findings) -> None:
    """Refuse a pressure that is still roughing: pumping ends with the HV gate open."""
    limit = station.limits.crossover
    if pressure_mbar is not None and pressure_mbar > limit:
        what = (
            f"{_as_written(origin, 'pressure', pressure_mbar)}; pumping ends behind the crossover at "
            f"{pressure_text(limit)} ({origin_of_limit(station, 'limits.crossover')})"
        )
        findings.refuse(origin, "pressure", what, f"Write at most {pressure_text(limit)}.")


def check_leak_test(step: LeakTestStep, station: Station, origin: Origin, findings: Findings) -> None:
    """Refuse a limit that no leak could pass: a chamber that leaks so much ends the test before its time."""
    up_to_mbar = LEAK_TEST_UP_TO * station.limits.crossover
    if step.below * step.time <= up_to_mbar:
        return
    most = up_to_mbar / step.time
    what = (
        f'"{origin.written("below")}" is no limit for {time_text(step.time)}: the test ends at '
        f"{pressure_text(up_to_mbar)}, which is {LEAK_TEST_UP_TO:g} of the crossover pressure "
        f"({origin_of_limit(station, 'limits.crossover')}), after {time_text(up_to_mbar / step.below)}"
    )
    findings.refuse(origin, "below", what, f"Write at most {pressure_text(_down(most))}/s, or a shorter time.")


def _down(value: float) -> float:
    """Return a number with two significant digits, not above it."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.floor(value / step * (1 + 1e-9)) * step


def check_vent(step: VentStep, station: Station, origin: Origin, findings: Findings) -> bool:
    """Return whether the station vents with a gas; refuse another one than that of the glovebox."""
    gas = station.glovebox.gas
    if step.gas.casefold() == gas.casefold():
        return True
    what = f"this station vents with {gas}, the gas of its glovebox, not with {step.gas[:40]}"
    findings.refuse(origin, "gas", what, f'Write "vent with {gas}".')
    return False


def check_cool(step: CoolStep, station: Station, origin: Origin, findings: Findings) -> None:
    """Say what a temperature means where nothing measures it."""
    if step.temperature < PROMISED_C:
        what = (
            f'"{origin.written("temperature")}" cannot be promised: nothing measures the boats, and the cool-down '
            f"time stands for {rounded(PROMISED_C)} °C"
        )
        findings.refuse(origin, "temperature", what, f'Write "cool to {rounded(PROMISED_C)} °C".')
        return
    longest = max((s.cool_down for s in station.source.values()), default=LEAST_COOL_DOWN_S)
    what = f"no thermocouple: cold means {time_text(longest)} of confirmed off"
    findings.note(origin, "temperature", what)


def note_spelling(step: DepositStep, origin: Origin, findings: Findings) -> None:
    """Say how an A in the place of an Å was read."""
    thickness = step.thickness.value if step.thickness and step.thickness.dimension == "length" else None
    for field, value, canonical in (("thickness", thickness, "nm"), ("rate", step.rate, "nm/s")):
        try:
            number, unit = split(origin.written(field))
        except QuantityError:
            continue
        if unit in _READ_AS and value is not None:
            read = f"{rounded(number)} {_READ_AS[unit]} ({rounded(value)} {canonical})"
            findings.note(origin, field, f'"{origin.written(field)}" was read as {read}')


def _check_cool_down(step: AdmitGasStep, station: Station, origin: Origin, findings: Findings) -> None:
    slow = [name for name, s in station.source.items() if step.cool_down is not None and step.cool_down < s.cool_down]
    if not slow or step.cool_down is None:
        return
    needed = max(station.source[name].cool_down for name in slow)
    keys = ", ".join(f"source.{name}.cool_down" for name in slow)
    bound = f"; no station may go below {time_text(LEAST_COOL_DOWN_S)}" if step.cool_down < LEAST_COOL_DOWN_S else ""
    what = (
        f'"{origin.written("cool_down")}" is too short: this station calls {" and ".join(slow)} cold after '
        f"{time_text(needed)} ({origin_of_limit(station, keys)}){bound}"
    )
    findings.refuse(origin, "cool_down", what, f'Write at least "{time_text(needed)}", or leave it out.')


def _as_written(origin: Origin, field: str, value_mbar: float) -> str:
    written, plain = origin.written(field), f"{rounded(value_mbar)} mbar"
    is_plain = " ".join(written.split()) == plain
    return f'"{written}" is out of range' if is_plain else f'"{written}" is {plain}'


def _sources(station: Station) -> str:
    return f"It has {', '.join(station.source)}."


def _gases(name: str, station: Station) -> str:
    return suggest(name, list(station.gas), "Known here") or "It has none."
