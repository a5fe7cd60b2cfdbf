"""What the control channel can ask for: plant time for a driver, exchanges over real ports at exact plant times."""

import math
import select
import time
from collections.abc import Mapping
from typing import Any, Protocol

from pvdsim.control_channel import VERSION, ControlClient, Verb, refused
from pvdsim.serve_ports import AnyPort, Client
from pvdsim.serve_time import PlantTime
from pvdsim.world import World

PATIENCE_S = 2.0
"""Wall time in which bytes that a driver says it has sent must be on the port."""
FASTEST = 1e6


class House(Protocol):
    """Whoever waits for clients."""

    def accept(self, port: AnyPort) -> None:
        """Take those who want to connect to a port."""
        ...

    def watch(self, port: AnyPort, client: Client) -> None:
        """Hear what a client says."""
        ...

    def ignore(self, client: Client) -> None:
        """Leave a client's bytes to whoever drives."""
        ...

    def lose(self, port: AnyPort, client: Client) -> None:
        """Close a connection."""
        ...


class Driving:
    """The plant's time and the ports, as the control channel sees them."""

    def __init__(
        self,
        world: World,
        plant_time: PlantTime,
        ports: Mapping[str, AnyPort],
        about: Mapping[str, object],
        house: House,
    ) -> None:
        self._world = world
        self._time = plant_time
        self._ports = dict(ports)
        self._about = dict(about)
        self._house = house
        self._driver: ControlClient | None = None
        self.verbs: dict[str, Verb] = {
            "hello": self._hello,
            "drive": self._drive,
            "advance_to": self._advance_to,
            "open": self._open,
            "sent": self._sent,
            "close": self._close,
            "truth": self._truth,
            "pace": self._pace,
            "fault": self._fault,
        }

    def deliver(self) -> None:
        """Send what has arrived to those who are not driven."""
        for port in self._ports.values():
            if port.due_ns is not None:
                for client in port.deliver(self._time.now_ns):
                    self._house.lose(port, client)

    def gone(self, client: ControlClient) -> None:
        """Take note of the end of a control connection."""
        if client is not self._driver:
            return
        self._driver = None
        for port in self._ports.values():
            self._give_up(port)
        self._time.release()

    # --- requests ---

    def _hello(self, client: ControlClient, argument: object) -> object:
        del client, argument
        plant_time = self._time
        return {
            "version": VERSION,
            **self._about,
            "time": plant_time.mover,
            "pace": plant_time.pace,
            "plant_ns": plant_time.now_ns,
        }

    def _drive(self, client: ControlClient, pace: object) -> object:
        if self._driver is not None:
            raise refused("another core drives this plant's time", "End that run first; one core drives at a time.")
        wanted = None if pace is None else _pace_of(pace)
        self._time.catch_up()
        self._driver = client
        return self._time.drive(wanted)

    def _advance_to(self, client: ControlClient, now_ns: Any) -> object:
        self._require_time(client, now_ns)
        self._time.advance_to(now_ns)
        unasked = {}
        for name, port in self._ports.items():
            announced = port.gather()
            if announced:
                unasked[name] = announced
        self.deliver()
        return unasked

    def _open(self, client: ControlClient, argument: object) -> object:
        name, client_port, now_ns = _three(argument)
        port = self._port(name)
        self._move(client, now_ns)
        self._give_up(port)
        self._house.accept(port)
        for candidate in port.clients:
            if candidate.stream.client == client_port:
                self._house.ignore(candidate)
                return [port.open_for(candidate, self._time.now_ns), port.quiet_until_ns]
        raise refused(f"nobody is connected to {name} from port {client_port}", "Connect first; it may be taken.")

    def _sent(self, client: ControlClient, argument: object) -> object:
        name, total, now_ns = _three(argument)
        port = self._port(name)
        self._move(client, now_ns)
        if port.driver is None:
            raise refused(f"the port of {name} is not open", "Open it first.")
        data = _read_until(port.driver, total)
        if data is None:
            raise refused(f"{total} bytes were announced for {name}, and they did not come", "Open the port again.")
        return [port.hear_driver(data, self._time.now_ns), port.quiet_until_ns]

    def _close(self, client: ControlClient, name: object) -> object:
        self._require_driver(client)
        self._give_up(self._port(name))
        return {}

    def _truth(self, client: ControlClient, argument: object) -> object:
        del client, argument
        return {name: value for name, value in self._world.truth().items() if math.isfinite(value)}

    def _pace(self, client: ControlClient, pace: object) -> object:
        del client
        self._time.set_pace(_pace_of(pace))
        return {}

    def _fault(self, client: ControlClient, spec: object) -> object:
        del client
        if not isinstance(spec, str):
            raise refused("a fault is a text", 'Write for example {"fault": "t=600s crystal.1 fail"}.')
        self._world.faults.add(spec)
        return {}

    # ---

    def _require_driver(self, client: ControlClient) -> None:
        if client is not self._driver:
            raise refused("this connection does not drive the plant's time", 'Ask for {"drive": null} first.')

    def _require_time(self, client: ControlClient, now_ns: Any) -> None:
        self._require_driver(client)
        if type(now_ns) is not int or now_ns < self._time.now_ns:
            raise refused(f"time goes back: {now_ns} ns after {self._time.now_ns} ns")

    def _move(self, client: ControlClient, now_ns: Any) -> None:
        self._require_time(client, now_ns)
        if now_ns > self._time.now_ns:
            self._time.advance_to(now_ns)

    def _give_up(self, port: AnyPort) -> None:
        driver = port.driver
        if driver is not None:
            port.driver = None
            self._house.watch(port, driver)

    def _port(self, name: object) -> AnyPort:
        port = self._ports.get(name) if isinstance(name, str) else None
        if port is None:
            raise refused(f"there is no instrument {str(name)[:40]}", f"Write one of {', '.join(self._ports)}.")
        return port


def _read_until(driver: Client, total: Any) -> bytes | None:
    if type(total) is not int or total < driver.heard:
        return None
    due_s = time.monotonic() + PATIENCE_S
    chunks: list[bytes] = []
    while driver.heard < total:
        data = driver.stream.take()
        if data is None:
            return None
        if data:
            driver.heard += len(data)
            chunks.append(data)
        elif not _has_come(driver, due_s - time.monotonic()):
            return None
    return b"".join(chunks)


def _has_come(driver: Client, left_s: float) -> bool:
    return left_s > 0 and bool(select.select([driver.stream], [], [], left_s)[0])


def _three(argument: Any) -> tuple[Any, Any, Any]:
    if not isinstance(argument, list) or len(argument) != 3:
        raise refused("this request needs a list of three")
    return argument[0], argument[1], argument[2]


def _pace_of(pace: object) -> float:
    if not isinstance(pace, int | float) or not 0 < pace <= FASTEST:
        raise refused(f"the pace {str(pace)[:40]} is not a number above 0", "Write for example 60.")
    return float(pace)
