"""An alarm's states: the table typed in by hand, and what people may do about it. No state clears an interlock."""

from itertools import product

import pytest
from control_bench import FRAME, HEALTHY, NOW_NS, outputs, view

from pvdstation.control import alarms
from pvdstation.control.alarms import EMPTY_BOOK, Alarm, AlarmBook, AlarmState
from pvdstation.control.chronicle import Chronicle
from pvdstation.control.handling import Handling
from pvdstation.control.scene import EMPTY
from pvdstation.control.states import Mode
from pvdstation.control.supervisor import Watch, bind, blocked, watch
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, EventKind, Request, Verb

MIN = 60 * SECOND
BOUND = bind(FRAME)
V = view(HEALTHY, outputs())

CUES = {
    "came": lambda b: alarms.came(b, Alarm("x", "again", "low", NOW_NS)),
    "gone": lambda b: alarms.gone(b, "x"),
    "ack": lambda b: alarms.acknowledged(b, "x", "desk", NOW_NS),
    "shelve": lambda b: alarms.shelved(b, "x", NOW_NS + MIN, "A. Person", "known"),
    "unshelve": lambda b: alarms.unshelved(b, "x", NOW_NS),
    "reset": alarms.reset,
    "settle": lambda b: alarms.settled(b, lambda _a: False, lambda _a, _names: False),
    "outdone": lambda b: alarms.settled(b, lambda _a: True, lambda _a, _names: True),
}
NEW = alarms.came(EMPTY_BOOK, Alarm("x", "text", "low", NOW_NS))
LATCHING = alarms.came(EMPTY_BOOK, Alarm("x", "text", "high", NOW_NS, is_latched=True))
START = {
    "unacknowledged": NEW,
    "acknowledged": CUES["ack"](NEW),
    "returned": CUES["gone"](NEW),
    "shelved": CUES["shelve"](NEW),
    "suppressed": CUES["outdone"](NEW),
    "latched": CUES["settle"](LATCHING),
    "latched, acknowledged": CUES["ack"](CUES["settle"](LATCHING)),
}
# Typed in by hand: row, then what each cue makes of it. What is not named stays as it is.
ROWS = {
    "unacknowledged": {"gone": "returned", "ack": "acknowledged", "shelve": "shelved", "outdone": "suppressed"},
    "acknowledged": {"came": "unacknowledged", "gone": "normal", "shelve": "shelved", "unshelve": "unacknowledged",
                     "outdone": "suppressed"},
    "returned": {"came": "unacknowledged", "ack": "normal", "shelve": "shelved", "unshelve": "normal",
                 "outdone": "suppressed"},
    "shelved": {"unshelve": "unacknowledged", "outdone": "suppressed"},
    "suppressed": {"came": "unacknowledged", "settle": "unacknowledged"},
    "latched": {"came": "unacknowledged", "shelve": "shelved", "reset": "returned", "outdone": "suppressed"},
    "latched, acknowledged": {"came": "unacknowledged", "shelve": "shelved", "reset": "normal",
                              "outdone": "suppressed"},
}  # fmt: skip


@pytest.mark.parametrize(("start", "cue"), list(product(START, CUES)))
def test_each_state_and_cue_leads_where_the_table_says(start, cue) -> None:
    alarm = CUES[cue](START[start]).find("x")
    assert (AlarmState.NORMAL if alarm is None else alarm.state) == ROWS[start].get(cue, start.partition(",")[0])


def test_every_state_but_normal_has_a_row() -> None:
    assert {row.partition(",")[0] for row in ROWS} == {state.value for state in AlarmState} - {"normal"}


def test_what_trips_stays_latched_while_its_cause_comes_and_goes() -> None:
    there = alarms.settled(LATCHING, lambda _a: True, lambda _a, _n: False)
    assert there.find("x").state is AlarmState.UNACKNOWLEDGED
    gone = alarms.settled(CUES["ack"](there), lambda _a: False, lambda _a, _n: False)
    assert gone.find("x").state is AlarmState.LATCHED
    assert alarms.reset(gone).alarms == ()


# --- what people ask for ---


def desk(book: AlarmBook = EMPTY_BOOK, v=V, overrides=()) -> tuple[Handling, Chronicle]:
    chronicle = Chronicle(0, v.now_ns, book)
    return Handling(overrides, chronicle, v), chronicle


def asked(request: Request, *came: tuple[str, ActionClass]) -> tuple[Handling, Chronicle]:
    handling, chronicle = desk()
    for name, response in came:
        chronicle.alarm(EventKind.ALARM, name, "text", response)
    handling.take(request, Mode.RUNNING)
    return handling, chronicle


LOW, TRIP = ("rate_attention", ActionClass.ALARM), ("water_flow", ActionClass.FAST_OFF)


def shelve(about: str, value=10.0, person: str = "A. Person", reason: str = "known") -> Request:
    return Request(Verb.SHELVE, "desk", about, value, person, reason)


@pytest.mark.parametrize(("request_", "because"), [
    (Request(Verb.ACK, "desk"), "no alarm waits for it"),
    (Request(Verb.ACK, "desk", "door"), 'there is no alarm "door"'),
    (shelve("door"), 'there is no alarm "door"'),
    (shelve("rate_attention", 61.0), "at most 60"),
    (shelve("rate_attention", float("nan")), "at most 60"),
    (shelve("rate_attention", person=""), "the name of a person and a reason"),
    (shelve("rate_attention", reason=" "), "the name of a person and a reason"),
    (shelve("rate_attention", 0), "rate_attention is not shelved"),
    (shelve("water_flow"), "water_flow is never shelved"),
    (Request(Verb.OVERRIDE, "desk", "n2_valve", 5.0, "A. Person", "because"), "n2_valve is absolute: no override"),
])  # fmt: skip
def test_a_request_that_is_refused_says_why_and_changes_nothing(request_, because) -> None:
    came = () if request_.verb is Verb.ACK else (LOW, TRIP)
    _, chronicle = asked(request_, *came)
    event = chronicle.events[-1]
    assert event.kind is EventKind.REQUEST
    assert f"{request_.verb} {request_.about}".rstrip() + ": refused, " in event.text
    assert because in event.text
    assert [alarm.state for alarm in chronicle.book.alarms] == [AlarmState.UNACKNOWLEDGED] * len(came)


def test_a_refused_override_says_in_its_values_that_its_rule_is_absolute() -> None:
    _, chronicle = asked(Request(Verb.OVERRIDE, "desk", "n2_valve", 5.0, "A. Person", "because"))
    assert dict(chronicle.events[-1].values) == {
        "about": "n2_valve", "value": 5.0, "person": "A. Person", "reason": "because",
        "missing": 1.0, "missing_1": "n2_valve is absolute: no override", "rule": "n2_valve", "absolute": 1.0,
    }  # fmt: skip


def test_one_word_acknowledges_all_and_the_record_says_who() -> None:
    _, chronicle = asked(Request(Verb.ACK, "desk", "", None, "A. Person"), LOW, TRIP)
    assert [(a.acknowledged_by, a.acknowledged_ns) for a in chronicle.book.alarms] == [("A. Person", NOW_NS)] * 2
    assert [(e.source, e.text) for e in chronicle.events[-2:]] == [
        ("rate_attention", "acknowledged by A. Person"),
        ("water_flow", "acknowledged by A. Person"),
    ]


def test_a_shelved_alarm_comes_back_by_itself() -> None:
    _, chronicle = asked(shelve("rate_attention"), LOW)
    assert chronicle.book.find("rate_attention").state is AlarmState.SHELVED
    _, early = desk(chronicle.book, view(HEALTHY, outputs(), now_ns=NOW_NS + 10 * MIN - 1))
    assert early.book.find("rate_attention").state is AlarmState.SHELVED
    _, late = desk(chronicle.book, view(HEALTHY, outputs(), now_ns=NOW_NS + 10 * MIN))
    assert late.book.find("rate_attention").state is AlarmState.UNACKNOWLEDGED
    assert [event.text for event in late.events] == ["no longer shelved: its time is over"]


def test_an_override_is_an_alarm_line_while_it_lasts_and_closes_what_opened_under_it() -> None:
    request = Request(Verb.OVERRIDE, "desk", "substrate_shutter", 5.0, "A. Person", "shutter test")
    handling, chronicle = asked(request)
    assert handling.overridden == {"substrate_shutter"}
    line = chronicle.book.find("override substrate_shutter")
    assert line.text == "substrate_shutter is overridden by A. Person for 5 min: shutter test"
    handling, late = desk(chronicle.book, view(HEALTHY, outputs(), now_ns=NOW_NS + 5 * MIN), handling.overrides)
    assert (handling.overridden, handling.closing) == (frozenset(), {"substrate_shutter"})
    assert late.events[-1].text == "gone: substrate_shutter is in force again: its time is over"


def test_an_override_ends_with_the_run_and_is_refused_after_it() -> None:
    handling, chronicle = asked(Request(Verb.OVERRIDE, "desk", "source_shutter", 5.0, "A. Person", "test"))
    handling.settle(Watch(), is_over=True)
    assert handling.overrides == ()
    assert "the run is over" in chronicle.events[-1].text
    handling.take(Request(Verb.OVERRIDE, "desk", "source_shutter", 5.0, "A. Person", "test"), Mode.STOPPED)
    assert "refused, no run is on" in chronicle.events[-1].text


# --- flood, suppression, interlocks ---


def test_more_than_ten_alarms_in_ten_minutes_are_a_flood_that_is_told_once() -> None:
    book = EMPTY_BOOK
    told = []
    for k in range(14):
        _, chronicle = desk(book, view(HEALTHY, outputs(), now_ns=NOW_NS + k * 40 * SECOND))
        chronicle.alarm(EventKind.ALARM, f"alarm{k}", "text", ActionClass.ALARM)
        told += [(k, e.text) for e in chronicle.events if e.kind is EventKind.NOTE]
        book = chronicle.book
    assert told == [(10, "11 alarms within 10 min; longest standing: alarm0")]
    later = alarms.came(book, Alarm("y", "text", "low", NOW_NS + 3600 * SECOND))
    assert not later.is_flood


def test_ten_alarms_in_ten_minutes_are_no_flood() -> None:
    book = EMPTY_BOOK
    for k in range(30):
        book = alarms.came(book, Alarm(f"alarm{k}", "text", "low", NOW_NS + k * 60 * SECOND))
        assert not book.is_flood


def test_a_milder_alarm_is_suppressed_while_a_more_severe_one_says_the_same() -> None:
    handling, chronicle = desk()
    for name in ("rate_attention", "rate_alert"):
        chronicle.alarm(EventKind.ALARM, name, "text", ActionClass.ALARM)
    handling.settle(Watch(), is_over=False)
    assert [a.state for a in chronicle.book.alarms] == [AlarmState.SUPPRESSED, AlarmState.UNACKNOWLEDGED]
    chronicle.gone("rate_alert", "text")
    handling.settle(Watch(), is_over=False)
    assert chronicle.book.find("rate_attention").state is AlarmState.UNACKNOWLEDGED


def test_an_acknowledged_alarm_clears_no_interlock() -> None:
    filling = {**HEALTHY, "gate": 1, "n2_valve": 1}
    v = view(filling, outputs(gate=False, n2=True), since_gas=True)
    judged, findings = watch(Watch(), BOUND, v, EMPTY)
    chronicle = Chronicle(0, v.now_ns)
    for finding in findings:
        chronicle.alarm(EventKind.ALARM, finding.rule.name, finding.shown, finding.rule.on_loss)
    handling = Handling((), chronicle, v)
    handling.take(Request(Verb.ACK, "desk"), Mode.RUNNING)
    handling.settle(judged, is_over=False)
    assert blocked(judged) == {"n2"}
    assert chronicle.book.find("n2_valve").state is AlarmState.ACKNOWLEDGED


# --- an alarm at its limit ---


def test_a_value_at_its_limit_does_not_chatter() -> None:
    """12 s behind, then 4.5 s, which is inside the limit and outside its dead-band, then 1 s for the off-delay."""
    state, seen = Watch(), []
    ages = [12.0] * 4 + [4.5] * 16 + [3.9] * 4 + [4.5] * 4 + [1.0] * 12
    for k, age_s in enumerate(ages):
        v = view({**HEALTHY, "journal.age": age_s}, outputs(), now_ns=NOW_NS + k * SECOND // 4, counter=k + 1)
        state, findings = watch(state, BOUND, v, EMPTY)
        seen += [(k, f.gone) for f in findings if f.rule.name == "record_late"]
    assert seen == [(0, False), (28 + 8, True)]
