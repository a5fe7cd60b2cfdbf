"""A station whose ports belong to a simulator in another process (``pvd-sim serve``)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pvdstation.assembly.world import NoSimulator
from pvdstation.model.clock import Clock
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.wires.base import WireLost
from pvdstation.wires.driven import DrivenPort, DrivenWorld
from pvdstation.wires.simulator import SimulatorChannel

VERSION = 1
"""Language of the control channel that this program speaks."""
_DRIVEN = Problem(
    "the station", "another core drives this plant's time", "End that run first; one core drives at a time."
)


_START = "Start pvd-sim serve with --station-out, and name the file that it writes."


class Served(NamedTuple):
    """What a simulator in another process says of itself."""

    url: str
    seed: int
    names: Mapping[str, str]
    """Name of the simulated instrument behind each link."""


class Unserved(NamedTuple):
    """Why a station that names a simulator is live all the same."""

    why: str
    is_silent: bool = False
    """Nobody answers there, so nobody can say whose the ports are."""

    @property
    def problem(self) -> Problem:
        """Return what to say to a person."""
        return Problem("simulator", self.why, _START)


def find_simulator(station: Station) -> Served | Unserved | None:
    """Ask the simulator that a station names whether every port of the station is its; None when it names none."""
    if station.simulator is None:
        return None
    try:
        hello = _hello(station.simulator)
        offered = {(entry["url"], entry["protocol"]): str(entry["name"]) for entry in hello["instruments"]}
        seed = int(hello["seed"])
    except WireLost as lost:
        return Unserved(str(lost), is_silent=True)
    except (Refused, KeyError, TypeError, ValueError):
        return Unserved(f"what answers at {station.simulator} is no simulator that this program knows")
    wanted = {link: (url, station.protocols[link]) for link, url in station.ports.items()}
    missing = [link for link, port in wanted.items() if port not in offered]
    if missing:
        link = missing[0]
        url, protocol = wanted[link]
        return Unserved(f"the simulator at {station.simulator} has no port {url} with {protocol}, as {link} needs it")
    return Served(station.simulator, seed, {link: offered[port] for link, port in wanted.items()})


class FreeWorld:
    """The plant of a simulator whose time goes by the clock: its truth can be asked for, and it can be broken."""

    def __init__(self, served: Served) -> None:
        """Set the plant's pace to real time. Raises NoSimulator, and Refused while another core drives it."""
        self._channel = _connect(served)
        hello = self._channel.ask("hello")
        if hello["time"] == "driven":
            self.close()
            raise Refused([_DRIVEN])
        self._channel.ask("pace", 1.0)

    def add_faults(self, *texts: str) -> None:
        """Break things at times of the plant. Raises Refused by the first text that is wrong, and WireLost."""
        for text in texts:
            self._channel.ask("fault", text)

    def truth(self) -> Mapping[str, float]:
        """Return what only a simulation knows, by name; nothing when the simulator has gone."""
        try:
            truth: dict[str, float] = self._channel.ask("truth")
        except (WireLost, Refused):
            return {}
        return truth

    def close(self) -> None:
        """End the connection."""
        self._channel.close()


class RealPlant:
    """The plant behind real instruments: nobody knows its truth, and nobody breaks it on purpose."""

    def add_faults(self, *texts: str) -> None:
        """Refuse. Raises Refused."""
        what = f'"{texts[0][:60]}" cannot be done to real instruments'
        raise Refused([Problem("--fault", what, "Leave --fault out, or name a simulated station.")])

    def truth(self) -> Mapping[str, float]:
        """Return nothing."""
        return {}

    def close(self) -> None:
        """Leave it to itself."""


def drive(station: Station, served: Served, pace: float | None, wall: Clock) -> DrivenWorld:
    """Take the time of a simulated plant. Raises NoSimulator, and Refused while another core drives it."""
    channel = _connect(served)
    ports = [DrivenPort(served.names[link], url, wall) for link, url in station.ports.items()]
    try:
        return DrivenWorld(channel, ports, pace)
    except WireLost as lost:
        raise NoSimulator(str(lost)) from None
    except Refused:
        channel.close()
        raise


def _hello(url: str) -> Mapping[str, Any]:
    channel = SimulatorChannel(url)
    try:
        hello: Mapping[str, Any] = channel.ask("hello")
    finally:
        channel.close()
    if hello["version"] != VERSION:
        raise ValueError(f"version {hello['version']}")
    return hello


def _connect(served: Served) -> SimulatorChannel:
    try:
        return SimulatorChannel(served.url)
    except WireLost as lost:
        raise NoSimulator(str(lost)) from None
