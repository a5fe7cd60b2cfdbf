"""The start that is being prepared: one at a time, beside the scan; STOP and ABORT cancel it, and it is answered."""

from collections import deque
from collections.abc import Callable
from threading import Thread

from pvdstation.assembly.core.log import Log
from pvdstation.assembly.core.readying import Ready, Unfit
from pvdstation.assembly.core.way import InterruptedRun
from pvdstation.desk.asked import Asked
from pvdstation.desk.frames import FrameError
from pvdstation.desk.server import Server
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Problem

BY_OPERATOR, INTERNAL = 3, 70
Read = Callable[[Start], Ready]


class Starts:
    """What has been asked to begin. Every method but ``_prepare`` is called by the scan's thread."""

    def __init__(self, desk: Server, log: Log, read: Read) -> None:
        """``read`` reads and checks a start; it may take a second, and raises Unfit."""
        self._desk = desk
        self._log = log
        self._read = read
        self._asked: Asked | None = None
        self._ended_by: Asked | None = None  # who has asked for an end since the scan before
        self._prepared: deque[tuple[Asked, Ready | Unfit]] = deque()

    @property
    def whose(self) -> str:
        """Return the client whose start is being prepared; empty: nobody's is."""
        return self._asked.client if self._asked is not None else ""

    def ask(self, asked: Asked, refused: str) -> None:
        """Begin to prepare a start, or refuse it at once."""
        if not refused and self._asked is not None:
            refused = f"a start of {self.whose} is being prepared"
        if refused:
            problem = Problem("the station", refused, "Wait for its end, or stop it.")
            self._desk.reply(asked, Refused(asked.ask.id, refused, (problem.as_json(),)))
            return
        try:
            start = Start.of_form(asked.ask.form)
        except FrameError as error:
            self._desk.answer(asked, refused=f"the form of the start cannot be read: {error}")
            return
        self._asked = asked
        if self._ended_by is not None:  # what is urgent is heard first, whichever came first
            self.refuse(self._cancelled(self._ended_by))
            return
        Thread(target=self._prepare, args=(asked, start), name="start", daemon=True).start()

    def end_by(self, asked: Asked) -> bool:
        """Cancel what is being prepared by a STOP or ABORT; return whether that is all that was asked for."""
        self._ended_by = asked
        if self._asked is None:
            return False
        self.refuse(self._cancelled(asked))
        if asked.ask.verb == Verb.STOP:
            self._desk.answer(asked, text="the start that was being prepared is cancelled")
        return asked.ask.verb == Verb.STOP  # whatever the bench is in, it is aborted

    def next(self) -> Ready | None:
        """Return what has been prepared since the scan before and can begin; what cannot is refused."""
        self._ended_by = None
        ready = None
        while self._prepared:
            asked, prepared = self._prepared.popleft()
            if asked is not self._asked:  # it was cancelled
                continue
            if isinstance(prepared, Unfit):
                self.refuse(prepared)
            else:
                ready = prepared
        return ready

    def accept(self, text: str) -> None:
        """Tell whoever asked that it has begun."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._desk.reply(asked, Accepted(asked.ask.id, text))

    def refuse(self, unfit: Unfit) -> None:
        """Tell whoever asked why it cannot begin."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        told, known = (unfit.told, unfit.known) if isinstance(unfit, InterruptedRun) else ((), None)
        text = "\n".join((*told, unfit.problems[0].what))
        problems = tuple(problem.as_json() for problem in unfit.problems)
        self._desk.reply(asked, Refused(asked.ask.id, text, problems, unfit.exit_code, known))

    def _cancelled(self, by: Asked) -> Unfit:
        what = f"{by.ask.verb} by {by.client} came before it had begun"
        self._log.line(f"a start was cancelled: {what}")
        return Unfit([Problem("the start", what, "Start again when whoever it was agrees.")], BY_OPERATOR)

    def _prepare(self, asked: Asked, start: Start) -> None:
        """Read and check what is to begin, beside the scan."""
        prepared: Ready | Unfit
        try:
            prepared = self._read(start)
        except Unfit as unfit:
            prepared = unfit
        except Exception as error:  # noqa: BLE001 - a start that fails must not take the scan with it
            self._log.line(f"internal error in a start: {type(error).__name__}: {error}")
            prepared = Unfit([Problem("the start", f"internal error: {type(error).__name__}: {error}")], INTERNAL)
        self._prepared.append((asked, prepared))
