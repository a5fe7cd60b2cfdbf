"""Records cut at any row: what is reckoned is what the plant was like then, and what would go on is in order."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pvd_command import pvd, pvd_here
from station_bench import QUICK, station_with

from pvdstation.assembly.continuing import continuation
from pvdstation.assembly.interrupted import in_the_way
from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.reckoning import reckon
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way, Wishes, execute
from pvdstation.model.clock import SECOND
from pvdstation.model.problems import Refused
from pvdstation.record.bodies import document, fields_of
from pvdstation.record.holding import Hold, is_held
from pvdstation.record.run_file import RunFile, first_files
from pvdstation.record.schema import Entry

RECIPE = "10 nm Zn at 0.5 nm/s, then wait 5 s, then N2 to 30 mbar for 10 s"
CUTS = 14
HEAT_NM = 0.3
"""What the light falling on the crystal makes it show."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run, and the true film by the second."""
    folder = tmp_path_factory.mktemp("whole")
    station = folder / "quick.toml"
    station.write_bytes(station_with(QUICK))
    ready = prepare(RECIPE, str(station))
    wishes = Wishes(recording=Recording(folder), with_trace=True)
    done = execute(ready, 1, Way(speed=10000.0, is_attended=True), wishes)
    assert done.result.outcome == "complete"
    (path,) = first_files(folder / "runs")
    return path, done.trace, done.result, str(station)


def cut(path: Path, at_ns: int, folder: Path) -> Path:
    """Return a copy of a record that breaks off: as one that was being written by a process that was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
    with closing(sqlite3.connect(copy)) as connection:
        for table in ("entry", "scan"):
            connection.execute(f"DROP TRIGGER {table}_is_not_removed")
            connection.execute(f"DELETE FROM {table} WHERE at_ns > ?", (at_ns,))  # noqa: S608
        connection.commit()
    return copy


def times(whole) -> list[float]:
    """Return moments in every step, and some more at random, s."""
    _, _, result, _ = whole
    chance, at_s, moments = random.Random(5), 0.0, []
    for step in result.steps:
        moments.append(at_s + step.duration_s / 2)
        at_s += step.duration_s
    return sorted([*moments, *(chance.uniform(1, at_s) for _ in range(CUTS - len(moments)))])


def test_a_record_cut_anywhere_tells_step_film_and_what_may_go_on(whole, tmp_path) -> None:
    path, trace, _, _ = whole
    zn = trace.sources[0]
    for at_s in times(whole):
        known = reckon(RunFile(cut(path, round(at_s * SECOND), tmp_path / f"{at_s}")))
        assert known.doubt == ""
        assert at_s - 0.3 < known.last_s <= at_s
        band = [band for band in trace.bands if band.start_s <= known.last_s][-1]
        assert known.step.index == band.number, at_s
        true_nm = zn.film_nm[max(i for i, t in enumerate(trace.at_s) if t <= at_s)]
        if known.film is not None:
            assert known.film.recorded_nm == pytest.approx(true_nm, abs=HEAT_NM + 0.5)  # a sample each second
            assert known.film.most_nm >= true_nm - HEAT_NM
        elif known.layers:
            assert known.layers[0].film_nm == pytest.approx(true_nm, abs=HEAT_NM)
        else:
            assert true_nm == 0
        is_in_order(known, whole)


def is_in_order(known, whole) -> None:
    station = prepare(RECIPE, whole[3]).station
    if known.step.do == "finish":
        with pytest.raises(Refused, match="nothing of it is left"):
            continuation(known, station)
        return
    procedure, told = continuation(known, station)
    assert told
    dos = [step.do for step in procedure.steps]
    assert [step.index for step in procedure.steps] == list(range(1, len(dos) + 1))
    assert dos[-1] == "finish"
    for place, do in enumerate(dos):
        before = dos[:place]
        if do == "deposit":
            assert before[-1] == "condition"
            assert procedure.steps[place].unit == procedure.steps[place - 1].unit
        if do in {"condition", "isolate"}:
            assert "pump_down" in before
        if do == "admit_gas":
            assert "cool" in before
            assert before[-1] == "isolate"
    layers = [step.work for step in procedure.steps if step.do == "deposit"]
    on_film = sum(layer.on_film_nm[0] for layer in layers if layer.on_film_nm)
    assert on_film == (known.film.film_nm if layers and known.film else 0)


def test_a_crystal_that_was_changed_is_not_believed(whole, tmp_path) -> None:
    path, trace, _, _ = whole
    band = next(band for band in trace.bands if band.do == "deposit")
    known = reckon(RunFile(cut(path, round((band.end_s - 25) * SECOND), tmp_path)))
    (crystal,) = known.film.crystals
    run = RunFile(path)
    last = next(scan for scan in run.scans() if scan.at_ns > band.end_s * SECOND)
    reading = last.readings[run.number[crystal.signal]]
    seen = known.with_crystals({crystal.signal: reading}).film
    assert 10 - HEAT_NM < seen.crystal_nm < 11.5  # it has seen vapour until the source shutter closed
    assert seen.film_nm == min(seen.crystal_nm, seen.most_nm)
    fresh = known.with_crystals({crystal.signal: reading._replace(value=6e6)}).film
    assert fresh.crystal_nm is None
    assert fresh.film_nm == fresh.recorded_nm


def test_a_run_without_an_end_stands_in_the_way_until_somebody_takes_note(whole, tmp_path) -> None:
    path, _, _, station = whole
    name = "simulated glovebox PVD"
    run = cut(path, 40 * SECOND, tmp_path / "runs")
    assert in_the_way(tmp_path, name) == (run, False, "")
    assert in_the_way(tmp_path, "another one") is None
    hold = Hold(run)
    assert is_held(run)
    assert in_the_way(tmp_path, name).is_running
    running = pvd("clear", run.stem, "--by", "Mia", "--data", str(tmp_path))
    assert (running.returncode, "is still going on" in running.stderr) == (2, True)
    hold.release()
    assert not is_held(run)
    for command in (["run", RECIPE], ["tune", "Zn", "--rate", "0.1 nm/s", "--yes"]):
        refused = pvd_here(*command, "--station", station, "--speed", "10000", "--data", str(tmp_path))
        assert refused.returncode == 2
        assert f'"pvd run --continue {run.stem}"' in refused.stderr.replace("\n    ", " ")
    other = pvd("run", "--continue", run.stem, "--data", str(tmp_path))
    assert other.returncode == 2
    assert "the station file is not the one of that run" in other.stderr
    assert pvd("clear", run.stem, "--data", str(tmp_path)).returncode == 2  # nobody is named
    cleared = pvd("clear", run.stem, "--by", "Mia", "--note", "sample taken out", "--data", str(tmp_path))
    assert cleared.returncode == 0
    assert in_the_way(tmp_path, name) is None
    assert "cleared by Mia" in pvd("runs", "list", "--data", str(tmp_path)).stdout.replace("\n", " ")
    for command in (["clear", run.stem, "--by", "Ben"], ["run", "--continue", run.stem, "--station", station]):
        again = pvd(*command, "--data", str(tmp_path))
        assert again.returncode == 2
        assert "was taken note of by Mia" in again.stderr


def test_a_record_of_which_this_version_decides_otherwise_is_only_taken_note_of(whole, tmp_path) -> None:
    path, _, _, station = whole
    copy = cut(path, 60 * SECOND, tmp_path)
    with closing(sqlite3.connect(copy)) as connection:
        (body,) = connection.execute("SELECT body FROM entry WHERE kind = 'event' LIMIT 1").fetchone()
        changed = document({**fields_of(body), "text": "something else"})
        connection.execute("DROP TRIGGER entry_is_not_changed")
        connection.execute("UPDATE entry SET body = ? WHERE body = ? AND kind = ?", (changed, body, str(Entry.EVENT)))
        connection.commit()
    known = reckon(RunFile(copy))
    assert "this version decides otherwise" in known.doubt
    with pytest.raises(Refused, match="this version decides otherwise"):
        continuation(known, prepare(RECIPE, station).station)
