"""The frame: what stands around every page, and what its keys ask the core for."""

import asyncio
import math
import time

import pytest
from screen_bench import ScreenBench
from station_moments import ALARM, ASKING, HELD, IDLE, RUNNING, SECOND, TRIPPED

from pvdstation.desk.client import Client
from pvdstation.desk.line import NobodyThere
from pvdstation.desk.snapshot import LinkShown, OverrideShown, QuestionShown
from pvdstation.desk.talk import Refused
from pvdstation.model.problems import Problem
from pvdstation.model.problems import Refused as RefusedInput
from pvdstation.tui.asking import ConfirmWindow, QuestionWindow
from pvdstation.tui.frame.lines import alarm_line, foot, keys_line, question_line
from pvdstation.tui.frame.sight import Sight
from pvdstation.tui.frame.state import bar, state
from pvdstation.tui.frame.top import top
from pvdstation.tui.help import HelpWindow, help_text
from pvdstation.tui.keys import Twice
from pvdstation.tui.page import PAGES

WIDTHS = (80, 120, 200)


@pytest.fixture(autouse=True)
def time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def sight(snapshot=RUNNING, **changed) -> Sight:
    return Sight("sim", "SIMULATED", snapshot, "screen 1")._replace(**changed)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("snapshot", [None, IDLE, RUNNING, HELD, TRIPPED])
@pytest.mark.parametrize("lost", ["", "the core has ended"])
def test_the_frame_is_as_wide_as_the_screen_and_says_the_mode_and_how_to_stop(snapshot, lost, width):
    seen = sight(snapshot, lost=lost)
    first, last = top(seen, width), foot(seen, PAGES, "overview", width)
    assert first.cell_length == last.cell_length == width
    assert " SIMULATED " in first.plain
    assert "F9 STOP" in last.plain
    assert "F12 ABORT" in last.plain
    assert ("DISCONNECTED" in first.plain) is bool(lost)


def test_a_live_station_is_called_so_in_words_and_another_colour():
    live = sight(RUNNING._replace(is_simulated=False))
    assert " LIVE " in top(live, 80).plain
    assert live.line != sight().line


@pytest.mark.parametrize("width", WIDTHS)
def test_a_trip_says_the_first_cause_what_is_confirmed_and_what_to_do(width):
    words = " ".join((top(sight(TRIPPED), width).plain, state(sight(TRIPPED), width - 4).plain))
    for expected in (
        "ABORTED",
        "cooling water lost (water_flow), 13:01:40",
        "CONFIRMED: supplies off 0.4 s, shutters closed 0.9 s, N2 closed, safe state",
        "then R writes the report",
        "F8 Clear",
    ):
        assert expected in words


def test_what_is_not_confirmed_is_marked():
    unsafe = state(sight(TRIPPED._replace(is_safe=False)), 116)
    assert "safe state NOT CONFIRMED" in unsafe.plain
    assert any("$error" in str(span.style) for span in unsafe.spans)


def test_a_hold_says_when_it_becomes_a_stop():
    assert "a stop in 4 min  step 3 of 10" in state(sight(HELD), 116).plain


def test_the_state_says_step_time_and_phase():
    first, second = state(sight(), 116).plain.split("\n")
    assert first.split("  ")[0].strip() == "RUNNING"
    assert first.endswith("28:41 done · 46 min to go · ends 13:48")
    assert second.endswith("38 %   phase: deposit")
    assert "ends 13:02" in state(sight(RUNNING._replace(to_go_s=2400.0, speed=60.0, wall_s=RUNNING.wall_s)), 116).plain


def test_a_bar_fills_in_eighths():
    assert [bar(share, 2) for share in (0.0, 1 / 16, 0.5, 1.0, 2.0)] == ["  ", "▏ ", "█ ", "██", "██"]


def test_the_alarm_line_shows_the_worst_that_nobody_knows_of():
    known = ALARM._replace(name="a", text="known", state="acknowledged")
    low = ALARM._replace(name="b", text="harmless", priority="low")
    line = alarm_line(sight(RUNNING._replace(alarms=(known, low, ALARM))), 116).plain
    assert line.startswith(" ▲ 3 alarms  high: chamber pressure above 5e-5 mbar, unacknowledged, 12 s")
    assert (
        "no alarms, 1 shelved"
        in alarm_line(sight(RUNNING._replace(alarms=(ALARM._replace(state="shelved"),))), 116).plain
    )


def test_a_lost_link_an_override_and_another_in_charge_are_named_at_any_width():
    shown = RUNNING._replace(
        links=(
            LinkShown("sqc", is_lost=True, text="no answer for 3 s: port closed", round_trip_ms=math.nan),
            *RUNNING.links[1:],
        ),
        overrides=(OverrideShown("boat_resistance", "Anna", "new boat", 8 * SECOND),),
        in_charge="run 4711",
    )
    for width in WIDTHS:
        line = alarm_line(sight(shown), width - 4).plain
        assert "OVERRIDDEN: boat_resistance by Anna" in line
    assert "in charge: run 4711 (F7 takes it)" in line
    assert "sqc LOST: no answer for 3 s: port closed" in line
    assert "LOST: sqc" in alarm_line(sight(shown._replace(overrides=(), in_charge="", alarms=(ALARM,))), 76).plain


def test_keys_of_what_is_refused_now_are_dim():
    line = keys_line(sight(), (), 116)
    dim = {line.plain[span.start : span.end] for span in line.spans if "dim" in str(span.style)}
    assert {"Resume", "Clear", "F4"} <= dim
    assert "Hold" not in dim
    assert "a ack" in keys_line(sight(), (("a", "ack"),), 76).plain


def test_a_question_is_announced_with_its_key():
    assert question_line(ASKING).plain.strip() == "QUESTION  Is the film silvery? (yes or no)  F5 Answer"
    assert not question_line(RUNNING).plain


def test_help_says_what_each_key_does_now_and_its_command():
    text = " ".join(help_text(sight(), "alarms", (("a", "acknowledge"),)).plain.split())
    assert "F3 Hold pvd hold substrate shutter closes at once" in text
    assert "F9 twice within 1 s, or Ctrl+T twice; shutters close at once" in text
    assert "F4 Resume pvd resume refused" in text
    assert "On this page (Alarms) a acknowledge" in text


def test_a_key_counts_twice_only_within_a_second_and_for_the_same_verb():
    twice = Twice()
    assert not twice.press("stop", 10.0)
    assert not twice.press("abort", 10.2)
    assert twice.press("abort", 11.2)
    assert not twice.press("abort", 11.3)
    assert not twice.press("abort", 12.4)


def test_digits_open_the_six_pages_and_the_verbs_are_asked_for():
    async def person(bench, pilot):
        for number, name in enumerate(PAGES, 1):
            await pilot.press(str(number))
            assert bench.page.id == name
        await pilot.press("1", "f2", "f3", "f4", "f6", "f8")
        await bench.until(lambda: len(bench.asked) == 5)
        assert sorted(bench.verbs()) == ["clear", "hold", "pause", "resume", "skip"]
        await bench.until(lambda: any("it is" in said for said in bench.app.said))

    with ScreenBench(RUNNING) as bench:
        bench.drive(person)


def test_stop_and_abort_take_two_presses_from_every_page_and_window():
    async def person(bench, pilot):
        await pilot.press("f9")
        assert bench.app.said[-1] == "F9 again within 1 s to STOP"
        now[0] += 1.5
        await pilot.press("f9")
        assert bench.verbs() == []
        await pilot.press("f9")
        await bench.until(lambda: bench.verbs() == ["stop"])
        await pilot.press("f1")
        assert isinstance(bench.app.screen, HelpWindow)
        await pilot.press("ctrl+g", "ctrl+g")
        await bench.until(lambda: bench.verbs() == ["stop", "abort"])
        await pilot.press("escape", "f5")
        assert isinstance(bench.app.screen, QuestionWindow)
        await pilot.press("ctrl+t", "ctrl+t")
        await bench.until(lambda: len(bench.asked) == 3)
        await pilot.press("escape", "ctrl+p", "f12", "f12")
        await bench.until(lambda: bench.verbs() == ["stop", "abort", "stop", "abort"])
        assert {asked.client.split()[0] for asked in bench.asked} == {"screen"}

    now = [0.0]
    with ScreenBench(ASKING, clock=lambda: now[0]) as bench:
        bench.drive(person)


def test_where_it_is_wanted_stop_asks_first():
    async def person(bench, pilot):
        await pilot.press("f9")
        assert isinstance(bench.app.screen, ConfirmWindow)
        await pilot.press("n", "f9")
        assert bench.verbs() == []
        await pilot.press("f12", "f12")  # while STOP is asked about: what is asked for last counts
        assert bench.app.screen.word == "ABORT"
        await pilot.press("y")
        await bench.until(lambda: bench.verbs() == ["abort"])
        await pilot.press("f9", "y")
        await bench.until(lambda: bench.verbs() == ["abort", "stop"])

    with ScreenBench(RUNNING, confirm=True) as bench:
        bench.drive(person)


def test_a_refusal_stands_in_the_message_line():
    async def person(bench, pilot):
        await pilot.press("f4")
        await bench.until(lambda: bench.app.said == ["resume refused: water_flow: no flow"])

    with ScreenBench(HELD, answers={"resume": Refused(0, "water_flow: no flow")}) as bench:
        bench.drive(person)


def test_a_question_is_answered_from_any_page_within_its_limits():
    mass = QuestionShown("mass", "How much is left?", "10 to 500 mg", "mg", 10.0, 500.0)

    async def person(bench, pilot):
        await pilot.press("4", "f5", *"600", "enter")
        assert isinstance(bench.app.screen, QuestionWindow)
        await pilot.press("backspace", "backspace", "backspace", *"60", "enter")
        await bench.until(lambda: bench.asked)
        bench.publish(ASKING)
        await bench.shown(pilot)
        await pilot.press("f5", "y")
        await bench.until(lambda: len(bench.asked) == 2)
        assert [(a.ask.about, a.ask.value) for a in bench.asked] == [("mass", 60.0), ("colour", 1.0)]

    with ScreenBench(ASKING._replace(questions=(mass,))) as bench:
        bench.drive(person)


def test_charge_is_taken_from_somebody_else():
    async def person(bench, pilot):
        with Client(bench.address, "other", watch=False) as other:
            other.take_charge()
            bench.publish(bench.published._replace(now_ns=1))
            await bench.shown(pilot)
            await pilot.press("f3")
            await bench.until(lambda: "take charge first" in bench.app.said[-1:][0] if bench.app.said else False)
            await pilot.press("f7")
            await bench.until(lambda: bench.server.in_charge == bench.app.sight.label)

    with ScreenBench(RUNNING) as bench:
        bench.drive(person)


def test_a_core_that_goes_is_said_to_be_gone_and_met_again():
    async def person(bench, pilot):
        bench.close_desk()
        await bench.until(lambda: bench.app.is_lost)
        assert "DISCONNECTED" in top(bench.app.sight, 120).plain
        assert "OLD" in bench.page.query_one("#title").content.plain
        await pilot.press("f9", "f9")
        await bench.until(lambda: "stop refused: nobody runs this station" in bench.app.said)
        bench.published = HELD
        bench.open_desk()
        await pilot.press("f7")
        await bench.shown(pilot)
        assert not bench.app.is_lost

    with ScreenBench(RUNNING) as bench:
        bench.drive(person)


def test_a_core_that_shows_nothing_is_taken_for_lost():
    async def person(bench, pilot):
        now[0] += 10.0
        bench.app._look()
        assert bench.app.sight.lost == "the core has been silent for 10 s"
        bench.publish(HELD)
        await bench.shown(pilot)
        assert not bench.app.is_lost

    now = [0.0]
    with ScreenBench(RUNNING, clock=lambda: now[0]) as bench:
        bench.drive(person)


def test_the_screen_is_drawn_before_there_is_a_core_and_says_what_keeps_it_from_starting():
    tries = []

    def meet():
        tries.append(1)
        if len(tries) == 1:
            raise RefusedInput([Problem("supply.1", "the port is taken", "close the other program")])
        if len(tries) == 2:
            raise NobodyThere("nobody runs this station")
        return Client(bench.address, "screen")

    async def person():
        async with bench.app.run_test(size=(120, 40)) as pilot:
            await bench.until(lambda: bench.app.sight.problems)
            assert "supply.1: the port is taken" in state(bench.app.sight, 116).plain
            assert len(tries) == 1
            await pilot.press("f7")
            await bench.until(lambda: len(tries) == 2)
            await pilot.press("f7")
            await bench.shown(pilot)

    with ScreenBench(RUNNING, meet=meet) as bench:
        asyncio.run(person())


def test_leaving_the_screen_asks_the_core_for_nothing():
    async def person(bench, pilot):
        await pilot.press("q")

    with ScreenBench(RUNNING) as bench:
        bench.drive(person)
        assert bench.verbs() == []


def test_the_palette_holds_verbs_with_what_they_do_now():
    with ScreenBench(RUNNING) as bench:
        bench.app.sight = sight()
        commands = {command.title: command.help for command in bench.app.get_system_commands(None)}
    assert commands["Hold (F3)"].startswith("substrate shutter closes at once")
    assert {"STOP (F9)", "ABORT (F12)", "Manual (5)", "Leave (F10)"} <= set(commands)
