"""The Recipe page: what is typed is checked, filed, run dry and started; answers are those of a desk, not an engine."""

import threading

import pytest
from page_bench import ERRANDS, PageBench
from patience import until
from station_moments import IDLE, RUNNING
from test_recipe_text import FILE, STATION
from textual.widgets import Input, OptionList, Static

from pvdstation.desk.errands import Curve, ErrandError, Foreseen
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.tui.page import Place
from pvdstation.tui.pages.recipe import RecipePage
from pvdstation.tui.recipe.editor import RecipeText
from pvdstation.tui.recipe.messages import Messages

GOOD = "wait 2 s"


@pytest.fixture
def place(tmp_path):
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "li.toml").write_text(FILE)
    return Place(STATION, tmp_path / "data", recipes, tmp_path / "a.sock")


def editor(bench) -> RecipeText:
    return bench.page.query_one("#text", RecipeText)


def messages(bench) -> tuple[str, ...]:
    return bench.page.query_one("#messages", Messages).lines


def shown(bench, name: str) -> str:
    return str(bench.screen.query_one(f"#{name}", Static).visual)


async def write(bench, pilot, text: str) -> None:
    """Write a text, leave the field, and wait until it has been looked at."""
    await pilot.press("e")
    editor(bench).insert(text)
    await pilot.press("escape")
    bench.page.focus()
    await until(lambda: bench.page.seen.written.text == text)
    await pilot.pause()


async def open_first(bench, pilot) -> None:
    await pilot.press("o")
    await until(lambda: len(bench.screen_stack) == 2)
    await pilot.press("enter")
    await until(lambda: bench.page.seen.checked is not None)
    await pilot.pause()


def test_what_is_typed_is_checked_and_marked_at_its_line(place):
    async def person(bench, pilot):
        await write(bench, pilot, "300 nmm Zn at 0.5 nm/s\n3 apples")
        assert editor(bench).marks == {1: "✗", 2: "✗"}
        assert messages(bench)[0] == "2 problems"
        assert 'unknown unit "nmm"' in messages(bench)[1]
        assert "2 to be put right first" in shown(bench, "steps")
        await pilot.press("m", "ctrl+n")
        assert (editor(bench).cursor_location, editor(bench).has_focus) == ((1, 0), True)

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_a_good_text_shows_what_would_be_done(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        assert messages(bench) == ("ok",)
        assert bench.page.seen.checked.procedure.steps[0].text == GOOD

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_a_file_is_opened_its_parameter_set_and_an_unsaved_text_run_from_a_draft(place):
    starts = []

    def dry_run(start, stop, told):
        starts.append(start)
        told(0.5, "1/2 something")
        return Foreseen("complete", "the table", "run-1", (Curve("pressure", "mbar", (0.0, 9.0), (1.0, 2.0)),))

    async def person(bench, pilot):
        await open_first(bench, pilot)
        await pilot.press("a")
        await until(lambda: isinstance(bench.focused, Input))
        await pilot.press(*"200", "space", "n", "m")
        await until(lambda: bench.page.seen.written.sets == {"li": "200 nm"})
        bench.page.focus()
        await pilot.press("d")
        await until(lambda: "COMPLETE" in shown(bench, "dry-outcome"))
        assert (starts[0].recipe, starts[0].sets) == (str(place.recipes / "li.toml"), ("li=200 nm",))
        await pilot.pause()
        assert "at most 2.0" in bench.page.query_one("#dry-pressure").legend
        editor(bench).load_text(FILE + "# more\n")
        await until(lambda: bench.page.seen.written.text.endswith("more\n"))
        await pilot.press("d")
        await until(lambda: len(starts) == 2)
        assert starts[1].recipe.startswith(str(place.data / "drafts"))

    PageBench(RecipePage, ERRANDS._replace(dry_run=dry_run), place).drive(person, IDLE)


@pytest.mark.parametrize("way", ["key", "leaving"])
def test_a_dry_run_ends_by_a_key_and_when_the_page_is_left(place, way):
    begun, ended = threading.Event(), threading.Event()

    def dry_run(start, stop, told):
        begun.set()
        assert stop.wait(10)
        ended.set()
        raise ErrandError("cancelled")

    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("d")
        await until(begun.is_set)
        if way == "key":
            await pilot.press("c")
        else:
            bench.page.display = False
        await until(lambda: ended.is_set() and bench.page.stop is None)

    PageBench(RecipePage, ERRANDS._replace(dry_run=dry_run), place).drive(person, IDLE)


def test_saving_asks_before_it_writes_over_what_somebody_has_changed(place):
    path = place.recipes / "li.toml"

    async def person(bench, pilot):
        await open_first(bench, pilot)
        editor(bench).insert("# mine\n", (0, 0))
        path.write_text("# theirs\n")
        await pilot.press("s")
        await until(lambda: len(bench.screen_stack) == 2)
        assert "changed by somebody else" in shown(bench, "question")
        await pilot.press("n")
        await until(lambda: len(bench.screen_stack) == 1)
        assert path.read_text() == "# theirs\n"
        await pilot.press("s")
        await until(lambda: len(bench.screen_stack) == 2)
        await pilot.press("y")
        await until(lambda: not bench.page.is_dirty)
        assert path.read_text() == "# mine\n" + FILE

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_notation_is_saved_as_a_file(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("s")
        await until(lambda: len(bench.screen_stack) == 2)
        await pilot.press(*"rest", "enter")
        await until(lambda: bench.page.path is not None)
        assert (place.recipes / "rest.toml").read_text() == 'name = "rest"\nsteps = [\n    "wait 2 s",\n]\n'
        assert not bench.page.is_dirty

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_a_start_is_asked_with_the_form_and_a_refusal_is_shown_at_its_line(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("r")
        await until(lambda: len(bench.screen_stack) == 2)
        bench.screen.query_one("#operator", Input).value = "Anna"
        bench.screen.query_one("#seed", Input).value = "5"
        bench.screen.query_one("#seed", Input).focus()
        await pilot.press("enter")
        await until(lambda: bench.asked)
        form = bench.asked[0].form
        assert (bench.asked[0].verb, form["recipe"], form["operator"], form["seed"]) == ("start", GOOD, "Anna", 5)
        problem = {"where": "step 1", "what": "the door is open", "write": "Close it.", "line": 1, "column": 1}
        await bench.answer(pilot, Refused(1, "not started", ({**problem, "file": ""},)))
        assert messages(bench)[:2] == (
            "start refused: 1 problem",
            " ✗ line 1, column 1, step 1: the door is open. Close it.",
        )
        assert editor(bench).marks == {1: "✗"}

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_speed_comes_first_and_what_was_written_for_a_start_that_is_refused_stands_there_again(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("r")
        await until(lambda: len(bench.screen_stack) == 2)
        await pilot.press(*"60", "down")
        bench.screen.focused.insert_text_at_cursor("t=1s crystal.1 fail; t=2s nonsense")
        await pilot.press("ctrl+s")
        await until(lambda: bench.asked)
        assert bench.asked[0].form["speed"] == 60.0
        assert bench.asked[0].form["faults"] == ["t=1s crystal.1 fail", "t=2s nonsense"]
        await bench.answer(pilot, Refused(1, "there is no fault nonsense", ()))
        await pilot.press("r")
        await until(lambda: len(bench.screen_stack) == 2)
        assert bench.screen.query_one("#faults", Input).value == "t=1s crystal.1 fail; t=2s nonsense"

    PageBench(RecipePage, place=place).drive(person, IDLE)


@pytest.mark.parametrize("size", [(80, 16), (120, 36)])
def test_every_line_of_a_start_is_seen_while_it_is_written_in(place, size):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("r")
        await until(lambda: len(bench.screen_stack) == 2)
        for field in bench.screen.query(Input):
            field.focus()
            await until(lambda field=field: bench.screen.find_widget(field).visible_region.height == 1)

    PageBench(RecipePage, place=place).drive(person, IDLE, size=size)


def test_letters_narrow_the_list_of_recipes(place):
    for name in ("alloy.toml", "lizn.toml"):
        (place.recipes / name).write_text(FILE)

    async def person(bench, pilot):
        await pilot.press("o")
        await until(lambda: len(bench.screen_stack) == 2)
        names = bench.screen.query_one(OptionList)
        assert names.option_count == 3
        await pilot.press("l", "i")
        await until(lambda: names.option_count == 2)
        await pilot.press("down", "enter")
        await until(lambda: bench.page.path is not None)
        assert bench.page.path.name == "lizn.toml"

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_a_text_with_a_mistake_is_not_started(place):
    async def person(bench, pilot):
        await write(bench, pilot, "3 apples")
        await pilot.press("r")
        await until(lambda: "nothing can be started: 1 problem" in bench.said)
        assert bench.asked == []

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_while_a_run_goes_on_the_core_s_reason_is_said_at_once(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await pilot.press("r")
        assert bench.said[-1] == "start: refused, start is not possible now"

    PageBench(RecipePage, place=place).drive(person, RUNNING)


def test_a_live_start_is_asked_only_with_the_station_s_name(place):
    async def fill(bench, pilot, name: str) -> None:
        await pilot.press("r")
        await until(lambda: len(bench.screen_stack) == 2)
        bench.screen.query_one("#station", Input).value = name
        bench.screen.query_one("#station", Input).focus()
        await pilot.press("enter")
        await until(lambda: len(bench.screen_stack) == 1)
        await pilot.pause()

    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        await fill(bench, pilot, "sim")
        assert bench.asked == []
        await fill(bench, pilot, STATION.name)
        assert bench.asked[0].form["is_live"] is True
        await bench.answer(pilot, Accepted(1, "20260801-1200-1"))
        assert bench.said[-1] == "run 20260801-1200-1 has begun: 1 shows it."

    PageBench(RecipePage, place=place).drive(person, IDLE._replace(is_simulated=False))


def test_digits_are_the_field_s_own_while_it_is_written_in(place):
    async def person(bench, pilot):
        await pilot.press("e", "3", "s", "r")
        assert editor(bench).text == "3sr"
        assert len(bench.screen_stack) == 1

    PageBench(RecipePage, place=place).drive(person, IDLE)


def test_a_narrow_page_shows_the_text_or_what_is_seen_in_it(place):
    async def person(bench, pilot):
        await write(bench, pilot, GOOD)
        written, seen = bench.page.query_one("#written"), bench.page.query_one("#seen")
        await pilot.press("e")
        await pilot.pause()
        assert (written.size.width > 60, seen.size.width) == (True, 0)
        bench.page.focus()
        await pilot.press("p")
        await pilot.pause()
        assert (written.size.width, seen.size.width > 60) == (0, True)

    PageBench(RecipePage, place=place).drive(person, IDLE, size=(80, 20))
