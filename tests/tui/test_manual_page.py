"""The page Manual: outputs as they are read back, what is asked and not there yet, and why not."""

import pytest
from page_bench import PageBench, Wanted
from page_moments import HAND, VALVE, WHY_N2, moved
from station_moments import HELD, IDLE, RUNNING, SECOND, TRIPPED, verbs

from pvdstation.desk.snapshot import OutputShown, PositionShown
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.tui.pages.manual import ManualPage
from pvdstation.tui.parts.outputs import is_reached, is_refused


def drive(person, snapshot=HAND, size=(112, 24)):
    PageBench(ManualPage).drive(person, snapshot, size)


def row(bench, name):
    return next(line for line in bench.lines("outputs") if f"{name} " in line)


async def choose(bench, pilot, name):
    lines = bench.lines("outputs")
    bench.page.action_move(-len(lines))
    bench.page.action_move(next(place for place, line in enumerate(lines) if f"{name} " in line))
    await pilot.pause()


def test_idle_it_says_what_by_hand_is_and_how_it_begins_and_ends():
    async def person(bench, pilot):
        text = bench.text("head")
        assert "B  begin a session by hand" in text
        assert "F9 twice" in text
        await pilot.press("o")
        assert not bench.asked

    drive(person, IDLE)


def test_b_begins_a_session_with_the_name_of_a_person():
    async def person(bench, pilot):
        await pilot.press("b", "enter")
        assert bench.text("person-wrong") == "✗ it is needed"
        await bench.fill(pilot, person="Anna", note="")
        (wanted,) = bench.asked
        start = Start.of_form(wanted.form)
        assert (wanted.verb, start.kind, start.operator, start.is_live) == ("start", "by hand", "Anna", False)

    drive(person, IDLE)


def test_a_session_on_a_live_station_is_asked_for_as_live_in_real_time():
    async def person(bench, pilot):
        await pilot.press("b")
        assert "LIVE" in bench.text("text")
        await bench.fill(pilot, person="Anna", note="")
        start = Start.of_form(bench.asked[0].form)
        assert (start.is_live, start.speed) == (True, 1.0)

    drive(person, IDLE._replace(is_simulated=False, speed=60.0))


def test_a_session_that_is_refused_says_every_problem_in_place():
    async def person(bench, pilot):
        await pilot.press("b")
        await bench.fill(pilot, person="Anna", note="")
        problem = {"where": "supply 1", "what": "is on", "write": "Switch it off."}
        await bench.answer(pilot, Refused(0, "not ready", (problem,)))
        assert "supply 1: is on. Switch it off." in bench.text("head")

    drive(person, IDLE)


BROKEN = IDLE._replace(verbs=verbs(), state="interrupted")


@pytest.mark.parametrize(
    ("snapshot", "word"), [(RUNNING, "LZLN"), (HELD, "held"), (TRIPPED, "F8"), (BROKEN, "interrupted")]
)
def test_without_a_session_it_says_why_not_and_no_key_asks_for_anything(snapshot, word):
    async def person(bench, pilot):
        assert bench.text("head").startswith("Not by hand now")
        assert word in bench.text("head")
        assert "OPEN" in row(bench, "fore-line valve")
        await pilot.press("o", "c", "enter", "r", "b")
        assert not bench.asked
        assert bench.screen is bench.screen_stack[0]

    drive(person, snapshot)


def test_an_output_is_shown_as_its_switches_say_and_open_is_unmistakable():
    async def person(bench, pilot):
        assert "OPEN" in row(bench, "HV gate")
        assert "moving" in row(bench, "fore-line valve")
        assert "unknown" in row(bench, "vent valve")
        assert "1000 Hz" in row(bench, "turbo")
        assert "43.1 A 14.7 W" in row(bench, "source Zn")
        assert "OPEN" not in row(bench, "roughing valve").upper().replace("O OPEN", "")

    drive(person)


def test_what_is_asked_is_shown_as_asked_until_it_is_read_back():
    async def person(bench, pilot):
        await choose(bench, pilot, "roughing valve")
        await pilot.press("o")
        assert bench.asked == [Wanted("set", "roughing valve", "open")]
        assert "open: asked" in row(bench, "roughing valve")
        assert " closed " in row(bench, "roughing valve")
        await bench.answer(pilot, Accepted(0))
        await bench.tell(pilot, moved("roughing valve", "moving"))
        assert "open: accepted" in row(bench, "roughing valve")
        await bench.tell(pilot, moved("roughing valve", "open"))
        assert "OPEN" in row(bench, "roughing valve")
        assert "accepted" not in row(bench, "roughing valve")

    drive(person)


def test_what_is_not_read_back_within_ten_seconds_is_called_so():
    async def person(bench, pilot):
        await choose(bench, pilot, "roughing valve")
        await pilot.press("o")
        await bench.answer(pilot, Accepted(0))
        await bench.tell(pilot, HAND._replace(now_ns=HAND.now_ns + 11 * SECOND))
        assert "NOT READ BACK" in row(bench, "roughing valve")

    drive(person)


def test_c_closes():
    async def person(bench, pilot):
        await choose(bench, pilot, "HV gate")
        await pilot.press("c")
        assert bench.asked == [Wanted("set", "HV gate", "closed")]

    drive(person)


def test_why_not_stands_beside_the_table_before_it_is_asked():
    async def person(bench, pilot):
        await choose(bench, pilot, "N2 valve")
        assert "✗ open refused" in row(bench, "N2 valve")
        text = bench.text("chosen")
        for part in ("NOT NOW", "2 of 10 conditions missing", "gate: open (switch)", "isolate the pump", "n2_valve"):
            assert part in text

    drive(person)


def test_a_refusal_is_answered_in_place_with_all_of_its_lines():
    async def person(bench, pilot):
        await choose(bench, pilot, "roughing valve")
        await pilot.press("o")
        await bench.answer(pilot, Refused(0, WHY_N2.replace("N2", "roughing")))
        assert "asked" not in row(bench, "roughing valve")
        text = bench.text("chosen")
        assert "REFUSED" in text
        assert "Zn hot for another 4 min 10 s" in text
        assert "wait until they are cold" in text

    drive(person)


def test_power_is_asked_within_the_limits_with_live_values_beside():
    async def person(bench, pilot):
        await choose(bench, pilot, "source Zn")
        await pilot.press("enter")
        await bench.fill(pilot, power="77")
        assert not bench.asked
        assert "at most 51.6" in bench.text("power-wrong")
        assert "43.1 A of at most 51.6 A" in bench.text("live")
        hotter = HAND.sources[0]._replace(current_a=44.4)
        bench.page.keep(HAND._replace(sources=(hotter, HAND.sources[1])))
        await pilot.pause()
        assert "44.4 A" in bench.text("live")
        await bench.fill(pilot, power="30.5")
        assert bench.asked == [Wanted("set", "source Zn", 30.5)]

    drive(person)


def test_a_source_of_the_controller_says_why_it_takes_no_power():
    async def person(bench, pilot):
        await choose(bench, pilot, "source Li")
        await pilot.press("enter")
        assert bench.screen is bench.screen_stack[0]
        assert "the SQC-310 sets the power of Li" in bench.text("chosen")

    drive(person)


def test_a_rule_that_refuses_may_be_overridden_where_it_says_so():
    async def person(bench, pilot):
        await choose(bench, pilot, "N2 valve")
        await pilot.press("r")
        assert bench.screen is bench.screen_stack[0]
        await choose(bench, pilot, "substrate shutter")
        await pilot.press("r")
        await bench.fill(pilot, minutes="5", person="Anna", reason="test")
        assert bench.asked == [Wanted("override", "substrate_shutter", 5.0, "Anna", "test")]

    drive(person)


def test_nothing_that_was_asked_outlives_the_session_or_the_connection():
    async def person(bench, pilot):
        await choose(bench, pilot, "roughing valve")
        await pilot.press("o")
        bench.page.lost()
        await bench.tell(pilot, HAND)
        assert "asked" not in row(bench, "roughing valve")
        await pilot.press("o")
        await bench.tell(pilot, IDLE)
        await bench.tell(pilot, HAND)
        assert "asked" not in row(bench, "roughing valve")

    drive(person)


@pytest.mark.parametrize(
    ("level", "choices", "refused"),
    [
        ("closed", VALVE, "open"),
        ("run", ("run", "stop"), "stop"),
        ("as found", ("stop", "run"), "run"),
        ("off", ("off",), ""),
    ],
)
def test_what_the_core_refuses_beforehand_is_the_next_movement(level, choices, refused):
    output = OutputShown("x", level, "why", choices)
    assert [word for word in choices if is_refused(output, word)] == ([refused] if refused else [])


def test_where_there_is_room_the_groups_stand_apart_and_the_cursor_never_stands_between_them():
    async def person(bench, pilot):
        outputs = bench.page.query_one("#outputs")
        assert bench.lines("outputs").count("") == 3
        await pilot.press("home")
        chosen = [outputs.chosen]
        for _ in range(len(HAND.outputs) - 1):
            await pilot.press("down")
            chosen.append(outputs.chosen)
        assert chosen == [output.name for output in HAND.outputs]
        await pilot.press("up")
        assert outputs.chosen == HAND.outputs[-2].name

    drive(person, size=(112, 30))


@pytest.mark.parametrize(
    ("name", "position", "level", "word", "is_there"),
    [
        ("backing pump", "running", "run", "run", True),
        ("backing pump", "running", "stop", "stop", False),
        ("backing pump", "standing", "stop", "stop", True),
        ("turbo", "1000 Hz", "as found", "run", False),
        ("turbo", "1000 Hz", "run", "run", True),
        ("N2 valve", "moving", "open", "open", False),
    ],
)
def test_it_is_there_by_its_switches_or_where_it_has_none_by_what_is_told(name, position, level, word, is_there):
    snapshot = HAND._replace(positions=(PositionShown(name, position),))
    assert is_reached(snapshot, OutputShown(name, level), word) is is_there


def test_on_a_small_screen_the_table_and_the_why_are_both_seen():
    async def person(bench, pilot):
        await choose(bench, pilot, "N2 valve")
        assert bench.page.query_one("#outputs").size.height >= 6
        assert bench.page.query_one("#why").size.height >= 6

    drive(person, size=(80, 18))
