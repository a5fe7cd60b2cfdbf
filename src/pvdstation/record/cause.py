"""Why a run ended: one word of a fixed list, so that runs can be counted by it."""

from collections.abc import Container
from enum import StrEnum


class Cause(StrEnum):
    """The first cause of a run's end."""

    COMPLETE = "complete"
    TARGET_MISSED = "target missed"  # every step ended as it should, but one outside its tolerance
    OPERATOR = "operator"
    INTERLOCK = "interlock"
    ALARM_LIMIT = "alarm limit"  # the rate left its alarm band
    HOLD_TIMED_OUT = "hold timed out"
    NO_ANSWER = "no answer"  # to a question, where nobody can answer
    STEP_FAILED = "step failed"  # a step could not reach what it waited for
    LINK_LOST = "link lost"  # an instrument fell silent during the run
    NOT_REACHABLE = "instrument not reachable"  # before the first step
    NOT_READY = "station not ready"
    RECORD_FAILED = "record failed"
    NOT_CONFIRMED = "safe state not confirmed"
    NO_END = "came to no end"
    INTERNAL_ERROR = "internal error"
    INTERRUPTED = "interrupted"  # said by a reader: the record has no end


_LINKS = ("io_link", "sqc_link", "supply_link", "gauges", "gauges_end")
_RECORD = ("record_segment", "record_late", "record_stuck")
_NAMED = {
    "complete": Cause.COMPLETE,
    "operator": Cause.OPERATOR,
    **dict.fromkeys(("rate_alarm", "rate_drop", "rate_surge"), Cause.ALARM_LIMIT),
    "hold": Cause.HOLD_TIMED_OUT,
    "no_answer": Cause.NO_ANSWER,
    "start": Cause.NOT_READY,
    "sqc_running": Cause.NOT_READY,
    "safe_state": Cause.NOT_CONFIRMED,
    **dict.fromkeys(_LINKS, Cause.LINK_LOST),
    **dict.fromkeys(_RECORD, Cause.RECORD_FAILED),
}


def cause_of(name: str, rules: Container[str]) -> Cause:
    """Return the word for the first cause as the core names it: "operator", "complete", one of its ``rules``, or what
    a step complained of.
    """
    return _NAMED.get(name) or (Cause.INTERLOCK if name in rules else Cause.STEP_FAILED)
