"""What the ledgers say is left reaches the checker of a station whose plant does not begin anew."""

from pathlib import Path

import pytest

import pvdstation
from pvdstation import check
from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.readying import Unfit, ready
from pvdstation.assembly.counted import NOTHING, counted
from pvdstation.assembly.folders import DATABASE, RUNS
from pvdstation.assembly.tuning import Asked, prepare_tuning
from pvdstation.desk.start import TUNE, Start
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station
from pvdstation.record.ledgers import ByHand
from pvdstation.record.results import RunResult
from pvdstation.record.station_database import StationDatabase

STATIONS = Path(pvdstation.__file__).parent / "stations"
LIVE = load_station((STATIONS / "example.toml").read_bytes(), "example.toml")
SIM = load_station((STATIONS / "sim.toml").read_bytes(), "sim.toml")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder in which 100 mg of zinc was weighed in."""
    with StationDatabase.opened(tmp_path / DATABASE, tmp_path / RUNS) as database:
        for station in (LIVE.name, SIM.name):
            fields = {"mg": 100.0, "lot": "Z1"}
            database.enter(
                ByHand(f"1 {station}", "2026-11-01T10:00:00+00:00", station, "charge", "Zn", "M", "", fields)
            )
    return tmp_path


def test_what_was_weighed_in_comes_before_the_station_file(data: Path) -> None:
    assert counted(LIVE, data).charge_mg == {"Zn": 100.0}
    with pytest.raises(Refused) as refused:
        check("300 nm Zn at 0.5 nm/s", "example", data=str(data))
    assert "boat 1 holds 100 mg (the source ledger" in refused.value.problems[0].what


def test_a_plant_that_begins_anew_is_not_counted(data: Path) -> None:
    assert counted(SIM, data) == NOTHING
    assert check("300 nm Zn at 0.5 nm/s", data=str(data)).checked.charges[0].available_mg == 1500.0


def test_without_a_folder_or_a_database_nothing_is_counted_and_nothing_is_made(tmp_path: Path) -> None:
    assert counted(LIVE, None) == counted(LIVE, tmp_path / "none") == counted(LIVE, tmp_path) == NOTHING
    assert list(tmp_path.iterdir()) == []


def test_tuning_counts_what_is_left_in_the_boat(data: Path) -> None:
    refused = prepare_tuning(Asked("Zn", rate="0.6 nm/s"), "example", data=data)
    assert isinstance(refused, RunResult)
    assert "has 100 mg" in refused.errors[0].what
    assert not isinstance(prepare_tuning(Asked("Zn", rate="0.6 nm/s"), "example"), RunResult)


def test_a_tuning_through_the_core_counts_the_same(data: Path) -> None:
    start = Start(kind=TUNE, tune={"source": "Zn", "rate": "0.6 nm/s"}, is_live=True)
    with pytest.raises(Unfit, match="has 100 mg"):
        ready(start, Where(data, "example"))
