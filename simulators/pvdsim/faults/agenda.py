"""The faults of one world: what begins, ends and goes on at which plant time."""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import count
from random import Random

from pvdsim.faults.grammar import Spec, read_faults
from pvdsim.faults.kinds import Fault, Site
from pvdsim.faults.places import Place

FAR = 2**62
Act = Callable[[int], None]


class Faults:
    """Faults by the time at which they act. Without any, all that is looked at is ``due_ns``."""

    def __init__(self, site: Site, places: Mapping[str, Place], seed: int) -> None:
        self._site = site
        self.places = places
        """Components that can be broken, by name."""
        self._seed = seed
        self._heap: list[tuple[int, int, Act]] = []
        self._order = count()
        self.due_ns = FAR
        self.specs: list[Spec] = []
        """What was added, in that order."""

    def add(self, *texts: str) -> None:
        """Add faults, all or none. Raises Refused with every problem of every text."""
        now_ns = self._site.now_ns
        for spec in read_faults(texts, self.places, now_ns):
            self.specs.append(spec)
            self._put(now_ns if spec.at_ns is None else spec.at_ns, self._beginning(spec))

    def act(self) -> None:
        """Do what is due at ``due_ns``; the world has been brought there."""
        now_ns, _, act = heappop(self._heap)
        act(now_ns)
        self.due_ns = self._heap[0][0] if self._heap else FAR

    def _put(self, at_ns: int, act: Act) -> None:
        heappush(self._heap, (at_ns, next(self._order), act))
        self.due_ns = self._heap[0][0]

    def _beginning(self, spec: Spec) -> Act:
        # by what it is, not by its place in the list: another fault must not change this one's draws
        chance = Random(f"{self._seed}/{spec.place.name} {spec.kind.word} {spec.at_ns}")

        def begin(now_ns: int) -> None:
            ends_ns = None if spec.for_ns is None else now_ns + spec.for_ns
            fault = Fault(self._site, spec.place, spec.values, chance, now_ns, ends_ns, self._put)
            end = spec.kind.begin(fault)
            if end is not None and ends_ns is not None:
                self._put(ends_ns, end)

        return begin
