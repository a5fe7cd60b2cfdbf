"""Every kind of wire with the other end in our hands: an instrument that answers each write by a script."""

import os
import pty
import select
import socket
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

from pvdstation.model.clock import MILLISECOND, SECOND, Clock, SteppedClock
from pvdstation.model.simulation import Replies
from pvdstation.runtime.clock import RealClock
from pvdstation.wires.loopback import LiveLoopbackWire, LoopbackWire, SharedWorld
from pvdstation.wires.serial_port import SerialWire
from pvdstation.wires.tcp import TcpWire
from pvdstation.wires.transcript import TranscriptWire
from pvdstation.wires.visa import VisaWire

MS = MILLISECOND
Script = list[tuple[int, bytes]]
"""What follows a write: delay, ns, and bytes."""


class FarEnd:
    """A world with one instrument; some bytes are unasked."""

    names = ("far",)

    def __init__(self, clock: Clock) -> None:
        self.heard: Script = []
        self.script: Script = []
        self.unasked: Replies = []
        self.echoes = False
        self._clock = clock
        self.now_ns = 0

    def advance_to(self, now_ns: int) -> None:
        assert now_ns >= self.now_ns
        self.now_ns = now_ns

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        self.heard.append((now_ns, data))
        script, self.script = self.script, []
        if self.echoes:
            script = [(MS, data)]
        return [(now_ns + delay_ns, reply) for delay_ns, reply in script]

    def collect(self, name: str) -> Replies:
        ready = [reply for reply in self.unasked if reply[0] <= self.now_ns]
        self.unasked = [reply for reply in self.unasked if reply[0] > self.now_ns]
        return ready

    def send(self, data: bytes) -> None:
        """Send bytes that nobody asked for, now."""
        self.unasked.append((self._clock.now_ns(), data))
        self.advance_to(self._clock.now_ns())

    def end(self) -> None:
        pass


class RealEnd:
    """An instrument in a thread, at the far end of something that the system calls a port."""

    def __init__(self, clock: Clock) -> None:
        self.heard: Script = []
        self.script: Script = []
        self.echoes = False
        self.is_deaf = False
        self._clock = clock
        self._due: deque[tuple[int, bytes]] = deque()
        self._wake_out, self._wake_in = os.pipe()
        self._thread: Thread | None = None
        self._is_ending = False
        self.come()

    # --- what the tests do to it ---

    def come(self) -> None:
        """Begin to answer, at the same place as before."""
        self._open()
        self._is_ending = False
        self._due.clear()
        self._thread = Thread(target=self._serve, name="far end")
        self._thread.start()

    def leave(self) -> None:
        """Break off without a word; the place is empty afterwards."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_ending = True
            os.write(self._wake_in, b".")
            thread.join()
            self._shut()

    def send(self, data: bytes) -> None:
        """Send bytes that nobody asked for, now."""
        self._due.append((0, data))
        os.write(self._wake_in, b".")

    def end(self) -> None:
        self.leave()
        os.close(self._wake_out)
        os.close(self._wake_in)

    # --- what a kind of port does ---

    def _open(self) -> None:
        raise NotImplementedError

    def _shut(self) -> None:
        raise NotImplementedError

    def _doors(self) -> list[int]:
        raise NotImplementedError

    def _take(self, door: int) -> bytes:
        raise NotImplementedError

    def _give(self, data: bytes) -> None:
        raise NotImplementedError

    # --- its thread ---

    def _serve(self) -> None:
        while not self._is_ending:
            wait_s = max(self._due[0][0] - self._clock.now_ns(), 0) / SECOND if self._due else 10.0
            doors = [] if self.is_deaf else self._doors()
            for door in select.select([self._wake_out, *doors], [], [], wait_s)[0]:
                if door == self._wake_out:
                    os.read(door, 100)
                elif data := self._take(door):
                    self._hear(data)
            while self._due and self._due[0][0] <= self._clock.now_ns():
                with suppress(OSError):
                    self._give(self._due.popleft()[1])

    def _hear(self, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        self.heard.append((now_ns, data))
        script, self.script = self.script, []
        if self.echoes:
            script = [(0, data)]
        self._due = deque(sorted([*self._due, *((now_ns + delay_ns, reply) for delay_ns, reply in script)]))


class SocketEnd(RealEnd):
    """One client at a time."""

    number = 0

    def _open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.number))
        self.number = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self.accepted = 0

    def _shut(self) -> None:
        self._listener.close()
        self._hang_up()

    def reset(self) -> None:
        """Break the connection off, as a device does that has been switched off and on."""
        self.send(b"")

    def _hang_up(self, *, by_reset: bool = False) -> None:
        client, self._client = self._client, None
        if client is not None:
            if by_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()

    def _doors(self) -> list[int]:
        client = self._client
        return [self._listener.fileno(), *([client.fileno()] if client else [])]

    def _take(self, door: int) -> bytes:
        client = self._client
        if door == self._listener.fileno():
            connected, _ = self._listener.accept()
            self._hang_up()
            self.accepted += 1
            self._due.clear()  # what was on its way belonged to the connection before
            self._client = connected
            return b""
        if client is None:
            return b""
        try:
            data = client.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:  # the number of the door is a new client's by now
            return b""
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        return data

    def _give(self, data: bytes) -> None:
        if not data:
            self._hang_up(by_reset=True)
        elif self._client is not None:
            self._client.sendall(data)


class TerminalEnd(RealEnd):
    """The controlling side of a pseudo-terminal; a link is its stable name."""

    def __init__(self, clock: Clock, link: Path) -> None:
        self.link = link
        super().__init__(clock)

    def _open(self) -> None:
        self._master, self._slave = pty.openpty()  # held open: the line exists also while no wire is on it
        self.link.symlink_to(os.ttyname(self._slave))

    def _shut(self) -> None:
        self.link.unlink()
        os.close(self._master)
        os.close(self._slave)

    def _doors(self) -> list[int]:
        return [self._master]

    def _take(self, door: int) -> bytes:
        return os.read(door, 65536)

    def _give(self, data: bytes) -> None:
        os.write(self._master, data)


# --- one stand per kind of wire ---

LOOSE_NS = 300 * MS
"""How late a real wire may be on a computer that has other things to do."""


class Stand(SimpleNamespace):
    """A wire, its clock, the far end, and what this kind of wire can do."""

    def now_ns(self) -> int:
        return self.clock.now_ns()

    def in_ms(self, duration_ms: float) -> int:
        return self.clock.now_ns() + round(duration_ms * MS)

    def close(self) -> None:
        self.wire.close()
        self.far.end()


def stepped_loopback(folder: Path) -> Stand:
    clock = SteppedClock(SECOND)
    far = FarEnd(clock)
    return _stand(LoopbackWire(far, "far", clock), clock, far, slack_ns=0, missing=LoopbackWire(far, "nobody", clock))


def live_loopback(folder: Path) -> Stand:
    clock = SteppedClock(SECOND)
    far = FarEnd(clock)
    shared = SharedWorld(far, clock)
    missing = LiveLoopbackWire(shared, "nobody", clock)
    return _stand(LiveLoopbackWire(shared, "far", clock), clock, far, slack_ns=0, missing=missing)


def transcribed_loopback(folder: Path) -> Stand:
    stand = stepped_loopback(folder)
    stand.wire = TranscriptWire(stand.wire, "far", stand.clock, StringIO())
    return stand


def tcp(folder: Path) -> Stand:
    clock = RealClock()
    far = SocketEnd(clock)
    return _stand(TcpWire("127.0.0.1", far.number, clock), clock, far)


def serial_terminal(folder: Path) -> Stand:
    clock = RealClock()
    far = TerminalEnd(clock, folder / "usb-0:2:1.0-port0")
    return _stand(SerialWire(str(far.link), clock), clock, far, is_line=True)


def serial_socket(folder: Path) -> Stand:
    clock = RealClock()
    far = SocketEnd(clock)
    return _stand(SerialWire(f"socket://127.0.0.1:{far.number}", clock), clock, far)


def visa_socket(folder: Path) -> Stand:
    clock = RealClock()
    far = SocketEnd(clock)
    wire = VisaWire(f"TCPIP0::127.0.0.1::{far.number}::SOCKET", clock)
    return _stand(wire, clock, far, keeps_late=False)


def visa_terminal(folder: Path) -> Stand:
    clock = RealClock()
    far = TerminalEnd(clock, folder / "usb-0:2:1.0-port0")
    return _stand(VisaWire(f"ASRL{far.link}::INSTR", clock), clock, far, is_line=True)


LOOPBACKS: list[Callable[[Path], Stand]] = [stepped_loopback, live_loopback, transcribed_loopback]
REAL: list[Callable[[Path], Stand]] = [tcp, serial_terminal, serial_socket, visa_socket, visa_terminal]


def _stand(wire: object, clock: Clock, far: object, **traits: object) -> Stand:
    usual: Mapping[str, object] = {"slack_ns": LOOSE_NS, "keeps_late": True, "is_line": False}
    return Stand(wire=wire, clock=clock, far=far, **(dict(usual) | traits))
