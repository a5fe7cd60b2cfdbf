"""What waits at the desk: outboxes of clients, requests for the core, and how often a client is listened to."""

from pvdstation.desk.asked import MOST_URGENT, MOST_WAITING, Asked, Requests
from pvdstation.desk.caller import Allowance
from pvdstation.desk.outbox import MOST_BYTES, Outbox
from pvdstation.desk.talk import Ask


def taken(outbox: Outbox, at_once: int = 3) -> bytes:
    """Take all, a few bytes at a time."""
    data = b""
    while part := outbox.next():
        data += bytes(part[:at_once])
        outbox.taken(len(part[:at_once]))
    return data


def test_events_come_in_order_and_before_the_newest_snapshot():
    outbox = Outbox()
    outbox.show(b"old snapshot")
    outbox.put(b"first,", 0.0)
    outbox.show(b"new snapshot")
    outbox.put(b"second,", 0.0)
    assert taken(outbox) == b"first,second,new snapshot"
    assert not outbox


def test_a_snapshot_that_has_begun_is_sent_to_its_end():
    outbox = Outbox()
    outbox.show(b"begun,")
    outbox.taken(len(outbox.next()[:2]))
    outbox.show(b"newest")
    outbox.put(b"event,", 0.0)
    assert taken(outbox) == b"gun,event,newest"


def test_only_what_must_arrive_is_waited_for():
    outbox = Outbox()
    outbox.show(b"snapshot")
    assert outbox.next()
    assert outbox.waits_s(100.0) == 0.0
    outbox.put(b"event", 10.0)
    outbox.put(b"event", 12.0)
    assert outbox.waits_s(13.0) == 3.0
    outbox.taken(8)
    outbox.taken(len(outbox.next()) - 1)
    assert outbox.waits_s(13.0) == 3.0
    outbox.taken(1)
    assert outbox.waits_s(13.0) == 1.0


def test_an_outbox_says_when_too_much_waits():
    outbox = Outbox()
    outbox.put(b"x" * MOST_BYTES, 0.0)
    assert not outbox.is_full
    outbox.put(b"x", 0.0)
    assert outbox.is_full


def asked(verb: str, number: int = 1) -> Asked:
    return Asked(number, "ui", Ask(number, verb))


def test_stop_and_abort_are_taken_before_what_was_asked_earlier():
    requests = Requests()
    for verb in ("hold", "pause", "stop", "ack", "abort"):
        assert not requests.put(asked(verb))
    assert requests.arrived.is_set()
    assert [one.ask.verb for one in requests.take()] == ["stop", "abort", "hold", "pause", "ack"]
    assert not requests.arrived.is_set()
    assert requests.take() == ()


def test_a_core_that_takes_nothing_costs_no_memory_and_still_finds_stop_and_abort():
    requests = Requests()
    answers = [requests.put(asked("hold")) for _ in range(MOST_WAITING + 1)]
    answers += [requests.put(asked("stop")) for _ in range(MOST_URGENT + 1)]
    assert sum(bool(answer) for answer in answers) == 2
    assert not requests.put(asked("abort"))
    verbs = [one.ask.verb for one in requests.take()]
    assert verbs == ["stop"] * MOST_URGENT + ["abort"] + ["hold"] * MOST_WAITING


def test_an_allowance_is_never_exceeded_in_any_second():
    allowance = Allowance(3)
    used = [now / 10 for now in range(40) if allowance.is_left(now / 10) and not allowance.use(now / 10)]
    assert used == [0.0, 0.1, 0.2, 1.0, 1.1, 1.2, 2.0, 2.1, 2.2, 3.0, 3.1, 3.2]
    assert allowance.next_s == 4.0
