"""Tuning runs by bytes: both owners, every way out, and what is proposed in use."""

import json
from pathlib import Path

import pytest
from interlock_cases import breaks
from pvd_command import pvd
from station_bench import OFF_A, QUICK, StationBench, asks, during, in_state, station_with

from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.runs import FASTEST, Wishes, execute
from pvdstation.assembly.tuning import Asked, ToTune, prepare_tuning
from pvdstation.model.messages import Verb
from pvdstation.record.run_file import RunFile
from pvdstation.record.tuning.tuned import tuned

OWNERS = {"host": "sim-host-loop", "sqc": "sim"}
SHORT = {
    **QUICK,
    "source.Zn.charge": "400 mg",
    "simulation.boats.1.charge.mass": "400 mg",
    "source.Zn.condition": {
        "ramp1": {"power": "25.8 %", "time": "6 s"},
        "soak1": "1 s",
        "ramp2": {"power": "43.5 %", "time": "10 s"},
        "soak2": "60 s",
    },
    "source.Zn.host_loop.ti": "7 s",  # an integral time that is short makes the levels of the step short too
}


@pytest.fixture(scope="module")
def stations(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stations")
    for owner, name in OWNERS.items():
        (folder / f"{owner}.toml").write_bytes(station_with(SHORT, name))
    return {owner: str(folder / f"{owner}.toml") for owner in OWNERS}


def bench(station: str, method: str = "step", script=()) -> StationBench:
    ready = prepare_tuning(Asked("Zn", method), station)
    assert isinstance(ready, ToTune), ready
    return StationBench("", SHORT, ready=ready.prepared, script=script).run()


def is_over_and_safe(run: StationBench) -> None:
    last = run.samples[-1]
    assert max(last.currents) < OFF_A
    assert not any(sample.positions["substrate shutter"] for sample in run.samples), "it never opens"
    assert not any(last.positions[name] for name in ("source shutter 1", "source shutter 2"))
    assert run.verdict["safe"] == 1


# --- to the end, on the command line ---


@pytest.fixture(scope="module")
def by_command(stations, tmp_path_factory):
    """What ``pvd tune --json`` says, by owner and method; every run in one folder."""
    folder = str(tmp_path_factory.mktemp("tuned"))
    said = {}
    for owner, method in (("host", "step"), ("host", "relay"), ("sqc", "step")):
        plot = ("--plot", f"{folder}/plot.svg") if (owner, method) == ("host", "step") else ()
        asked = ("tune", "Zn", "--station", stations[owner], "--method", method, "--yes", "--json", "--data", folder)
        ended = pvd(*asked, *plot)
        assert ended.returncode == 0, ended.stderr
        said[owner, method] = json.loads(ended.stdout)
    return folder, said


def test_the_answer_is_drawn(by_command):
    assert "<svg" in (Path(by_command[0]) / "plot.svg").read_text("utf-8")


def test_our_own_loop_is_told_what_it_should_be(by_command, stations):
    _, said = by_command
    for method in ("step", "relay"):
        result = said["host", method]
        assert (result["outcome"], result["alarms"], result["safe"]) == ("complete", [], True)
        tuning = result["tuning"]
        proposal = tuning["proposal"]
        assert 2 < proposal["gain_pct"] < 20
        assert proposal["prediction"]["gain_margin"] > 3
        assert proposal["rule"]
        assert f'gain = "{proposal["gain_pct"]:g} %", ti = "{proposal["ti_s"]:g} s"' in tuning["write"]
        assert 'ti = "7 s"' in tuning["present"]


def test_what_is_proposed_makes_a_good_layer(by_command, tmp_path):
    proposal = by_command[1]["host", "step"]["tuning"]["proposal"]
    station = tmp_path / "tuned.toml"
    loop = {"source.Zn.host_loop.gain": f"{proposal['gain_pct']} %", "source.Zn.host_loop.ti": f"{proposal['ti_s']} s"}
    station.write_bytes(station_with({**SHORT, **loop}, "sim-host-loop"))
    result = execute(prepare("40 nm Zn at 0.5 nm/s", str(station)), 2, FASTEST, Wishes()).result
    layer = next(step for step in result.steps if step.do == "deposit")
    assert (result.outcome, result.alarms) == ("complete", ())
    assert layer.true_nm == pytest.approx(40, rel=0.01)


def test_the_sqc_310_is_told_its_answer_and_p_is_left_to_the_person(by_command):
    result = by_command[1]["sqc", "step"]
    assert (result["outcome"], result["alarms"], result["safe"]) == ("complete", [], True)
    tuning, terms = result["tuning"], result["tuning"]["sqc"]
    assert terms["i_s"] == pytest.approx(1.386 * tuning["fit"]["tau_s"], rel=0.01)
    assert terms["d_s"] == tuning["fit"]["dead_s"]
    assert "does not state its unit" in terms["p"]
    assert "p = 18," in tuning["write"], "P stays as it is"
    assert "proposal" not in tuning


def test_both_owners_find_the_same_source(by_command):
    host, sqc = (by_command[1][owner, "step"]["tuning"]["fit"] for owner in ("host", "sqc"))
    assert sqc["gain_per_pct"] == pytest.approx(host["gain_per_pct"], rel=0.3)
    assert sqc["drive_pct"] == pytest.approx(host["drive_pct"], rel=0.02)


def test_it_is_recorded_like_any_run_and_read_again(by_command):
    folder, said = by_command
    run = said["sqc", "step"]["run"]
    path = next(Path(folder).rglob(f"{run}.sqlite"))
    assert tuned(RunFile(path)).as_json() == said["sqc", "step"]["tuning"]
    checked = pvd("runs", "verify", run, "--replay", "--data", folder)
    assert checked.returncode == 0, checked.stdout
    step = next(step for step in said["sqc", "step"]["steps"] if step["do"] == "tune")
    assert (step["method"], step["state"]) == ("step", "complete")
    assert step["evaporated_nm"] > 50


def test_without_yes_a_person_is_asked_and_no_is_no(stations, tmp_path):
    for answers, code, words in (("no\n", 3, "nothing was switched on"), ("", 2, "nobody said that Zn may be")):
        said = pvd("tune", "Zn", "--station", stations["host"], "--data", str(tmp_path), answers=answers)
        assert said.returncode == code
        assert words in " ".join(said.stderr.split())
        assert "never above 51.6 % (51.6 A)" in " ".join(said.stdout.split())
    assert not list(tmp_path.rglob("*.sqlite"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("Mg",), 'has no source "Mg"'),
        (("Zn", "--method", "relay"), "the SQC-310 owns the rate loop of Zn"),
        (("Zn", "--method", "guess"), '"guess" is no method'),
        (("Zn", "--rate", "0.9 nm/s"), "no room below"),
        (("Zn", "--rate", "0.5"), "needs a unit"),
        (("Zn", "--amplitude", "20 %"), "is not between"),
        (("Zn", "--amplitude", "1 A"), "A is a unit"),
        (("Zn", "--plot", "zn.doc"), "does not end in .png"),
        (("Zn", "--station", "example"), "--yes switches a source on without asking"),
    ],
)
def test_what_cannot_be_tuned_is_refused_with_a_sentence(options, words):
    said = pvd("tune", *options, "--yes", "--json")
    assert said.returncode == 2
    assert any(words in error["what"] for error in json.loads(said.stdout)["errors"])


# --- every other way out ---

UP = during("tune", "tuning, power up", 5.0)


@pytest.mark.parametrize(
    ("owner", "verb", "state"),
    [("host", Verb.STOP, "stopped"), ("sqc", Verb.STOP, "stopped"), ("sqc", Verb.ABORT, "aborted")],
)
def test_asked_to_end_it_does(stations, owner, verb, state):
    run = bench(stations[owner], script=[(UP, asks(verb))])
    assert run.state == state
    is_over_and_safe(run)


def test_a_stop_before_the_excitation_lets_the_unit_end_its_layer(stations):
    run = bench(stations["sqc"], script=[(during("tune", "rate within", 40.0), asks(Verb.STOP))])
    assert run.state == "stopped"
    assert "sqc_end_layer: done" in [event.text for event in run.events]
    is_over_and_safe(run)


def test_a_hold_is_cold_and_the_answer_begins_again(stations):
    off = in_state("held", 3.0)
    run = bench(stations["sqc"], script=[(UP, asks(Verb.HOLD)), (off, asks(Verb.RESUME))])
    held = next(sample for sample in run.samples if sample.now_ns >= run.script_times[1])
    assert max(held.currents) < OFF_A
    assert run.state == "complete"
    stages = [event.text for event in run.events if event.text.startswith("tuning, at the operating")]
    assert len(stages) == 2, "from the beginning"
    is_over_and_safe(run)


def test_an_interlock_acts_while_the_source_is_excited(stations):
    run = bench(stations["host"], script=[(UP, breaks("water"))])
    assert (run.state, run.verdict["cause"]) == ("aborted", "water_flow")
    is_over_and_safe(run)


def test_a_rate_that_runs_away_ends_it(stations):
    def spill(run):
        run.plant.boats[1].set_surface(emission=2.0)

    run = bench(stations["host"], script=[(UP, spill)])
    assert (run.state, run.verdict["cause"]) == ("stopped", "tune")
    assert "outside" in str(run.verdict["reason"])
    is_over_and_safe(run)


def test_a_unit_that_does_not_take_its_loop_back_is_stopped(stations):
    def deaf(run):
        run.instrument("sqc").sequence.resume_loop = lambda: None

    run = bench(stations["sqc"], script=[(UP, deaf)])
    assert (run.state, run.verdict["cause"]) == ("stopped", "tune")
    assert "still in manual control" in str(run.verdict["reason"])
    is_over_and_safe(run)
