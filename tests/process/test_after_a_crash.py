"""A real ``pvd run`` is killed in every kind of step; what is told afterwards is true of the plant.

Each course has one plant, which goes on at its pace, and one substrate: each run goes on from the one before.
"""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import pytest
from crash_bench import Crashed
from crash_courses import COURSES, FILM, HAS_TERMINALS, station_of
from pvd_command import Ended, pvd, pvd_here
from serve_bench import served

from pvdstation.assembly.station_records import anchors_of
from pvdstation.cli.wording import pressure
from pvdstation.model.messages import EventKind
from pvdstation.recipe.procedure import KINDS
from pvdstation.record.run_file import RunFile, first_files

pytestmark = pytest.mark.long

OFF_A = 1.0
HOT = {"condition", "deposit", "tune"}
SHOWN_MBAR = 0.3  # zero and noise of the gauges


class Crash:
    """Every course after its kills, and what was asked meanwhile."""

    def __init__(self, courses: dict[str, Crashed]) -> None:
        self.courses = courses
        self.refused: Ended
        self.offers: dict[str, dict] = {}
        self.ended: dict[str, dict] = {}
        self.finals: dict[str, dict] = {}

    def __getattr__(self, name: str) -> Crashed:
        return self.courses[name]


@pytest.fixture(scope="module")
def crash(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    with ExitStack() as stack:
        courses = {}
        for course in COURSES:
            (folder / course.name).mkdir()
            here = stack.enter_context(served(folder / course.name, "--station", str(station_of(course, folder))))
            courses[course.name] = stack.enter_context(Crashed(course, folder / course.name, here))
        seen = Crash(courses)
        others = stack.enter_context(ThreadPoolExecutor(1))  # this one does what needs no interpreter of its own
        played = [others.submit(courses[course.name].play) for course in COURSES[1:]]

        def another() -> None:
            seen.refused = pvd_here("run", "wait 1 s", *seen.film.options)

        def offered() -> None:
            seen.offers["film"] = seen.film.offer()

        seen.film.play({"cool": another}, {"deposit": offered})
        seen.ended["film"] = goes_on(seen.film)
        for each in played:
            each.result()
        for name in ("together", "pastimes", "vent", "tune"):
            seen.offers[name] = courses[name].offer()
        seen.ended["together"] = goes_on(seen.together)
        seen.finals = {name: course.channel.ask("truth")["answer"] for name, course in courses.items()}
        yield seen


def goes_on(course: Crashed) -> dict:
    ended = course.goes_on()
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def is_on(truth: Mapping[str, float]) -> bool:
    return max(truth["current.1"], truth["current.2"]) > OFF_A


def offer_of(crash: Crash, name: str) -> tuple[dict, str]:
    """Return what is told of the run that stands in the way of another, and what a person may do."""
    offer = crash.offers[name]
    assert offer["outcome"] == "refused"
    (error,) = offer["errors"]
    run = offer["interrupted"]["run"]
    assert f'"pvd clear {run} --by NAME"' in error["write"]
    return offer["interrupted"], error["what"] + error["write"]


# --- of every one ---


def test_every_kind_of_step_was_killed_once() -> None:
    killed = {kill.kind for course in COURSES for kill in course.kills}
    asked = set() if HAS_TERMINALS else {"ask"}
    assert killed == set(KINDS.values()) - {"finish", "by_hand"} - asked


@pytest.mark.parametrize("name", [course.name for course in COURSES])
def test_each_names_the_one_before_and_the_step_in_which_it_was_killed(crash, name: str) -> None:
    course, last = crash.courses[name], crash.offers[name]["interrupted"]
    told = course.told if name in crash.ended else [*course.told, last]
    assert [one["run"] for one in told] == course.runs[: len(told)]
    for one, kill in zip(told, course.course.kills, strict=True):
        assert one["step"]["do"] in ((kill.kind, "wait_until") if kill.kind == "note" else (kill.kind,))
        assert one["is_begun"] or kill.kind == "note"
        assert not one["doubt"]
    found = [one["found"] for one in told]
    assert all(one["off_confirmed"] and one["io_watchdog_has_acted"] for one in found)
    assert all(one["supplies_still_on"] == [] for one in found)


@pytest.mark.parametrize("name", [course.name for course in COURSES])
def test_what_was_on_is_off_and_nothing_is_energised_by_itself(crash, name: str) -> None:
    course = crash.courses[name]
    is_on = [
        [max(one["current.1"], one["current.2"]) > OFF_A for one in when] for when in (course.before, course.truths)
    ]
    assert is_on == [[kill.kind in HOT for kill in course.course.kills], [False] * len(course.course.kills)]
    assert max(crash.finals[name]["current.1"], crash.finals[name]["current.2"]) < OFF_A


@pytest.mark.parametrize("name", ["together", "pastimes", "vent", "tune"])
def test_every_source_counts_as_hot_and_the_pressure_is_the_plant_s(crash, name: str) -> None:
    course, (known, _) = crash.courses[name], offer_of(crash, name)
    sentences = " ".join(known["sentences"])
    assert sentences.count("found off, off is confirmed now; counts as hot for 5 min 00 s") == len(known["sources"])
    on = {number: course.before[-1][f"current.{number}"] > OFF_A for number in (1, 2)}
    assert {boat["supply"]: boat["was_on"] for boat in known["sources"].values()} == on
    chamber = known["found"]["pressures"]["chamber.capacitance"]
    assert chamber == pytest.approx(course.truths[-1]["pressure.chamber"], rel=0.02, abs=SHOWN_MBAR)
    assert re.search(rf"Pressures as found: .*chamber.capacitance {pressure(chamber)}", sentences)


# --- a film, gas ---


def test_a_run_that_goes_on_is_never_called_interrupted(crash) -> None:
    assert crash.refused.returncode == 2
    assert f"run {crash.film.runs[3]} on it is still going on (process " in crash.refused.stderr


def test_the_film_is_the_one_on_the_substrate(crash) -> None:
    for course in (crash.film, crash.together):
        told, truth = course.of("deposit")
        film = told["film"]
        assert (film["layer"], film["was_open"]) == (1, True)
        assert film["recorded_nm"] <= truth["film.Zn"] + 0.3 <= film["most_nm"]
        assert film["film_nm"] == pytest.approx(truth["film.Zn"], abs=0.3)  # what the crystal's heat makes it show
        assert course.truths[0]["film.Zn"] == 0
    (lithium,) = re.findall(r"With it: ([0-9.]+) nm Li", " ".join(offer_of(crash, "together")[0]["sentences"]))
    assert float(lithium) == pytest.approx(crash.together.truths[-1]["film.Li"], abs=0.3)
    assert all(later["film.Zn"] == crash.finals["film"]["film.Zn"] for later in crash.film.truths[3:])


def test_another_run_is_refused_with_the_offer(crash) -> None:
    for course, on, off in ((crash.film, ("Zn",), ("Li",)), (crash.together, ("Zn", "Li"), ())):
        name = course.course.name
        known, write = offer_of(crash, name)
        run, film = known["run"], known["film"]
        (nm,) = re.findall(rf'Continue layer 1 at ([0-9.]+) nm: "pvd run --continue {run}"', write)
        assert float(nm) == pytest.approx(film["film_nm"], abs=0.06)
        assert {source for source, boat in known["sources"].items() if boat["was_on"]} == {*on}
        assert not any(known["sources"][source]["was_on"] for source in off)
        assert "Zn (supply 1): told to be on in the last row" in " ".join(known["sentences"])


def test_gas_is_told_of_as_long_as_it_is_there(crash) -> None:
    told, truths = crash.film.told, crash.film.truths
    assert [bool(one["gas"]) for one in told] == [False] * 4 + [True] * 3
    fill, dwell = told[4]["gas"], told[5]["gas"]
    assert (fill["is_dwell"], dwell["is_dwell"]) == (False, True)
    assert fill["pressure_mbar"] < 100 < dwell["pressure_mbar"] + 4  # it settles
    assert 0 <= dwell["dwell_s"] < 30
    assert dwell["in_gas_s"] - dwell["dwell_s"] == pytest.approx(19, abs=3)  # 100 mbar at 5.35 mbar/s
    for place in (4, 5, 6):
        found = told[place]["found"]["pressures"]["chamber.capacitance"]
        assert found == pytest.approx(truths[place]["pressure.chamber"], rel=0.02, abs=SHOWN_MBAR)


def test_a_run_that_goes_on_ends_with_films_within_a_percent_of_the_whole(crash) -> None:
    film, together = crash.ended["film"], crash.ended["together"]
    assert (film["outcome"], [step["do"] for step in film["steps"]]) == ("complete", ["evacuate", "finish"])
    assert (together["outcome"], [step["do"] for step in together["steps"]]) == (
        "complete", ["pump_down", "condition", "deposit", "finish"]
    )  # fmt: skip
    assert crash.finals["film"]["film.Zn"] == pytest.approx(20, rel=0.01)
    assert crash.finals["together"]["film.Zn"] == pytest.approx(20, rel=0.01)
    assert crash.finals["together"]["film.Li"] == pytest.approx(8, rel=0.05)  # it ends by zinc


# --- what is no film ---


def test_a_note_is_not_lost(crash) -> None:
    notes = [event.text for run in crash.pastimes.records for event in run.events() if event.kind is EventKind.NOTE]
    assert notes in (["golden film"], ["golden film"] * 2)  # twice where the step was not seen to be complete


def test_a_step_without_film_or_gas_is_done_again_whole(crash) -> None:
    for place, text in ((0, "leak test 30 s"), (1, "wait 30 s"), (3, "wait until")):
        told = crash.pastimes.told[place]["told"][0]
        assert told.startswith(text)
        assert told.endswith(": again from its beginning")
    known, write = offer_of(crash, "pastimes")
    assert f'Continue with ask "Mass?": "pvd run --continue {known["run"]}"' in write


@pytest.mark.parametrize(("name", "why"), [("vent", "a vent is not continued"), ("tune", "a tuning is not continued")])
def test_what_is_not_continued_is_not_offered_and_refused(crash, name: str, why: str) -> None:
    known, write = offer_of(crash, name)
    assert why in write
    assert "--continue" not in write
    refused = crash.courses[name].goes_on()
    assert (refused.returncode, json.loads(refused.stdout)["run"]) == (2, None)
    assert why in " ".join(refused.stderr.split())
    shown = pvd("runs", "show", known["run"], "--data", crash.courses[name].data)
    assert "interrupted" in shown.stdout


def test_a_run_that_is_taken_note_of_is_in_nobody_s_way(crash) -> None:
    ended = crash.tune.starts_anew()
    assert (ended.returncode, json.loads(ended.stdout)["outcome"]) == (0, "complete")


# --- the records ---


def test_the_list_names_both_ways(crash) -> None:
    film = crash.film
    runs = json.loads(pvd("runs", "list", "--data", film.data, "--json").stdout)["runs"]
    named = [(run["outcome"], run["continues"], run["continued_by"]) for run in reversed(runs)]
    ids = [None, *film.runs, None]
    outcomes = ["interrupted"] * len(FILM.kills) + ["complete"]
    assert named == [(outcome, ids[place] if place else None, ids[place + 2]) for place, outcome in enumerate(outcomes)]


def test_the_next_run_keeps_the_last_row_of_the_one_that_was_killed(crash) -> None:
    film = crash.film
    for run, following in pairwise(first_files(film.folder / "data" / "runs")):
        kept = {anchor.kept_by: anchor.hash for anchor in anchors_of(run, film.data)}
        assert kept == dict.fromkeys(("the station database", f"the run {following.stem}"), RunFile(run).head()[1])


def test_what_has_gone_on_is_not_continued_again(crash) -> None:
    film = crash.film
    for text in film.runs[0], film.runs[-1]:
        refused = pvd("run", "--continue", text, "--data", film.data)
        assert refused.returncode == 2
        assert "is not the last one" in refused.stderr or "was not interrupted" in refused.stderr
