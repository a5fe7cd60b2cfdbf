"""Errands of a screen are real child processes: what they bring home, and that nobody is left behind."""

import math
import threading
import time
from pathlib import Path

import pytest

from pvdstation.cli.errands import POINTS, errands_of
from pvdstation.desk.errands import ErrandError
from pvdstation.desk.start import Start


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("errands")


@pytest.fixture(scope="module")
def foreseen(data):
    told: list[tuple[float, str]] = []
    start = Start(recipe="wait 3 min", seed=3)
    result = errands_of(data, None).dry_run(start, threading.Event(), lambda done, step: told.append((done, step)))
    return result, told


def test_a_dry_run_brings_its_outcome_its_text_and_curves(foreseen):
    result, _ = foreseen
    (pressure,) = [curve for curve in result.curves if curve.name == "pressure"]
    assert result.outcome == "complete"
    assert "wait 3 min" in result.text
    assert (pressure.unit, len(pressure.at_s) == len(pressure.values) <= POINTS) == ("mbar", True)
    assert all(math.isnan(value) or value > 0 for value in pressure.values)


def test_a_dry_run_tells_how_far_it_is(foreseen):
    _, told = foreseen
    shares = [done for done, _ in told]
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("wait 3 min" in step for _, step in told)


def test_a_run_is_shown_by_its_id(data, foreseen):
    result, _ = foreseen
    assert "COMPLETE" in errands_of(data, None).show(result.run)


def test_a_refused_recipe_is_an_outcome_with_every_problem(data):
    result = errands_of(data, None).dry_run(Start(recipe="300 Zn, 3 apples"), threading.Event(), lambda *_: None)
    assert (result.outcome, result.run, result.curves) == ("refused", "", ())
    assert "a thickness needs a unit" in result.text
    assert "apples" in result.text


def test_a_set_event_ends_the_child_at_once(data):
    stop = threading.Event()
    begun = threading.Event()

    def told(_done: float, _step: str) -> None:
        begun.set()
        stop.set()

    since = time.monotonic()
    with pytest.raises(ErrandError, match="cancelled"):
        errands_of(data, None).dry_run(Start(recipe="wait 20 h"), stop, told)
    assert begun.is_set()
    assert time.monotonic() - since < 10  # the whole would take minutes


def test_what_is_no_run_never_reaches_the_command_line(data):
    errands = errands_of(data, None)
    for word in ("--help", "../station", ""):
        with pytest.raises(ErrandError, match="not the id of a run"):
            errands.report(word)
    assert not Path(data, "reports").exists()


def test_a_data_folder_without_runs_is_an_empty_list(data):
    assert errands_of(data, None).runs() == ()
