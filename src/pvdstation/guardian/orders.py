"""The guardian's orders: one JSON document that holds addresses, bytes, and what proves a port off."""

import json
import re
import socket
import termios
from pathlib import Path
from typing import Any, NamedTuple


class Exchange(NamedTuple):
    """Bytes to send, and what answers them."""

    what: str
    send: bytes
    answer: re.Pattern[bytes] | None  # found in what comes back; None: nothing is waited for
    wait_s: float
    proves: bool  # the port is off only if this answer came


class Port(NamedTuple):
    """Where an instrument is, and what switches it off."""

    name: str
    url: str  # tcp://host:port, socket://host:port, or the path of a serial device
    line: dict[str, Any]  # baud, parity, stop_bits; serial devices only
    gap_s: float  # silence before every exchange
    exchanges: tuple[Exchange, ...]
    addresses: tuple[tuple[socket.AddressFamily, Any], ...]  # resolved; none for serial devices


class Orders(NamedTuple):
    """The document."""

    core: int  # process
    silence_s: float
    persist_s: float
    record: str
    ports: tuple[Port, ...]


def read_orders(text: bytes) -> Orders:
    """Read the document and resolve every port. Raises OSError, KeyError, TypeError, ValueError and re.error."""
    told = json.loads(text)
    ports = tuple(_port(port) for port in told["ports"])
    return Orders(int(told["core"]), float(told["silence_s"]), float(told["persist_s"]), str(told["record"]), ports)


def _port(told: dict[str, Any]) -> Port:
    url = told["url"]
    exchanges = tuple(_exchange(exchange) for exchange in told["exchanges"])
    return Port(told["name"], url, told["line"], float(told["gap_s"]), exchanges, _resolved(url, told["line"]))


def _exchange(told: dict[str, Any]) -> Exchange:
    answer = re.compile(told["answer"].encode("latin-1"), re.DOTALL) if told["answer"] else None
    return Exchange(told["what"], bytes.fromhex(told["send"]), answer, float(told["wait_s"]), bool(told["proves"]))


def _resolved(url: str, line: dict[str, Any]) -> tuple[tuple[socket.AddressFamily, Any], ...]:
    scheme, _, place = url.rpartition("://")
    if scheme in ("tcp", "socket"):
        host, _, number = place.rpartition(":")
        found = socket.getaddrinfo(host.strip("[]"), int(number), type=socket.SOCK_STREAM)
        return tuple((family, address) for family, _, _, _, address in found)
    if scheme or not Path(url).exists():
        raise ValueError(f"there is no port {url}")
    speed(line)
    return ()


def speed(line: dict[str, Any]) -> int:
    """Return a line's speed as the system names it. Raises AttributeError for one that it does not have."""
    return int(getattr(termios, f"B{int(line['baud'])}"))
