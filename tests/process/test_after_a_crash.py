"""A real ``pvd run`` is killed in one kind of step after the other; what is told afterwards is true of the plant.

One plant, which goes on at its pace; one substrate: each run goes on from the one before, and the last one ends.
"""

import json
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest
from pvd_command import pvd
from serve_bench import PATIENCE_S, read_until, served, start_core
from station_bench import QUICK, station_with

from pvdstation.assembly.station_records import anchors_of
from pvdstation.record.run_file import RunFile, first_files

RECIPE = "20 nm Zn at 0.5 nm/s, then N2 to 100 mbar for 30 s"
SPEED = 40.0
KILLS = (  # kind of step, what is printed when it is time, and how long to wait then, s of plant time
    ("pump_down", "step 1: running, pump down", 0.0),
    ("condition", "soak 2", 2.0),
    ("deposit", "thickness 20 nm", 10.0),
    ("cool", "Zn, Li cold", 1.0),
    ("admit_gas", ": N2 to 100 mbar", 6.0),
    ("admit_gas", "dwell 30 s", 5.0),
    ("evacuate", "by roughing", 5.0),
)


class Chain:
    """The runs of one substrate, each killed, and what the plant was like then."""

    def __init__(self) -> None:
        self.told: list[dict] = []  # of each killed run, as the next one's record has it
        self.truths: list[dict] = []  # when it went on
        self.offer: dict = {}
        self.refusals: list = []
        self.result: dict = {}
        self.baseline: dict = {}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    quick, data = folder / "quick.toml", str(folder / "data")
    quick.write_bytes(station_with(QUICK))
    seen = Chain()
    with served(folder, "--station", str(quick)) as here:
        channel = here.channel()
        options = ["--station", str(here.station), "--speed", f"{SPEED:g}", "--data", data]
        arguments = [RECIPE]
        for kind, words, plant_s in KILLS:
            core = start_core("run", *arguments, *options)
            read_until(core, words)
            time.sleep(plant_s / SPEED)
            if kind == "cool":  # it lasts long enough
                seen.refusals.append(pvd("run", RECIPE, *options))
            core.send_signal(signal.SIGKILL)
            core.communicate(timeout=PATIENCE_S)
            freed = channel.until(lambda hello: hello["time"] == "free")
            channel.until(lambda hello, since=freed: hello["plant_ns"] > since["plant_ns"] + 6e9)
            seen.truths.append(channel.ask("truth")["answer"])
            if kind == "deposit":
                seen.offer = json.loads(pvd("run", "5 nm Li at 0.2 nm/s", *options, "--json").stdout)
            arguments = ["--continue", first_files(folder / "data" / "runs")[-1].stem]
        ended = pvd("run", *arguments, *options, "--json")
        assert ended.returncode == 0, ended.stderr
        seen.result, seen.final = json.loads(ended.stdout), channel.ask("truth")["answer"]
        channel.close()
    runs = [RunFile(path) for path in first_files(folder / "data" / "runs")]
    seen.told = [run.genesis["continues"] for run in runs[1:]]
    seen.runs, seen.data = [run.run for run in runs], data
    return seen


def told_of(chain: Chain, kind: str) -> tuple[dict, dict]:
    place = [one for one, _, _ in KILLS].index(kind)
    return chain.told[place], chain.truths[place]


def test_every_run_names_the_one_before_and_the_step_in_which_it_was_killed(chain) -> None:
    assert [told["run"] for told in chain.told] == chain.runs[:-1]
    assert [told["step"]["do"] for told in chain.told] == [kind for kind, _, _ in KILLS]
    assert all(told["is_begun"] and not told["doubt"] for told in chain.told)
    assert all(told["found"]["off_confirmed"] and told["found"]["io_watchdog_has_acted"] for told in chain.told)


def test_a_run_that_goes_on_is_never_called_interrupted(chain) -> None:
    (refused,) = chain.refusals
    assert refused.returncode == 2
    assert f"run {chain.runs[3]} on it is still going on (process " in refused.stderr


def test_the_film_is_the_one_on_the_substrate(chain) -> None:
    told, truth = told_of(chain, "deposit")
    film = told["film"]
    assert film["layer"] == 1
    assert film["was_open"]
    assert film["recorded_nm"] <= truth["film.Zn"] + 0.3 <= film["most_nm"]
    assert film["film_nm"] == pytest.approx(truth["film.Zn"], abs=0.3)  # what the crystal's heat makes it show
    assert chain.truths[1]["film.Zn"] == 0
    assert all(later["film.Zn"] == chain.final["film.Zn"] for later in chain.truths[3:])


def test_another_run_is_refused_with_the_offer(chain) -> None:
    offer = chain.offer
    assert offer["outcome"] == "refused"
    (error,) = offer["errors"]
    run, film = chain.runs[2], offer["interrupted"]["film"]
    assert f'Continue layer 1 at {film["film_nm"]:.1f} nm: "pvd run --continue {run}"' in error["write"]
    assert f'"pvd clear {run} --by NAME"' in error["write"]
    assert "Zn (supply 1): told to be on in the last row" in " ".join(offer["interrupted"]["sentences"])
    assert offer["interrupted"]["sources"]["Li"]["was_on"] is False


def test_sources_were_off_when_the_station_was_found_and_gas_is_told_of(chain) -> None:
    assert all(told["found"]["supplies_still_on"] == [] for told in chain.told)
    assert [bool(told["gas"]) for told in chain.told] == [False] * 4 + [True] * 3
    fill, dwell = chain.told[4]["gas"], chain.told[5]["gas"]
    assert (fill["is_dwell"], dwell["is_dwell"]) == (False, True)
    assert fill["pressure_mbar"] < 100 < dwell["pressure_mbar"] + 3
    assert 0 <= dwell["dwell_s"] < 30
    assert dwell["in_gas_s"] - dwell["dwell_s"] == pytest.approx(19, abs=3)  # 100 mbar at 5.35 mbar/s
    assert dwell["pressure_mbar"] == pytest.approx(chain.truths[5]["pressure.chamber"], rel=0.05)


def test_the_last_run_ends_and_the_film_is_within_a_percent_of_the_whole(chain) -> None:
    assert chain.result["outcome"] == "complete"
    assert [step["do"] for step in chain.result["steps"]] == ["evacuate", "finish"]
    assert chain.final["film.Zn"] == pytest.approx(20, rel=0.01)


def test_the_list_names_both_ways(chain) -> None:
    runs = json.loads(pvd("runs", "list", "--data", chain.data, "--json").stdout)["runs"]
    named = [(run["outcome"], run["continues"], run["continued_by"]) for run in reversed(runs)]
    ids = [None, *chain.runs, None]
    outcomes = ["interrupted"] * len(KILLS) + ["complete"]
    assert named == [(outcome, ids[place] if place else None, ids[place + 2]) for place, outcome in enumerate(outcomes)]


def test_the_next_run_keeps_the_last_row_of_the_one_that_was_killed(chain) -> None:
    for run, following in pairwise(first_files(Path(chain.data) / "runs")):
        kept = {anchor.kept_by: anchor.hash for anchor in anchors_of(run, chain.data)}
        assert kept == dict.fromkeys(("the station database", f"the run {following.stem}"), RunFile(run).head()[1])


def test_what_has_gone_on_is_not_continued_again(chain) -> None:
    for text in chain.runs[0], chain.runs[-1]:
        refused = pvd("run", "--continue", text, "--data", chain.data)
        assert refused.returncode == 2
        assert "is not the last one" in refused.stderr or "was not interrupted" in refused.stderr
