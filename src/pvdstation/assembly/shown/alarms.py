"""What waits for a person: alarms and what to do about them, questions; and the overrides somebody answers for."""

from pvdstation.assembly.shown.moment import Moment
from pvdstation.control.alarms import Alarm
from pvdstation.control.handling import SHELF_MIN, is_shelvable
from pvdstation.control.overrides import RULES
from pvdstation.control.step_words import words_of
from pvdstation.control.steps.ask import Asking
from pvdstation.desk.snapshot import AlarmShown, OverrideShown, QuestionShown
from pvdstation.recipe.questions import kind_text


def alarms(m: Moment) -> tuple[AlarmShown, ...]:
    """Return every alarm that is not normal, in the order they came."""
    return tuple(_alarm(alarm) for alarm in m.state.alarms.alarms)


def _alarm(alarm: Alarm) -> AlarmShown:
    words, limits = words_of(alarm.name, 0), RULES.get(alarm.name)
    return AlarmShown(
        alarm.name,
        alarm.text,
        alarm.priority,
        alarm.state.value,
        alarm.came_ns,
        by=alarm.shelved_by or alarm.acknowledged_by,
        reason=alarm.shelved_because,
        until_ns=alarm.shelved_until_ns,
        fix=words.response,
        cause=words.cause,
        consequence=words.consequence,
        shelf_min=SHELF_MIN if is_shelvable(alarm) else None,
        override_min=None if limits is None else float(limits.minutes),
    )


def questions(m: Moment) -> tuple[QuestionShown, ...]:
    """Return the question that is open, if one is."""
    if not m.has_step or m.p is None or not isinstance(m.logic, Asking) or not m.logic.reply(m.p).is_open:
        return ()
    asked = m.logic.question
    kind = kind_text(asked)
    return (QuestionShown(asked.id, asked.text, kind, asked.answer_unit, asked.least, asked.most, asked.is_yes_no),)


def overrides(m: Moment) -> tuple[OverrideShown, ...]:
    """Return the rules that count as met for a time."""
    return tuple(OverrideShown(*override) for override in m.state.overrides)
