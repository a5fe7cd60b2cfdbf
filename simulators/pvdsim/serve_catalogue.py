"""The instruments of a served station: language, how many clients each takes, and how its bytes are cut.

Serial instruments take one client, as their line does; so do the serial ports of a network adapter (SQC-310, TCP
2101). GENESYS+ takes three sockets (power supply reference 4.3), a WAGO 750-352 fifteen.
"""

from collections.abc import Callable
from typing import NamedTuple

from pvdstation.model.station import Station
from pvdstation.protocol import modbus

Cut = Callable[[bytes], bytes]
"""Takes bytes as they come from one client and returns those that are whole messages."""


class Kind(NamedTuple):
    """What a language means for a port."""

    most_clients: int
    is_serial: bool  # can be a pseudo-terminal
    is_talkative: bool  # sends what nobody has asked for
    url: str  # with {port}
    cut: Callable[[], Cut]


class Served(NamedTuple):
    """One instrument that is to be served."""

    name: str  # in the simulated station
    links: tuple[str, ...]  # in the station file
    protocol: str
    kind: Kind


def _as_it_comes() -> Cut:
    return bytes


def _whole_lines() -> Cut:
    held = b""

    def cut(data: bytes) -> bytes:
        nonlocal held
        held += data
        end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1
        whole, held = held[:end], held[end:]
        if len(held) > _LONGEST_LINE:
            held = b""
        return whole

    return cut


def _whole_frames() -> Cut:
    framer = modbus.TcpFramer()

    def cut(data: bytes) -> bytes:
        return b"".join(framer.feed(data))

    return cut


_LONGEST_LINE = 4096
_SERIAL = Kind(1, is_serial=True, is_talkative=False, url="socket://127.0.0.1:{port}", cut=_as_it_comes)
_KINDS = {
    "sqc310": _SERIAL,
    "pfeiffer-gauges": _SERIAL._replace(is_talkative=True),
    "pfeiffer-turbo": _SERIAL,
    "genesys-gen": _SERIAL,
    "modbus-rtu": _SERIAL,
    "genesys-scpi": Kind(
        3, is_serial=False, is_talkative=False, url="TCPIP::127.0.0.1::{port}::SOCKET", cut=_whole_lines
    ),
    "modbus-tcp": Kind(15, is_serial=False, is_talkative=False, url="tcp://127.0.0.1:{port}", cut=_whole_frames),
}


def catalogue(station: Station) -> list[Served]:
    """Return the instruments of a simulated station, in the order of its links."""
    protocols = station.protocols
    return [
        Served(port.removeprefix("sim:"), (link,), protocols[link], _KINDS[protocols[link]])
        for link, port in station.ports.items()
    ]
