"""What keeps a live run from beginning, said before any port is opened: every problem at once."""

import re
from importlib.resources import files

import pytest
from pvd_command import pvd

import pvdstation
from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.proofs import unproved
from pvdstation.assembly.core.readying import Unfit, ready
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.runs import FASTEST, Way, execute
from pvdstation.desk.start import Start
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station

RECIPE = "10 nm Zn at 0.5 nm/s"
SIM = files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8")


def problems(data, **fields):
    with pytest.raises(Unfit) as told:
        ready(Start(recipe=RECIPE, **fields), Where(data, "example"))
    assert told.value.exit_code == 2
    return {problem.where: f"{problem.what} {problem.write}" for problem in told.value.problems}


def test_what_is_not_proved_refuses_a_live_run_and_names_the_bench_checks(tmp_path):
    told = problems(tmp_path, is_live=True)
    assert set(told) == {"sqc.scale.proved", "sqc.fingerprint"}
    assert '"not yet" is no day' in told["sqc.scale.proved"]
    assert "bench check S3" in told["sqc.scale.proved"]
    assert "A2 1, A4 1, A5 1, A2 2, A4 2, A5 2, Dn" in told["sqc.fingerprint"]
    assert "bench check S4" in told["sqc.fingerprint"]


def test_a_live_run_is_asked_for_in_words_at_speed_1_with_a_record_and_a_person_who_answers(tmp_path):
    told = problems(tmp_path, speed=60.0, is_kept=False, answers=("a=yes",))
    assert {"--live", "--speed", "--no-record", "--answer", "sqc.scale.proved"} <= set(told)
    assert "nobody has said that they are to be driven" in told["--live"]
    assert list(tmp_path.iterdir()) == []


def test_a_proof_is_a_day():
    dated = SIM.replace('proved = "simulated"', 'proved = "2026-05-01"')
    assert unproved(load_station(dated.encode(), "sim.toml")) == []
    for proved in ("simulated", "not yet", "2026-13-01", "yes"):
        (problem,) = unproved(load_station(dated.replace("2026-05-01", proved).encode(), "sim.toml"))
        assert (problem.where, problem.file) == ("sqc.scale.proved", "sim.toml")


def test_only_what_the_sqc_310_drives_needs_its_fingerprint():
    def lacks(text):
        bare = re.sub(r'^("A5 1"|D\d) = .*$', "", text, flags=re.MULTILINE).replace('"simulated"', '"2026-05-01"')
        return [problem.what for problem in unproved(load_station(bare.encode(), "sim.toml"))]

    (what,) = lacks(SIM)
    assert "A5 1, Dn of the SQC-310" in what
    ours = SIM.replace('rate_loop = "sqc"', 'rate_loop = "host"').replace(
        'current_source = "analogue"', 'current_source = "digital"'
    )
    assert lacks(ours) == []


def test_nothing_but_a_core_process_drives_real_instruments(tmp_path):
    prepared = prepare(RECIPE, "example")
    assert isinstance(prepared, Prepared)
    assert prepared.mode == "live"
    for way in (FASTEST, Way(1, is_attended=True)):
        (problem,) = execute(prepared, 1, way).result.errors
        assert "are driven by the core process only" in problem.what
    with pytest.raises(Refused, match="core process only"):
        pvdstation.dry_run(RECIPE, station="example", record=False)
    ended = pvd("tune", "Zn", "--station", "example", "--data", str(tmp_path), "--rate", "0.5 nm/s")
    assert ended.returncode == 2
    assert "core process only" in " ".join(ended.stderr.split())


def test_an_io_whose_watchdog_cannot_be_armed_starts_nothing():
    result = pvdstation.dry_run("condition Zn", faults=["t=0s io lost on 0x1003"], record=False)
    assert (result.outcome, result.reason) == ("aborted", "station not ready in 60 s: I/O watchdog armed")
    assert {step.state for step in result.steps} == {"not started"}
