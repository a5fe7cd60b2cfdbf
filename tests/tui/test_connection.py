"""The screen's connection: news only as fast as they are taken, and STOP past whatever waits."""

import time

from screen_bench import ScreenBench
from station_moments import HELD, RUNNING

from pvdstation.desk.talk import Refused
from pvdstation.model.messages import Event, EventKind
from pvdstation.tui.connection import MOST_ASKED, Answered, Connection, Heard, Met


def until(is_so) -> None:
    deadline_s = time.monotonic() + 10.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def kinds(posted) -> list[type]:
    return [type(message) for message in posted]


def event(number: int) -> Event:
    return Event(number, number, EventKind.NOTE, "desk", "something")


def test_a_screen_that_stands_still_gathers_nothing_and_then_finds_every_event_and_the_newest_snapshot():
    posted: list = []
    with ScreenBench(RUNNING, (event(1),)) as bench:
        connection = Connection(bench.address, bench.meet, posted.append)
        connection.start()
        until(lambda: kinds(posted) == [Met, Heard])
        for number in range(2, 50):
            bench.publish(RUNNING._replace(now_ns=number), (event(number),))
        bench.publish(HELD)
        time.sleep(0.3)
        assert kinds(posted) == [Met, Heard]
        seen, numbers = None, []
        while seen is None or seen.state != "held":
            batch = connection.take()
            if batch is not None:
                seen = batch.snapshot or seen
                numbers += [one.number for news in batch.events for one in news.events]
            time.sleep(0.005)
        assert numbers == list(range(1, 50))
        assert kinds(posted).count(Heard) < 5
        connection.close()


def test_stop_is_taken_while_the_core_answers_nothing_else():
    posted: list = []
    with ScreenBench(RUNNING, answers={"hold": None}) as bench:
        connection = Connection(bench.address, bench.meet, posted.append)
        connection.start()
        until(lambda: kinds(posted)[:1] == [Met])

        def answers() -> list:
            return [message.answer for message in posted if isinstance(message, Answered)]

        for _ in range(MOST_ASKED + 1):
            connection.ask("hold", "", None, "", "", None, lambda _: None)
        assert [type(answer) for answer in answers()] == [Refused]
        connection.ask("stop", "", None, "", "", None, lambda _: None)
        until(lambda: len(answers()) == 2)
        assert answers()[1].text == "stop it is"
        connection.close()


def test_stop_goes_to_the_core_that_has_been_met_wherever_that_is():
    posted: list = []
    with ScreenBench(RUNNING) as bench:
        connection = Connection(bench.data / "elsewhere.sock", bench.meet, posted.append)
        connection.start()
        until(lambda: kinds(posted)[:1] == [Met])
        connection.ask("stop", "", None, "", "", None, lambda _: None)
        until(lambda: Answered in kinds(posted))
        assert next(message for message in posted if isinstance(message, Answered)).answer.text == "stop it is"
        connection.close()
