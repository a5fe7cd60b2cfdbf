"""Sessions by hand on the station bench: a person who asks for one thing after the other, each at its moment."""

from dataclasses import replace

from interlock_cases import HOST
from station_bench import Act, Changes, Moment, StationBench, asks, prepared

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Request, Verb
from pvdstation.recipe.by_hand import by_hand_procedure

CHANGES = {**HOST, "simulation.start.chamber.pressure": "0.3 mbar"}


def at_once(bench: StationBench) -> bool:
    return bench.state == "running"


class Hands:
    """What a person asks for, in order."""

    def __init__(self) -> None:
        self.script: list[tuple[Moment, Act]] = []

    def set(self, about: str, value: float | str, when: Moment = at_once) -> "Hands":
        self.script.append((when, lambda bench: bench.scan.request(Request(Verb.SET, "Mia", about, value))))
        return self

    def stop(self, when: Moment = at_once) -> "Hands":
        self.script.append((when, asks(Verb.STOP)))
        return self


def by_hand(hands: Hands, changes: Changes = CHANGES, name: str = "sim-host-loop") -> StationBench:
    """Return a session that has not begun."""
    ready = prepared("10 nm Zn at 0.5 nm/s", changes, name)
    checked = replace(ready.checked, procedure=by_hand_procedure(ready.station))
    return StationBench("", changes, ready=ready._replace(checked=checked), script=hands.script)


def reads(signal: str, least: float, most: float) -> Moment:
    """Return the moment at which a signal is within limits."""
    return lambda bench: bench.state == "running" and least <= bench.reading(signal).value <= most


def is_at(signal: str, value: float) -> Moment:
    """Return the moment at which a signal has a value."""
    return reads(signal, value, value)


def for_s(seconds: float, holds: Moment) -> Moment:
    """Return the moment at which something has held for a time."""
    since_ns: list[int] = []

    def held(bench: StationBench) -> bool:
        if not holds(bench):
            since_ns.clear()
            return False
        since_ns.append(bench.now_ns)
        return bench.now_ns - since_ns[0] >= seconds * SECOND

    return held
