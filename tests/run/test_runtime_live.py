"""The real clock with threads: the same discipline, and nothing left over. Periods are tiny, margins wide."""

import threading
from itertools import pairwise

import pytest
from toy_station import LINKS, Echo, ToyDriver, action, toy_station

from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import Request, Verb
from pvdstation.runtime.clock import RealClock
from pvdstation.runtime.live import LiveRun

TICK_NS = 10 * MILLISECOND


class Quick(ToyDriver):
    deadline_ns = 60 * MILLISECOND


class Silent(Echo):
    def receive(self, data, now_ns):
        super().receive(data, now_ns)
        return []


def live(instruments=None, *, scans=60, driver=Quick, **options):
    machines = {name: Echo(name, MILLISECOND) for name in LINKS} | dict(instruments or {})
    clock = RealClock()
    station = toy_station(machines, scans=scans, period_ns=TICK_NS, clock=clock, driver=driver)
    station.run = LiveRun(station.scan, station.workers, clock, TICK_NS, **options)
    return station


@pytest.fixture(autouse=True)
def _no_thread_is_left_over():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def test_a_silent_link_delays_no_other_link_and_no_scan():
    with_all, with_silent = live(), live({"supply1": Silent("supply1")})
    with_all.run.run()
    outcome = with_silent.run.run()
    assert outcome.ended
    assert outcome.scans == 60
    assert with_silent.machines["supply1"].heard, "the silent link was asked"
    took_ns = with_silent.core.times[-1] - with_silent.core.times[0]
    assert took_ns == pytest.approx((59 + outcome.late_scans) * TICK_NS, abs=2 * TICK_NS)
    for name in set(LINKS) - {"supply1"}:
        assert outcome.links[name].fault == ""
        polls = with_silent.drivers[name].polls
        assert polls == pytest.approx(with_all.drivers[name].polls, abs=12)
        number = with_silent.drivers[name].signal
        oldest = max(
            t - image.readings[number].at_ns
            for t, image in zip(with_silent.core.times[30:], with_silent.core.images[30:], strict=True)
        )
        # The silent link's dead-line is 60 ms: whoever waited for it would be older than this.
        assert oldest < 5 * TICK_NS


def test_no_reading_is_younger_than_its_image():
    station = live(scans=40)
    station.run.run()
    for t, image in zip(station.core.times, station.core.images, strict=True):
        assert all(reading.at_ns <= t for reading in image.readings)


def test_scans_that_were_late_are_counted_and_not_made_up_for():
    station = live(scans=20)
    clock = RealClock()

    def dawdle(now_ns, decision):
        if decision.state == 10:
            clock.wait_until(clock.now_ns() + 5 * TICK_NS)

    station.run = LiveRun(station.scan, station.workers, clock, TICK_NS, on_scan=dawdle)
    outcome = station.run.run()
    assert outcome.late_scans >= 4
    gaps = [b - a for a, b in pairwise(station.core.times)]
    assert max(gaps) >= 5 * TICK_NS
    assert sum(gaps) >= (19 + outcome.late_scans - 1) * TICK_NS


def test_new_levels_reach_an_idle_link_at_once():
    station = live(scans=30)
    for driver in station.drivers.values():
        driver.rows.clear()
    station.core.is_open = lambda scan: scan == 20
    station.run.run()
    on_ns = next(t for t, line in station.machines["io"].heard if line == b"ON\n")
    assert 0 <= on_ns - station.core.times[20] < 5 * TICK_NS


def test_every_link_is_told_off_at_the_end():
    station = live(scans=30)
    station.core.is_open = lambda scan: True
    outcome = station.run.run()
    assert outcome.ended
    for name in LINKS:
        writes = [line for _, line in station.machines[name].heard if line.startswith(b"O")]
        assert writes[-2:] == [b"ON\n", b"OFF\n"]


def test_an_error_in_the_core_is_off_everywhere_and_goes_on_to_the_caller():
    station = live()
    station.core.is_open = lambda scan: True
    station.core.fails_in = 30
    with pytest.raises(ZeroDivisionError):
        station.run.run()
    for name in LINKS:
        assert [line for _, line in station.machines[name].heard if line.startswith(b"O")][-1] == b"OFF\n"


def test_a_driver_that_fails_keeps_no_thread_and_no_other_link_from_its_end():
    station = live()
    station.core.is_open = lambda scan: True

    def fail(outputs, now_ns):
        raise LookupError("a bug")

    station.drivers["sqc"].accept = fail
    with pytest.raises(LookupError):
        station.run.run()
    for name in set(LINKS) - {"sqc"}:
        assert not any(line == b"ON\n" for _, line in station.machines[name].heard)


def test_when_scans_stand_still_the_links_switch_off_by_themselves():
    station = live(scans=12)
    clock = RealClock()
    station.core.is_open = lambda scan: True
    station.core.lease_ns = 3 * TICK_NS
    stuck = []

    def stand_still(now_ns, decision):
        if decision.state == 10:
            stuck.append(clock.now_ns())
            clock.wait_until(clock.now_ns() + 15 * TICK_NS)
            stuck.append(clock.now_ns())

    run = LiveRun(station.scan, station.workers, clock, TICK_NS, on_scan=stand_still)
    for driver in station.drivers.values():
        driver.rows.clear()
    run.run()
    for name in LINKS:
        off = [t for t, line in station.machines[name].heard if line == b"OFF\n"]
        assert any(t < stuck[1] - 2 * TICK_NS for t in off if t > stuck[0])


def test_an_action_ends_exactly_once_when_its_link_dies():
    class Dying(Echo):
        def receive(self, data, now_ns):
            self.is_silent = now_ns >= 250 * MILLISECOND
            return super().receive(data, now_ns)

    station = live({"sqc": Dying("sqc", MILLISECOND)}, scans=80)
    station.core.act = lambda scan, now_ns: (action(scan, "sqc"),) if scan in {15, 60} else ()
    station.run.run()
    ended = [r for image in station.core.images for r in image.results] + list(station.board.results)
    assert sorted(r.number for r in ended) == [15, 60]
    assert not any(r.ok for r in ended)


def test_requests_from_another_thread_reach_the_core_once_each():
    station = live(scans=30)
    asked = [Request(Verb.HOLD, f"{n}") for n in range(50)]
    thread = threading.Thread(target=lambda: [station.scan.request(r) for r in asked])
    thread.start()
    station.run.run()
    thread.join()
    assert station.core.requests == asked


def test_stop_now_ends_the_run_from_another_thread():
    station = live(scans=1000)
    threading.Timer(0.1, station.run.stop_now).start()
    outcome = station.run.run()
    assert not outcome.ended
    assert outcome.now_ns < 2 * SECOND


def test_an_error_of_a_thread_becomes_the_error_of_the_run():
    def fail(*arguments):
        raise ArithmeticError("a bug where trouble is handled")

    station = live({"io": Silent("io")}, scans=300)
    station.drivers["io"].lose = station.drivers["io"].fail_actions = fail
    with pytest.raises(ArithmeticError, match="where trouble is handled"):
        station.run.run()
    assert len(station.core.times) < 300
    for name in set(LINKS) - {"io"}:
        assert [line for _, line in station.machines[name].heard if line.startswith(b"O")][-1] == b"OFF\n"
