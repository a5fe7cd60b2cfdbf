"""Everything documented that an SQC-310 can tell, as raw numbers: for the commissioning fingerprint and ``pvd probe``.

Only reads. What a unit does not know is shown as the status letter with which it refuses.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pvdstation.drivers.sqc310_talk import Declined, Refusal, Speaker, Talk
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol.sqc310_commands import address
from pvdstation.protocol.sqc310_parameters import PARAMETERS, Table
from pvdstation.protocol.sqc310_readings import parse_number, parse_sensors

FINGERPRINT = {
    Table.FILM_LOOP: (6, 7, 8, 10, 11),
    Table.FILM_SHUTTER: tuple(range(3, 9)),
    Table.FILM_FAIL: tuple(range(1, 17)),
    Table.LAYER: (*range(4, 14), *range(16, 25)),
}
"""What is compared with the commissioning before every layer and never written."""
_RAW_INPUT = tuple(range(1, 8))
_MOST_RELAYS = 16
_DECIMALS = {"L": 2, "M": 2, "N": 3, "O": 3, "P": 2, "Q": 2}


class Found(NamedTuple):
    """What one read told, in the unit's own words."""

    asked: str  # how the table is addressed, or the message
    told: str


def survey(speaker: Speaker, station: Station) -> Talk[list[Found]]:
    """Read readings, system, channels, relays and the station's films and layers."""
    found = yield from _readings(speaker)
    for table, item, parameters in _tables(speaker, station):
        told = yield from read_raw(speaker, table, item, parameters)
        found.append(Found(address(table, item), as_pairs(told)))
    found += yield from _relays(speaker)
    return found


def read_raw(speaker: Speaker, table: Table, item: int, parameters: Sequence[int]) -> Talk[dict[int, str]]:
    """Read parameters together, or one by one when the unit refuses; a refused one is its status letter."""
    parameters = tuple(parameters)
    try:
        values = yield from speaker.parameters(table, item, parameters)
        return dict(zip(parameters, map(str, values), strict=True))
    except Refusal as refusal:
        if len(parameters) == 1:
            return {parameters[0]: refusal.status}
    singles: dict[int, str] = {}
    for parameter in parameters:
        singles.update((yield from read_raw(speaker, table, item, (parameter,))))
    return singles


def as_pairs(values: dict[int, str]) -> str:
    """Return parameters as the station file writes them: "4,1 5,0 23,D"."""
    return " ".join(f"{parameter},{value}" for parameter, value in values.items())


def _tables(speaker: Speaker, station: Station) -> Iterator[tuple[Table, int, tuple[int, ...]]]:
    yield Table.SYSTEM, 0, tuple(sorted(PARAMETERS[Table.SYSTEM]))
    per_channel = (
        Table.SENSOR, Table.SOURCE, Table.SENSOR_FLAGS, Table.SOURCE_FLAGS, Table.SENSOR_MAP, Table.SOURCE_MAP,
    )  # fmt: skip
    for table in per_channel:
        for channel in range(1, speaker.channels + 1):
            yield table, channel, tuple(sorted(PARAMETERS[table]))
    for source in station.source.values():
        for table, parameters in FINGERPRINT.items():
            if table is not Table.LAYER:
                yield table, source.sqc.film, parameters
    layers = station.codeposition.layers if station.codeposition is not None else []
    for layer in (*range(1, len(station.source) + 1), *layers):
        yield Table.LAYER, layer, FINGERPRINT[Table.LAYER]


def _readings(speaker: Speaker) -> Talk[list[Found]]:
    channels = speaker.channels
    found = []
    sensors = yield from speaker.read(command.SENSORS, lambda payload: parse_sensors(payload, channels))
    for number, sensor in enumerate(sensors.sensors, start=1):
        text = f"{sensor.rate_a_s:.2f} Å/s, {sensor.thickness_ka:.3f} kÅ, {sensor.frequency_hz:.2f} Hz"
        found.append(Found(f"{command.SENSORS} sensor {number}", text))
    for letter, decimals in _DECIMALS.items():
        for number in range(1, channels + 1):
            value = yield from _single(speaker, letter, number, decimals)
            found.append(Found(f"{letter}{number}", value))
    for output in range(1, channels + 1):
        power = yield from speaker.power(output)
        found.append(Found(f"S? {output}", f"{power:.2f} %"))
    return found


def _single(speaker: Speaker, letter: str, number: int, decimals: int) -> Talk[str]:
    try:
        message = command.read_channel(letter, number)
        value = yield from speaker.read(message, lambda payload: parse_number(payload, decimals))
    except Refusal as refusal:
        return refusal.status
    return f"{value:.{decimals}f}"


def _relays(speaker: Speaker) -> Talk[list[Found]]:
    """Read inputs and relays until the unit has no more."""
    found = []
    for number in range(1, _MOST_RELAYS + 1):
        try:
            states = yield from speaker.parameters(Table.CONTACTS, number, (1, 2))
        except Declined:
            break
        found.append(Found(address(Table.CONTACTS, number), as_pairs(dict(zip((1, 2), map(str, states), strict=True)))))
        for table, parameters in ((Table.RELAY, tuple(range(2, 8))), (Table.INPUT, _RAW_INPUT)):
            told = yield from read_raw(speaker, table, number, parameters)
            found.append(Found(address(table, number), as_pairs(told)))
    return found
