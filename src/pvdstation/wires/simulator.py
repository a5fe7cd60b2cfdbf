"""The control channel of ``pvd-sim serve``, seen from the core: JSON lines over TCP, answers in the order of requests.

Requests: ``pvdsim.control_channel``. One thread uses a channel.
"""

import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from pvdstation.model.problems import Problem, Refused
from pvdstation.wires.base import WireLost
from pvdstation.wires.reasons import disconnected, not_connected
from pvdstation.wires.tcp import CONNECT_S, set_options

PATIENCE_S = 10.0
"""Wall time that a simulator may take for one answer: it computes the plant meanwhile."""
_NOTHING = b'{"answer":{}}'
_CHUNK = 65536


class SimulatorChannel:
    """A connection to a simulator in another process. What is posted goes with what is asked next, and before it."""

    def __init__(self, url: str) -> None:
        """Connect. Raises WireLost."""
        parts = urlsplit(url)
        self._where = f"the simulator at {url}"
        self._lines: list[bytes] = []
        self._held = b""
        self._outbox: list[bytes] = []
        try:
            self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=CONNECT_S)
            set_options(self._socket)
            self._socket.settimeout(PATIENCE_S)
        except OSError as error:
            raise WireLost(not_connected(self._where, error)) from error

    def close(self) -> None:
        """End the connection; a plant that was driven goes on by the clock."""
        with suppress(OSError):
            self._socket.close()

    @property
    def posted(self) -> int:
        """Return how many requests have been posted and not sent."""
        return len(self._outbox)

    def post(self, verb: str, argument: object) -> None:
        """Put a request before the next one that is asked."""
        self._outbox.append(_line(verb, argument))

    def ask(self, verb: str, argument: object = None) -> Any:
        """Return the answer to a request; nothing may have been posted. Raises WireLost, and Refused."""
        if self._outbox:
            raise ValueError("what was posted has answers, and nobody takes them")
        answer = self.ask_all(verb, argument)[0]
        if isinstance(answer, Refused):
            raise answer
        return answer

    def ask_all(self, verb: str = "", argument: object = None) -> list[Any]:
        """Return the answers to all that was posted, and to a request; refusals among them. Raises WireLost."""
        outbox, self._outbox = self._outbox, []
        if verb:
            outbox.append(_line(verb, argument))
        try:
            self._socket.sendall(b"".join(outbox))
        except OSError as error:
            raise WireLost(disconnected(self._where, error)) from error
        lines = [self._next_line() for _ in outbox]
        return [self._answer(line) for line in lines]

    def _answer(self, line: bytes) -> Any:
        if line == _NOTHING:
            return {}
        try:
            answer = json.loads(line)
            if "answer" in answer:
                return answer["answer"]
            return Refused([Problem(p["where"], p["what"], p["write"]) for p in answer["refused"]])
        except (ValueError, TypeError, KeyError):
            raise WireLost(f"{self._where} does not speak this language") from None

    def _next_line(self) -> bytes:
        while not self._lines:
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError as error:
                raise WireLost(f"{self._where} does not answer") from error
            except OSError as error:
                raise WireLost(disconnected(self._where, error)) from error
            if not data:
                raise WireLost(f"{self._where} has gone")
            *lines, self._held = (self._held + data).split(b"\n")
            self._lines += lines
        return self._lines.pop(0)


def _line(verb: str, argument: object) -> bytes:
    return json.dumps({verb: argument}).encode() + b"\n"
