"""A plant with its instruments, moved only by whoever drives its time (``pvdstation.model.simulation``)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import ValidationError

from pvdsim.faults.agenda import Faults
from pvdsim.faults.line import Line
from pvdsim.faults.places import Place, places_of
from pvdsim.plant.plant import STEP_NS, Plant
from pvdsim.settings import Simulation
from pvdsim.station_fit import misfits
from pvdstation.model.problems import Refused
from pvdstation.model.simulation import Instrument, Replies
from pvdstation.model.toml import Document, problems_of

FAR_NS = 2**62
SUBSTRATE_SHUTTER = "substrate shutter"


class Supply(Protocol):
    """What acts on the things that others do to its analogue input, its contact or its boat."""

    def refresh(self, now_ns: int) -> None:
        """Look at them again."""
        ...


class LinkedSupply(Supply, Instrument, Protocol):
    """A supply that the host can talk to."""


class World:
    """Plant and instruments by name. Time moves by ``advance_to`` only; bytes are handed in between."""

    def __init__(
        self,
        plant: Plant,
        instruments: Mapping[str, Instrument],
        supplies: Mapping[str, Supply],
        *,
        places: Mapping[str, Place] = MappingProxyType({}),
        seed: int = 0,
    ) -> None:
        """``instruments`` has all of them; ``supplies`` those that are to be refreshed; ``places`` can be broken."""
        self.plant = plant
        self.faults = Faults(self, places, seed)
        self.instruments = dict(instruments)
        self.names = tuple(self.instruments)
        self._ports: dict[str, Instrument | Line] = dict(self.instruments)
        self._ordered = list(self.instruments.values())
        self._supplies = list(supplies.values())
        self._contacts, self._analogue = plant.contacts, plant.analogue
        self._unasked: dict[str, Replies] = {name: [] for name in self.names}
        self._now_ns = plant.now_ns
        self._seen = self._surroundings()
        self._schedule()

    def advance_to(self, now_ns: int) -> None:
        """Move plant and instruments; what falls due between two steps of the plant acts at the later one."""
        if now_ns < self._now_ns:
            raise ValueError(f"time goes back: {now_ns} ns after {self._now_ns} ns")
        if self.faults.due_ns <= now_ns:
            self._break_until(now_ns)
        self._now_ns = now_ns
        plant = self.plant
        end_ns = now_ns - now_ns % STEP_NS
        if self._surroundings() != self._seen:
            self._refresh()
            self._schedule()
        while plant.now_ns < end_ns:
            plant.advance_to(min(end_ns, max(self._due_ns, plant.now_ns + STEP_NS)))
            if plant.now_ns >= self._due_ns:
                self._serve(plant.now_ns)

    def _break_until(self, now_ns: int) -> None:
        """Bring the plant to the time of each fault that is due, and let it act."""
        faults = self.faults
        while (due_ns := faults.due_ns) <= now_ns:
            faults.due_ns = FAR_NS  # until it has acted
            self.advance_to(max(due_ns, self._now_ns))
            faults.act()

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        """Hand bytes to an instrument at a time that is not before the world's; return its replies."""
        if now_ns < self._now_ns:
            raise ValueError(f"bytes for {name} at {now_ns} ns, but the world is at {self._now_ns} ns")
        replies = self._ports[name].receive(data, now_ns)
        if self._surroundings() != self._seen:
            self._refresh()
        self._schedule()
        return replies

    def collect(self, name: str) -> Replies:
        """Return, once, what the instrument has sent unasked up to now."""
        replies = self._unasked[name]
        if replies:
            self._unasked[name] = []
        return replies

    def add_faults(self, *texts: str) -> None:
        """Break things at their times (``pvdsim.faults``). Raises Refused with every problem of every text."""
        self.faults.add(*texts)

    def truth(self) -> Mapping[str, float]:
        """Return what only a simulation knows, by name."""
        return self.plant.truth()

    # --- the side of the faults ---

    @property
    def now_ns(self) -> int:
        """Return plant time, ns."""
        return self._now_ns

    def instrument(self, name: str) -> Instrument:
        """Return the simulated instrument itself."""
        return self.instruments[name]

    def line(self, name: str) -> Line:
        """Return what lies between an instrument and its port; from then on it is looked at."""
        port = self._ports[name]
        if not isinstance(port, Line):
            port = self._ports[name] = Line(self.instruments[name])
        return port

    def send(self, name: str, replies: Replies) -> None:
        """Let bytes arrive at an instrument's port that nobody asked for."""
        self._unasked[name].extend(replies)

    def refresh(self) -> None:
        """Let the supplies take note that the plant or an instrument was changed by hand."""
        self._refresh()
        self._schedule()

    # --- time ---

    def _serve(self, now_ns: int) -> None:
        for name, instrument in self.instruments.items():
            if instrument.due_ns <= now_ns:
                replies = instrument.advance_to(now_ns)
                if replies:
                    port = self._ports[name]
                    self._unasked[name].extend(port.pass_on(replies) if isinstance(port, Line) else replies)
        self._refresh()
        self._schedule()

    def _surroundings(self) -> tuple[float, ...]:
        """Return what supplies depend on and others change: enable relays and analogue outputs."""
        return (self._contacts.enable_changes, *self._analogue.values())

    def _refresh(self) -> None:
        self._seen = self._surroundings()
        now_ns = self.plant.now_ns
        for supply in self._supplies:
            supply.refresh(now_ns)

    def _schedule(self) -> None:
        """Find out when an instrument is next due, on the plant's grid."""
        due_ns = min([instrument.due_ns for instrument in self._ordered])
        self._due_ns = -(-due_ns // STEP_NS) * STEP_NS


def open_world(station: Mapping[str, object], seed: int) -> World:
    """Build the simulated station of a station file's plain values. Raises Refused with every problem."""
    settings = read_simulation(station)
    plant = Plant(settings, seed)
    instruments, supplies = _build_instruments(station, plant, seed)
    return World(plant, instruments, supplies, places=places_of(station, plant, _roles(station)), seed=seed)


def read_simulation(station: Mapping[str, object]) -> Simulation:
    """Return the checked ``[simulation]`` tables. Raises Refused with every problem."""
    document = Document("", "", dict(station))
    if "simulation" not in station:
        what = "the station file describes no simulated plant"
        raise Refused([document.problem(("simulation",), what, "Copy [simulation] from the packaged sim.toml.")])
    try:
        settings = Simulation.model_validate(station["simulation"])
    except ValidationError as error:
        raise Refused(problems_of(error, document, ("simulation",), Simulation)) from None
    problems = [document.problem(path, what, write) for path, what, write in misfits(station, settings)]
    if problems:
        raise Refused(problems)
    return settings


def _build_instruments(
    station: Mapping[str, Any], plant: Plant, seed: int
) -> tuple[dict[str, Instrument], dict[str, Supply]]:
    # imported here: a plant alone, as its tests use it, needs no instrument
    from pvdsim.instruments import gauges, switchgear, turbo  # noqa: PLC0415

    builders: dict[str, Callable[[Mapping[str, Any], Plant, int], Instrument]] = {
        "sqc": _build_sqc,
        "io": switchgear.build,
        "gauges": gauges.build,
        "turbo": turbo.build,
    }
    if "gauges2" in station:
        builders["gauges2"] = gauges.build_second
    linked: dict[str, LinkedSupply] = {
        _name_of(table["port"], f"supply{number}"): _build_supply(int(number), station, plant, seed)
        for number, table in _linked(station).items()
    }
    others = {_name_of(station[role]["port"], role): build(station, plant, seed) for role, build in builders.items()}
    return {**others, **linked}, {**linked, **_build_unlinked(station, plant)}


def _build_sqc(station: Mapping[str, Any], plant: Plant, seed: int) -> Instrument:
    from pvdsim.instruments import sqc310  # noqa: PLC0415

    unit = sqc310.build(station, plant, seed)
    relay = station["sqc"].get("shutter_relay")
    if relay is not None:
        plant.bridge(SUBSTRATE_SHUTTER, closed=unit.relays.is_on(relay))

        def move(number: int, is_on: bool) -> None:  # noqa: FBT001 - the unit's own signature
            if number == relay:
                plant.bridge(SUBSTRATE_SHUTTER, closed=is_on)

        unit.relays.changed = move
    return unit


def _build_supply(number: int, station: Mapping[str, Any], plant: Plant, seed: int) -> LinkedSupply:
    from pvdsim.instruments import supply, supply_gen  # noqa: PLC0415

    if station["supply"][str(number)].get("dialect") == "gen":
        return supply_gen.build(number, station, plant, seed)
    return supply.build(number, station, plant, seed)


def _build_unlinked(station: Mapping[str, Any], plant: Plant) -> dict[str, Supply]:
    from pvdsim.instruments import supply_unlinked  # noqa: PLC0415

    silent = [number for number in station["supply"] if number not in _linked(station)]
    return {f"supply{number}": supply_unlinked.build(int(number), station, plant) for number in silent}


def _linked(station: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the supplies that the host can talk to, by number."""
    return {n: table for n, table in station["supply"].items() if table.get("dialect", "scpi") != "none"}


def _roles(station: Mapping[str, Any]) -> dict[str, str]:
    """Return every instrument's name by its place in the station file, as a fault names it."""
    roles = ("io", "sqc", "gauges", "gauges2", "turbo")
    others = {role: _name_of(station[role]["port"], role) for role in roles if role in station}
    return others | {f"supply.{n}": _name_of(table["port"], f"supply{n}") for n, table in _linked(station).items()}


def _name_of(port: str, role: str) -> str:
    return port.removeprefix("sim:") if port.startswith("sim:") else role
