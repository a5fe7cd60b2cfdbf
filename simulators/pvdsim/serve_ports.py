"""The port of one simulated instrument: its clients, and the bytes on their way to them."""

import socket
from bisect import insort
from typing import NamedTuple

from pvdsim.serve_catalogue import Cut, Served
from pvdsim.serve_streams import PtyStream, SocketStream, Stream, refuse
from pvdsim.world import World
from pvdstation.model.simulation import Replies

Announced = list[tuple[int, int]]
"""Of bytes that a driver's port has been given: when they arrive, ns, and how many they are."""


class _OnItsWay(NamedTuple):
    """Bytes that arrive later; ``client`` None: whoever is there then."""

    ready_ns: int
    number: int
    data: bytes
    client: "Client | None"


class Client:
    """One client of an instrument, with the beginning of its next message."""

    def __init__(self, stream: Stream, cut: Cut, number: int) -> None:
        self.stream = stream
        self.number = number
        self._cut = cut
        self.heard = 0
        """Bytes from a driver since it opened the port."""

    def take(self) -> bytes | None:
        """Return the whole messages that have come, None when the client has gone."""
        data = self.stream.take()
        return self._cut(data) if data else data


class Arrival(NamedTuple):
    """Whether somebody wanted to connect, and the client unless there are too many."""

    came: bool
    client: Client | None = None


NOBODY = Arrival(came=False)


class InstrumentPort:
    """An instrument's clients, as many as it takes; bytes reach them when their time has come."""

    def __init__(self, served: Served, world: World) -> None:
        self.served = served
        self.name = served.name
        self.clients: list[Client] = []
        self.driver: Client | None = None
        self._world = world
        self._arrivals: list[_OnItsWay] = []
        self._count = 0

    @property
    def due_ns(self) -> int | None:
        """Return when the next bytes arrive, ns; None when none are on their way."""
        return self._arrivals[0].ready_ns if self._arrivals else None

    @property
    def quiet_until_ns(self) -> int:
        """Return until when, ns, the instrument sends nothing that nobody asks for, as far as is known now."""
        if not self.served.kind.is_talkative:
            return self._world.faults.due_ns
        return min(self._world.faults.due_ns, self._world.instrument(self.name).due_ns)

    def add(self, stream: Stream) -> Client | None:
        """Take a client; None when the instrument takes no more."""
        if len(self.clients) >= self.served.kind.most_clients:
            return None
        self._count += 1
        client = Client(stream, self.served.kind.cut(), self._count)
        self.clients.append(client)
        return client

    def drop(self, client: Client) -> None:
        """Close a client's connection; bytes on their way to it are lost."""
        client.stream.close()
        self.clients.remove(client)
        if self.driver is client:
            self.driver = None
        self._arrivals = [arrival for arrival in self._arrivals if arrival.client is not client]

    def hear(self, client: Client, data: bytes, now_ns: int) -> None:
        """Hand a client's bytes to the instrument; its replies go to that client."""
        self._put(self._world.receive(self.name, data, now_ns), client)

    def gather(self) -> Announced:
        """Take what the instrument has sent unasked; return what went to a driver."""
        replies = self._world.collect(self.name)
        if not replies:
            return []
        if self.driver is not None:
            return self._hand_over(replies)
        self._put(replies, None)
        return []

    def deliver(self, now_ns: int) -> list[Client]:
        """Send what has arrived; return the clients that have gone. What arrives where nobody is, is lost."""
        gone = []
        while self._arrivals and self._arrivals[0].ready_ns <= now_ns:
            arrival = self._arrivals.pop(0)
            clients = self.clients if arrival.client is None else [arrival.client]
            gone += [client for client in clients if not client.stream.give(arrival.data)]
        return list(dict.fromkeys(gone))

    # --- for the driver ---

    def open_for(self, client: Client, now_ns: int) -> Announced:
        """Make a client the driver; it is given at once what arrives after this time, and what came before is lost."""
        client.heard = 0
        self.driver = client
        waiting = [(a.ready_ns, a.data) for a in self._arrivals if a.client is None and a.ready_ns > now_ns]
        self._arrivals = [arrival for arrival in self._arrivals if arrival.client is not None]
        return self._hand_over(waiting)

    def hear_driver(self, data: bytes, now_ns: int) -> Announced:
        """Hand the driver's bytes to the instrument, and its replies to the driver at once."""
        return self._hand_over(self._world.receive(self.name, data, now_ns))

    def _hand_over(self, replies: Replies) -> Announced:
        driver = self.driver
        if driver is None:
            return []
        for _, data in replies:
            driver.stream.give(data)
        return [(ready_ns, len(data)) for ready_ns, data in replies]

    def _put(self, replies: Replies, client: Client | None) -> None:
        for ready_ns, data in replies:
            self._count += 1
            insort(self._arrivals, _OnItsWay(ready_ns, self._count, data, client), key=_arrival)


class TcpPort(InstrumentPort):
    """An instrument on a TCP port of this computer."""

    def __init__(self, served: Served, world: World, number: int = 0) -> None:
        super().__init__(served, world)
        self.listener = socket.create_server(("127.0.0.1", number))
        self.listener.settimeout(0)
        self.url = served.kind.url.format(port=self.listener.getsockname()[1])

    def accept(self) -> Arrival:
        """Take one who wants to connect; one too many is reset."""
        try:
            connected, _ = self.listener.accept()
        except OSError:  # nobody is there, or the one who was has gone
            return NOBODY
        try:
            client = self.add(SocketStream(connected))
        except OSError:  # it has gone already
            connected.close()
            return Arrival(came=True)
        if client is None:
            refuse(connected)
        return Arrival(came=True, client=client)

    def close(self) -> None:
        """Close the port and all connections."""
        self.listener.close()
        for client in list(self.clients):
            self.drop(client)


class PtyPort(InstrumentPort):
    """A serial instrument on a pseudo-terminal. Its one client is there while the other end is open."""

    def __init__(self, served: Served, world: World) -> None:
        super().__init__(served, world)
        self._stream = PtyStream()
        self.url = self._stream.path

    def accept(self) -> Arrival:
        """Take whoever has opened the other end."""
        if self.clients or not self._stream.is_open:
            return NOBODY
        return Arrival(came=True, client=self.add(self._stream))

    def drop(self, client: Client) -> None:
        """Forget a client that has gone; the pseudo-terminal stays for the next."""
        self.clients.remove(client)
        self.driver = None
        self._arrivals.clear()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()


AnyPort = TcpPort | PtyPort


def _arrival(item: _OnItsWay) -> tuple[int, int]:
    return item.ready_ns, item.number
