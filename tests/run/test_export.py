"""A run in the forms of others has the very numbers of its record."""

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas
import pytest
from pvd_command import pvd
from station_bench import QUICK, station_with

from pvdstation.model.signals import Quality
from pvdstation.record.export.exporting import export_run
from pvdstation.record.export.formats import SUFFIX, Format
from pvdstation.record.export.nomad_series import flux_mol_m2_s
from pvdstation.record.export.story import Story, WallTime
from pvdstation.record.run_file import RunFile

RECIPE = "2 nm Zn at 0.5 nm/s, then N2 to 50 mbar for 5 s"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the record of a quick dry run, and its three exports."""
    folder = tmp_path_factory.mktemp("export")
    station = folder / "quick.toml"
    station.write_bytes(station_with(QUICK))
    said = ("--operator", "M. Müller jr.", "--sample", "foil 7, S-017, B3", "--h2o", "0.1", "--lot", "Zn=442, 99.99 %")
    fault = ("--fault", "t=250s for 5s gauge.foreline out_of_range under")  # while the sources cool
    ended = pvd("dry-run", RECIPE, "--station", str(station), "--data", str(folder), *said, *fault, "--json")
    assert ended.returncode == 0, ended.stderr
    for form in Format:
        done = pvd("runs", "export", "last", "--data", str(folder), "--format", form, "-o", str(_file(folder, form)))
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def record(folder: Path) -> RunFile:
    (path,) = (folder / "dry-runs").glob("*.sqlite")
    return RunFile(path)


@pytest.fixture(scope="module")
def table(folder: Path) -> Any:
    return pandas.read_csv(_file(folder, Format.CSV))


@pytest.fixture(scope="module")
def nexus(folder: Path) -> Any:
    with h5py.File(_file(folder, Format.HDF5)) as file:
        yield file


@pytest.fixture(scope="module")
def archive(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_file(folder, Format.NOMAD).read_text("utf-8"))["data"]
    return data


def _file(folder: Path, form: Format) -> Path:
    return folder / f"run{SUFFIX[form]}"


def _step(archive: dict[str, Any], words: str) -> dict[str, Any]:
    return next(step for step in archive["steps"] if words in step["name"])


# --- CSV ---


def test_the_table_has_a_row_per_scan_and_the_very_values_of_the_record(record: RunFile, table: Any) -> None:
    names = {"sqc.output.1.rate": "rate Zn (nm/s)", "supply.1.voltage": "supply voltage Zn (V)", "gate": "gate"}
    samples = record.samples(list(names))
    assert table["time (s)"].tolist() == list(samples.at_s)
    for title, values in zip(names.values(), samples.values, strict=True):
        np.testing.assert_array_equal(table[title].to_numpy(float), np.array(values))


def test_every_signal_has_a_column_and_no_column_has_the_name_of_another(record: RunFile, table: Any) -> None:
    header = list(table.columns)
    assert len(set(header)) == len(header)
    assert len([title for title in header if not title.startswith(("quality ", "output "))]) == 4 + len(record.signals)


def test_a_value_that_is_not_good_is_an_empty_cell_with_its_quality_beside_it(record: RunFile, table: Any) -> None:
    number = record.number["foreline.pirani"]
    judged = [scan.readings[number].quality for scan in record.scans()]
    doubtful = [place for place, quality in enumerate(judged) if quality not in (Quality.GOOD, Quality.NEVER)]
    assert doubtful, "this run has no such sample: the test says nothing"
    assert table["foreline pirani (mbar)"][doubtful].isna().all()
    words = [quality.name.lower() for quality in judged]
    assert table["quality foreline pirani"].tolist() == words


def test_state_and_step_are_those_that_the_scan_has_left(record: RunFile, table: Any) -> None:
    chapters = [chapter for chapter in Story(record).chapters if chapter.start_s is not None]
    for chapter in chapters:
        row = table[table["time (s)"] == chapter.start_s].iloc[0]
        assert (row["run state"], row["step"]) == ("running", chapter.step.index)
    assert table["run state"].iloc[-1] == "complete"


def test_outputs_are_the_levels_after_the_arbiter(record: RunFile, table: Any) -> None:
    levels = [scan.outputs.substrate_shutter for scan in record.scans()]
    assert any(levels)
    assert table["output substrate shutter"].tolist() == levels


# --- HDF5 ---


def test_every_group_has_its_class_and_every_number_of_a_log_its_unit(nexus: Any) -> None:
    missing: list[str] = []

    def look(name: str, node: Any) -> None:
        if isinstance(node, h5py.Group):
            if not str(node.attrs.get("NX_class", "")).startswith("NX"):
                missing.append(name)
        elif (
            node.parent.attrs["NX_class"] in ("NXlog", "NXdata")
            and node.dtype.kind == "f"
            and "units" not in node.attrs
        ):
            missing.append(name)

    nexus.visititems(look)
    assert missing == []
    assert nexus.attrs["NX_class"] == "NXroot"


def test_the_default_plot_is_found_by_the_defaults_alone(nexus: Any, record: RunFile) -> None:
    data = nexus[nexus.attrs["default"]]
    data = data[data.attrs["default"]]
    assert data.attrs["NX_class"] == "NXdata"
    signal, (axis,) = data[data.attrs["signal"]], data.attrs["axes"]
    (rate,) = record.samples(["sqc.output.1.rate"]).values
    np.testing.assert_array_equal(signal[:], np.array(rate))
    assert signal.attrs["units"] == "nm/s"
    assert len(data[axis]) == len(signal)
    assert all(len(data[name]) == len(signal) for name in data.attrs["auxiliary_signals"])


def test_a_log_has_every_sample_with_its_own_time_and_quality(nexus: Any, record: RunFile) -> None:
    number = record.number["foreline.pirani"]
    samples = [scan.readings[number] for scan in record.scans() if number in scan.changed]
    sensor = nexus["entry/instrument/foreline_pirani"]
    log = sensor["value_log"]
    assert log["time"][:].tolist() == [sample.at_ns / 1e9 for sample in samples]
    assert log["raw_value"][:].tolist() == [sample.value for sample in samples]
    assert sensor["quality_log/value"][:].tolist() == [int(sample.quality) for sample in samples]
    good = [sample.value if sample.quality is Quality.GOOD else math.nan for sample in samples]
    np.testing.assert_array_equal(log["value"][:], np.array(good))
    assert log["time"].attrs["start"] == WallTime(record).at(0)
    assert sensor["quality_log/time"] == log["time"]


def test_recipe_and_station_are_in_it_as_they_were_read(nexus: Any, record: RunFile, folder: Path) -> None:
    process = nexus["entry/process"]
    assert process["recipe/data"][:].tobytes() == RECIPE.encode()
    assert process["station/data"][:].tobytes() == (folder / "quick.toml").read_bytes()
    assert process["record/last_hash"].asstr()[()] == record.head()[1].hex()


def test_a_simulated_run_says_so_in_title_attribute_and_sample(nexus: Any) -> None:
    entry = nexus["entry"]
    assert entry["title"].asstr()[()].startswith("SIMULATED")
    assert entry.attrs["simulated"]
    assert entry["sample_1/type"].asstr()[()] == "simulated data"
    assert entry["sample_1/name"].asstr()[()] == "foil 7"
    assert entry["user/name"].asstr()[()] == "M. Müller jr."


def test_the_table_of_events_is_that_of_the_record(nexus: Any, record: RunFile) -> None:
    events = list(record.events())
    table = nexus["entry/events"]
    assert table["number"][:].tolist() == [event.number for event in events]
    assert table["text"].asstr()[:].tolist() == [event.text for event in events]


# --- NOMAD ---


@pytest.mark.parametrize(
    ("rate_nm_s", "density_g_cm3", "molar_g_mol", "flux"),
    [
        (0.5, 7.14, 65.38, 5.4604e-5),  # Zn, bulk: 0.5e-9 m/s x 7.14e6 g/m3 / 65.38 g/mol
        (0.5, 7.04, 65.38, 5.3839e-5),  # Zn, the monitor's density
        (0.5, 0.53, 6.94, 3.8184e-5),  # Li
    ],
)
def test_flux_is_rate_times_density_over_molar_mass(
    rate_nm_s: float, density_g_cm3: float, molar_g_mol: float, flux: float
) -> None:
    assert flux_mol_m2_s(rate_nm_s * 1e-9, density_g_cm3, molar_g_mol) == pytest.approx(flux, rel=1e-4)


def test_flux_and_growth_rate_are_there_only_while_the_substrate_shutter_is_open(
    archive: dict[str, Any], record: RunFile
) -> None:
    step = _step(archive, "deposit 2 nm Zn")
    (source,) = step["sources"]
    (flux,) = source["impinging_flux"]
    growth = step["sample_parameters"][0]["growth_rate"]
    assert flux["measurement_type"] == "Quartz Crystal Microbalance"
    assert flux["time"] == growth["time"]
    assert flux["value"] == pytest.approx([rate * 7.04e6 / 65.38 for rate in growth["value"]], rel=1e-8)
    chapter = next(chapter for chapter in Story(record).chapters if chapter.step.do == "deposit")
    assert chapter.start_s is not None
    shutter, rate = record.number["substrate_shutter"], record.number["sqc.output.1.rate"]
    seen = {
        round(scan.readings[rate].at_ns / 1e9 - chapter.start_s, 6): scan.readings[rate].value * 1e-9
        for scan in record.scans()
        if rate in scan.changed and scan.readings[shutter].value == 1
    }
    assert len(growth["time"]) >= len(seen) - 1 > 3
    assert [seen[round(time, 6)] for time in growth["time"]] == pytest.approx(growth["value"])


def test_power_is_voltage_times_current_with_what_was_asked_beside_it(archive: dict[str, Any], record: RunFile) -> None:
    power = _step(archive, "deposit 2 nm Zn")["sources"][0]["vapor_source"]["power"]
    result = next(step for step in Story(record).chapters if step.step.do == "deposit").result
    assert max(power["value"]) == pytest.approx(result.peak_power_w, rel=0.02)
    assert len(power["value"]) == len(power["time"])
    assert len(power["set_value"]) == len(power["set_time"])
    assert power["set_value"][5] == pytest.approx(power["value"][5], rel=0.05)


def test_steps_begin_and_last_as_the_record_says_and_only_the_layer_makes_a_film(
    archive: dict[str, Any], record: RunFile
) -> None:
    begun = [chapter for chapter in Story(record).chapters if chapter.start_s is not None]
    assert [step["name"] for step in archive["steps"]] == [f"{c.step.index}. {c.step.text}" for c in begun]
    assert [step["duration"] for step in archive["steps"]] == pytest.approx([c.result.duration_s for c in begun])
    assert [step["creates_new_thin_film"] for step in archive["steps"]] == [c.step.do == "deposit" for c in begun]
    for step in archive["steps"]:
        times = step["environment"]["pressure"]["time"]
        assert all(0 <= time <= step["duration"] for time in times)


def test_the_gas_step_has_its_gas_and_the_pressure_in_pascals(archive: dict[str, Any]) -> None:
    environment = _step(archive, "N2 to 50 mbar")["environment"]
    assert environment["gas_flow"][0]["gas"]["molecular_formula"] == "N2"
    assert environment["pressure"]["set_value"] == [5000.0]
    assert max(environment["pressure"]["value"]) == pytest.approx(5000.0, rel=0.1)


def test_the_archive_names_definition_samples_and_what_it_is(archive: dict[str, Any], record: RunFile) -> None:
    assert archive["m_def"] == "nomad_material_processing.vapor_deposition.pvd.thermal.ThermalEvaporation"
    assert archive["samples"] == [{"name": "foil 7", "lab_id": "S-017"}]
    assert archive["lab_id"] == record.run
    assert archive["name"].startswith("SIMULATED")
    assert archive["steps"][2]["sources"][0]["material"][0]["name"] == "Zn, 99.99 %, lot 442"


# --- files ---


def test_a_file_that_exists_stays_unless_it_is_forced(folder: Path, record: RunFile) -> None:
    taken = folder / "taken.csv"
    taken.write_text("mine")
    arguments = ("runs", "export", record.run, "--data", str(folder), "--format", "csv", "-o", str(taken))
    refused = pvd(*arguments)
    assert (refused.returncode, taken.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert pvd(*arguments, "--force").returncode == 0
    assert taken.read_bytes() == _file(folder, Format.CSV).read_bytes()


def test_the_description_is_made_of_sentences(archive: dict[str, Any]) -> None:
    said = "Operator: M. Müller jr. Glovebox H2O: 0.1 ppm. Zn: lot 442. Recipe SHA-256"
    assert said in archive["description"]
    assert archive["description"].endswith("of the same run.")


def _changed(record: RunFile, path: Path, sql: str) -> Path:
    with closing(sqlite3.connect(record.path)) as whole, closing(sqlite3.connect(path)) as copy, copy:
        whole.backup(copy)
        copy.execute("DROP TRIGGER scan_is_not_changed")
        copy.execute(sql)
    return path


def test_a_damaged_record_is_exported_as_far_as_it_can_be_read_and_said_to_be_damaged(
    record: RunFile, tmp_path: Path
) -> None:
    edited = _changed(record, tmp_path / "edited.sqlite", "UPDATE scan SET at_ns = at_ns + 1 WHERE number = 100")
    done = pvd("runs", "export", str(edited), "--format", "csv", "-o", str(tmp_path / "edited.csv"))
    assert done.returncode == 0
    assert "THE RECORD IS DAMAGED" in done.stderr
    broken = _changed(record, tmp_path / "broken.sqlite", "UPDATE scan SET body = x'00' WHERE number = 100")
    refused = pvd("runs", "export", str(broken), "--format", "csv", "-o", str(tmp_path / "broken.csv"))
    assert refused.returncode == 4
    assert "it is damaged" in refused.stderr
    assert not (tmp_path / "broken.csv").exists()


def test_an_export_that_fails_leaves_nothing_behind(
    tmp_path: Path, record: RunFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(record: RunFile, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pvdstation.record.export.csv_table.write_csv", broken)
    with pytest.raises(OSError, match="No space"):
        export_run(record, Format.CSV, tmp_path / "run.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_interrupted_is_exported_to_its_last_scan(
    folder: Path, record: RunFile, table: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sqlite"
    with sqlite3.connect(record.path) as whole, sqlite3.connect(broken) as copy:
        whole.backup(copy)
        copy.execute("DROP TRIGGER entry_is_not_removed")
        copy.execute("DELETE FROM entry WHERE kind = 'end' OR at_ns > 250000000000")
        copy.execute("DROP TRIGGER scan_is_not_removed")
        copy.execute("DELETE FROM scan WHERE at_ns > 250000000000")
    for form in Format:
        export_run(RunFile(broken), form, _file(tmp_path, form))
    rows = pandas.read_csv(_file(tmp_path, Format.CSV))
    assert rows["time (s)"].iloc[-1] == 250.0
    columns = ["rate Zn (nm/s)", "run state", "step"]
    pandas.testing.assert_frame_equal(rows[columns], table[columns].iloc[: len(rows)])
    data = json.loads(_file(tmp_path, Format.NOMAD).read_text("utf-8"))["data"]
    assert "interrupted" in data["description"]
    with h5py.File(_file(tmp_path, Format.HDF5)) as file:
        assert file["entry/outcome/outcome"].asstr()[()] == "interrupted"
