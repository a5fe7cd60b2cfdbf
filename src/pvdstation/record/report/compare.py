"""Two runs side by side: what was asked differently, what came out differently, and where they first part.

Both are read as means over 10 s, each layer counted from its own start. They part significantly where

* the rates differ by more than 5 % of the asked rate while both substrate shutters are open,
* the powers differ by more than 8 % of the greater and by more than 1 W until the first of both shutters has closed,
* the pressures differ by more than a factor of 1.5 in the same time,
* one substrate shutter closes for good after an open time that is shorter by more than 5 % and 2 s.

Noise of crystals and gauges stays far below these; 5 % and 8 % are the station's own limits for attention.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from pvdstation.record.plan import PlannedStep
from pvdstation.record.precision import rounded
from pvdstation.record.report.curves import Curves, rolling
from pvdstation.record.report.story import Layer
from pvdstation.record.report.telling import Told

WINDOW_S = 10.0
RATE_SHARE = 0.05
POWER_SHARE = 0.08
LEAST_POWER_W = 1.0
PRESSURE_FACTOR = 1.5
OPEN_SHARE = 0.05
LEAST_OPEN_S = 2.0
_NOTHING = "–"
_NOT_STARTED = "not started"


class Difference(NamedTuple):
    """One thing that was asked or set differently."""

    what: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two runs part: in which layer, how long after its start, and by what."""

    material: str
    steps: tuple[int, int]
    after_s: float
    quantity: str  # "rate", "power", "pressure" or "open time"
    unit: str
    first: float
    second: float


class Pair(NamedTuple):
    """The same layer of two runs; None where one has no such layer."""

    first: Layer | None
    second: Layer | None


class Comparison(NamedTuple):
    """Two runs side by side."""

    first: Told
    second: Told
    recipe: tuple[Difference, ...]
    station: tuple[Difference, ...]
    pairs: tuple[Pair, ...]
    partings: tuple[Parting, ...]  # in order of layers, then of time

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the JSON, both stories included."""
        return {
            "runs": [self.first.story.as_json(), self.second.story.as_json()],
            "recipe": [difference._asdict() for difference in self.recipe],
            "station": [difference._asdict() for difference in self.station],
            "partings": [_fields(parting) for parting in self.partings],
        }


def compare(first: Told, second: Told) -> Comparison:
    """Return two runs side by side."""
    pairs = tuple(Pair(a, b) for a, b in zip_longest(first.story.layers, second.story.layers))
    partings = tuple(
        parting
        for a, b in pairs
        if a is not None and b is not None and a.source == b.source and _NOT_STARTED not in (a.state, b.state)
        for parting in _partings(first.curves, a, second.curves, b)
    )
    recipe = tuple(_recipe(first.plan, second.plan))
    return Comparison(first, second, recipe, tuple(_station(first, second)), pairs, partings)


def _fields(parting: Parting) -> dict[str, object]:
    return {name: rounded(name, value) for name, value in asdict(parting).items()}


def _recipe(first: Sequence[PlannedStep], second: Sequence[PlannedStep]) -> Iterator[Difference]:
    for number, (a, b) in enumerate(zip_longest(first, second), 1):
        texts = [_NOTHING if step is None else step.text for step in (a, b)]
        if texts[0] != texts[1]:
            yield Difference(f"step {number}", *texts)


def _station(first: Told, second: Told) -> Iterator[Difference]:
    a, b = dict(_flat(first.station_values)), dict(_flat(second.station_values))
    for path in dict.fromkeys((*a, *b)):
        if a.get(path) != b.get(path):
            yield Difference(path, str(a.get(path, _NOTHING)), str(b.get(path, _NOTHING)))


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


class _Means:
    """Means of one run's layer over 10 s, by the time since its start."""

    def __init__(self, curves: Curves, layer: Layer) -> None:
        of, span = curves.of(layer.source), curves.span(layer.begun_s, layer.ended_s)
        at_s = curves.at_s[span]
        self.after_s = [at - layer.begun_s for at in at_s]
        self.open_s = _opened(layer)
        columns = {"rate": of.rate_nm_s, "power": of.power_w, "pressure": curves.full_range_mbar}
        self.means = {name: rolling(at_s, values[span], WINDOW_S) for name, values in columns.items()}

    def at(self, name: str, after_s: float) -> float | None:
        """Return the mean at a time, None behind the end."""
        place = bisect_left(self.after_s, after_s)
        return self.means[name][place] if place < len(self.after_s) else None


def _opened(layer: Layer) -> tuple[float, float]:
    """Return when the shutter was open, since the layer's start; nothing of a layer that never was."""
    if not layer.open_s:
        return layer.ended_s - layer.begun_s, layer.ended_s - layer.begun_s
    return layer.open_s[0][0] - layer.begun_s, layer.open_s[-1][1] - layer.begun_s


def _open_times(a: Layer, b: Layer) -> list[Parting]:
    """Return that one shutter was closed much earlier, at the time when it was."""
    x, y = (sum(end_s - begin_s for begin_s, end_s in layer.open_s) for layer in (a, b))
    if abs(x - y) <= max(OPEN_SHARE * max(x, y), LEAST_OPEN_S):
        return []
    shorter = a if x < y else b
    return [Parting(a.material, (a.step, b.step), _opened(shorter)[1], "open time", "s", x, y)]


def _partings(first: Curves, a: Layer, second: Curves, b: Layer) -> list[Parting]:
    """Return where a layer's quantities first part, each at most once, in order of time."""
    one, other = _Means(first, a), _Means(second, b)
    begin_s, end_s = max(one.open_s[0], other.open_s[0]) + WINDOW_S, min(one.open_s[1], other.open_s[1])
    asked = max(a.asked_rate_nm_s, b.asked_rate_nm_s)
    rules: tuple[tuple[str, str, float, Callable[[float, float], bool]], ...] = (
        ("rate", "nm/s", begin_s, lambda x, y: abs(x - y) > RATE_SHARE * asked),
        ("power", "W", 0.0, lambda x, y: abs(x - y) > max(POWER_SHARE * max(x, y), LEAST_POWER_W)),
        ("pressure", "mbar", 0.0, lambda x, y: min(x, y) > 0 and max(x, y) / min(x, y) > PRESSURE_FACTOR),
    )
    found = _open_times(a, b)
    for name, unit, from_s, parts in rules:
        for after_s, x in zip(one.after_s, one.means[name], strict=True):
            y = other.at(name, after_s) if from_s <= after_s <= end_s else None
            if y is not None and parts(x, y):
                found.append(Parting(a.material, (a.step, b.step), after_s, name, unit, x, y))
                break
    return sorted(found, key=lambda parting: parting.after_s)
