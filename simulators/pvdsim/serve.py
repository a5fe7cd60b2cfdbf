"""``pvd-sim serve``: the simulated instruments on real ports, in one thread that waits for all of them.

Nothing is computed ahead: bytes are handed to an instrument at the plant time at which they come, and its replies are
sent when their plant time has come.
"""

import selectors
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pvdsim.control_channel import ControlClient
from pvdsim.serve_catalogue import Served
from pvdsim.serve_driving import Driving
from pvdsim.serve_ports import AnyPort, Arrival, Client, PtyPort, TcpPort
from pvdsim.serve_streams import SocketStream, refuse
from pvdsim.serve_time import Mover, PlantTime
from pvdsim.world import World

TICK_S = 0.02
"""How often free time moves and pseudo-terminals are looked at."""
IDLE_S = 0.5
MOST_CONTROL_CLIENTS = 16
Act = Callable[[], object]


class Server:
    """A simulated station on ports of this computer, from when it is made until it is closed."""

    def __init__(
        self,
        world: World,
        instruments: Sequence[Served],
        about: Mapping[str, object],
        *,
        pace: float = 1.0,
        with_ptys: bool = False,
        numbers: Mapping[str, int] | None = None,
    ) -> None:
        """``numbers`` has TCP ports by instrument; 0 or absent is chosen. Raises OSError when a port is taken."""
        self._world = world
        self._time = PlantTime(world, pace)
        self._selector = selectors.DefaultSelector()
        self._ended = False
        self._ears, self._mouth = socket.socketpair()
        self._mouth.settimeout(0)
        self._ports: dict[str, AnyPort] = {}
        self._control = socket.create_server(("127.0.0.1", (numbers or {}).get("control", 0)))
        self._control.settimeout(0)
        self._control_clients: list[ControlClient] = []
        for served in instruments:
            self._ports[served.name] = _open_port(served, world, numbers or {}, with_ptys=with_ptys)
        self._terminals = [port for port in self._ports.values() if isinstance(port, PtyPort)]
        self.control_url = f"tcp://127.0.0.1:{self._control.getsockname()[1]}"
        self.urls = {link: self._ports[served.name].url for served in instruments for link in served.links}
        """URL of every port, by link of the station file."""
        self.listing: dict[str, Any] = {
            "instruments": [
                {"name": served.name, "protocol": served.protocol, "url": self._ports[served.name].url}
                for served in instruments
            ],
            "control": self.control_url,
        }
        self._driving = Driving(world, self._time, self._ports, {**about, **self.listing}, self)
        self._watch_all()

    def end(self) -> None:
        """End ``run``. Any thread or signal handler may call this."""
        self._ended = True
        try:
            self._mouth.send(b".")
        except OSError:  # it is on its way out, or has been told already
            return

    def run(self) -> None:
        """Serve until ``end``."""
        while not self._ended:
            for key, _ in self._selector.select(self._longest_s()):
                act: Act = key.data
                act()
            for terminal in self._terminals:
                self.accept(terminal)
            self._move()

    def close(self) -> None:
        """Close every port and connection."""
        self._selector.close()
        for port in self._ports.values():
            port.close()
        for client in self._control_clients:
            client.stream.close()
        for handle in (self._control, self._ears, self._mouth):
            handle.close()

    # --- clients, for the driving too ---

    def accept(self, port: AnyPort) -> None:
        """Take those who want to connect to a port."""
        arrival = self._take_one(port)
        while arrival.came:
            if arrival.client is not None:
                self._time.start()
                self.watch(port, arrival.client)
            arrival = self._take_one(port)

    def _take_one(self, port: AnyPort) -> Arrival:
        for client in list(port.clients):  # who has gone makes room for who comes
            if client is not port.driver:
                self._hear(port, client)
        return port.accept()

    def watch(self, port: AnyPort, client: Client) -> None:
        """Hear what a client says."""
        self._selector.register(client.stream, selectors.EVENT_READ, partial(self._hear, port, client))

    def ignore(self, client: Client) -> None:
        """Leave a client's bytes to whoever drives."""
        self._selector.unregister(client.stream)

    def lose(self, port: AnyPort, client: Client) -> None:
        """Close a connection."""
        if client in port.clients:
            if client is not port.driver:
                self._selector.unregister(client.stream)
            port.drop(client)

    # --- time ---

    def _longest_s(self) -> float:
        """Return for how long nothing is due, s of wall time."""
        plant_time = self._time
        longest_s = TICK_S if self._terminals or plant_time.mover is Mover.WALL else IDLE_S
        if plant_time.mover is Mover.WALL:
            for port in self._ports.values():
                if port.due_ns is not None:
                    longest_s = min(longest_s, plant_time.wall_until_s(port.due_ns))
        return longest_s

    def _move(self) -> None:
        if self._time.mover is Mover.WALL:
            self._time.catch_up()
            for port in self._ports.values():
                port.gather()
            self._driving.deliver()

    # --- events ---

    def _watch_all(self) -> None:
        read = selectors.EVENT_READ
        self._selector.register(self._ears, read, partial(self._ears.recv, 64))
        self._selector.register(self._control, read, self._accept_control)
        for port in self._ports.values():
            if isinstance(port, TcpPort):
                self._selector.register(port.listener, read, partial(self.accept, port))

    def _hear(self, port: AnyPort, client: Client) -> None:
        data = client.take()
        if data is None:
            self.lose(port, client)
        elif data:
            self._move()
            port.hear(client, data, self._time.now_ns)

    def _accept_control(self) -> None:
        try:
            connected, _ = self._control.accept()
        except OSError:  # the one who wanted to connect has gone
            return
        if len(self._control_clients) >= MOST_CONTROL_CLIENTS:
            refuse(connected)
            return
        client = ControlClient(SocketStream(connected), self._driving.verbs)
        self._control_clients.append(client)
        self._selector.register(client.stream, selectors.EVENT_READ, partial(self._obey, client))

    def _obey(self, client: ControlClient) -> None:
        if not client.take():
            self._selector.unregister(client.stream)
            self._control_clients.remove(client)
            client.stream.close()
            self._driving.gone(client)


def _open_port(served: Served, world: World, numbers: Mapping[str, int], *, with_ptys: bool) -> AnyPort:
    if with_ptys and served.kind.is_serial:
        return PtyPort(served, world)
    return TcpPort(served, world, numbers.get(served.name, 0))
