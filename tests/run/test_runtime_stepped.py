"""Stepped time: who may delay whom, what an image shows, and how actions and levels end."""

import json
from itertools import pairwise
from random import Random
from typing import ClassVar

import pytest
from toy_station import LINKS, PERIOD_NS, Echo, ToyDriver, action, toy_station

from pvdstation.drivers.base import Routine
from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.model.messages import Request, Verb
from pvdstation.model.signals import Quality
from pvdstation.runtime.clock import Pacer
from pvdstation.runtime.stepped import SteppedRun
from pvdstation.wires.link import Ask, Pause


class Silent(Echo):
    def receive(self, data, now_ns):
        super().receive(data, now_ns)
        return []


def run(station, **options):
    return SteppedRun(station.scan, station.workers, station.world, PERIOD_NS, **options).run()


def ages(station, name):
    """How old the link's reading was in every scan, ns."""
    number = station.drivers[name].signal
    return [t - image.readings[number].at_ns for t, image in zip(station.core.times, station.core.images, strict=True)]


# --- rule 7: one link's trouble is its own ---


def test_a_silent_link_delays_no_other_link_and_no_scan():
    with_all, with_silent = toy_station(), toy_station({"supply1": Silent("supply1")})
    run(with_all)
    outcome = run(with_silent)
    assert with_silent.core.times == [n * PERIOD_NS for n in range(40)]
    assert outcome.late_scans == 0
    assert with_silent.machines["supply1"].heard, "the silent link was asked"
    for name in set(LINKS) - {"supply1"}:
        assert with_silent.machines[name].heard == with_all.machines[name].heard
        assert ages(with_silent, name) == ages(with_all, name)


def test_a_silent_link_is_lost_after_three_misses_and_tried_ever_less_often():
    station = toy_station({"supply1": Silent("supply1")}, scans=200)
    outcome = run(station)
    asked = [t for t, _ in station.machines["supply1"].heard]
    assert asked[1] - asked[0] == asked[2] - asked[1] == 300 * MILLISECOND + 50 * MILLISECOND
    rounds = asked[::3]
    waits = [later - earlier for earlier, later in pairwise(rounds)]
    assert waits[1] > waits[0]
    assert max(waits) < 8 * SECOND
    assert outcome.links["supply1"].lost == 1
    assert "3 questions" in outcome.links["supply1"].fault
    assert station.board.readings[station.drivers["supply1"].signal].quality is Quality.COMM_FAULT
    assert [n.text for n in station.journal.notices if n.link == "supply1"] == [
        "lost: no answer to 3 questions in a row"
    ]


def test_a_link_that_answers_again_is_identified_and_polled():
    machine = Echo("gauges")
    station = toy_station({"gauges": machine}, scans=80)

    def quiet(now_ns, decision):
        machine.is_silent = 2 * SECOND <= now_ns < 8 * SECOND

    run(station, on_scan=quiet)
    number = station.drivers["gauges"].signal
    qualities = [image.readings[number].quality for image in station.core.images]
    assert qualities[8] is Quality.GOOD
    assert qualities[24] is Quality.COMM_FAULT
    assert qualities[-1] is Quality.GOOD
    back = next(t for t, line in machine.heard if t >= 8 * SECOND)
    assert next(line for t, line in machine.heard if t >= 8 * SECOND) == b"who\n"
    assert back - 8 * SECOND < 6 * SECOND
    assert [n.text.split(":")[0] for n in station.journal.notices if n.link == "gauges"] == [
        "answers",
        "lost",
        "answers",
    ]


def test_scans_wait_for_no_exchange_however_slow():
    station = toy_station({name: Echo(name, 290 * MILLISECOND) for name in LINKS})
    outcome = run(station)
    assert station.core.times == [n * PERIOD_NS for n in range(40)]
    assert outcome.scans == 40


# --- what an image shows ---


@pytest.mark.parametrize("latency_ms", [1, 199, 200, 201, 249, 250, 251])
def test_a_reading_is_in_the_first_image_after_its_last_byte_and_in_none_before(latency_ms):
    station = toy_station({"io": Echo("io", latency_ms * MILLISECOND)})
    run(station)
    number = station.drivers["io"].signal
    arrivals = sorted({image.readings[number].at_ns for image in station.core.images if image.readings[number].counter})
    assert arrivals
    for arrival in arrivals:
        first = next(
            t
            for t, image in zip(station.core.times, station.core.images, strict=True)
            if image.readings[number].at_ns >= arrival
        )
        assert first - PERIOD_NS <= arrival < first
    for t, image in zip(station.core.times, station.core.images, strict=True):
        assert all(reading.at_ns <= t for reading in image.readings)


def test_a_reading_that_arrives_at_the_moment_of_a_scan_is_in_the_next_image():
    class OnTheScan(Echo):
        def receive(self, data, now_ns):
            super().receive(data, now_ns)
            return [((now_ns // PERIOD_NS + 1) * PERIOD_NS, self.answer(data))]

    station = toy_station({"io": OnTheScan("io")})
    run(station)
    assert set(ages(station, "io")[10:]) == {PERIOD_NS}


def test_an_event_is_durable_in_the_next_image():
    station = toy_station(scans=5)
    run(station)
    number = station.board.signals.journal_durable
    assert [image.readings[number].value for image in station.core.images] == [-1, 0, 1, 2, 3]


def test_a_request_is_shown_to_one_scan():
    station = toy_station(scans=5)
    station.scan.request(Request(Verb.HOLD, "test"))
    run(station)
    assert station.core.requests == [Request(Verb.HOLD, "test")]


# --- late answers ---


class Tardy(Echo):
    """Most answers come in time, some after the dead-line: the numbers in them tell whose they are."""

    def __init__(self, name, latest_ns):
        random = Random(f"7/{name}")
        super().__init__(name, lambda: random.randrange(latest_ns) if random.random() < 0.3 else 5 * MILLISECOND)


class Impatient(ToyDriver):
    """Takes the first frame for the answer, as an instrument without numbers in its answers makes us do."""

    deadline_ns = 40 * MILLISECOND


class Careful(Impatient):
    """Knows its answers, so even one that is seconds late is not taken for another."""

    def ask(self, text):
        return Ask(f"{text}\n".encode(), self.deadline_ns, lambda frame: frame == f"={text}".encode())


@pytest.mark.parametrize(("driver", "latest_ms"), [(Impatient, 90), (Careful, 3000)])
def test_a_late_answer_never_becomes_the_answer_to_another_question(driver, latest_ms):
    station = toy_station({n: Tardy(n, latest_ms * MILLISECOND) for n in LINKS}, scans=700, driver=driver)
    outcome = run(station)
    pairs = [p for d in station.drivers.values() for p in zip(d.asked, d.answered, strict=True)]
    assert sum(link.misses for link in outcome.links.values()) > 500
    assert sum(link.surplus for link in outcome.links.values()) > 100
    assert len(pairs) > 1000
    assert [pair for pair in pairs if pair[1] != b"=" + pair[0]] == []


def test_ten_thousand_exchanges_with_random_delays_give_no_mismatched_pair():
    driver = Impatient
    station = toy_station({n: Tardy(n, 90 * MILLISECOND) for n in LINKS}, scans=2500, driver=driver)
    outcome = run(station)
    assert sum(link.exchanges for link in outcome.links.values()) > 10_000
    assert all(b"=" + a == b for d in station.drivers.values() for a, b in zip(d.asked, d.answered, strict=True))


# --- urgent work and leases ---


class Slow(ToyDriver):
    """Its poll takes ten questions."""

    def poll(self) -> Routine:
        self.polls += 1
        for n in range(10):
            reply = yield self.ask(f"{self.polls}.{n}")
        self.board.post(self.signal, 1.0, Quality.GOOD, reply.at_ns)


def test_urgent_work_is_done_between_two_questions_of_a_long_routine_which_then_goes_on():
    station = toy_station({"io": Echo("io", 60 * MILLISECOND)}, scans=24, driver=Slow)
    station.core.is_open = lambda scan: scan >= 10
    run(station)
    heard = [line.decode().strip() for _, line in station.machines["io"].heard]
    place = heard.index("ON")
    before, after = heard[place - 1], heard[place + 1]
    assert before.split(".")[0] == after.split(".")[0]
    assert int(after.split(".")[1]) == int(before.split(".")[1]) + 1
    at_ns = station.machines["io"].heard[place][0]
    assert 10 * PERIOD_NS <= at_ns <= 10 * PERIOD_NS + 60 * MILLISECOND


class TwoWrites(ToyDriver):
    """Its write takes two questions; the second one is held up."""

    def write(self, wanted: str) -> Routine:
        yield self.ask(f"{wanted}1")
        yield Pause(400 * MILLISECOND)
        reply = yield self.ask(f"{wanted}2")
        if reply.frame is not None:
            self.written = wanted


def test_urgent_work_is_never_nested_in_urgent_work():
    station = toy_station(scans=40, driver=TwoWrites)
    station.core.is_open = lambda scan: scan % 3 == 0
    run(station)
    writes = [line for _, line in station.machines["io"].heard if line.startswith(b"O")]
    assert len(writes) > 6
    for first, second in zip(writes[::2], writes[1::2], strict=False):
        assert (first[:-2], first[-2:], second[-2:]) == (second[:-2], b"1\n", b"2\n")


def test_a_link_in_a_long_wait_is_at_once_there_for_a_new_level():
    station = toy_station(scans=12)
    for driver in station.drivers.values():
        driver.rows.clear()
    station.core.is_open = lambda scan: scan == 8
    run(station)
    writes = [(t, line) for t, line in station.machines["io"].heard if line in {b"ON\n", b"OFF\n"}]
    assert writes[1:] == [(8 * PERIOD_NS, b"ON\n"), (9 * PERIOD_NS, b"OFF\n")]


def test_when_the_lease_runs_out_the_driver_switches_off_without_a_scan():
    station = toy_station(scans=12)
    for driver in station.drivers.values():
        driver.rows.clear()
    station.core.is_open = lambda scan: True
    station.core.lease_ns = 100 * MILLISECOND
    run(station)
    heard = station.machines["io"].heard
    assert heard[1][1] == b"OFF\n" or heard[1][1] == b"ON\n"
    off_ns = [t for t, line in heard if line == b"OFF\n" and t >= PERIOD_NS]
    assert off_ns == [n * PERIOD_NS + 100 * MILLISECOND + 1 for n in range(1, 11)]


# --- actions ---


def results(station):
    return [r for image in station.core.images for r in image.results] + list(station.board.results)


def test_an_action_is_begun_once_and_polls_go_on_while_it_pauses():
    station = toy_station(scans=20)
    station.core.act = lambda scan, now_ns: (action(7, "sqc"),) if scan == 4 else ()
    run(station)
    heard = [line for _, line in station.machines["sqc"].heard]
    assert [line for line in heard if line.startswith(b"act")] == [b"act7.%d\n" % n for n in range(4)]
    assert [(r.number, r.ok) for r in results(station)] == [(7, True)]
    first, last = heard.index(b"act7.0\n"), heard.index(b"act7.3\n")
    assert any(line[:1].isdigit() for line in heard[first:last])


@pytest.mark.parametrize("dies_at_ms", [900, 1005, 1050, 1150, 1600])
def test_an_action_ends_exactly_once_when_its_link_dies(dies_at_ms):
    class Dying(Echo):
        def receive(self, data, now_ns):
            self.is_silent = now_ns >= dies_at_ms * MILLISECOND
            return super().receive(data, now_ns)

    station = toy_station({"sqc": Dying("sqc")}, scans=60)
    station.core.act = lambda scan, now_ns: (action(scan, "sqc"),) if scan in {4, 5, 20, 40} else ()
    run(station)
    ended = results(station)
    assert sorted(r.number for r in ended) == [4, 5, 20, 40]
    assert [r.ok for r in ended if r.number >= 20] == [False, False]
    assert all(r.text for r in ended)


def test_an_action_is_not_begun_after_its_deadline():
    station = toy_station({"sqc": Echo("sqc", 280 * MILLISECOND)}, scans=30)
    station.core.act = lambda scan, now_ns: (action(1, "sqc"), action(2, "sqc", now_ns + SECOND)) if scan == 8 else ()
    run(station)
    assert not any(line.startswith(b"act2") for _, line in station.machines["sqc"].heard)
    assert [(r.number, r.ok) for r in results(station)] == [(1, True), (2, False)]


def test_an_action_that_ends_without_a_result_is_given_one():
    class Forgetful(ToyDriver):
        def begin(self, action):
            yield self.ask("act")

    station = toy_station(scans=20, driver=Forgetful)
    station.core.act = lambda scan, now_ns: (action(3, "turbo"),) if scan == 4 else ()
    run(station)
    assert [(r.number, r.ok, r.text) for r in results(station)] == [(3, False, "ended without a result")]


# --- expected and unexpected trouble in a driver ---


def test_the_wrong_instrument_is_told_nothing_but_the_question_who_it_is():
    station = toy_station(scans=40)
    station.drivers["turbo"].wrong = "this is a gauge controller, not a turbo drive"
    outcome = run(station)
    assert {line for _, line in station.machines["turbo"].heard} == {b"who\n"}
    assert "gauge controller" in outcome.links["turbo"].fault
    assert station.board.readings[station.drivers["turbo"].signal].quality is Quality.COMM_FAULT


def test_a_malformed_answer_is_communication_lost_until_the_link_is_greeted_again():
    class Garbled(Echo):
        def answer(self, data):
            return b"=9,9\n" if data == b"12\n" else super().answer(data)

    station = toy_station({"gauges": Garbled("gauges")})
    outcome = run(station)
    heard = [line for _, line in station.machines["gauges"].heard]
    assert heard[heard.index(b"12\n") + 1] == b"who\n"
    assert outcome.links["gauges"].lost == 1
    assert station.board.readings[station.drivers["gauges"].signal].quality is Quality.GOOD


def test_after_an_error_of_ours_a_link_polls_no_more_but_still_writes_off():
    class Broken(ToyDriver):
        def poll(self):
            if self.name == "io" and self.polls == 10:
                raise KeyError("a bug")
            return (yield from super().poll())

    station = toy_station(scans=60, driver=Broken)
    station.core.is_open = lambda scan: scan < 30
    outcome = run(station)
    number = station.drivers["io"].signal
    assert [i.readings[number].quality for i in station.core.images[14:]] == [Quality.COMM_FAULT] * 46
    assert "KeyError" in station.journal.notices[-2].text
    assert [line for _, line in station.machines["io"].heard][-1] == b"OFF\n"
    assert outcome.ended
    assert "a bug" in outcome.links["io"].fault
    assert outcome.links["gauges"].lost == 0


def test_an_error_in_the_core_hands_off_to_every_link_and_goes_on_to_the_caller():
    station = toy_station()
    station.core.is_open = lambda scan: True
    station.core.fails_in = 12
    with pytest.raises(ZeroDivisionError):
        run(station)
    for name in LINKS:
        assert [line for _, line in station.machines[name].heard if line.startswith(b"O")][-1] == b"OFF\n"
        assert next(t for t, line in station.machines[name].heard if line == b"OFF\n" and t >= 12 * PERIOD_NS) < (
            12 * PERIOD_NS + 10 * MILLISECOND
        )
        assert not station.drivers[name].scan_is_alive(13 * PERIOD_NS + 2 * SECOND)


def test_a_driver_that_fails_does_not_keep_off_from_the_others():
    station = toy_station()
    station.core.is_open = lambda scan: True

    class Failing(ToyDriver):
        def accept(self, outputs, now_ns):
            if now_ns >= 12 * PERIOD_NS or not outputs.substrate_shutter:
                raise LookupError("a bug")
            super().accept(outputs, now_ns)

    station.drivers["sqc"].__class__ = Failing
    with pytest.raises(LookupError):
        run(station)
    for name in set(LINKS) - {"sqc"}:
        assert [line for _, line in station.machines[name].heard if line.startswith(b"O")][-1] == b"OFF\n"


def test_a_restart_banner_makes_the_link_ask_again_who_is_there():
    class Restarting(Echo):
        has_restarted = False

        def advance_to(self, now_ns):
            if now_ns < 3 * SECOND or self.has_restarted:
                return []
            self.has_restarted = True
            return [(now_ns, b"hello, I am new\n")]

    station = toy_station({"turbo": Restarting("turbo")})
    outcome = run(station)
    asked = [t for t, line in station.machines["turbo"].heard if line == b"who\n"]
    assert len(asked) == 2
    assert 3 * SECOND <= asked[1] < 3 * SECOND + 2 * PERIOD_NS
    assert outcome.links["turbo"].surplus == 1
    assert outcome.links["turbo"].lost == 0


# --- the run ---


def test_the_same_seeds_give_the_same_events_and_the_same_bytes():
    def story():
        station = toy_station({n: Tardy(n, 200 * MILLISECOND) for n in LINKS}, scans=200, driver=Impatient)
        run(station)
        return json.dumps([station.journal.events, {n: str(m.heard) for n, m in station.machines.items()}])

    assert story() == story()


def test_a_run_stops_at_once_when_told_and_at_the_longest_time():
    station = toy_station()
    run_ = SteppedRun(station.scan, station.workers, station.world, PERIOD_NS, on_scan=lambda now_ns, _: stop(now_ns))

    def stop(now_ns):
        if now_ns == 3 * PERIOD_NS:
            run_.stop_now()

    outcome = run_.run()
    assert (outcome.ended, outcome.scans, outcome.now_ns) == (False, 4, 3 * PERIOD_NS)
    outcome = run(toy_station(), longest_ns=SECOND)
    assert (outcome.ended, outcome.scans) == (False, 5)


def test_a_paced_run_keeps_plant_time_at_the_speed_of_the_wall():
    class Wall(SteppedClock):
        moments: ClassVar[list[int]] = []

        def wait_until(self, moment_ns):
            self.moments.append(moment_ns)
            return super().wait_until(moment_ns)

    wall = Wall(5 * SECOND)
    run(toy_station(scans=5), pacer=Pacer(10, wall))
    assert wall.moments == [5 * SECOND + n * 25 * MILLISECOND for n in range(5)]


def test_no_burst_follows_when_the_computer_was_stopped():
    class Sleepy(SteppedClock):
        def wait_until(self, moment_ns):
            return super().wait_until(moment_ns + (60 * SECOND if moment_ns == 2 * SECOND else 0))

    wall = Sleepy()
    pacer = Pacer(1.0, wall)
    for plant_s in range(5):
        pacer.wait(plant_s * SECOND)
    assert wall.now_ns() == 64 * SECOND
