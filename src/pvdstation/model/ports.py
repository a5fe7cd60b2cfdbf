"""How a port is spelled in a station file. Text only: nothing is opened here."""

import re
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from typing import Literal, NamedTuple

Parity = Literal["none", "even", "odd"]


class PortKind(StrEnum):
    """What stands behind a port."""

    SIMULATED = "simulated instrument"
    TCP = "TCP connection"
    SERIAL = "serial port"
    VISA = "VISA resource"


class Port(NamedTuple):
    """One port: its kind, where it leads, and how it was written."""

    kind: PortKind
    address: str  # instrument of the simulation, host, device, or VISA resource
    number: int  # TCP port; 0 where there is none
    text: str
    target: str
    """The same text for every spelling of the same port."""

    @property
    def is_serial_line(self) -> bool:
        """Return whether this computer sets the line's speed; behind a device server it does not."""
        return self.kind is PortKind.SERIAL or (self.kind is PortKind.VISA and not self.number)


class Line(NamedTuple):
    """How characters go over a serial line. No flow control, ever: a noise byte would stop the line (safety D.8)."""

    baud: int = 9600
    data_bits: int = 8
    parity: Parity = "none"
    stop_bits: int = 1
    silence_ns: int = 0
    """Least time between the last byte on the line and the first one that we send (Modbus RTU: 3.5 characters)."""

    @property
    def spelled(self) -> str:
        """Return the line as people write it: "19200 8N1"."""
        return f"{self.baud} {self.data_bits}{self.parity[0].upper()}{self.stop_bits}"


ORDINARY_LINE = Line()


class PortError(ValueError):
    """Text that names no port: what is wrong, and what to write instead."""

    def __init__(self, what: str, write: str) -> None:
        super().__init__(what)
        self.what = what
        self.write = write


def parse_port(text: str) -> Port:
    """Return the port that a text names. Raises PortError."""
    scheme, colon, rest = text.partition(":")
    for pattern, read in _SPELLINGS:
        found = pattern.fullmatch(text)
        if found is not None:
            return read(text, found)
    if scheme in _TCP_SCHEMES and rest.startswith("//"):
        raise PortError(
            f'"{text}" is not made of a host and a TCP port', 'Write for example "tcp://192.168.1.200:2101".'
        )
    if colon and rest.startswith("//"):
        raise PortError(f'"{text}" is no kind of port: {scheme}:// is not known', _EXAMPLES)
    raise PortError(f'"{text}" names no port', _suggestion(text))


def unstable_name(port: Port) -> str:
    """Return why the name may mean another instrument tomorrow; nothing when it is bound to a place (safety D.14)."""
    if port.kind in (PortKind.SERIAL, PortKind.VISA) and _NUMBERED.search(port.target):
        return f"{port.target} is numbered in the order of plugging in: after a restart it may be another instrument"
    return ""


STABLE_NAME = 'Write the path of the socket it is plugged into: "ls -l /dev/serial/by-path" shows it.'
"""What to write instead of an unstable name."""

_EXAMPLES = (
    'Write for example "/dev/serial/by-path/…", "COM3", "tcp://192.168.1.200:2101", '
    '"TCPIP::192.168.1.20::8003::SOCKET" or "sim:sqc".'
)
_NUMBERED = re.compile(r"/dev/(ttyUSB|ttyACM|cu\.usbserial|cu\.usbmodem)[^/]*$")
_TCP_SCHEMES = ("tcp", "socket")
_MOST_PORT = 65535
_LONGEST_LABEL = 63
_LABEL = re.compile(rf"[A-Za-z0-9_]([A-Za-z0-9_-]{{0,{_LONGEST_LABEL - 1}}})")


def _suggestion(text: str) -> str:
    if re.fullmatch(r"(tty|cu\.|serial/)\S+", text):
        return f'Write the whole path: "/dev/{text}".'
    if re.fullmatch(r"[\w.-]+:\d+", text):
        return f'Write "tcp://{text}".'
    return _EXAMPLES


def _simulated(text: str, found: re.Match[str]) -> Port:
    return Port(PortKind.SIMULATED, found["name"], 0, text, text)


def _tcp(text: str, found: re.Match[str]) -> Port:
    host = found["host"].strip("[]")
    if not found["number"]:
        raise PortError(
            f'"{text}" does not say which TCP port', f'Write for example "{found["scheme"]}://{host}:2101".'
        )
    number = _tcp_number(text, found["number"])
    _check_host(text, host)
    return Port(PortKind.TCP, host, number, text, f"{host.lower()}:{number}")


def _device(text: str, found: re.Match[str]) -> Port:
    del found
    return Port(PortKind.SERIAL, text, 0, text, text)


def _com(text: str, found: re.Match[str]) -> Port:
    del found
    return Port(PortKind.SERIAL, text.upper(), 0, text, text.upper())


def _visa_socket(text: str, found: re.Match[str]) -> Port:
    _check_host(text, found["host"])
    number = _tcp_number(text, found["number"])
    return Port(PortKind.VISA, text, number, text, f"{found['host'].lower()}:{number}")


def _visa_serial(text: str, found: re.Match[str]) -> Port:
    board = found["board"]
    target = f"COM{board}" if board.isdigit() else board
    return Port(PortKind.VISA, text, 0, text, target)


def _visa_other(text: str, found: re.Match[str]) -> Port:
    del found
    what = f'"{text}" is a VISA resource of a kind that is not supported'
    raise PortError(what, 'Write "TCPIP::HOST::PORT::SOCKET" or "ASRL/dev/serial/by-path/…::INSTR".')


def _tcp_number(text: str, digits: str) -> int:
    number = int(digits)
    if not 0 < number <= _MOST_PORT:
        raise PortError(f'"{text}": there is no TCP port {number}', f"Write a number from 1 to {_MOST_PORT}.")
    return number


def _check_host(text: str, host: str) -> None:
    """Refuse what can be neither an address nor a name. Raises PortError."""
    if re.fullmatch(r"[0-9.]+|.*:.*", host):
        try:
            ip_address(host)
        except ValueError:
            raise PortError(f'"{text}": {host} is no address', "Write for example 192.168.1.200.") from None
    elif not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise PortError(f'"{text}": "{host}" is no name of a computer', "Write its address, for example 192.168.1.200.")


_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], Port]], ...] = (
    (re.compile(r"sim:(?P<name>[A-Za-z0-9_-]+)"), _simulated),
    (re.compile(r"(?P<scheme>tcp|socket)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:?#\[\]@]+)(:(?P<number>\d{0,9}))?"), _tcp),
    (re.compile(r"/[^\s\x00]*[^\s\x00/]"), _device),
    (re.compile(r"(?i)com[1-9]\d{0,3}"), _com),
    (re.compile(r"(?i)TCPIP\d*::(?P<host>[^\s:]+)::(?P<number>\d{1,9})::SOCKET"), _visa_socket),
    (re.compile(r"(?i)ASRL(?P<board>[1-9]\d{0,3}|/((?!::)\S)*[^\s/:])::INSTR"), _visa_serial),
    (re.compile(r"(?i)(TCPIP|ASRL|USB|GPIB|VXI|PXI|PRLGX)[^\s]*::.*"), _visa_other),
)
