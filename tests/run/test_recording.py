"""What is kept of a run: same seed, same rows; every end is in the record; the ledgers come back from the runs."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pvd_command import pvd, pvd_here
from station_bench import QUICK, station_with

import pvdstation
from pvdstation.assembly.about import About, Lot, SampleName
from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.recording import DRY_RUNS_KEPT, Recording, _remove_old
from pvdstation.assembly.replay import replay
from pvdstation.assembly.runs import FASTEST, Way, Wishes, execute
from pvdstation.assembly.station_records import (
    Filter,
    anchors_of,
    check_record,
    enter_charge,
    enter_crystal,
    list_runs,
    show_ledgers,
)
from pvdstation.assembly.watching import Nobody
from pvdstation.model.problems import Refused
from pvdstation.record.export.nomad import archive_data
from pvdstation.record.holding import Hold
from pvdstation.record.opened import opened
from pvdstation.record.report.telling import tell
from pvdstation.record.run_file import RunFile, first_files
from pvdstation.record.schema import Entry
from pvdstation.record.station_database import StationDatabase

RECIPE = "10 nm Zn at 0.5 nm/s"
ABOUT = About("Mia", (SampleName("Li_LZLN", "S-017"),), 0.1, 0.0, {"Zn": Lot("442", "99.99 %")}, "first of three")
PACED = Way(speed=10000.0, is_attended=True)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    station = tmp_path_factory.mktemp("station") / "quick.toml"
    station.write_bytes(station_with(QUICK))
    return str(station)


def run(station: str, folder: Path, way: Way = FASTEST, **wishes: object):
    ready = prepare(RECIPE, station)
    return execute(ready, 1, way, Wishes(recording=Recording(folder, ABOUT), **wishes)).result


@pytest.fixture(scope="module")
def dry(quick, tmp_path_factory):
    """Two dry runs with the same seed."""
    folder = tmp_path_factory.mktemp("dry")
    results = [run(quick, folder) for _ in range(2)]
    return results, [RunFile(path) for path in first_files(folder / "dry-runs")], folder


@pytest.fixture(scope="module")
def paced(quick, tmp_path_factory):
    """Two durable runs, with entries by hand before and between them."""
    folder = tmp_path_factory.mktemp("paced")
    enter_charge(str(folder), quick, "Zn", "1200 mg", "Mia", "442", "")
    enter_charge(str(folder), quick, "Li", "90 mg", "Mia", "lot L7, 99.9 %", "")
    first = run(quick, folder, PACED)
    enter_crystal(str(folder), quick, "1", "Ben", "it jumped")
    return [first, run(quick, folder, PACED)], first_files(folder / "runs"), folder


# --- dry runs ---


def test_the_same_seed_gives_the_same_rows_byte_for_byte(dry) -> None:
    first, second = (list(run.rows()) for run in dry[1])
    differing = {a.kind for a, b in zip(first, second, strict=True) if a[:4] != b[:4]}
    assert differing == {Entry.GENESIS, Entry.END}
    ends = [{**run.end, "ended": "", "wall_s": 0} for run in dry[1]]
    assert ends[0] == ends[1]
    assert _scan_bodies(dry[1][0].path) == _scan_bodies(dry[1][1].path)


def _scan_bodies(path: Path) -> list[tuple[int, int, bytes]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT number, at_ns, body FROM scan ORDER BY number").fetchall()


def test_a_record_says_who_what_and_how_it_ended(dry) -> None:
    result, record = dry[0][0], opened(dry[1][0])
    assert record.id == result.run
    assert record.kind == "dry run"
    assert record.about == {
        "operator": "Mia",
        "samples": [{"name": "Li_LZLN", "id": "S-017", "batch": ""}],
        "glovebox": {"h2o_ppm": 0.1, "o2_ppm": 0.0},
        "lots": {"Zn": {"lot": "442", "purity": "99.99 %"}},
        "note": "first of three",
    }
    assert (record.result.outcome, record.result.cause, record.result.trigger) == ("complete", "complete", None)
    assert [step.as_json() for step in record.result.steps] == [step.as_json() for step in result.steps]
    deposit = next(step for step in result.steps if step.do == "deposit")
    assert 0 < deposit.pressure_base_mbar < 1e-5
    assert 0 < deposit.pressure_start_mbar <= deposit.pressure_max_mbar
    assert 0 < deposit.power_median_w <= deposit.peak_power_w
    assert set(record.crystals) == {"1", "2"}
    assert record.sources["Zn"]["used_mg"] > 0


def test_a_dry_run_leaves_ledgers_and_index_alone(dry) -> None:
    assert not (dry[2] / "station.sqlite").exists()


def test_a_replayed_run_decides_the_same(dry) -> None:
    replayed = replay(dry[1][0])
    assert replayed.difference is None
    assert replayed.scans == len(list(dry[1][0].scans()))


def test_a_replay_names_the_first_thing_that_is_decided_otherwise(dry) -> None:
    class Otherwise(RunFile):
        def document(self, kind):
            fields = super().document(kind)
            for work in fields.get("works", ()):
                if work["kind"] == "PumpDown":
                    work["hold_s"] = 9.0
            return fields

    difference = replay(Otherwise(dry[1][0].path)).difference
    assert difference.field.startswith("event")
    assert "for 9 s" in difference.now
    assert "for 9 s" not in difference.recorded


def test_the_newest_dry_runs_are_kept(tmp_path) -> None:
    for number in range(DRY_RUNS_KEPT + 3):
        (tmp_path / f"2026{number:04}-000000-0000.sqlite").touch()
    (tmp_path / "20260000-000000-0000.2.sqlite").touch()
    _remove_old(tmp_path)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert (len(kept), kept[0]) == (DRY_RUNS_KEPT - 1, "20260004-000000-0000.sqlite")


# --- every end ---


class Impatient(Nobody):
    """Gives up, or breaks the program, after a while."""

    def __init__(self, error: Exception | None = None) -> None:
        self.scans = 0
        self.error = error

    def moved(self, now_ns, step) -> None:
        self.scans += 1
        if self.error is not None and self.scans == 12:
            raise self.error

    def gives_up(self) -> bool:
        return self.error is None and self.scans >= 12


def test_a_run_that_its_operator_left_has_its_end(quick, tmp_path) -> None:
    result = run(quick, tmp_path, follower=Impatient())
    assert (result.outcome, result.cause, result.by_operator) == ("stopped", "operator", True)
    assert RunFile(next(iter(first_files(tmp_path / "dry-runs")))).end["cause"] == "operator"


@pytest.mark.parametrize("way", [FASTEST, Way(1.0, is_attended=True)], ids=["stepped", "threads"])
def test_an_internal_error_is_an_end_too(quick, tmp_path, way) -> None:
    with pytest.raises(RuntimeError):
        run(quick, tmp_path, way, follower=Impatient(RuntimeError("not thought of")))
    (path,) = (path for part in ("runs", "dry-runs") for path in first_files(tmp_path / part))
    end = RunFile(path).end
    assert (end["outcome"], end["cause"]) == ("aborted", "internal error")
    assert "not thought of" in end["reason"]


def test_an_interlock_is_named_with_the_value_that_it_saw(quick, tmp_path) -> None:
    result = run(quick, tmp_path, faults=["t=30s water lost"])
    assert (result.outcome, result.cause) == ("aborted", "interlock")
    assert result.trigger == {"rule": "water_flow", "signal": "water_flow", "value": 0.0, "limit": 1.0}
    assert RunFile(next(iter(first_files(tmp_path / "dry-runs")))).end["trigger"] == result.trigger


def test_a_refused_run_leaves_no_file(quick, tmp_path) -> None:
    with pytest.raises(Refused):
        run(quick, tmp_path, faults=["t=30s water boils"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_record_refuses_the_run(quick, tmp_path) -> None:
    (tmp_path / "data").touch()
    ended = pvd("dry-run", RECIPE, "--station", quick, "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "the record" in ended.stderr
    assert "--no-record" in ended.stderr


# --- runs, their index and ledgers ---


def test_runs_are_anchored_in_the_database_and_in_the_next_run(paced) -> None:
    _, (first, second), folder = paced
    kept = [(anchor.kept_by, anchor.hash) for anchor in anchors_of(first)]
    head = RunFile(first).head()[1]
    assert kept == [("the station database", head), (f"the run {second.stem}", head)]
    copied = folder / "copy" / "renamed.sqlite"
    copied.parent.mkdir()
    copied.write_bytes(first.read_bytes())
    assert anchors_of(copied, str(folder)) == anchors_of(first)  # of somebody's copy, too
    checked = check_record(first.stem, str(folder), with_replay=True)
    assert checked.is_sound
    assert checked.replayed.scans > 0


def test_a_run_without_room_is_refused(quick, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(0, 0, 10**9))
    ended = pvd_here("run", RECIPE, "--station", quick, "--speed", "1000", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert "1.00 GB are free, but the record of this plan wants 1.0" in ended.stderr
    assert first_files(tmp_path / "runs") == []


def test_what_was_weighed_in_is_used_up_run_by_run(paced, quick) -> None:
    (ledgers,) = show_ledgers(str(paced[2]), quick)
    charged, first, second = ledgers.charges["Zn"]
    assert (charged.charge_mg, charged.who, charged.lot) == (1200.0, "Mia", "442")
    assert first.charge_mg == pytest.approx(1200.0 - first.used_mg, abs=0.02)
    assert second.charge_mg == pytest.approx(first.charge_mg - second.used_mg, abs=0.02)
    assert [row.what for row in ledgers.crystals["1"]] == ["run", "changed", "run"]
    assert [row.factor_pct for row in ledgers.tooling["1"]] == [112.0]
    assert RunFile(paced[1][1]).document(Entry.LEDGER)["charges"]["Zn"]["charge_mg"] == first.charge_mg


def test_report_and_archive_tell_charge_and_lot_of_the_ledger(paced) -> None:
    record = RunFile(paced[1][1])
    left_mg = record.document(Entry.LEDGER)["charges"]["Zn"]["charge_mg"]
    assert 0 < left_mg < 1200.0
    story = tell(record).story
    assert story.layers[0].charge_mg == left_mg
    said = {lot.of: (lot.lot, lot.purity) for lot in story.heading.lots}
    assert said == {"Zn": ("442", "99.99 %"), "Li": ("L7", "99.9 %")}  # at the start; by hand
    data = archive_data(record)
    masses = [step["sources"][0]["material"][0]["mass"] for step in data["steps"] if "sources" in step]
    assert masses == [pytest.approx(left_mg * 1e-6)] * len(masses) != []
    assert "Li: lot L7." in data["description"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"no database" * 1000)])
def test_the_index_is_made_anew_from_the_runs_with_the_entries_by_hand_that_they_saw(paced, quick, damage) -> None:
    folder = paced[2]
    with StationDatabase.opened(folder / "station.sqlite", folder / "runs") as database:
        runs, ledger = database.runs(), database.ledger("simulated glovebox PVD")
    damage(folder / "station.sqlite")
    with StationDatabase.opened(folder / "station.sqlite", folder / "runs") as database:
        assert database.runs() == runs
        assert database.ledger("simulated glovebox PVD") == ledger
        for entry in runs:  # the heads are of the time of the runs, and are not made anew
            assert database.head_of(entry.run) is None
    assert len(ledger["by_hand"]) == 3


def test_what_was_written_is_read_where_nothing_can_be_written(paced, monkeypatch) -> None:
    def read():
        return list_runs(str(folder), Filter()), show_ledgers(str(folder), None), anchors_of(first)

    (first, _), folder = paced[1], paced[2]
    before = read()
    monkeypatch.setattr("pvdstation.record.station_database.BUSY_S", 0.0)
    with closing(sqlite3.connect(folder / "station.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write now
        os.utime(first)  # the index would be brought up to date
        assert read() == before


def test_the_database_of_another_program_is_left_alone(tmp_path) -> None:
    with closing(sqlite3.connect(tmp_path / "station.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    ended = pvd("ledger", "show", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert "belongs to another program" in ended.stderr


# --- for people ---


def test_runs_are_listed_shown_and_verified(dry) -> None:
    folder = ("--data", str(dry[2]))
    newest = dry[0][1].run
    listed = json.loads(pvd("runs", "list", "--dry", "--material", "Zn", "--sample", "s-017", *folder, "--json").stdout)
    assert [entry["run"] for entry in listed["runs"]] == [newest, dry[0][0].run]
    assert json.loads(pvd("runs", "list", *folder, "--json").stdout) == {"runs": []}
    assert pvd("runs", "list", "--dry", "--outcome", "aborted", *folder).stdout == "no such run\n"
    shown = pvd("runs", "show", "last", *folder).stdout
    assert "COMPLETE" in shown
    assert newest in shown
    assert "step 3: complete, thickness reached" in shown
    assert "H2O 0.1 ppm, O2 0 ppm" in shown
    assert pvd("runs", "verify", "last", newest, *folder, "--replay").returncode == 0
    assert pvd("runs", "verify", "2", *folder).returncode == 2  # both begin so
    assert pvd("runs", "show", "1999", *folder).returncode == 2


def test_a_damaged_record_is_found_and_named(dry, tmp_path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(dry[1][0].path.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DROP TRIGGER scan_is_not_changed")
        connection.execute("UPDATE scan SET at_ns = at_ns + 1 WHERE number = 100")
    ended = pvd("runs", "verify", str(copy))
    assert ended.returncode == 4
    assert "row 100" in ended.stdout


@pytest.mark.parametrize("length", [100, 5000, 60_000], ids=lambda length: f"{length} bytes")
def test_a_torn_file_ends_every_command_alike(dry, tmp_path, length) -> None:
    torn = tmp_path / "torn.sqlite"
    torn.write_bytes(dry[1][0].path.read_bytes()[:length])
    for command in (["show"], ["report"], ["export", "--format", "csv", "-o", str(tmp_path / "x.csv")], ["verify"]):
        ended = pvd("runs", *command[:1], str(torn), *command[1:])
        assert ended.returncode == 4, command
    assert [path.name for path in tmp_path.iterdir()] == ["torn.sqlite"]


def _cut_at_60_s(path: Path, copy: Path) -> Path:
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DROP TRIGGER entry_is_not_removed")
        connection.execute("DELETE FROM entry WHERE kind = 'end' OR at_ns > 60000000000")
        connection.execute("DROP TRIGGER scan_is_not_removed")
        connection.execute("DELETE FROM scan WHERE at_ns > 60000000000")
    return copy


def test_a_run_without_an_end_is_told_as_far_as_its_record_goes(dry, tmp_path) -> None:
    shown = pvd("runs", "show", str(_cut_at_60_s(dry[1][0].path, tmp_path / "copy.sqlite"))).stdout
    assert "INTERRUPTED: its record has no end" in shown
    assert "no safe state is recorded\n1 min 00 s of plant time; seed" in shown


def test_a_run_whose_record_somebody_still_writes_is_running(paced, tmp_path) -> None:
    first = paced[1][0]
    (tmp_path / "runs").mkdir()
    record = _cut_at_60_s(first, tmp_path / "runs" / first.name)

    def listed() -> list[tuple[str, str]]:
        return [(run.outcome, run.cause) for run in list_runs(str(tmp_path), Filter())]

    hold = Hold(record)
    assert listed() == [("running", "")]
    assert list_runs(str(tmp_path), Filter(outcome="interrupted")) == []
    assert "\nRUNNING · no safe state is recorded" in pvd("runs", "show", "last", "--data", str(tmp_path)).stdout
    hold.release()
    assert listed() == [("interrupted", "interrupted")]


def test_a_word_that_is_no_outcome_is_answered_with_those_that_are(tmp_path) -> None:
    ended = pvd("runs", "list", "--outcome", "blah", "--data", str(tmp_path))
    assert ended.returncode == 2
    assert '"blah" is no outcome and no cause' in ended.stderr
    assert all(word in ended.stderr for word in ("complete", "running", "interrupted", "alarm limit"))


def test_a_notebook_opens_a_run(dry) -> None:
    record = pvdstation.open_run(dry[0][0].run, data=str(dry[2]))
    samples = record.samples("sensor.1.life", "chamber.full_range")
    assert len(samples.at_s) == len(samples.values[0]) > 100
    assert 99 < samples.values[0][-1] <= 100
    with pytest.raises(KeyError):
        record.samples("sensor.9.life")
