"""Actions: one at a time is asked for, let out, and resolved by its answer or its dead-line; never asked twice."""

from typing import NamedTuple

from pvdstation.control.chronicle import Chronicle
from pvdstation.control.owners import Ask
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Action, ActionKind, ActionResult, EventKind, Image, LayerSetup

DEADLINES_NS = {
    ActionKind.SQC_PREPARE: 60 * SECOND,
    ActionKind.SUPPLY_ARM: 30 * SECOND,
    ActionKind.IO_ARM: 15 * SECOND,
    ActionKind.SQC_START: 15 * SECOND,  # everything is compared once more
    ActionKind.SQC_STOP: 10 * SECOND,
}
DEADLINE_NS = 6 * SECOND
ENERGISING = (ActionKind.SQC_START, ActionKind.SQC_MANUAL)
"""Actions that wait until the event of their intent is durable."""


class Pending(NamedTuple):
    """The action that has been asked for and not been resolved."""

    action: Action
    is_sent: bool


class Errands:
    """The action of one scan. A new one takes the place of an unresolved one, whose answer is then ignored."""

    def __init__(self, pending: Pending | None, chronicle: Chronicle, now_ns: int) -> None:
        self.pending = pending
        self.sent: tuple[Action, ...] = ()
        self.ended: tuple[Action, ActionResult] | None = None
        self._chronicle = chronicle
        self._now_ns = now_ns

    def resolve(self, image: Image) -> ActionResult | None:
        """Return how the pending action has ended in this scan, or None."""
        pending = self.pending
        if pending is None:
            return None
        action = pending.action
        result = next((r for r in image.results if r.number == action.number), None)
        if result is None and self._now_ns > action.deadline_ns:
            result = ActionResult(action.number, ok=False, text="no answer before the dead-line", at_ns=self._now_ns)
        if result is not None:
            self.pending = None
            self.ended = (action, result)
            text = f"{action.kind}: {'done' if result.ok else result.text}"
            self._chronicle.say(EventKind.ACTION, action.link, text)
        return result

    def is_pending(self, kind: ActionKind) -> bool:
        """Return whether this kind of action is under way."""
        return self.pending is not None and self.pending.action.kind is kind

    def ask(self, ask: Ask, layers: tuple[LayerSetup, ...]) -> None:
        """Take an action on layers, the first-named one first; its number is that of its event."""
        kind = EventKind.INTENT if ask.kind in ENERGISING else EventKind.ACTION
        number = self._chronicle.say(kind, ask.link, f"{ask.kind}: asked")
        deadline_ns = self._now_ns + DEADLINES_NS.get(ask.kind, DEADLINE_NS)
        if ask.layers is not None:
            layers = ask.layers
        first = layers[0] if layers else None
        action = Action(number, ask.link, ask.kind, first, deadline_ns, layers[1:], ask.manual)
        self.pending = Pending(action, is_sent=False)

    def drop_energising(self) -> None:
        """Forget an action that would energise and has not been let out."""
        if self.pending is not None and not self.pending.is_sent and self.pending.action.kind in ENERGISING:
            self._chronicle.say(EventKind.ACTION, self.pending.action.link, f"{self.pending.action.kind}: dropped")
            self.pending = None

    def send(self, durable: float) -> None:
        """Let the pending action out, once; ``durable`` is the number of the last durable event."""
        pending = self.pending
        if pending is None or pending.is_sent:
            return
        if pending.action.kind in ENERGISING and not durable >= pending.action.number:
            return
        self.sent = (pending.action,)
        self.pending = Pending(pending.action, is_sent=True)
