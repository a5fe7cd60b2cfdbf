"""Driven wires: bytes over the real ports of a simulator in another process, whose plant time we drive.

The control channel tells when bytes arrive, in plant time; the bytes themselves are read from the port. So a driven run
equals the run on loop-back wires of the same seed, however long the computers take.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pvdstation.model.clock import SECOND, Clock
from pvdstation.model.ports import PortKind, parse_port
from pvdstation.model.problems import Refused
from pvdstation.model.simulation import Replies
from pvdstation.wires.base import Wire, WireLost
from pvdstation.wires.loopback import LoopbackWire
from pvdstation.wires.simulator import SimulatorChannel
from pvdstation.wires.tcp import TcpWire

PATIENCE_NS = 2 * SECOND
"""Wall time after which bytes are lost that the simulator says it has sent; a paced run owes them 0.2 s at least."""
_MOST_POSTED = 16
"""Moves of the plant that may wait for a question."""


class DrivenPort:
    """The real port of one instrument, with a wall clock: as many bytes as are announced are read from it."""

    def __init__(self, name: str, url: str, wall: Clock) -> None:
        self.name = name
        self.sent = 0
        """Bytes since it was opened."""
        self._wall = wall
        self._wire, self._tcp = _wire_of(url, wall)
        self._held = b""

    def open(self) -> None:
        """Take the port. Raises WireLost."""
        self._wire.open()
        self.sent = 0
        self._held = b""

    def close(self) -> None:
        """Give the port back."""
        self._wire.close()

    @property
    def own_number(self) -> int:
        """Return the TCP port of our end, 0 on a serial port. Raises WireLost."""
        return self._tcp.own_number if self._tcp is not None else 0

    def write(self, data: bytes) -> None:
        """Send bytes. Raises WireLost."""
        self._wire.write(data, self._wall.now_ns() + PATIENCE_NS)
        self.sent += len(data)

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes. Raises WireLost."""
        held = self._held
        if len(held) < count:
            deadline_ns = self._wall.now_ns() + PATIENCE_NS
            while len(held) < count:
                more = self._wire.read(deadline_ns)
                if not more:
                    raise WireLost(f"{count - len(held)} of {count} bytes from {self.name} were lost on the way")
                held += more
        self._held = held[count:]
        return held[:count]


class DrivenWorld:
    """The world at the end of a control channel, for ``DrivenWire``. Its time begins where the plant's is."""

    def __init__(self, channel: SimulatorChannel, ports: Iterable[DrivenPort], pace: float | None) -> None:
        """Take the plant's time. Raises WireLost, and Refused when another core drives it."""
        self._channel = channel
        self._ports: Mapping[str, DrivenPort] = {port.name: port for port in ports}
        self.names = tuple(self._ports)
        self._announced: dict[str, list[tuple[int, int]]] = {name: [] for name in self.names}
        self._kept: dict[str, Replies] = {name: [] for name in self.names}
        self._quiet_until_ns = dict.fromkeys(self.names, 0)
        self._origin_ns: int = channel.ask("drive", pace)
        self._now_ns = self._origin_ns
        self._fault = ""

    def advance_to(self, now_ns: int) -> None:
        """Move the plant, at the latest with the next question; the wires notice a simulator that has gone."""
        self._now_ns = now_ns + self._origin_ns
        self._channel.post("advance_to", self._now_ns)
        if self._channel.posted > _MOST_POSTED:
            with suppress(WireLost):
                self._ask_all()

    def open_port(self, name: str, now_ns: int) -> None:
        """Open the port of an instrument. Raises WireLost."""
        self._ask_all()  # what the plant sends until now goes to whoever was there before
        port = self._port(name)
        port.open()
        try:
            self._announced[name] = self._hear(name, "open", [name, port.own_number, now_ns + self._origin_ns])
        except WireLost:
            port.close()
            raise

    def close_port(self, name: str) -> None:
        """Close the port of an instrument; never raises."""
        port = self._ports.get(name)
        if port is None:
            return
        with suppress(WireLost):
            self._ask_all()
            self._kept[name] = self.collect(name)
            self._ask_all("close", name)
        self._announced[name].clear()
        port.close()

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        """Send bytes over the port and return the replies that came over it. Raises WireLost."""
        port = self._port(name)
        port.write(data)
        announced = self._hear(name, "sent", [name, port.sent, now_ns + self._origin_ns])
        unasked = self._announced[name]
        if unasked:  # they came over the port before the replies
            self._kept[name] += self._read(port, unasked)
            unasked.clear()
        return self._read(port, announced)

    def collect(self, name: str) -> Replies:
        """Return, once, what the instrument has sent unasked until now. Raises WireLost."""
        if self._now_ns >= self._quiet_until_ns[name]:
            self._ask_all()
        replies, announced = self._kept[name], self._announced[name]
        if replies:
            self._kept[name] = []
        if announced:
            replies = replies + self._read(self._port(name), announced)
            announced.clear()
        return replies

    def close(self) -> None:
        """Leave the plant to itself: its time goes on by the clock."""
        self._channel.close()

    def add_faults(self, *texts: str) -> None:
        """Break things at times of the plant. Raises Refused by the first text that is wrong, and WireLost."""
        for text in texts:
            self._channel.ask("fault", text)

    def truth(self) -> Mapping[str, float]:
        """Return what only a simulation knows, by name; nothing when the simulator has gone."""
        try:
            truth: dict[str, float] = self._ask_all("truth")
        except WireLost:
            return {}
        return truth

    def _hear(self, name: str, verb: str, argument: object) -> list[tuple[int, int]]:
        """Return the bytes on a port that a request has led to."""
        announced: list[tuple[int, int]]
        announced, self._quiet_until_ns[name] = self._ask_all(verb, argument)
        return announced

    def _read(self, port: DrivenPort, announced: Iterable[tuple[int, int]]) -> Replies:
        origin_ns = self._origin_ns
        return [(ready_ns - origin_ns, port.read(count)) for ready_ns, count in announced]

    def _ask_all(self, verb: str = "", argument: object = None) -> Any:
        """Move the plant to where it was wanted, take what it sends unasked, and return the answer to a request."""
        if self._fault:
            raise WireLost(self._fault)
        if not (verb or self._channel.posted):
            return None
        try:
            *moved, last = self._channel.ask_all(verb, argument)
        except WireLost as lost:
            self._fault = str(lost)
            raise
        for unasked in moved if verb else [*moved, last]:
            self._announce(unasked)
        if isinstance(last, Refused):
            raise WireLost(_words(last))
        return last

    def _announce(self, unasked: dict[str, list[tuple[int, int]]] | Refused) -> None:
        if isinstance(unasked, Refused):  # the plant is no longer ours
            self._fault = _words(unasked)
            raise WireLost(self._fault)
        for name, announced in unasked.items():
            self._announced[name] += announced

    def _port(self, name: str) -> DrivenPort:
        port = self._ports.get(name)
        if port is None:
            raise WireLost(f"the simulator has no instrument {name}; it has {', '.join(self.names)}")
        return port


class DrivenWire(LoopbackWire):
    """A wire on stepped time whose bytes go over a real port."""

    __slots__ = ("_driven",)

    def __init__(self, world: DrivenWorld, name: str, clock: Clock) -> None:
        super().__init__(world, name, clock)
        self._driven = world

    def open(self) -> None:
        """Take the port. Raises WireLost."""
        self.close()
        self._driven.open_port(self._name, self._clock.now_ns())
        super().open()

    def close(self) -> None:
        """Give the port back."""
        if self._is_open:
            self._driven.close_port(self._name)
        super().close()


def _wire_of(url: str, wall: Clock) -> tuple[Wire, TcpWire | None]:
    """Return the wire of a port; a VISA socket is driven as the TCP port that it is."""
    port = parse_port(url)
    if port.kind is PortKind.SERIAL:
        from pvdstation.wires.serial_port import SerialWire  # noqa: PLC0415 - only pseudo-terminals need pyserial

        return SerialWire(port.address, wall), None
    host, _, number = port.target.rpartition(":")
    wire = TcpWire(host, int(number), wall)
    return wire, wire


def _words(refusal: Refused) -> str:
    return "the simulator refuses: " + "; ".join(problem.what for problem in refusal.problems)
