"""What a station file must not contradict between its own tables: one small rule each, all reported together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil

from pvdstation.model.instrument_rules import gauges_are_there_once, io_fits_its_map, outputs_drop_without_us
from pvdstation.model.port_rules import ports_are_of_one_kind, ports_are_spelled, ports_have_one_owner
from pvdstation.model.positions import Path
from pvdstation.model.station import FINGERPRINT_A, Station

_FINGERPRINT_SCANS = 3
"""Two readings in a row condemn a boat; the third is for the one that comes too early."""
Contradiction = tuple[Path, str, str]
"""Where, what is wrong, what to write instead."""


def contradictions(station: Station) -> list[Contradiction]:
    """Return everything in which a station contradicts itself."""
    return [found for rule in _RULES for found in rule(station)]


def _sources_exist(station: Station) -> Iterator[Contradiction]:
    if not station.source:
        yield ("source",), "the station has no source", "Add a table [source.Zn]."
    for name, source in station.source.items():
        if source.boat not in station.supply:
            what = f"boat {source.boat} has no supply: there is no table [supply.{source.boat}]"
            yield ("source", name, "boat"), what, f"Supplies: {_listed(station.supply)}."
        if source.sensor not in station.sensor:
            what = f"sensor {source.sensor} does not exist: there is no table [sensor.{source.sensor}]"
            yield ("source", name, "sqc", "sensors"), what, f"Sensors: {_listed(station.sensor)}."
        for key, number in (("output", source.sqc.output), ("sensors", source.sensor)):
            if number > station.sqc.channels:
                what = f"channel {number} does not exist: this SQC-310 has {station.sqc.channels}"
                yield ("source", name, "sqc", key), what, f"Write 1 to {station.sqc.channels}."


def _sources_differ(station: Station) -> Iterator[Contradiction]:
    def numbers(key: str) -> list[int]:
        return [s.boat if key == "boat" else int(getattr(s.sqc, key)) for s in station.source.values()]

    names = list(station.source)
    for key in ("boat", "output", "film", "process"):
        seen: dict[int, str] = {}
        for name, number in zip(names, numbers(key), strict=True):
            if number in seen:
                path: Path = ("source", name, key) if key == "boat" else ("source", name, "sqc", key)
                yield path, f"{key} {number} belongs to {seen[number]} already", "Give each source its own."
            seen.setdefault(number, name)


def _conditioning_fits(station: Station) -> Iterator[Contradiction]:
    for name, source in station.source.items():
        ramp1, ramp2 = source.condition.ramp1.power, source.condition.ramp2.power
        path: Path = ("source", name, "condition")
        if ramp2 > source.max_power:
            what = f"ramp 2 goes to {ramp2:g} %, above max_power = {source.max_power:g} %"
            yield (*path, "ramp2"), what, f"Write at most {source.max_power:g} %."
        if ramp1 > ramp2:
            yield (*path, "ramp1"), f"ramp 1 goes to {ramp1:g} %, above ramp 2 ({ramp2:g} %)", "Write a smaller power."
        lead = station.defaults.source_shutter_lead
        if lead > source.condition.soak2:
            what = f"soak 2 is shorter than defaults.source_shutter_lead = {lead:g} s"
            yield (*path, "soak2"), what, f"Write at least {lead:g} s."


def _currents_can_be_followed(station: Station) -> Iterator[Contradiction]:
    """A current that changes by more than ``supply_agrees`` within a scan looks like one that nobody asked for."""
    fastest = station.limits.supply_agrees / station.scan_period
    for name, source in station.source.items():
        supply = station.supply.get(source.boat)
        if supply is None or not supply.has_link:
            continue
        ramp1, ramp2, unit = source.condition.ramp1, source.condition.ramp2, supply.full_scale / 100
        for path, step_a, time in (
            (("condition", "ramp1", "time"), ramp1.power * unit, ramp1.time),
            (("condition", "ramp2", "time"), (ramp2.power - ramp1.power) * unit, ramp2.time),
            (("idle", "ramp"), source.max_power * unit, source.idle.ramp),
        ):
            if step_a > fastest * time:
                what = (
                    f"{step_a:.3g} A in {time:g} s: the supply is judged up to {fastest:g} A/s (limits.supply_agrees)"
                )
                yield ("source", name, *path), what, f"Write at least {ceil(step_a / fastest)} s."
        ramp = ramp1 if ramp1.power * unit >= FINGERPRINT_A[0] else ramp2
        start_a = 0.0 if ramp is ramp1 else ramp1.power * unit
        low_a, high_a = FINGERPRINT_A[0], min(FINGERPRINT_A[1], ramp.power * unit)
        least = _FINGERPRINT_SCANS * station.scan_period * (ramp.power * unit - start_a) / max(high_a - low_a, 0.1)
        if high_a > low_a and ramp.time < least:
            key = "ramp1" if ramp is ramp1 else "ramp2"
            what = f"{low_a:g} to {high_a:g} A are passed too fast: there the boat is known by its resistance"
            yield ("source", name, "condition", key, "time"), what, f"Write at least {ceil(least)} s."


def conditioning_contradictions(station: Station) -> Iterator[Contradiction]:
    """Return what no boat or rule can follow of the ramps and soaks."""
    yield from _conditioning_fits(station)
    yield from _currents_can_be_followed(station)


def _loop_owner_has_its_supply(station: Station) -> Iterator[Contradiction]:
    for name, source in station.source.items():
        supply = station.supply.get(source.boat)
        wanted = "analogue" if source.rate_loop == "sqc" else "digital"
        if supply is not None and supply.current_source != wanted:
            what = f'rate_loop = "{source.rate_loop}" needs current_source = "{wanted}" in [supply.{source.boat}]'
            yield ("source", name, "rate_loop"), what, f'It says "{supply.current_source}"; change one of the two.'


def _supplies_fit_their_dialect(station: Station) -> Iterator[Contradiction]:
    for number, supply in station.supply.items():
        path: Path = ("supply", str(number))
        if supply.has_link != bool(supply.port):
            what = "this supply has no link" if supply.port else "the port is missing"
            write = 'Remove the key, or write another dialect than "none".' if supply.port else 'Write port = "…".'
            yield (*path, "port"), what, write
        if supply.has_link and not supply.model:
            yield (*path, "model"), "the model is missing: its rating is compared", 'Write for example "GH10-100".'
        if (supply.dialect == "gen") != (supply.address is not None):
            what = "GEN ASCII needs an address" if supply.dialect == "gen" else "only GEN ASCII has addresses"
            yield (*path, "address"), what, 'Write address = 6 with dialect = "gen", and nowhere else.'
        yield from _protections_fit(path, number, station)


def _protections_fit(path: Path, number: int, station: Station) -> Iterator[Contradiction]:
    supply = station.supply[number]
    if supply.dialect == "scpi":
        if supply.watchdog is None:
            yield (*path, "watchdog"), "a GENESYS+ supply has a watchdog of its own", 'Write for example "4 s".'
        if supply.foldback.mode == "OFF":
            what = "an open boat must trip the supply: foldback is missing"
            yield (*path, "foldback"), what, 'Write { mode = "CV", after = "2 s", above = "5 A", delay = "1 s" }.'
        return
    if supply.watchdog is not None:
        what = "this supply has no watchdog: its enable contact on the watchdogged I/O stands in for it"
        yield (*path, "watchdog"), what, 'Write "none".'
    if supply.foldback.mode != "OFF":
        what = "this supply can only trip on entering constant current, which is how a boat is heated"
        yield (*path, "foldback"), what, "Remove the key: foldback stays off."
    if f"enable {number} open" not in station.io.di:
        what = f'"enable {number} open" is missing: nothing else shows that this supply cannot deliver'
        yield ("io", "di"), what, "Wire the enable contact's feedback and name it in wiring order."
    if not supply.has_link and supply.current_source != "analogue":
        what = "without a link only the SQC-310's output sets the current"
        yield (*path, "current_source"), what, 'Write "analogue".'


def _watchdogs_are_in_order(station: Station) -> Iterator[Contradiction]:
    own = {number: supply.watchdog for number, supply in station.supply.items() if supply.watchdog is not None}
    chain: list[tuple[Path, float]] = [
        (("scan_period",), station.scan_period),
        (("limits", "lease"), station.limits.lease),
        (("limits", "guardian"), station.limits.guardian),
        (("io", "watchdog"), station.io.watchdog),
    ]
    if own:
        shortest = min(own, key=lambda number: own[number])
        chain.append((("supply", str(shortest), "watchdog"), own[shortest]))
    yield from _ascending(chain, "s", strictly=True)


def _pressures_are_in_order(station: Station) -> Iterator[Contradiction]:
    limits, defaults = station.limits, station.defaults
    yield from _ascending(
        [
            (("defaults", "base_pressure"), defaults.base_pressure),
            (("limits", "start_pressure", "pressure"), limits.start_pressure.pressure),
            (("limits", "film_pressure"), limits.film_pressure),
            (("limits", "trip_pressure"), limits.trip_pressure),
        ],
        "mbar",
    )
    yield from _ascending(
        [(("limits", "crossover"), limits.crossover), (("limits", "gate_close"), limits.gate_close)], "mbar"
    )


def _gas_stays_below_its_ceiling(station: Station) -> Iterator[Contradiction]:
    for name, gas in station.gas.items():
        if gas.max > gas.ceiling:
            what = f"max = {gas.max:g} mbar is above ceiling = {gas.ceiling:g} mbar"
            yield ("gas", name, "max"), what, f"Write at most {gas.ceiling:g} mbar."
        if gas.expected_slope > gas.max_slope:
            what = f"expected_slope = {gas.expected_slope:g} mbar/s is above max_slope = {gas.max_slope:g} mbar/s"
            yield ("gas", name, "expected_slope"), what, f"Write at most {gas.max_slope:g} mbar/s."


def _capture_ends_before_the_unit_gives_up(station: Station) -> Iterator[Contradiction]:
    longest = station.sqc.shutter_delay - 20
    if station.defaults.capture.timeout > longest:
        what = f"the time-out of the capture must end 20 s before sqc.shutter_delay = {station.sqc.shutter_delay:g} s"
        yield ("defaults", "capture", "timeout"), what, f"Write at most {longest:g} s."


def _wiring_is_complete(station: Station) -> Iterator[Contradiction]:
    outputs = ["substrate shutter", "vent", "roughing", "gate", "fore-line", *station.gas]
    outputs += [f"source shutter {s.boat}" for s in station.source.values()]
    outputs += [f"enable {number}" for number in station.supply]
    for missing in (name for name in outputs if name not in station.io.do):
        yield ("io", "do"), f'no output is called "{missing}"', "Name every output in wiring order."
    for key, wired in (("do", station.io.do), ("di", station.io.di)):
        for name in dict.fromkeys(n for n in wired if wired.count(n) > 1):
            yield ("io", key), f'"{name}" stands twice', "Give each wire its own name."


def _codeposition_fits(station: Station) -> Iterator[Contradiction]:
    table = station.codeposition
    if table is None:
        return
    for name, source in station.source.items():
        if source.sqc.process == table.process:
            yield ("codeposition", "process"), f"process {table.process} belongs to {name} already", "Use its own one."
    if len(set(table.layers)) < len(table.layers):
        yield ("codeposition", "layers"), "a layer number stands twice", "Each film has its own layer."


def _ascending(chain: Sequence[tuple[Path, float]], unit: str, *, strictly: bool = False) -> Iterator[Contradiction]:
    for (lower_path, lower), (path, upper) in pairwise(chain):
        if upper < lower or (strictly and upper == lower):
            name = ".".join(str(part) for part in lower_path)
            words = "more than" if strictly else "at least"
            what = f"{upper:g} {unit} is too small: it must be {words} {name} = {lower:g} {unit}"
            yield path, what, f"Write {words} {lower:g} {unit}."


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(n) for n in numbers)


_RULES: tuple[Callable[[Station], Iterator[Contradiction]], ...] = (
    _sources_exist,
    _sources_differ,
    _conditioning_fits,
    _currents_can_be_followed,
    _loop_owner_has_its_supply,
    _supplies_fit_their_dialect,
    _watchdogs_are_in_order,
    _pressures_are_in_order,
    _gas_stays_below_its_ceiling,
    _capture_ends_before_the_unit_gives_up,
    _wiring_is_complete,
    io_fits_its_map,
    outputs_drop_without_us,
    gauges_are_there_once,
    ports_are_spelled,
    ports_have_one_owner,
    ports_are_of_one_kind,
    _codeposition_fits,
)
