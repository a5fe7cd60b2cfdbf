"""A start that is asked for: what cancels it, what it may not be, and an end that no scan waits for."""

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from threading import Thread

import pytest
from core_bench import core, heard, start_of, until_end, wait_for

from pvdstation.assembly.core.meeting import Where, address
from pvdstation.desk.client import Client, ask_urgently
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Accepted, Answer, Ended, Refused
from pvdstation.model.messages import Verb

pytestmark = pytest.mark.long

LOCKED_S = 3.0


def cancelled(where: Where, client: Client, verb: Verb, after_s: float) -> tuple[Answer, Answer]:
    """Ask for a start, and after a while for its end; return both answers."""
    answers: list[Answer] = []
    form = start_of("wait 20 s", 5.0).as_form()
    asking = Thread(target=lambda: answers.append(client.ask("start", form=form, timeout_s=30)))
    asking.start()
    time.sleep(after_s)
    ended = ask_urgently(address(where), verb, "other")
    asking.join()
    return answers[0], ended


def test_whoever_asks_for_an_end_while_a_start_is_being_prepared_sees_none_begin(tmp_path: Path) -> None:
    where = Where(tmp_path, "sim")
    with core(where) as (client, _):
        wait_for(client, "idle")
        for verb, after_s in ((Verb.STOP, 0.3), (Verb.STOP, 0.02), (Verb.ABORT, 0.3)):
            start, end = cancelled(where, client, verb, after_s)
            assert isinstance(start, Refused)
            assert start.exit_code == 3
            assert f"{verb} by other" in start.text
            if after_s > 0.25:
                assert isinstance(end, Accepted)
        assert wait_for(client, "aborted").run == ""
        asked = [sys.executable, "-m", "pvdstation", "abort", "--station", "sim", "--data", str(tmp_path)]
        assert subprocess.run(asked, capture_output=True, timeout=20, check=False).returncode == 0  # no run to follow
        assert wait_for(client, "aborted").run == ""
        assert list((tmp_path / "runs").glob("*.sqlite")) == []


def test_what_the_core_does_not_hold_is_not_driven_and_the_end_of_a_record_keeps_no_scan_waiting(
    tmp_path: Path,
) -> None:
    station, data = tmp_path / "mine.toml", tmp_path / "data"
    station.write_text(files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8"), encoding="utf-8")
    kept = shutil.copy(station, tmp_path / "kept.toml")
    with core(Where(data, str(station))) as (client, _):
        for speed in (-1.0, 0.0, 1e-300, 1e300):
            refused = client.ask("start", form=start_of(speed=speed).as_form(), timeout_s=30)
            assert isinstance(refused, Refused)
            assert "is not a number from 0.01 to 10000" in refused.text
        station.write_text(station.read_text(encoding="utf-8") + "# a word more\n", encoding="utf-8")
        refused = client.ask("start", form=start_of("wait 1 s").as_form(), timeout_s=30)
        assert isinstance(refused, Refused)
        assert "the station file has changed" in refused.text
        shutil.copy(kept, station)
        assert client.ask("start", form=start_of("wait 1 s", is_kept=False).as_form(), timeout_s=30) == Accepted(6, "")
        assert until_end(client)[1].result["outcome"] == "complete"
        assert isinstance(client.ask("start", form=start_of("wait 1 s", 1.0).as_form(), timeout_s=30), Accepted)
        shown: list[Snapshot] = []
        with closing(sqlite3.connect(data / "station.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for news in heard(client, 30.0):
                assert not (isinstance(news, Ended) and other.in_transaction)
                if isinstance(news, Ended):
                    assert (news.result["outcome"], news.result["safe"], news.result["errors"]) == (
                        "complete",
                        True,
                        [],
                    )
                    break
                if isinstance(news, Snapshot) and news.state == "complete":
                    shown.append(news)
                if other.in_transaction and shown and shown[-1].now_ns - shown[0].now_ns > LOCKED_S * 1e9:
                    other.execute("ROLLBACK")
        assert len(shown) > 5 * LOCKED_S / 2
        assert shown[-1].late_scans - shown[0].late_scans <= 1
        assert isinstance(client.ask("abort"), Accepted)
        wait_for(client, "aborted")
    told = (data / "core.log").read_text(encoding="utf-8")
    assert "run: aborted" in told, "what happens after the end of a run is in no record"
