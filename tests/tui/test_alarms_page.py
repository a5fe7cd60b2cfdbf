"""The page Alarms: what stands first, what is told of one alarm, and what each key asks the core for."""

import pytest
from page_bench import PageBench, Wanted
from page_moments import ALARMS, BOAT, WATER
from station_moments import IDLE, NOW_NS, SECOND, TRIPPED

from pvdstation.model.messages import Event, EventKind
from pvdstation.tui.pages.alarms import AlarmsPage
from pvdstation.tui.parts.alarm_history import MOST


def drive(person, snapshot=ALARMS, size=(112, 24)):
    PageBench(AlarmsPage).drive(person, snapshot, size)


def place_of(bench, name):
    return next(place for place, line in enumerate(bench.lines("alarms")) if f" {name} " in line)


def test_what_waits_for_a_person_stands_first_and_every_state_is_a_word():
    async def person(bench, pilot):
        states = [line.split()[1] if line[0] in "!LSO" else line.split()[0] for line in bench.lines("alarms")]
        assert states == ["UNACKNOWLEDGED", "returned", "latched", "acknowledged", "shelved", "overridden"]
        assert bench.text("summary") == "5 alarms · 2 wait for you · 1 rule overridden · first cause: water_flow"

    drive(person)


def test_within_a_state_the_urgent_ones_stand_first_and_of_those_the_first():
    low = WATER._replace(name="c", priority="low", came_ns=0)
    later = WATER._replace(name="b", came_ns=WATER.came_ns + 1)

    async def person(bench, pilot):
        assert place_of(bench, "water_flow") < place_of(bench, "b") < place_of(bench, "c")

    drive(person, TRIPPED._replace(alarms=(low, later, WATER)))


def test_the_first_cause_is_marked_in_the_list_and_in_full():
    async def person(bench, pilot):
        first = [line for line in bench.lines("alarms") if " 1st " in line]
        assert len(first) == 1
        assert "water_flow" in first[0]
        assert "FIRST CAUSE" in bench.text("chosen")

    drive(person)


def test_an_alarm_in_full_says_what_why_what_follows_and_what_to_do():
    async def person(bench, pilot):
        text = " ".join(bench.text("chosen").split())
        for part in (WATER.text, WATER.cause, WATER.consequence, WATER.fix, "31 s ago", "unacknowledged"):
            assert part in text

    drive(person)


def test_the_cursor_stays_with_its_alarm_when_another_one_comes():
    async def person(bench, pilot):
        await pilot.press("down", "down")
        assert "boat_resistance" in bench.text("chosen").splitlines()[0]
        new = WATER._replace(name="e_stop", came_ns=NOW_NS)
        await bench.tell(pilot, ALARMS._replace(alarms=(new, *ALARMS.alarms)))
        assert "boat_resistance" in bench.text("chosen").splitlines()[0]

    drive(person)


def test_no_alarms_is_said_and_no_key_asks_for_anything():
    async def person(bench, pilot):
        assert bench.text("summary") == "No alarms"
        await pilot.press("enter", "a", "s", "u", "r")
        assert not bench.asked
        assert len(bench.said) == 5

    drive(person, IDLE)


def test_enter_acknowledges_the_chosen_one_and_a_all_of_them():
    async def person(bench, pilot):
        await pilot.press("enter", "a")
        assert bench.asked == [Wanted("ack", "water_flow"), Wanted("ack")]

    drive(person)


def test_what_is_acknowledged_is_not_acknowledged_again():
    async def person(bench, pilot):
        await pilot.press("down", "down", "down", "enter")
        assert not bench.asked
        assert bench.said == ["rate_alarm is acknowledged already."]

    drive(person)


def test_shelving_asks_for_minutes_within_the_limit_a_name_and_a_reason():
    async def person(bench, pilot):
        await pilot.press("down", "down", "down", "s")
        await bench.fill(pilot, minutes="90")
        assert "at most 60" in bench.text("minutes-wrong")
        await bench.fill(pilot, minutes="15", person="Anna", reason="known")
        assert bench.asked == [Wanted("shelve", "rate_alarm", 15.0, "Anna", "known")]

    drive(person)


def test_nothing_is_shelved_without_a_reason_or_by_a_held_enter():
    async def person(bench, pilot):
        await pilot.press("down", "s")
        await bench.fill(pilot, minutes="15", person="Anna")
        await pilot.press(*["enter"] * 5)
        assert not bench.asked
        assert bench.text("reason-wrong") == "✗ it is needed"
        await pilot.press("escape")
        assert not bench.asked
        assert bench.screen is bench.screen_stack[0]

    drive(person)


def test_what_is_urgent_is_not_shelved_and_what_is_absolute_is_not_overridden():
    async def person(bench, pilot):
        await pilot.press("s", "r")
        assert not bench.asked
        assert "never shelved" in bench.said[0]
        assert "absolute" in bench.said[1]

    drive(person)


def test_a_rule_is_overridden_for_minutes_with_name_and_reason():
    async def person(bench, pilot):
        await pilot.press("down", "down", "r")
        await bench.fill(pilot, minutes="12,5", person="Anna", reason="new")
        assert bench.asked == [Wanted("override", BOAT.name, 12.5, "Anna", "new")]

    drive(person)


@pytest.mark.parametrize(
    ("place", "wanted"), [(4, Wanted("shelve", "spitting", 0.0)), (5, Wanted("override", "supply_state", 0.0))]
)
def test_u_brings_back_what_is_shelved_and_puts_a_rule_in_force_again(place, wanted):
    async def person(bench, pilot):
        await pilot.press(*["down"] * place, "u")
        assert bench.asked == [wanted]

    drive(person)


def test_an_override_says_who_why_and_how_long_yet():
    async def person(bench, pilot):
        await pilot.press("end")
        text = bench.text("chosen")
        assert "Anna" in text
        assert "new supply" in text
        assert "9 min 30 s" in text

    drive(person)


def test_history_is_newest_first_bounded_and_of_this_run_only():
    async def person(bench, pilot):
        events = tuple(Event(n, n * SECOND, EventKind.ALARM, "rate_alarm", f"no {n}") for n in range(MOST + 9))
        bench.page.happened("0042", (Event(0, 0, EventKind.STEP, "step", "running"), *events))
        lines = bench.lines("history")
        assert len(lines) == MOST
        assert f"no {MOST + 8}" in lines[0]
        bench.page.happened("0043", (Event(1, 0, EventKind.TRIP, "water_flow", "cooling water lost"),))
        (line,) = bench.lines("history")
        assert "TRIP water_flow" in line

    drive(person)


def test_the_history_takes_the_place_of_the_list_where_there_is_no_room_beside():
    async def person(bench, pilot):
        history = bench.page.query_one("#history")
        assert not history.display
        await pilot.press("h")
        assert history.display
        assert not bench.page.query_one("#alarms").display
        await pilot.press("h")
        assert bench.page.query_one("#alarms").display

    drive(person, size=(80, 18))


def test_a_lost_core_is_said():
    async def person(bench, pilot):
        bench.page.lost()
        assert "old" in bench.text("summary")

    drive(person)


def test_every_key_of_the_page_is_told():
    keys = {key for binding in AlarmsPage.BINDINGS if not hasattr(binding, "show") for key in (binding[0],)}
    assert keys == {key.lower() for key, _ in AlarmsPage.KEYS[1:]}
