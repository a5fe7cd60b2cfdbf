"""The core process: takes the station's lock, says over a pipe whether it is ready, and lives until it is ended."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any

from pvdstation.assembly.core.log import Log
from pvdstation.assembly.core.meeting import Where, own_address
from pvdstation.assembly.core.ports import held_ports
from pvdstation.assembly.core.readying import REFUSED, Unfit
from pvdstation.assembly.core.seat import Taken, seat_of, seated
from pvdstation.assembly.core.station_core import StationCore
from pvdstation.assembly.core.way import InterruptedRun, Tell
from pvdstation.desk.place import DoorError
from pvdstation.desk.server import Server
from pvdstation.desk.start import Start
from pvdstation.model.problems import Problem, Refused

INTERNAL = 70
_STDOUT = 1


class Mouth:
    """The pipe to whoever has started the core, its standard output: one line, then it is closed."""

    def __init__(self, *, is_heard: bool) -> None:
        self._is_heard = is_heard

    def say(self, told: dict[str, Any]) -> None:
        """Say the first words; nobody may listen any more."""
        is_heard, self._is_heard = self._is_heard, False
        if is_heard:
            with suppress(OSError):
                os.write(_STDOUT, json.dumps(told).encode() + b"\n")
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDOUT)
            os.close(nowhere)

    def refuse(self, unfit: Unfit) -> int:
        """Say every problem; return the exit code."""
        told, known = (unfit.told, unfit.known) if isinstance(unfit, InterruptedRun) else ((), None)
        problems = [problem.as_json() for problem in unfit.problems]
        text = "\n".join((*told, unfit.problems[0].what))
        self.say({"problems": problems, "text": text, "exit_code": unfit.exit_code, "interrupted": known})
        return unfit.exit_code


def run_core(where: Where, first: Start | None, tell: Tell, *, is_heard: bool) -> int:
    """Be the core of a station until the end; return the exit code. ``is_heard``: its first words are waited for."""
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    mouth = Mouth(is_heard=is_heard)
    where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = Log(where.data)
    try:
        return _lived(where, first, mouth, log, tell)
    except Unfit as unfit:
        log.line(f"not begun: {unfit.problems[0].what}")
        return mouth.refuse(unfit)
    except Refused as refusal:
        log.line(f"not begun: {refusal}")
        return mouth.refuse(Unfit(refusal.problems))
    except Exception as error:  # noqa: BLE001 - the last handler: the log is what a person finds
        log.line(f"internal error\n{''.join(traceback.format_exception(error))}")
        return mouth.refuse(Unfit([_internal(error)], INTERNAL))


def _lived(where: Where, first: Start | None, mouth: Mouth, log: Log, tell: Tell) -> int:
    with ExitStack() as stack:
        socket = own_address(where)
        try:
            stack.enter_context(seated(seat_of(where.data, socket), socket))
            desk = Server(socket, where.named, _desk_failed(log))
        except Taken:
            mouth.say({"taken": True, "text": "another core runs this station", "exit_code": REFUSED, "problems": []})
            return REFUSED
        except DoorError as error:
            raise Refused([Problem("the core's socket", str(error))]) from None
        stack.callback(desk.close)
        core = StationCore(where, desk, log, tell)
        stack.enter_context(held_ports(core.station))
        _end_by(core, (signal.SIGTERM, signal.SIGINT))
        desk.start()
        log.line(f"core of {where.named}, process {os.getpid()}")
        stack.enter_context(log.beside())
        core.live(first, lambda run: mouth.say({"ready": True, "run": run}))
        log.line("the core has ended")
    return 0


def _end_by(core: StationCore, numbers: Sequence[signal.Signals]) -> None:
    """Let signals post a wish and do nothing else."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        core.told_to_end()

    for number in numbers:
        signal.signal(number, on_signal)


def _desk_failed(log: Log) -> Any:
    def failed(error: BaseException) -> None:
        log.line(f"the desk has failed: control goes on without clients\n{''.join(traceback.format_exception(error))}")

    return failed


def _internal(error: BaseException) -> Problem:
    what = f"internal error ({type(error).__name__}): {error}"
    return Problem("the core process", what, "The details are in core.log in the data folder.")
