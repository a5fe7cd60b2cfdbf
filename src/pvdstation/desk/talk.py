"""What client and core say to each other. Every document has the key ``say``; everything else depends on it.

STOP and ABORT never change between versions: ``{"say":"stop"}`` and ``{"say":"abort"}``, from any client, before or
without a hello, whatever else stands beside them. Nor do ``hello`` and ``welcome`` with ``version``, and ``accepted``,
``refused`` and ``goodbye`` with ``id`` and ``text``.
"""

import math
from typing import Any, NamedTuple

from pvdstation.desk.frames import IN_BYTES, OUT_BYTES, FrameError, pack, read
from pvdstation.desk.shapes import as_json, of_json
from pvdstation.model.messages import Event, Request, Verb

VERSION = 1
"""Of everything but what the module says never changes."""
URGENT = (Verb.STOP.value, Verb.ABORT.value)
"""Verbs that every client may use."""
QUIT = "quit"
SPEED = "speed"
VERBS = frozenset({*(verb.value for verb in Verb), QUIT, SPEED})
"""What can be asked for: the verbs of a run, the end of an idle core, and the speed of a simulated run (value)."""
_LINE = 200
_WORDS = 1000


class Hello(NamedTuple):
    """A client's first word: who it is, and whether it wants to see what happens."""

    version: int
    client: str = "someone"
    pid: int = 0
    watch: bool = True


class Ask(NamedTuple):
    """A request of a person. ``form`` is what a start needs beside it: recipe, samples, operator."""

    id: int
    verb: str
    about: str = ""
    value: float | str | None = None
    person: str = ""
    reason: str = ""
    form: dict[str, Any] | None = None

    @property
    def is_urgent(self) -> bool:
        """Return whether every client may ask for it."""
        return self.verb in URGENT

    def request(self, client: str) -> Request:
        """Return it as the core's request. Raises ValueError for what is not a verb of a run."""
        return Request(Verb(self.verb), client, self.about, self.value, self.person, self.reason)


class TakeCharge(NamedTuple):
    """A client wants to be the one whose requests are taken."""

    id: int
    person: str = ""


class Welcome(NamedTuple):
    """The core's answer to a hello. With another version than the client's, only STOP and ABORT are taken from it."""

    version: int
    station: str = ""
    client: str = ""  # how the core calls this client
    in_charge: str = ""  # how it calls the one in charge; empty: nobody


class Accepted(NamedTuple):
    """A request has been taken; ``text`` says what follows from it."""

    id: int
    text: str = ""


class Refused(NamedTuple):
    """A request has not been taken, and why: in one sentence, or in lines ("why can't I?")."""

    id: int
    text: str
    problems: tuple[dict[str, Any], ...] = ()  # of a start: each as ``Problem.as_json`` has it
    exit_code: int = 2  # of a start: 6 when an instrument or its simulator cannot be reached
    interrupted: dict[str, Any] | None = None  # of a start: what is known of the run that stands in its way


class InCharge(NamedTuple):
    """Who is in charge from now on; empty: nobody."""

    client: str


class Events(NamedTuple):
    """What has happened in a run, in order."""

    run: str
    events: tuple[Event, ...]


class Ended(NamedTuple):
    """A run has ended: its result as ``pvd run --json`` prints it. Told after its last event, and to latecomers."""

    run: str
    result: dict[str, Any]


class Goodbye(NamedTuple):
    """The other side ends the connection, and why."""

    text: str = ""


Said = Hello | Ask | TakeCharge | Goodbye
Told = Welcome | Accepted | Refused | InCharge | Events | Ended | Goodbye
Answer = Accepted | Refused
SNAPSHOT = "snapshot"
_SAID: dict[str, type[Said]] = {"hello": Hello, "ask": Ask, "take_charge": TakeCharge, "goodbye": Goodbye}
_TOLD: dict[str, type[Told]] = {
    "welcome": Welcome,
    "accepted": Accepted,
    "refused": Refused,
    "in_charge": InCharge,
    "events": Events,
    "ended": Ended,
    "goodbye": Goodbye,
}
_WORD = {kind: word for word, kind in (*_SAID.items(), *_TOLD.items())}


def say(message: Said) -> bytes:
    """Return a client's message as a frame. Raises FrameError when it is too long, or its value is not finite."""
    if isinstance(message, Ask) and isinstance(message.value, float) and not math.isfinite(message.value):
        raise FrameError(f"{message.value} is no value")  # as null it would say that nobody can answer
    if isinstance(message, Ask) and message.is_urgent:
        return pack({"say": message.verb, **as_json(message)}, IN_BYTES)
    return pack({"say": _WORD[type(message)], **as_json(message)}, IN_BYTES)


def tell(message: Told) -> bytes:
    """Return the core's message as a frame. Raises FrameError when it is too long."""
    return pack({"say": _WORD[type(message)], **as_json(message)}, OUT_BYTES)


def said(payload: bytes) -> Said:
    """Return a client's message. Raises FrameError with a sentence."""
    document = read(payload)
    word = _word(document)
    if word in URGENT:
        return _urgent(word, document)
    kind = _SAID.get(word)
    if kind is None:
        raise FrameError(f'"{word[:20]}" is nothing that a client says')
    message: Said = of_json(kind, document)
    _check(message)
    return message


def told(payload: bytes) -> Told | dict[str, Any]:
    """Return the core's message; a snapshot as the document that it is. Raises FrameError with a sentence."""
    document = read(payload)
    word = _word(document)
    if word == SNAPSHOT and isinstance(document.get(SNAPSHOT), dict):
        return dict(document[SNAPSHOT])
    kind = _TOLD.get(word)
    if kind is None:
        raise FrameError(f'"{word[:20]}" is nothing that a core says')
    message: Told = of_json(kind, document)
    return message


def _word(document: Any) -> str:
    word = document.get("say") if isinstance(document, dict) else None
    if not isinstance(word, str):
        raise FrameError('a document without the key "say"')
    return word


def _urgent(word: str, document: dict[str, Any]) -> Ask:
    """Return a STOP or ABORT; what stands beside it is taken where it fits."""
    number = document.get("id")
    is_number = isinstance(number, int) and not isinstance(number, bool)
    person, reason = (_plain(document.get(key)) for key in ("person", "reason"))
    return Ask(number if is_number else 0, word, person=person, reason=reason)  # type: ignore[arg-type]


def _plain(value: object) -> str:
    return "".join(c for c in value if c.isprintable())[:_LINE] if isinstance(value, str) else ""


def _check(message: Said) -> None:
    """Refuse text that is longer than a line of its kind, or that a terminal would obey. Raises FrameError."""
    for name, value in zip(message._fields, message, strict=True):
        longest = _WORDS if name == "reason" else _LINE
        if isinstance(value, str) and (len(value) > longest or not value.isprintable()):
            raise FrameError(f"{name} is longer than {longest} characters or has control characters")
    if isinstance(message, Ask) and message.verb not in VERBS:
        raise FrameError(f'"{message.verb[:20]}" is nothing that can be asked for')
