"""What the SQC-310's prepared template must hold for a layer: written, or found as at commissioning.

Only the parameters named here are ever written (station-and-sequence 3.2); everything else is compared.
"""

from typing import NamedTuple

from pvdstation.drivers.sqc310_talk import NM_PER_ANGSTROM, NM_PER_KILOANGSTROM, Declined
from pvdstation.model.messages import LayerSetup
from pvdstation.model.station import Source, Station
from pvdstation.protocol.sqc310_commands import PARAMETERS, Table, address

LAYER_REST = (tuple(range(4, 13)), tuple(range(13, 25)))
"""Parameters of a layer that are only compared, in the portions in which they are read."""

_ITEM = {
    Table.FILM_LOOP: "film",
    Table.FILM_POWER: "film",
    Table.FILM_SHUTTER: "film",
    Table.FILM_FAIL: "film",
    Table.PROCESS: "process",
    Table.LAYER: "layer",
    Table.MATERIAL: "material",
    Table.SENSOR: "sensor",
}


class Part(NamedTuple):
    """One parameter table of the template: what is read, what we write, what must be found."""

    table: Table
    item: int
    reads: tuple[int, ...]
    written: dict[int, int]
    fixed: dict[int, str]


def name_of(table: Table, item: int, parameter: int) -> str:
    """Return a parameter as people find it: "film 1, ramp 1 power (A3 1, parameter 1)"."""
    name = PARAMETERS[table].get(parameter, "undocumented")
    return f"{_ITEM[table]} {item}, {name} ({address(table, item)}, parameter {parameter})"


def raw(value: float, scale: int, what: str) -> int:
    """Return a value as the unit's whole number. Raises Declined when it cannot be said closely enough."""
    number = round(value * scale)
    if abs(number - value * scale) > 0.01 * abs(value * scale):
        raise Declined(f"{what} {value:g} is too fine for the unit's steps of {1 / scale:g}")
    return number


def commissioned(station: Station, table: Table, item: int) -> dict[int, str]:
    """Return what the fingerprint of the station file says of a table: parameter to number or status letter."""
    text = station.sqc.fingerprint.get(address(table, item), "")
    return {int(parameter): value for parameter, value in (pair.split(",") for pair in text.split())}


def _part(
    station: Station, table: Table, item: int, reads: tuple[int, ...], written: dict[int, int], fixed: dict[int, int]
) -> Part:
    """Return a table's part; what the fingerprint names beyond ``reads`` is read too, what we write is left out."""
    expected = commissioned(station, table, item) | {parameter: str(value) for parameter, value in fixed.items()}
    if table is Table.LAYER:  # the rest of a layer is read in portions
        expected = {parameter: value for parameter, value in expected.items() if parameter in reads}
    kept = {parameter: value for parameter, value in expected.items() if parameter not in written}
    return Part(table, item, tuple(sorted({*reads, *kept})), written, kept)


def material_values(station: Station, source: Source) -> dict[int, int]:
    """Return density and Z-ratio of the material in the unit's numbers."""
    scale = station.sqc.scale
    return {2: raw(source.density, scale.density, "density"), 3: raw(source.z, scale.z, "Z-ratio")}


def film_parts(station: Station, source: Source) -> tuple[Part, ...]:
    """Return the four tables of a source's film: loop, power, shutter and capture, crystal failure."""
    scale, film, profile = station.sqc.scale, source.sqc.film, source.condition
    loop = {1: raw(source.pid.p, scale.P, "P term"), 2: raw(source.pid.i, scale.I, "I term")}
    fixed = {4: source.sqc.material}
    if source.pid.d == 0:
        fixed[3] = 0  # 0 is off on every scale; another D term is compared with the fingerprint only
    power = {
        1: raw(profile.ramp1.power, scale.power, "ramp 1 power"),
        2: raw(profile.ramp1.time, scale.time, "ramp 1 time"),
        3: raw(profile.soak1, scale.time, "soak 1 time"),
        4: raw(profile.ramp2.power, scale.power, "ramp 2 power"),
        5: raw(profile.ramp2.time, scale.time, "ramp 2 time"),
        6: raw(profile.soak2, scale.time, "soak 2 time"),
        7: raw(source.idle.power, scale.power, "idle power"),
        8: raw(source.idle.ramp, scale.time, "idle ramp"),
    }
    shutter = {
        1: raw(station.sqc.shutter_delay, scale.time, "shutter delay"),
        2: raw(station.sqc.capture, scale.capture, "capture"),
    }
    return (
        _part(station, Table.FILM_LOOP, film, (1, 2, 3, 4, 6, 7, 8, 10, 11), loop, fixed),
        _part(station, Table.FILM_POWER, film, tuple(range(1, 12)), power, {9: 0, 10: 0, 11: 0}),
        _part(station, Table.FILM_SHUTTER, film, tuple(range(1, 9)), shutter, {}),
        _part(station, Table.FILM_FAIL, film, tuple(range(1, 17)), {}, {}),
    )


def layer_part(station: Station, layer: int, setup: LayerSetup) -> Part:
    """Return rate and final thickness (the backstop) of a layer."""
    scale = station.sqc.scale
    written = {
        1: raw(setup.rate_nm_s / NM_PER_ANGSTROM, scale.rate, "rate in Å/s"),
        2: raw(setup.thickness_nm / NM_PER_KILOANGSTROM, scale.thickness, "final thickness in kÅ"),
    }
    return _part(station, Table.LAYER, layer, (1, 2, 3), written, {})


def sensor_parts(station: Station, source: Source) -> tuple[Part, ...]:
    """Return the tooling of the source's crystals: our own rate uses the same number."""
    return tuple(
        _part(station, Table.SENSOR, sensor, (1,), {}, {1: raw(station.sensor[sensor].tooling, 1, "tooling in %")})
        for sensor in source.sqc.sensors
    )


def compare(table: Table, item: int, found: dict[int, str], expected: dict[int, str]) -> None:
    """Compare what is there with what should be. Raises Declined by the first parameter that differs."""
    for parameter, value in expected.items():
        if found.get(parameter) != value:
            where = name_of(table, item, parameter)
            raise Declined(f"{where}: found {found.get(parameter, 'nothing')}, expected {value}")
