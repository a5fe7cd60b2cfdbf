"""Ports as descriptors: taken, asked and given back. A TCP port and a serial one are the same from then on."""

import fcntl
import os
import select
import socket
import termios
import time
from collections.abc import Callable
from contextlib import suppress

from pvdstation.guardian.orders import Exchange, Port, speed

ERRORS = (OSError, ValueError, termios.error)
CONNECT_S = 1.0
_LONGEST_ANSWER = 4096
_LONGEST_RECORDED = 60
_PARITY = {"none": 0, "even": termios.PARENB, "odd": termios.PARENB | termios.PARODD}


def _open(port: Port) -> int:
    """Return a descriptor of the port, not blocking. Raises OSError and termios.error."""
    if not port.addresses:
        return _open_serial(port)
    trouble: OSError = OSError("no address")
    for family, address in port.addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_S)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if connection.getsockname() == connection.getpeername():  # a free port of this computer can echo itself
                raise ConnectionRefusedError("connected with itself")
            connection.setblocking(False)  # noqa: FBT003 - its only parameter
            return connection.detach()
        except OSError as error:
            connection.close()
            trouble = error
    raise trouble


def _open_serial(port: Port) -> int:
    device = os.open(port.url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        with suppress(BlockingIOError):  # the core is dead; whoever else holds it must not keep it hot
            fcntl.flock(device, fcntl.LOCK_EX | fcntl.LOCK_NB)
        baud = speed(port.line)
        stop = termios.CSTOPB if port.line["stop_bits"] == 2 else 0
        control = termios.CS8 | termios.CREAD | termios.CLOCAL | _PARITY[port.line["parity"]] | stop
        special = termios.tcgetattr(device)[6]
        special[termios.VMIN], special[termios.VTIME] = 1, 0
        termios.tcsetattr(device, termios.TCSANOW, [0, 0, control, 0, baud, baud, special])
        termios.tcflush(device, termios.TCIOFLUSH)
    except ERRORS:
        os.close(device)
        raise
    return device


def _ask(port: int, exchange: Exchange) -> str:
    """Exchange; return "" when the answer came or none is waited for, else what came instead. Raises OSError."""
    with suppress(BlockingIOError):
        os.read(port, _LONGEST_ANSWER)  # an answer to what was asked before is none
    end_s = time.monotonic() + exchange.wait_s
    left = exchange.send
    while left:
        if not select.select([], [port], [], _until(end_s))[1]:
            return "it takes no bytes"
        left = left[os.write(port, left) :]
    heard = b""
    while exchange.answer is not None and not exchange.answer.search(heard):
        left_s = _until(end_s)
        if not left_s or not select.select([port], [], [], left_s)[0]:
            return f"answered {heard[-_LONGEST_RECORDED:]!r}" if heard else "no answer"
        more = os.read(port, _LONGEST_ANSWER)
        if not more:
            raise ConnectionResetError("the port was closed")
        heard = (heard + more)[-_LONGEST_ANSWER:]
    return ""


def _until(end_s: float) -> float:
    return max(end_s - time.monotonic(), 0.0)


def one_round(port: Port, say: Callable[[str], None]) -> str:
    """Send everything once; return why it is not off, "" when it is. Raises OSError, ValueError and termios.error."""
    opened = _open(port)
    missing = ""
    try:
        for exchange in port.exchanges:
            time.sleep(port.gap_s)
            trouble = _ask(opened, exchange)
            say(f"{exchange.what}: {trouble or ('as wanted' if exchange.answer else 'sent')}")
            if trouble and exchange.proves:
                missing = missing or f"{exchange.what}: {trouble}"
    finally:
        os.close(opened)
    return missing
