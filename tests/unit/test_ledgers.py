"""Crystals, charges and power over many runs."""

import pytest

from pvdstation.model.problems import Refused
from pvdstation.record.ledgers import ByHand, RunLedger, ledgers
from pvdstation.record.run_entry import Charge, CrystalLife
from pvdstation.record.station_database import StationDatabase


def run(day, *, life=(90.0, 80.0), used_mg=100.0, rate=0.5, power=15.0, tooling=112.0):
    crystals = (CrystalLife("1", *life),)
    return RunLedger(
        f"r{day}", f"2026-03-{day:02}T09:00", crystals, (Charge("Zn", 300.0, used_mg, rate, power),), {"1": tooling}
    )


def by_hand(day, kind, subject, **fields):
    return ByHand(f"h{day}{kind}", f"2026-03-{day:02}T08:00", "s", kind, subject, "Mia", "", fields)


def test_a_crystal_that_is_suddenly_better_was_changed_and_somebody_should_have_said_so() -> None:
    rows = ledgers("s", [run(1, life=(90, 80)), run(2, life=(99, 90))], []).crystals["1"]
    assert [row.what for row in rows] == ["run", "noticed", "run"]
    assert "life was 80 % and is 99 %" in rows[1].note


def test_a_change_that_was_entered_is_not_noticed_again() -> None:
    rows = ledgers("s", [run(1), run(3, life=(99, 90))], [by_hand(2, "crystal", "1")]).crystals["1"]
    assert [row.what for row in rows] == ["run", "changed", "run"]


def test_noise_of_the_life_is_no_change() -> None:
    rows = ledgers("s", [run(1, life=(90, 80)), run(2, life=(81, 75)), run(3, life=(None, None))], []).crystals["1"]
    assert [row.what for row in rows] == ["run", "run", "run"]


def test_what_is_left_counts_from_the_last_charge_and_is_never_below_nothing() -> None:
    charge = by_hand(2, "charge", "Zn", mg=250.0, lot="442")
    rows = ledgers("s", [run(1), run(3), run(4, used_mg=200.0)], [charge]).charges["Zn"]
    assert [row.charge_mg for row in rows] == [None, 250.0, 150.0, 0.0]


def test_entries_that_no_run_has_seen_come_back_after_the_database_is_lost(tmp_path) -> None:
    first, second = by_hand(1, "charge", "Zn", mg=250.0, lot="442"), by_hand(2, "crystal", "1")
    path = tmp_path / "station.sqlite"
    with StationDatabase.opened(path) as database:
        database.enter(first)
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"id": "torn", "at": "2026-0')
    with StationDatabase.opened(path) as database:
        database.enter(second)
    for name in ("station.sqlite", "station.sqlite-wal", "station.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with StationDatabase.opened(path) as database:
        assert database.by_hand("s") == [first, second]


def test_an_entry_that_cannot_be_written_down_is_not_entered(tmp_path) -> None:
    (tmp_path / "ledger.jsonl").mkdir()
    with StationDatabase.opened(tmp_path / "station.sqlite") as database:
        with pytest.raises(Refused, match="cannot be written"):
            database.enter(by_hand(1, "crystal", "1"))
        assert database.by_hand("s") == []


def test_tooling_has_a_row_whenever_it_changed() -> None:
    rows = ledgers("s", [run(1), run(2), run(3, tooling=114.0)], []).tooling["1"]
    assert [(row.factor_pct, row.run) for row in rows] == [(112.0, "r1"), (114.0, "r3")]


@pytest.mark.parametrize(
    ("powers", "words"),
    [
        ([15.0, 15.2, 14.9, 16.4], ""),
        ([15.0, 15.2, 14.9, 17.0], "Zn: 17.0 W for 0.5 nm/s, 13 % more than in the last 3 runs: the boat is cracking"),
        ([30.0, 15.0, 15.0, 15.0, 12.0], "20 % less than in the last 3 runs"),
        ([15.0, 17.0], "13 % more than in the last run"),
        ([15.0], ""),
        ([None, 17.0], ""),
    ],
)
def test_another_power_for_the_same_rate_is_said_in_one_sentence(powers, words) -> None:
    runs = [run(day, power=power) for day, power in enumerate(powers, 1)]
    text = ledgers("s", runs, []).trends().get("Zn", "")
    assert (words in text) if words else text == ""


def test_another_rate_is_not_compared() -> None:
    assert ledgers("s", [run(1), run(2, rate=1.0, power=25.0)], []).trends() == {}
