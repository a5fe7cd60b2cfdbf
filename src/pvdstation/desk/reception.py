"""Who may ask, who is in charge, and what each client is told. Opens nothing; one thread uses it."""

from collections import deque
from collections.abc import Iterable, Sequence

from pvdstation.desk.asked import Asked, Requests
from pvdstation.desk.caller import Caller
from pvdstation.desk.frames import OUT_BYTES, FrameError, pack
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import (
    SNAPSHOT,
    VERSION,
    Accepted,
    Answer,
    Ask,
    Ended,
    Events,
    Goodbye,
    Hello,
    InCharge,
    Refused,
    Said,
    TakeCharge,
    Welcome,
    tell,
)
from pvdstation.model.messages import Event

EVENTS_AT_ONCE = 100
EVENTS_KEPT = 200
"""Events that a client is told when it comes."""
_NOTES_KEPT = 100
_MOST_WORDS = 10_000
"""Characters of an answer that is too long for a frame."""


class Reception:
    """Knows every client of a station, the one in charge, and what has been shown and told last."""

    def __init__(self, station: str, requests: Requests) -> None:
        self.callers: dict[int, Caller] = {}
        self.charge: Caller | None = None
        self.notes: deque[str] = deque(maxlen=_NOTES_KEPT)
        self._station = station
        self._requests = requests
        self._kept: deque[tuple[str, Event]] = deque(maxlen=EVENTS_KEPT)
        self._shown: Snapshot | None = None
        self._ended: Ended | None = None

    @property
    def in_charge(self) -> str:
        """Return the client in charge as the core calls it; empty: nobody."""
        charge = self.charge
        return charge.label if charge else ""

    def hear(self, caller: Caller, message: Said, now_s: float) -> bool:
        """Take what a client says; return whether it stays. Raises FrameError."""
        match message:
            case Hello():
                self._greet(caller, message, now_s)
            case TakeCharge():
                refused = _unknown(caller)
                if not refused:
                    self.give_charge(caller, now_s, message.person)
                self._answer(caller, Refused(message.id, refused) if refused else Accepted(message.id), now_s)
            case Ask():
                refused = self._ask(caller, message, now_s)
                if refused:
                    self._answer(caller, Refused(message.id, refused), now_s)
            case Goodbye():
                return False
        return True

    def give_charge(self, caller: Caller | None, now_s: float, person: str = "") -> None:
        """Put a client in charge, or nobody; tell all, and note it."""
        if caller is self.charge:
            return
        before, self.charge = self.in_charge, caller
        if caller is None:
            self.notes.append(f"{before} is no longer in charge")
        else:
            words = (f" for {person}" if person else "", f" from {before}" if before else "")
            self.notes.append(f"{caller.label} took charge{''.join(words)}")
        frame = tell(InCharge(self.in_charge))
        for other in self.callers.values():
            if other.is_known:
                other.outbox.put(frame, now_s)

    def answer(self, number: int, answer: Answer, now_s: float) -> None:
        """Tell a client what the core answers, if it is still there."""
        caller = self.callers.get(number)
        if caller is not None:
            caller.unanswered -= 1
            self._answer(caller, answer, now_s)

    def tell_events(self, run: str, events: Iterable[Event], now_s: float) -> None:
        """Tell every client that watches what has happened, in order."""
        told = [(run, event) for event in events]
        self._kept.extend(told)
        if self._ended is not None and any(run != self._ended.run for run, _ in told):
            self._ended = None
        watching = self._watching()
        for frame in self._batches(told) if watching else ():
            for caller in watching:
                caller.outbox.put(frame, now_s)

    def tell_end(self, ended: Ended, now_s: float) -> None:
        """Tell every client that watches how a run has ended; who comes later is told too, until another run begins."""
        self._ended = ended
        frame = self._ending(ended)
        for caller in self._watching():
            caller.outbox.put(frame, now_s)

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot to every client that watches."""
        self._shown = snapshot
        self._show_to(self._watching())

    def _greet(self, caller: Caller, hello: Hello, now_s: float) -> None:
        if caller.hello is not None:
            raise FrameError("a second hello")
        caller.hello = hello
        caller.outbox.put(tell(Welcome(VERSION, self._station, caller.label, self.in_charge)), now_s)
        if not caller.is_known:
            self.notes.append(f"{caller.label} speaks version {hello.version}, not {VERSION}: only stop and abort")
        elif caller.is_watching:
            for frame in self._batches(self._kept):
                caller.outbox.put(frame, now_s)
            if self._ended is not None:
                caller.outbox.put(self._ending(self._ended), now_s)
            self._show_to([caller])

    def _ask(self, caller: Caller, ask: Ask, now_s: float) -> str:
        """Pass a request on, or return why it is refused. STOP and ABORT pass from everybody."""
        if not ask.is_urgent:
            refused = _unknown(caller)
            if not refused and self.charge not in (None, caller):
                refused = f"{self.in_charge} is in charge: take charge first"
            if refused:
                return refused
            self.give_charge(caller, now_s)
        refused = self._requests.put(Asked(caller.number, caller.label, ask))
        if not refused:
            caller.unanswered += 1
        return refused

    def _answer(self, caller: Caller, answer: Answer, now_s: float) -> None:
        try:
            frame = tell(answer)
        except FrameError as error:  # what is said to one client must not end the desk of all
            self.notes.append(f"an answer to {caller.label} was cut: {error}")
            text = answer.text[:_MOST_WORDS]
            cut = Accepted(answer.id, text)
            frame = tell(cut if isinstance(answer, Accepted) else Refused(answer.id, text, (), answer.exit_code))
        caller.outbox.put(frame, now_s)

    def _ending(self, ended: Ended) -> bytes:
        """Return how a run has ended, without its lists where they are too long: the record has them."""
        try:
            return tell(ended)
        except FrameError as error:
            self.notes.append(f"the result of {ended.run} was cut: {error}")
            return tell(ended._replace(result={k: [] if isinstance(v, list) else v for k, v in ended.result.items()}))

    def _watching(self) -> list[Caller]:
        return [caller for caller in self.callers.values() if caller.is_watching]

    def _batches(self, told: Sequence[tuple[str, Event]]) -> list[bytes]:
        """Return frames of events: of one run each, and not too many at once."""
        frames = []
        batch: list[Event] = []
        for place, (run, event) in enumerate(told):
            batch.append(event)
            is_last = place + 1 == len(told) or told[place + 1][0] != run
            if is_last or len(batch) == EVENTS_AT_ONCE:
                frames += self._framed(run, batch)
                batch = []
        return frames

    def _framed(self, run: str, batch: list[Event]) -> list[bytes]:
        try:
            return [tell(Events(run, tuple(batch)))]
        except FrameError as error:
            if len(batch) > 1:
                half = len(batch) // 2
                return self._framed(run, batch[:half]) + self._framed(run, batch[half:])
            self.notes.append(f"event {batch[0].number} was not told: {error}")
            return []

    def _show_to(self, callers: Sequence[Caller]) -> None:
        if self._shown is None or not callers:
            return
        document = self._shown._replace(in_charge=self.in_charge).as_json()
        try:
            frame = pack({"say": SNAPSHOT, SNAPSHOT: document}, OUT_BYTES)
        except FrameError as error:
            self.notes.append(f"a snapshot was not shown: {error}")
            return
        for caller in callers:
            caller.outbox.show(frame)


def _unknown(caller: Caller) -> str:
    """Return why a client may ask for STOP and ABORT only; empty when it may ask for more."""
    if caller.hello is None:
        return "say hello first"
    if not caller.is_known:
        return f"this core speaks version {VERSION}, this client {caller.hello.version}: only stop and abort are taken"
    return ""
