"""Wait for a time, wait until a pressure has stayed in a band, and note: steps that move nothing.

Their clocks count only while the run goes on: held and paused they stand.
"""

import math
from typing import NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.steps.ask import Asking, Reply, declined, said
from pvdstation.control.steps.base import Drive, Said, Tick, Trouble, Values
from pvdstation.control.view import CAPACITANCE_VACUUM_MBAR, View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, EventKind
from pvdstation.model.signals import Quality
from pvdstation.recipe import procedure as order
from pvdstation.recipe.questions import band_text, question_of
from pvdstation.recipe.spelling import pressure_text, time_text


class Passed(NamedTuple):
    """How long a step has waited, without the time in which the run stood."""

    seen_ns: int
    passed_ns: int = 0

    def at(self, v: View, drive: Drive) -> "Passed":
        """Return the clock at this scan; it goes on only while the run does."""
        passed_ns = self.passed_ns + (v.now_ns - self.seen_ns if drive is Drive.RUN else 0)
        return Passed(v.now_ns, passed_ns)


class Wait:
    """Let time pass."""

    def __init__(self, duration_s: float) -> None:
        self.duration_s = duration_s
        self.duration_ns = to_ns(duration_s)

    def begin(self, v: View) -> Passed:
        """Return the clock before it goes."""
        return Passed(v.now_ns)

    def tick(self, p: Passed, v: View, drive: Drive) -> Tick:
        """Wait for what is left."""
        p = p.at(v, drive)
        text, wants = f"{time_text(self.duration_s)} over", safe_levels(v)
        if drive is not Drive.RUN:
            return Tick(p, wants, text, is_settled=True, is_cold=True)
        return Tick(p, wants, text, done="time over" if p.passed_ns >= self.duration_ns else "")

    def values(self, p: Passed, v: View) -> Values:
        """Return how long was waited, s."""
        del v
        return {"waited_s": p.passed_ns / SECOND}


class Until(NamedTuple):
    """A pressure that is waited for."""

    clock: Passed
    good_since_ns: int | None = None  # in the band without a gap
    reply: Reply = Reply()


class WaitUntil(Asking):
    """Wait until a pressure is in a band and has stayed there; a time-out does what the recipe says."""

    def __init__(self, work: order.WaitUntil) -> None:
        self.work = work
        self.hold_ns = to_ns(work.hold_s)
        self.timeout_ns = to_ns(work.timeout_s)
        self.text = band_text(work)
        asked = question_of(work)
        self.asks = asked is not None
        self.question = asked or order.Question("", "", is_yes_no=True)

    def begin(self, v: View) -> Until:
        """Return the state before the pressure is judged."""
        return Until(Passed(v.now_ns))

    def reply(self, state: Until) -> Reply:
        """Return what has become of the question."""
        return state.reply

    def answered(self, state: Until, value: float | None) -> Until:
        """Return the state with an answer."""
        return state._replace(reply=state.reply._replace(value=value, is_declined=value is None))

    def tick(self, p: Until, v: View, drive: Drive) -> Tick:
        """Judge the pressure; what has held before a hold does not count after it."""
        p = p._replace(clock=p.clock.at(v, drive))
        wants = safe_levels(v)
        if p.reply.is_declined and drive is not Drive.STOP:
            return Tick(p, wants, self.text, is_cold=True, trouble=declined(self.question))
        if drive is not Drive.RUN:
            return Tick(p._replace(good_since_ns=None), wants, self.text, is_settled=True, is_cold=True)
        since_ns = None
        if self._is_in_band(v):
            since_ns = v.now_ns if p.good_since_ns is None else p.good_since_ns
        p = p._replace(good_since_ns=since_ns)
        # never in the scan in which it began: a long chain of steps must not be done in one scan
        if since_ns is not None and v.now_ns - since_ns >= self.hold_ns and p.clock.passed_ns > 0:
            return Tick(p, wants, self.text, done="pressure reached")
        return self._late(p, v) if p.clock.passed_ns > self.timeout_ns else Tick(p, wants, self.text)

    def _late(self, p: Until, v: View) -> Tick:
        """End the wait as the recipe says; a hold that is resumed waits for the whole time again."""
        wants = safe_levels(v)
        shown = "gauge: no good reading" if math.isnan(self.mbar(v)) else pressure_text(self.mbar(v))
        late = f"{self.text} not reached within {time_text(self.work.timeout_s)} ({shown})"
        if self.work.otherwise == "abort":
            return Tick(p, wants, self.text, trouble=Trouble(ActionClass.FAST_OFF, "wait_until", late))
        if self.work.otherwise == "continue" or p.reply.value:
            answered = ", answered yes" if p.reply.value else ""
            return Tick(p, wants, self.text, done=f"time-out: {shown}{answered}")
        if self.asks and p.reply.value is None:
            asks = None if p.reply.is_asked else said(self.question)
            p = p._replace(reply=p.reply._replace(is_asked=True))
            return Tick(p, wants, f"answer to {self.question.id}", says=asks)
        again = Until(Passed(v.now_ns))
        late += ", answered no" if self.asks else ""
        return Tick(again, wants, self.text, trouble=Trouble(ActionClass.HOLD, "wait_until", late))

    def mbar(self, v: View) -> float:
        """Return the pressure that is judged, mbar: above 2 mbar the capacitance gauge's; NaN when unknown."""
        if self.work.of == "foreline":
            return v.foreline
        return v.capacitance if v.capacitance >= CAPACITANCE_VACUUM_MBAR else v.pressure

    def _is_in_band(self, v: View) -> bool:
        work = self.work
        number = v.s.foreline if work.of == "foreline" else v.s.full_range
        is_low = work.of == "foreline" or v.capacitance < CAPACITANCE_VACUUM_MBAR
        is_bound = is_low and v.readings[number].quality is Quality.UNDER_RANGE
        least = math.inf if is_bound and work.least_mbar > 0 else work.least_mbar  # under range, it may be anything
        return least <= self.mbar(v) <= work.most_mbar

    def values(self, p: Until, v: View) -> Values:
        """Return the pressure at the end, mbar, how long was waited, s, and an answer, where it was asked."""
        answer: Values = {} if p.reply.value is None else {"question": self.question.id, "answer": p.reply.value}
        return {"reached_mbar": self.mbar(v), "waited_s": p.clock.passed_ns / SECOND, **answer}


class Note:
    """Put a sentence into the record."""

    def __init__(self, text: str) -> None:
        self.text = text

    def begin(self, v: View) -> bool:
        """Return that it has not been said yet."""
        del v
        return False

    def tick(self, is_said: bool, v: View, drive: Drive) -> Tick:  # noqa: FBT001 - the state of the step
        """Say it once; done in the next scan."""
        wants = safe_levels(v)
        if is_said or drive is not Drive.RUN:
            done = "noted" if is_said else ""
            return Tick(is_said, wants, "record", done=done, is_settled=drive is not Drive.RUN, is_cold=True)
        return Tick(state=True, wants=wants, text="record", says=Said(EventKind.NOTE, self.text))

    def values(self, is_said: bool, v: View) -> Values:  # noqa: FBT001 - the state of the step
        """Return nothing: the sentence has its own event."""
        del is_said, v
        return {}
