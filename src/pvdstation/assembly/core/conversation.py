"""What clients ask of a run and what the run answers: every request gets the answer of its own scan."""

from collections import deque
from collections.abc import Sequence

from pvdstation.desk.asked import Asked
from pvdstation.desk.server import Server
from pvdstation.desk.talk import Refused
from pvdstation.model.messages import Event, EventKind, Request, Verb
from pvdstation.runtime.scan import Scan

_REFUSED = ": refused, "
_ACCEPTED = ": accepted"


class Conversation:
    """Passes requests on to the scan of one bench, in order, and its answers back."""

    def __init__(self, desk: Server, scan: Scan) -> None:
        self._desk = desk
        self._scan = scan
        self._waiting: deque[tuple[str, Asked | None]] = deque()
        """Whose request, as its event names him; None: asked by a signal, or by the core itself."""

    def ask(self, asked: Asked) -> None:
        """Pass a client's request on."""
        self._waiting.append((asked.client, asked))
        self._scan.request(asked.ask.request(asked.client))

    def demand(self, verb: Verb, whose: str) -> None:
        """Ask for something that no client has asked for."""
        self._waiting.append((whose, None))
        self._scan.request(Request(verb, whose))

    def hear(self, events: Sequence[Event]) -> None:
        """Hand on the answers among the events of a scan: requests are answered in the order in which they came.

        Those that the run asks for by itself, such as answers given beforehand, are nobody's here.
        """
        for event in events:
            if event.kind is EventKind.REQUEST and self._waiting and event.source == self._waiting[0][0]:
                asked = self._waiting.popleft()[1]
                if asked is not None:
                    self._answer(asked, event)

    def end(self, why: str) -> None:
        """Refuse what was never answered."""
        while self._waiting:
            asked = self._waiting.popleft()[1]
            if asked is not None:
                self._desk.answer(asked, refused=why)

    def _answer(self, asked: Asked, event: Event) -> None:
        _, mark, reason = event.text.partition(_REFUSED)
        if mark:
            self._desk.reply(asked, Refused(asked.ask.id, _with_conditions(reason, event)))
        else:
            self._desk.answer(asked, text=event.text.partition(_ACCEPTED)[2].lstrip(", "))


def _with_conditions(reason: str, event: Event) -> str:
    """Return a refusal with its conditions: what is missing, its live value, and how to bring it about."""
    values = dict(event.values)
    lines = [reason]
    for number in range(1, int(values.get("missing", 0)) + 1):
        condition, live, fix = (str(values.get(f"{key}_{number}", "")) for key in ("missing", "live", "fix"))
        if condition and condition != reason:
            lines.append("  ".join(filter(None, (f"  ✗ {condition}", live, fix if fix != condition else ""))))
    if "rule" in values:
        lines.append(f"  Rule {values['rule']}{', absolute: no override' if values.get('absolute') else ''}.")
    return "\n".join(lines)
