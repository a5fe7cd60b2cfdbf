"""What the SQC-310's prepared template must hold for a layer: written, or found as at commissioning.

Only the parameters named here are ever written (station-and-sequence 3.2); everything else is compared.
"""

from typing import NamedTuple

from pvdstation.drivers.sqc310_talk import NM_PER_ANGSTROM, NM_PER_KILOANGSTROM, Declined
from pvdstation.model.messages import LayerSetup
from pvdstation.model.station import Source, Station
from pvdstation.protocol.sqc310_commands import address
from pvdstation.protocol.sqc310_parameters import SCALES, Table, scale_word
from pvdstation.protocol.sqc310_parameters import name_of as parameter_name

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
    return f"{_ITEM[table]} {item}, {parameter_name(table, parameter)} ({address(table, item)}, parameter {parameter})"


def raw(station: Station, table: Table, parameter: int, value: float) -> int:
    """Return a displayed value as the unit's whole number. Raises Declined when it cannot be said closely enough."""
    word = scale_word(table, parameter)
    scale = SCALES[word]
    steps: int | None = getattr(station.sqc.scale, word, scale.likely if scale.is_stated else None)
    if steps is None:
        raise Declined(f"the scale of {parameter_name(table, parameter)} is stated nowhere")
    number = round(value * steps)
    if abs(number - value * steps) > 0.01 * abs(value * steps):
        name, unit = parameter_name(table, parameter), f" {scale.unit}".rstrip()
        raise Declined(f"{name} {value:g}{unit} is too fine for the unit's steps of {1 / steps:g}{unit}")
    return number


def _raw(station: Station, table: Table, values: dict[int, float]) -> dict[int, int]:
    return {parameter: raw(station, table, parameter, value) for parameter, value in values.items()}


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
    return _raw(station, Table.MATERIAL, {2: source.density, 3: source.z})


def film_parts(station: Station, source: Source) -> tuple[Part, ...]:
    """Return the four tables of a source's film: loop, power, shutter and capture, crystal failure."""
    film, profile = source.sqc.film, source.condition
    loop = _raw(station, Table.FILM_LOOP, {1: source.pid.p, 2: source.pid.i})
    fixed = {4: source.sqc.material}
    if source.pid.d == 0:
        fixed[3] = 0  # 0 is off on every scale; another D term is compared with the fingerprint only
    power = _raw(
        station,
        Table.FILM_POWER,
        {
            1: profile.ramp1.power, 2: profile.ramp1.time, 3: profile.soak1,
            4: profile.ramp2.power, 5: profile.ramp2.time, 6: profile.soak2,
            7: source.idle.power, 8: source.idle.ramp,
        },
    )  # fmt: skip
    shutter = _raw(station, Table.FILM_SHUTTER, {1: station.sqc.shutter_delay, 2: station.sqc.capture})
    return (
        _part(station, Table.FILM_LOOP, film, (1, 2, 3, 4, 6, 7, 8, 10, 11), loop, fixed),
        _part(station, Table.FILM_POWER, film, tuple(range(1, 12)), power, {9: 0, 10: 0, 11: 0}),
        _part(station, Table.FILM_SHUTTER, film, tuple(range(1, 9)), shutter, {}),
        _part(station, Table.FILM_FAIL, film, tuple(range(1, 17)), {}, {}),
    )


def layer_part(station: Station, layer: int, setup: LayerSetup) -> Part:
    """Return rate and final thickness (the backstop) of a layer."""
    rate_a_s, thickness_ka = setup.rate_nm_s / NM_PER_ANGSTROM, setup.thickness_nm / NM_PER_KILOANGSTROM
    written = _raw(station, Table.LAYER, {1: rate_a_s, 2: thickness_ka})
    return _part(station, Table.LAYER, layer, (1, 2, 3), written, {})


def sensor_parts(station: Station, source: Source) -> tuple[Part, ...]:
    """Return the tooling of the source's crystals: our own rate uses the same number."""
    return tuple(
        _part(station, Table.SENSOR, sensor, (1,), {}, _raw(station, Table.SENSOR, {1: station.sensor[sensor].tooling}))
        for sensor in source.sqc.sensors
    )


def compare(table: Table, item: int, found: dict[int, str], expected: dict[int, str]) -> None:
    """Compare what is there with what should be. Raises Declined by the first parameter that differs."""
    for parameter, value in expected.items():
        if found.get(parameter) != value:
            where = name_of(table, item, parameter)
            raise Declined(f"{where}: found {found.get(parameter, 'nothing')}, expected {value}")
