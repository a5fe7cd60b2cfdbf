"""What a simulated SQC-310 holds: materials, films, layers, processes, sensors; prepared as on its front panel.

Values are raw whole numbers as on the wire. The scales are the unit's own (rate 0.01 Å/s, thickness 0.001 kÅ, power
0.1 %, times 1 s, capture 1 %, P 1, I 0.1 s, density 0.01 g/cm3, Z 0.001); the station file's are not looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pvdstation.model.station import Source, Station

Values = dict[int, int]

POWER = 0.1
RATE_A_S = 0.01
THICKNESS_KA = 0.001
I_TERM_S = 0.1
DENSITY = 0.01
Z_RATIO = 0.001

FACTORY_LOOP = {1: 50, 2: 5, 3: 0}
"""P, I, D of a film nobody has tuned: the manual's example (P1B p. 84)."""
FILM_LOOP_REST = {5: 1, 6: 100, 7: 0, 8: 0, 9: 0, 10: 0, 11: 0}
FILM_SHUTTER_REST = {3: 0, 4: 5, 5: 0, 6: 5, 7: 10, 8: 5}
FILM_FAIL = {1: 1, 2: 1, 3: 0, 4: 0, 5: 1, 6: 1, 7: 0, 8: 0, 9: 1, 10: 1, 11: 0, 12: 0, 13: 1, 14: 1, 15: 0, 16: 0}
LAYER_OPAQUE = {4: 1, 6: -1, 7: -1, 8: 0, 9: 0, 11: 990, 12: 0, 16: 0, 17: 0, 18: 0, 19: 0, 20: 0, 21: 0, 22: 0}
"""Undocumented layer parameters: fixed numbers that answer reads and refuse writes; 5 and 10 hold film and output."""

_WRITABLE = {
    "A2": range(1, 12), "A3": range(1, 12), "A4": range(1, 9), "A5": range(1, 17), "B": range(1, 14),
    "D": (1, 2, 3, 13, 14, 15), "F": (2, 3), "GB": (2, 3, 4, 5, 7), "HA": range(1, 9), "HB": range(1, 9),
}  # fmt: skip
_TOP = {
    "A2": 9999,
    "A3": 1000,
    "A4": 999,
    "A5": 999,
    "B": 9_999_999,
    "D": 9_999_999,
    "F": 99_999,
    "GB": 9999,
    "HA": 9999,
    "HB": 99_999,
}


@dataclass(frozen=True, slots=True)
class Layer:
    """What the front panel has fixed of a layer: its film, output and sensors, and its power limits."""

    film: int
    output: int
    sensors: tuple[int, ...]
    max_power_pct: float
    slew_pct_s: float


class Memory:
    """The parameter tables, by letters and item; and names, layers and processes beside them."""

    def __init__(self, channels: int) -> None:
        self.tables: dict[str, dict[int, Values]] = {
            letters: {} for letters in ("A2", "A3", "A4", "A5", "B", "D", "F", "GA", "GB", "HA", "HB", "HE", "HF")
        }
        self.names: dict[tuple[str, int], str] = {}
        self.layers: dict[int, Layer] = {}
        self.processes: dict[int, tuple[int, ...]] = {}
        """Layer-pool numbers of the one set of layers each process deposits together."""
        self.tables["B"][0] = {1: 25, 2: 100, 3: 100, 4: 100, 5: 0, 6: 5_000_000, 7: 6_000_000} | dict.fromkeys(
            range(8, 14), 100
        )
        for channel in range(1, channels + 1):
            self.tables["HA"][channel] = {1: 100, 2: 1} | dict.fromkeys(range(3, 10), 0)
            self.tables["HB"][channel] = {1: 10_000, 2: 1} | dict.fromkeys(range(3, 10), 0)
            self.tables["HE"][channel] = {1: 0, 2: channels + channel}
            self.tables["HF"][channel] = {1: 0, 2: channel}
        for number in range(1, 4 * channels + 1):
            self.names["GB", number] = f"Relay {number}"
            self.tables["GA"][number] = {2: 0, 5: number}  # assumed: type and pin, as of a relay
            self.tables["GB"][number] = {2: 0, 3: 0, 4: 500, 5: number, 6: int(number <= 2 * channels), 7: 0}

    def read(self, letters: str, item: int, parameters: Iterable[int]) -> list[tuple[int, int]] | None:
        """Return parameters with their values; None when one does not exist."""
        values = self.tables.get(letters, {}).get(item, {})
        wanted = list(parameters)
        return [(parameter, values[parameter]) for parameter in wanted] if all(p in values for p in wanted) else None

    def write(self, letters: str, item: int, pairs: Iterable[tuple[int, int]]) -> bool:
        """Write parameters, all or none; return whether each exists, may be written and is in range."""
        values = self.tables.get(letters, {}).get(item)
        changes = dict(pairs)
        if values is None or not all(
            parameter in _WRITABLE[letters] and parameter in values and 0 <= value <= _TOP[letters]
            for parameter, value in changes.items()
        ):
            return False
        values.update(changes)
        return True

    def film(self, letters: str, film: int) -> Values:
        """Return one table of a film."""
        return self.tables[letters][film]

    def material_of(self, film: int) -> tuple[float, float]:
        """Return density, g/cm3, and Z-ratio of a film's material."""
        material = self.tables["F"][self.tables["A2"][film][4]]
        return material[2] * DENSITY, material[3] * Z_RATIO

    def tooling_of(self, sensor: int) -> float:
        """Return the crystal tooling of a sensor, %."""
        return float(self.tables["HA"][sensor][1])


def prepare(station: Station) -> Memory:
    """Return the memory of a unit whose templates were prepared for this station; loop parameters are left untuned."""
    memory = Memory(station.sqc.channels)
    memory.tables["B"][0].update({6: round(station.sqc.f_min), 7: round(station.sqc.f_max)})
    for sensor, crystal in station.sensor.items():
        memory.tables["HA"][sensor][1] = round(crystal.tooling)
    pool = station.codeposition.layers if station.codeposition else []
    free = (number for number in range(1, 1000) if number not in pool)
    for name, source in station.source.items():
        _add_film(memory, name, source, station)
        _add_layer(memory, next(free), source)
        memory.processes[source.sqc.process] = (max(memory.layers),)
        memory.names["C", source.sqc.process] = name
    if station.codeposition:
        for number, source in zip(pool, station.source.values(), strict=False):
            _add_layer(memory, number, source)
        memory.processes[station.codeposition.process] = tuple(pool[: len(station.source)])
        memory.names["C", station.codeposition.process] = "codep"
    return memory


def _add_film(memory: Memory, name: str, source: Source, station: Station) -> None:
    film, material, profile = source.sqc.film, source.sqc.material, source.condition
    memory.names["A1", film] = memory.names["F", material] = name
    memory.tables["F"][material] = {2: round(source.density / DENSITY), 3: round(source.z / Z_RATIO)}
    memory.tables["A2"][film] = FACTORY_LOOP | FILM_LOOP_REST | {4: material}
    memory.tables["A3"][film] = {
        1: round(profile.ramp1.power / POWER),
        2: round(profile.ramp1.time),
        3: round(profile.soak1),
        4: round(profile.ramp2.power / POWER),
        5: round(profile.ramp2.time),
        6: round(profile.soak2),
        7: round(source.idle.power / POWER),
        8: round(source.idle.ramp),
        9: 0,
        10: 0,
        11: 0,
    }
    memory.tables["A4"][film] = {1: round(station.sqc.shutter_delay), 2: round(station.sqc.capture)} | FILM_SHUTTER_REST
    memory.tables["A5"][film] = dict(FILM_FAIL)


def _add_layer(memory: Memory, number: int, source: Source) -> None:
    place = source.sqc
    memory.layers[number] = Layer(place.film, place.output, tuple(place.sensors), source.max_power, source.slew)
    memory.tables["D"][number] = (
        {1: 100, 2: 1000, 3: 0, 13: 0, 14: 0, 15: 0} | LAYER_OPAQUE | {5: place.film, 10: place.output}
    )
