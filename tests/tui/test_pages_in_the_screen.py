"""Alarms, Manual and Runs in the whole screen, on a real desk; STOP is heard over their forms."""

from page_moments import ALARMS, HAND, WHY_N2
from screen_bench import ScreenBench

from pvdstation.desk.talk import Refused
from pvdstation.model.messages import Event, EventKind


def test_what_is_refused_by_the_core_is_answered_on_the_page_and_stop_is_heard_over_a_form():
    async def person(bench, pilot):
        await pilot.press("5", *["down"] * 5, "o")
        await bench.until(lambda: "REFUSED" in str(bench.page.query_one("#chosen").visual))
        assert bench.asked[0].ask._replace(id=0)[1:4] == ("set", "N2 valve", "open")
        await pilot.press("end", "up", "enter", "3", "f9", "f9")
        await bench.until(lambda: bench.verbs() == ["set", "stop"])
        await pilot.press("escape", "6")
        await bench.until(lambda: bench.page.query_one("#runs").lines)
        assert "Li_17" in bench.page.query_one("#runs").lines[0]

    with ScreenBench(HAND, answers={"set": Refused(0, WHY_N2)}) as bench:
        bench.drive(person)


def test_alarms_are_acknowledged_and_their_history_is_kept_while_another_page_is_seen():
    async def person(bench, pilot):
        bench.publish(bench.published, [Event(1, 0, EventKind.TRIP, "water_flow", "cooling water lost")])
        await pilot.press("4")
        await bench.until(lambda: bench.page.query_one("#history").lines)
        await pilot.press("enter")
        await bench.until(lambda: bench.verbs() == ["ack"])
        assert bench.asked[0].ask.about == "water_flow"

    with ScreenBench(ALARMS) as bench:
        bench.drive(person)
