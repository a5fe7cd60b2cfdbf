"""The core process of a station: one at a time, begun with or without a run, ended by those who may end it."""

import os
import signal
import time
from pathlib import Path

import pytest
from core_bench import FAST, core, gone, pid_of, start_of, until_end, wait_for
from pvd_command import pvd

from pvdstation.assembly.core.meeting import NotStarted, Where, address, meet, meet_or_start
from pvdstation.assembly.interrupted import links_of
from pvdstation.desk.client import ask_urgently
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.model.messages import Verb
from pvdstation.record.run_file import RunFile

SLOW = "300 nm Zn at 0.5 nm/s"


def test_a_core_that_is_started_with_a_run_goes_on_after_it_and_takes_another_one(tmp_path: Path) -> None:
    where = Where(tmp_path, "sim")
    with core(where, start_of("wait 20 s")) as (client, run):
        events, ended = until_end(client)
        assert ended.run == run
        assert ended.result["outcome"] == "complete"
        assert [event.number for event in events] == sorted({event.number for event in events})
        assert RunFile(tmp_path / "runs" / f"{run}.sqlite").end is not None
        assert isinstance(client.ask("clear"), Accepted)
        assert wait_for(client, "idle").run in ("", run)
        again = client.ask("start", form=start_of().as_form(), timeout_s=30)
        assert isinstance(again, Accepted)
        assert again.text not in ("", run)
        assert isinstance(client.ask("abort"), Accepted)
        _, second = until_end(client)
        assert (second.run, second.result["outcome"]) == (again.text, "aborted")
        assert isinstance(client.ask("quit"), Accepted)
        assert gone(pid_of(tmp_path))


def test_one_core_per_data_folder_and_station_and_one_run_at_a_time(tmp_path: Path) -> None:
    where = Where(tmp_path, "sim")
    with core(where, start_of(SLOW, 20)) as (client, run):
        other = meet_or_start(where, "other", start_of())
        assert other.run == ""  # the running core, not a new one
        assert isinstance(client.ask("pause"), Accepted | Refused)  # now the first client is in charge
        refused = other.client.ask("start", form=start_of().as_form())
        assert isinstance(refused, Refused)
        assert "in charge" in refused.text
        assert isinstance(other.client.take_charge("Mia"), Accepted)
        refused = other.client.ask("start", form=start_of().as_form())
        assert isinstance(refused, Refused)
        assert run in refused.text
        assert "quit" not in refused.text
        stays = other.client.ask("quit")
        assert isinstance(stays, Refused)
        assert f"run {run} is active" in stays.text
        other.client.close()
        second = Where(tmp_path, "sim-host-loop")
        with core(second) as (beside, _):
            assert wait_for(beside, "idle").station != ""


def test_a_core_is_found_from_a_login_with_another_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, elsewhere = Where(tmp_path, "sim"), tmp_path / "run"
    with core(where) as (client, _):
        elsewhere.mkdir(mode=0o700)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(elsewhere))
        again = meet_or_start(where, "other", start_of())
        assert again.run == ""
        assert again.client.station == client.station
        again.client.close()


def test_what_keeps_the_first_run_from_beginning_is_told_with_its_places_and_no_core_stays(tmp_path: Path) -> None:
    recipe = tmp_path / "wrong.toml"
    recipe.write_text('name = "x"\nversion = 1\nsteps = ["300 nm Zn at 0.5 furlong"]\n')
    with pytest.raises(NotStarted) as told:
        meet_or_start(Where(tmp_path, "sim"), "test", start_of(str(recipe)))
    assert told.value.exit_code == 2
    assert {problem["file"] for problem in told.value.problems} == {str(recipe)}
    with pytest.raises(NotStarted) as told:
        meet_or_start(Where(tmp_path, "nowhere"), "test", start_of())
    assert 'no packaged station "nowhere"' in told.value.problems[0]["what"]
    with pytest.raises(NotStarted) as told:
        meet_or_start(Where(tmp_path, "sim"), "test", start_of(is_live=True))
    assert told.value.problems[0]["where"] == "--live"


def test_signals_hang_up_is_ignored_and_terminate_stops_the_run_before_the_core_ends(tmp_path: Path) -> None:
    with core(Where(tmp_path, "sim"), start_of(SLOW, FAST)) as (client, run):
        pid = pid_of(tmp_path)
        wait_for(client, "running")
        os.kill(pid, signal.SIGHUP)
        os.kill(pid, signal.SIGTERM)
        _, ended = until_end(client)
        assert (ended.result["outcome"], ended.result["safe"]) == ("stopped", True)
        assert gone(pid)
        end = RunFile(tmp_path / "runs" / f"{run}.sqlite").end
        assert end is not None
        assert end["outcome"] == "stopped"


def test_a_core_that_was_killed_leaves_an_offer_and_nothing_begins_by_itself(tmp_path: Path) -> None:
    where = Where(tmp_path, "sim")
    with core(where, start_of(SLOW, FAST)) as (client, run):
        wait_for(client, "running")
        time.sleep(0.5)
        os.kill(pid_of(tmp_path), signal.SIGKILL)
    with pytest.raises(NotStarted) as told:
        meet_or_start(where, "test", start_of())
    assert told.value.exit_code == 2
    assert run in told.value.problems[0]["what"]
    assert told.value.interrupted is not None
    assert "off is confirmed" in told.value.text or "off" in told.value.text
    with core(where) as (client, _):
        assert wait_for(client, "interrupted").state == "interrupted"
        refused = client.ask("start", form=start_of().as_form(), timeout_s=30)
        assert isinstance(refused, Refused)
        assert refused.interrupted is not None
        assert wait_for(client, "interrupted")
        assert isinstance(client.ask("clear", person="Mia", reason="looked at it"), Accepted)
        assert wait_for(client, "idle")
        assert isinstance(client.ask("start", form=start_of().as_form(), timeout_s=30), Accepted)
        shown = links_of(RunFile(tmp_path / "runs" / f"{run}.sqlite"))
        assert shown.cleared is not None
        assert shown.cleared.who == "Mia"


def test_stop_is_taken_without_being_in_charge_and_without_waiting(tmp_path: Path) -> None:
    where = Where(tmp_path, "sim")
    with core(where, start_of(SLOW, 1)) as (client, _):
        assert isinstance(client.ask("hold"), Accepted)
        began_s = time.monotonic()
        assert isinstance(ask_urgently(address(where), Verb.STOP, "someone"), Accepted)
        assert time.monotonic() - began_s < 0.5
        _, ended = until_end(client)
        assert ended.result["outcome"] == "stopped"
    with pytest.raises(Exception, match=r"no core|nobody|ended"):
        meet(where, "late")


def test_work_by_hand_has_commands_of_its_own(tmp_path: Path) -> None:
    here = ("--data", str(tmp_path))
    with core(Where(tmp_path)) as (client, _):
        client.close()
        assert pvd("set", "fore-line valve", "closed", *here).returncode == 2  # no session has begun
        begun = pvd("by-hand", "--operator", "Mia", *here)
        assert begun.returncode == 0
        assert "has begun: work by hand" in begun.stdout
        refused = pvd("set", "N2 valve", "open", *here)
        assert refused.returncode == 2
        assert "HV gate" in refused.stderr or "pressure" in refused.stderr or "conditions" in refused.stderr
        assert pvd("set", "fore-line valve", "closed", *here).returncode == 0
        assert pvd("by-hand", *here).returncode == 2
        assert pvd("stop", *here).returncode == 0
