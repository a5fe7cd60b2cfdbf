"""The page Runs: what is recorded, one of it in words, its report, and an interrupted run."""

from pathlib import Path
from threading import Event as Flag

from page_bench import ERRANDS, PageBench, Wanted
from station_moments import IDLE

from pvdstation.desk.errands import ErrandError, RunListed
from pvdstation.desk.snapshot import CauseShown
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.model.messages import Event, EventKind
from pvdstation.tui.pages.runs import RunsPage

RUNS = (
    RunListed("r-1", "2026-03-01T09:00:00+00:00", "LZLN", "simulated", "complete", "Li_17"),
    RunListed("r-3", "2026-03-02T10:30:00+00:00", "300 nm Zn", "live", "aborted: cooling water lost", "Li_19"),
    RunListed("r-2", "2026-03-01T11:00:00+00:00", "LZLN", "simulated", "interrupted", "Li_18"),
)
LONG = "\n".join(f"line {number}" for number in range(90))
INTERRUPTED = IDLE._replace(
    state="interrupted", run="r-2", cause=CauseShown("interrupted", "its record has no end", 0, 0.0)
)


def fail(_run):
    raise ErrandError("r-3 is held by another process")


def drive(person, snapshot=IDLE, size=(112, 24), **errands):
    async def once_read(bench, pilot):
        await settled(bench, pilot)
        await person(bench, pilot)

    given = ERRANDS._replace(**{"runs": lambda: RUNS, "show": lambda run: f"{run}\n{LONG}", **errands})
    PageBench(RunsPage, given).drive(once_read, snapshot, size)


async def settled(bench, pilot):
    await bench.workers.wait_for_complete()
    await pilot.pause()


async def press(bench, pilot, *keys):
    await pilot.press(*keys)
    await settled(bench, pilot)


def test_runs_stand_newest_first_and_what_went_wrong_is_marked():
    async def person(bench, pilot):
        assert [line.split()[3] for line in bench.lines("runs")] == ["r-3", "r-2", "r-1"]
        assert "LIVE" in bench.lines("runs")[0]
        assert "! aborted: cooling water" in bench.lines("runs")[0]

    drive(person)


def test_a_filter_leaves_the_runs_that_have_every_word():
    async def person(bench, pilot):
        await press(bench, pilot, "slash")
        await bench.fill(pilot, filter="lzln INT")
        assert len(bench.lines("runs")) == 1
        assert "r-2" in bench.lines("runs")[0]
        await press(bench, pilot, "slash", "x", "enter")
        assert bench.lines("runs") == ()

    drive(person)


def test_enter_shows_a_run_in_words_and_escape_leads_back_to_it():
    async def person(bench, pilot):
        await press(bench, pilot, "down", "enter")
        text = bench.page.query_one("RunText")
        assert text.display
        assert text.border_title.startswith("r-2")
        await press(bench, pilot, "pagedown")
        assert text.scroll_y > 10
        await press(bench, pilot, "escape")
        assert not text.display
        assert bench.page.query_one("#runs").chosen == "r-2"

    drive(person)


def test_the_report_says_where_it_is_and_the_command():
    async def person(bench, pilot):
        await press(bench, pilot, "r")
        assert "/records/r-3.html" in bench.text("told").replace("\\", "/")
        assert "pvd runs report r-3 -o r-3.html" in bench.text("told")

    drive(person)


def test_what_cannot_be_done_is_said_in_place():
    async def person(bench, pilot):
        await press(bench, pilot, "r")
        assert bench.text("told") == "r-3 is held by another process"
        await press(bench, pilot, "enter")
        assert bench.page.query_one("RunText").display

    drive(person, report=fail)


def test_runs_that_cannot_be_read_are_said_to_be_so():
    def broken():
        raise ErrandError("the data folder cannot be read")

    async def person(bench, pilot):
        assert bench.text("told") == "the data folder cannot be read"

    drive(person, runs=broken)


def test_an_errand_under_way_is_said_and_no_second_one_is_sent():
    begun, end = [], Flag()

    def slow(run):
        begun.append(run)
        end.wait(10)
        return Path(f"{run}.html")

    async def person(bench, pilot):
        await pilot.press("r")
        assert "being written" in bench.text("told")
        await pilot.press("r")
        end.set()
        await settled(bench, pilot)
        assert begun == ["r-3"]
        assert "The report is in" in bench.text("told")

    drive(person, report=slow)


def test_a_run_that_ended_meanwhile_is_said_and_read_on_request():
    listed = []

    def runs():
        listed.append(1)
        return RUNS

    async def person(bench, pilot):
        bench.page.happened("r-4", (Event(1, 0, EventKind.RUN, "run", "complete"),))
        await bench.tell(pilot, IDLE)
        assert "L reads the list again" in bench.text("found")
        await press(bench, pilot, "l")
        assert len(listed) == 2

    drive(person, runs=runs)


def test_an_interrupted_run_is_said_on_top_and_cleared_on_request():
    async def person(bench, pilot):
        assert "r-2 was interrupted: its record has no end" in bench.text("found")
        await press(bench, pilot, "x")
        assert bench.asked == [Wanted("clear")]
        await bench.answer(pilot, Accepted(0, "r-2 is noted"))
        assert bench.text("told") == "r-2 is noted"

    drive(person, INTERRUPTED)


def test_an_interrupted_run_is_continued_by_a_person_and_a_refusal_is_shown_in_full():
    async def person(bench, pilot):
        await press(bench, pilot, "down", "c")
        await bench.fill(pilot, person="Anna", note="")
        (wanted,) = bench.asked
        start = Start.of_form(wanted.form)
        assert (wanted.verb, start.continues, start.operator) == ("start", "r-2", "Anna")
        await bench.answer(pilot, Refused(0, "it cannot go on", ({"where": "crystal 1", "what": "was changed"},)))
        assert bench.text("told") == "Refused: it cannot go on\ncrystal 1: was changed"

    drive(person, INTERRUPTED)


def test_what_was_not_interrupted_is_neither_continued_nor_cleared():
    async def person(bench, pilot):
        await press(bench, pilot, "c", "x")
        assert not bench.asked
        assert bench.screen is bench.screen_stack[0]

    drive(person)
