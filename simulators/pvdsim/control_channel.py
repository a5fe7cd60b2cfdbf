"""The control channel of ``pvd-sim serve``: JSON lines over TCP, apart from the instruments' own protocols.

A request is an object with one key, its verb; its answer is ``{"answer": ...}`` or ``{"refused": [problem, ...]}``, in
the order of the requests. Times are plant time in ns.

* ``{"hello": null}`` version, station, seed, who moves time, pace, time, and the instruments
* ``{"drive": pace}`` takes the plant's time until this connection ends; answers the time. null: as fast as it computes
* ``{"advance_to": ns}`` moves the plant; answers what was sent unasked, ``{instrument: [[ready_ns, length], ...]}``
* ``{"open": [instrument, client's port, ns]}`` makes that connection the driver's; answers as ``sent`` does
* ``{"sent": [instrument, total, ns]}`` so many bytes are on the port since ``open``; answers its replies and until when
  it sends nothing unasked, ``[[[ready_ns, length], ...], ns]``
* ``{"close": instrument}`` the driver closes that port next
* ``{"truth": null}`` what only a simulation knows, by name
* ``{"pace": x}`` plant time per wall time while nobody drives
* ``{"fault": "SPEC"}`` breaks something

Bytes announced by ``[ready_ns, length]`` are on the instrument's own port already: the driver reads that many from it,
and takes them as arrived at ``ready_ns``.
"""

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pvdsim.serve_streams import SocketStream
from pvdstation.model.problems import Problem, Refused

VERSION = 1
LONGEST_LINE = 65536
_PATIENCE_S = 5.0
_NOTHING = b'{"answer":{}}\n'
Verb = Callable[["ControlClient", Any], object]


class ControlClient:
    """One connection to the control channel."""

    def __init__(self, stream: SocketStream, verbs: dict[str, Verb]) -> None:
        self.stream = stream
        self._verbs = verbs
        self._held = b""

    def take(self) -> bool:
        """Answer the requests that have come; return whether the client is still there."""
        data = self.stream.take()
        if data is None:
            return False
        *lines, self._held = (self._held + data).split(b"\n")
        if len(self._held) > LONGEST_LINE:
            return False
        return not lines or self.stream.give(b"".join([self._answer(line) for line in lines if line]))

    def _answer(self, line: bytes) -> bytes:
        try:
            answer = self._obey(line)
        except Refused as refusal:
            return _line({"refused": [problem.as_json() for problem in refusal.problems]})
        return _NOTHING if answer == {} else _line({"answer": answer})

    def _obey(self, line: bytes) -> object:
        try:
            request = json.loads(line)
            ((verb, argument),) = request.items()
        except (ValueError, AttributeError, RecursionError):
            write = 'Write for example {"hello": null}.'
            raise refused("a request is one JSON object with one key, its verb", write) from None
        known = self._verbs.get(verb)
        if known is None:
            raise refused(f'there is no request "{verb[:40]}"', f"Write one of {', '.join(self._verbs)}.")
        return known(self, argument)


def refused(what: str, write: str = "") -> Refused:
    """Return the refusal of a request."""
    return Refused([Problem("the control channel", what, write)])


def _line(answer: object) -> bytes:
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def ask(url: str, verb: str, argument: object) -> object:
    """Ask a served simulator for something. Raises OSError without it, and Refused by it."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=_PATIENCE_S) as connection:
        connection.sendall(json.dumps({verb: argument}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer = json.loads(lines.readline() or b"{}")
    if "refused" in answer:
        raise Refused([Problem(problem["where"], problem["what"], problem["write"]) for problem in answer["refused"]])
    return answer.get("answer")
