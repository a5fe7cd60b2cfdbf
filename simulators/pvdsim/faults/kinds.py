"""What a kind of fault is: its words, what it may be given, and what it does when it begins and ends."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple, Protocol

from pvdsim.faults.line import Line
from pvdsim.faults.places import Place
from pvdsim.plant.plant import Plant
from pvdstation.model.simulation import Instrument, Replies

Value = float | str | bytes


class Site(Protocol):
    """The world as faults see it."""

    plant: Plant
    names: tuple[str, ...]
    """Names of all instruments."""

    @property
    def now_ns(self) -> int:
        """Return plant time, ns."""
        ...

    def instrument(self, name: str) -> Instrument:
        """Return the simulated instrument itself."""
        ...

    def line(self, name: str) -> Line:
        """Return what lies between an instrument and its port, made when it is first asked for."""
        ...

    def send(self, name: str, replies: Replies) -> None:
        """Let bytes arrive at an instrument's port that nobody asked for."""
        ...

    def refresh(self) -> None:
        """Let everything take note that the plant or an instrument was changed by hand."""
        ...


class Fault(NamedTuple):
    """One fault at work: where, what it was given, its own random numbers, and time."""

    site: Site
    place: Place
    values: dict[str, Value]
    chance: Random
    began_ns: int
    ends_ns: int | None
    at: Callable[[int, Callable[[int], None]], None]
    """Do something at a later plant time, which it is handed."""

    def number(self, name: str) -> float:
        """Return a quantity that it was given, in canonical units."""
        return float(self.values[name])

    def word(self, name: str) -> str:
        """Return a word that it was given."""
        return str(self.values[name])

    def every(self, period_ns: int, act: Callable[[int], bool]) -> None:
        """Act again and again, first after one period, until the fault ends or the action returns False."""

        def again(now_ns: int) -> None:
            if (self.ends_ns is None or now_ns < self.ends_ns) and act(now_ns):
                self.at(now_ns + period_ns, again)

        self.at(self.began_ns + period_ns, again)


End = Callable[[int], None]
Begin = Callable[[Fault], End | None]


class Parameter(NamedTuple):
    """Something that a kind may be given: a quantity by its dimension, or one of some words."""

    name: str
    dimension: str = ""
    words: tuple[str, ...] = ()
    default: str | None = None  # as it would be written; None: it must be given
    lowest: float = 0.0
    highest: float = float("inf")


class Kind(NamedTuple):
    """A kind of fault of a family of components."""

    family: str
    word: str
    sentence: str
    begin: Begin
    parameters: tuple[Parameter, ...] = ()
    ends: bool = True  # takes "for TIME"
    counts: bool = False  # takes "once" and "N times", and "on TEXT": acts on answers
