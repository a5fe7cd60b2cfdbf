"""What people do about rules and alarms in one scan: acknowledge, shelve, override. None of it clears an interlock."""

import math

from pvdstation.control import alarms, overrides
from pvdstation.control.alarms import Alarm, AlarmState
from pvdstation.control.chronicle import Chronicle
from pvdstation.control.overrides import LONGEST, RULES, Override
from pvdstation.control.rule_words import HIGH, RULE_WORDS
from pvdstation.control.states import ENDED, Mode
from pvdstation.control.step_words import words_of
from pvdstation.control.supervisor import Watch, standing
from pvdstation.control.view import View
from pvdstation.control.why import told_values
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import ActionClass, EventKind, Request, Verb

VERBS = frozenset({Verb.ACK, Verb.SHELVE, Verb.OVERRIDE})
CLIP = 40
SHELF_MIN = 60.0
"""How long an alarm may be put aside at a time."""


class Handling:
    """Overrides and alarms of one scan."""

    def __init__(self, old: tuple[Override, ...], chronicle: Chronicle, v: View) -> None:
        self.overrides = old
        self.closing: frozenset[str] = frozenset()
        """Outputs that an ended override had let open: they are closed, and need their start part again."""
        self._chronicle = chronicle
        self._v = v
        for override in old:
            because = overrides.ended_because(override, v)
            if because:
                self._end(override, because)
        for name in alarms.due(chronicle.book, v.now_ns):
            self._unshelve(name, "its time is over")

    @property
    def overridden(self) -> frozenset[str]:
        """Return the rules that count as met."""
        return overrides.names(self.overrides) if self.overrides else frozenset()

    def take(self, request: Request, mode: Mode) -> None:
        """Answer a request about a rule or an alarm, and do it."""
        refused = self._refusal(request, mode)
        given = {"about": request.about, "value": request.value, "person": request.person, "reason": request.reason}
        values = tuple(
            (name, value[:LONGEST] if isinstance(value, str) else value)
            for name, value in given.items()
            if value is not None and value != ""
        )
        if refused:
            values = (*values, *told_values(refused))
            if request.about in RULES:
                values = (*values, ("rule", request.about), ("absolute", float(RULES[request.about] is None)))
        outcome = f"refused, {refused}" if refused else "accepted"
        asked = f"{request.verb} {request.about[:CLIP]}".rstrip()
        self._chronicle.say(EventKind.REQUEST, request.client, f"{asked}: {outcome}", *values)
        if refused:
            return
        if request.verb is Verb.ACK:
            self._acknowledge(request)
        elif request.verb is Verb.SHELVE:
            self._shelve(request)
        else:
            self._override(request)

    def settle(self, judged: Watch, *, is_over: bool) -> None:
        """End what ends with the run, and see whose cause is gone and who speaks for whom."""
        if is_over:
            for override in self.overrides:
                self._end(override, "the run is over")
        if self._chronicle.book.alarms:
            there, overridden = standing(judged), self.overridden
            self._chronicle.book = alarms.settled(
                self._chronicle.book,
                lambda alarm: alarm.name not in RULE_WORDS or alarm.name in there,
                lambda alarm, active: (
                    alarm.name in overridden or any(name in active for name in words_of(alarm.name, 0).under)
                ),
            )

    def _refusal(self, request: Request, mode: Mode) -> str:
        if request.verb is Verb.OVERRIDE:
            is_over = mode in (*ENDED, Mode.IDLE, Mode.INTERRUPTED)
            return "no run is on" if is_over else overrides.refusal(request, self.overrides, self._v)
        if request.verb is Verb.ACK and not request.about:
            return "" if self._unseen() else "no alarm waits for it"
        alarm = self._chronicle.book.find(request.about)
        if alarm is None:
            return f'there is no alarm "{request.about[:40]}"'
        if request.verb is Verb.ACK:
            seen = alarm.acknowledged_ns is not None
            return f"acknowledged by {alarm.acknowledged_by} already" if seen else ""
        return _shelve_refusal(request, alarm)

    def _unseen(self) -> list[str]:
        return [alarm.name for alarm in self._chronicle.book.alarms if alarm.acknowledged_ns is None]

    # --- what is done ---

    def _acknowledge(self, request: Request) -> None:
        who = request.person or request.client
        for name in [request.about] if request.about else self._unseen():
            self._chronicle.book = alarms.acknowledged(self._chronicle.book, name, who, self._v.now_ns)
            text = f"acknowledged by {who}"
            self._chronicle.say(EventKind.ALARM, name, text, ("state", AlarmState.ACKNOWLEDGED), ("by", who))

    def _shelve(self, request: Request) -> None:
        minutes = float(request.value or 0)
        if minutes == 0:
            self._unshelve(request.about, f"by {request.person or request.client}")
            return
        until_ns = self._v.now_ns + to_ns(60 * minutes)
        book = alarms.shelved(self._chronicle.book, request.about, until_ns, request.person, request.reason)
        self._chronicle.book = book
        text = f"shelved by {request.person} for {minutes:g} min: {request.reason}"
        values = (("state", AlarmState.SHELVED.value), ("by", request.person), ("minutes", minutes))
        self._chronicle.say(EventKind.ALARM, request.about, text, *values, ("reason", request.reason))

    def _unshelve(self, name: str, because: str) -> None:
        self._chronicle.book = alarms.unshelved(self._chronicle.book, name, self._v.now_ns)
        self._chronicle.say(EventKind.ALARM, name, f"no longer shelved: {because}", ("state", "unshelved"))

    def _override(self, request: Request) -> None:
        before = next((o for o in self.overrides if o.rule == request.about), None)
        if before is not None:
            self._end(before, f"by {request.person or request.client}" if request.value == 0 else "it is given anew")
        if request.value == 0:
            return
        self.overrides = overrides.made(request, self.overrides, self._v.now_ns)
        text = f"{request.about} is overridden by {request.person} for {request.value:g} min: {request.reason}"
        self._chronicle.alarm(EventKind.ALARM, _source(request.about), text, ActionClass.ALARM)

    def _end(self, override: Override, because: str) -> None:
        self.overrides = tuple(other for other in self.overrides if other is not override)
        self.closing |= {overrides.output_of(override.rule)} - {""}
        self._chronicle.gone(_source(override.rule), f"{override.rule} is in force again: {because}")


def _source(rule: str) -> str:
    return f"override {rule}"


def is_shelvable(alarm: Alarm) -> bool:
    """Return whether an alarm may be put aside at all."""
    return not (alarm.is_latched or alarm.priority == HIGH or alarm.name.startswith("override "))


def _shelve_refusal(request: Request, alarm: Alarm) -> str:
    """Return why an alarm may not be put aside: what trips or is urgent always shows."""
    if request.value == 0:
        return "" if alarm.shelved_until_ns is not None else f"{alarm.name} is not shelved"
    if not is_shelvable(alarm):
        return f"{alarm.name} is never shelved: it is urgent, has acted, or tells of an override"
    unnamed = overrides.unnamed(request)
    if unnamed:
        return unnamed
    minutes = request.value if isinstance(request.value, float | int) else math.nan
    return "" if 0 < minutes <= SHELF_MIN else f"say for how many minutes, more than 0 and at most {SHELF_MIN:g}"
