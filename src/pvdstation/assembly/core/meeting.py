"""How a client meets the core of a station: the one that runs, or one that it starts."""

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from pvdstation.assembly.core.seat import met_at, seat_of
from pvdstation.assembly.sources import DEFAULT_STATION
from pvdstation.desk.client import Client
from pvdstation.desk.line import Gone, NobodyThere
from pvdstation.desk.place import DoorError, address_of
from pvdstation.desk.start import Start
from pvdstation.model.problems import Problem, Refused

READY_S = 60.0
"""How long a core may take until it is ready: it may have to reach a silent instrument first."""
_KNOCK_S = 5.0
_AGAIN_S = 0.05
_APART = 0x00000208 if sys.platform == "win32" else 0  # DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP


class Where(NamedTuple):
    """Which core: that of a data folder and a station, as a person names it."""

    data: Path
    station: str | None = None

    @property
    def named(self) -> str:
        """Return the station as its core is told: a packaged name, or the whole path of its file."""
        named = self.station or DEFAULT_STATION
        return str(Path(named).resolve()) if named.lower().endswith(".toml") else named


class Met(NamedTuple):
    """A connection to the core of a station; ``run`` is the run with which it was started, if it was."""

    client: Client
    run: str = ""


class NotStarted(Exception):
    """A core could not be started: every problem, the exit code, and what is known of a run that stands in the way."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(str(told.get("text", "")))
        self.problems: tuple[dict[str, Any], ...] = tuple(told.get("problems", ()))
        self.text = str(told.get("text", ""))
        self.exit_code = int(told.get("exit_code", 70))
        self.interrupted: dict[str, Any] | None = told.get("interrupted")


def own_address(where: Where) -> Path:
    """Return where a core that is started from here opens its socket. Raises Refused when there is no safe place."""
    named = where.named
    try:
        return address_of(where.data, Path(named) if named.lower().endswith(".toml") else named)
    except DoorError as error:
        raise Refused([Problem("the core's socket", str(error))]) from None


def address(where: Where) -> Path:
    """Return the socket of the core that runs, else the one that it would have. Raises Refused."""
    own = own_address(where)
    return met_at(seat_of(where.data, own)) or own


def meet(where: Where, name: str, *, watch: bool = True) -> Client:
    """Return a connection to the core that runs. Raises NobodyThere, OtherVersion, DeskError, Refused."""
    return Client(address(where), name, watch=watch)


def meet_or_start(where: Where, name: str, first: Start | None = None, *, watch: bool = True) -> Met:
    """Return a connection to the core that runs, else to a new one, which begins with ``first`` if it is given.

    Raises NotStarted, OtherVersion, DeskError, Refused.
    """
    deadline_s = time.monotonic() + READY_S
    while True:
        with suppress(NobodyThere, Gone):  # a core that is about to end lets nobody in any more
            return Met(meet(where, name, watch=watch))
        told = _start(where, first)
        if "ready" in told:
            return Met(_meet_soon(where, name, watch=watch), str(told.get("run", "")))
        if not told.get("taken") or time.monotonic() > deadline_s:
            raise NotStarted(told)
        time.sleep(_AGAIN_S)  # another client was quicker, or the core before has not ended yet


def _meet_soon(where: Where, name: str, *, watch: bool) -> Client:
    deadline_s = time.monotonic() + _KNOCK_S
    while True:
        try:
            return meet(where, name, watch=watch)
        except NobodyThere:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_AGAIN_S)


def _start(where: Where, first: Start | None) -> dict[str, Any]:
    """Start a core in a session of its own, which inherits one pipe and nothing else; return its first words."""
    command = [sys.executable, "-m", "pvdstation", "core", "--data", str(where.data.resolve())]
    command += ["--station", where.named, "--ready"]
    command += [] if first is None else ["--first", json.dumps(first.as_form())]
    child = subprocess.Popen(  # noqa: S603 - this very program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=_APART,
        cwd=Path(sys.executable).anchor,
    )
    said: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_look_after, args=(child, said), name="core's first words", daemon=True).start()
    try:
        words = said.get(timeout=READY_S)
    except Empty:
        return _unable(f"it was not ready within {READY_S:g} s")
    told: dict[str, Any] = json.loads(words) if words else _unable("it ended before it was ready")
    return told


def _look_after(child: subprocess.Popen[bytes], said: SimpleQueue[bytes]) -> None:
    """Read the one line, and leave no zombie while this process lives."""
    if child.stdout is not None:
        with child.stdout as pipe:
            said.put(pipe.readline())
    child.wait()


def _unable(what: str) -> dict[str, Any]:
    problem = Problem("the core process", what, "See core.log in the data folder.")
    return {"text": what, "problems": [problem.as_json()], "exit_code": 70}
