"""A live run: only with guardian, armed watchdogs and core process; whatever of them dies, the true current is zero."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from core_bench import core, gone, pid_of, until_end, wait_for
from guardian_bench import wait_until
from live_bench import HEAT, live_start, live_station
from serve_bench import PVD

from pvdstation.assembly.core.meeting import NotStarted, Where, meet_or_start
from pvdstation.desk.talk import Accepted, Refused
from pvdstation.model.messages import EventKind

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="stations run on Linux")]
LONGEST_S = 3.0
SILENCE_S = 2.0
NOTHING_SENT = "the core has said goodbye; nothing was sent\n"


def at_of(line: str) -> str:
    """Return when a line of a log was written."""
    return line.split(maxsplit=1)[0].removesuffix("Z").removesuffix("+00:00")


def supplies_meant(events) -> set[str]:
    """Return the supplies that a run was about to switch on."""
    return {event.source for event in events if event.kind is EventKind.INTENT and event.source.startswith("supply")}


# --- at a station of its own each, all at once, because they mostly wait ---


def completes_with_a_guardian_that_sends_nothing(live):
    asked = ["run", HEAT, "--station", live.where.station, "--data", str(live.data), "--live", "--json"]
    command = subprocess.Popen([*PVD, *asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with the_core(live) as client:
        assert supplies_meant(live.until_power(client)) == {"supply 1"}
        assert a_second_core_is_refused(live)
        told, _ = command.communicate(timeout=90)
        result = json.loads(told)
        assert command.returncode == 0
        assert (result["outcome"], result["safe"], result["mode"]) == ("complete", True, "live")
        guarded = (live.data / "guardian.log").read_text(encoding="utf-8").splitlines()
        assert len(guarded) == 1, "a guardian of a core that is well says nothing and sends nothing"
        (begun,) = [line for line in (live.data / "core.log").read_text().splitlines() if f": {HEAT}" in line]
        assert at_of(guarded[0]) <= at_of(begun)
        assert isinstance(client.ask("quit"), Refused)  # its boat is hot
        os.kill(pid_of(live.data), signal.SIGTERM)
        assert gone(pid_of(live.data))
        assert (live.data / "guardian.log").read_text(encoding="utf-8").endswith(NOTHING_SENT)


@contextmanager
def the_core(live):
    """Watch the core that another command has started."""
    log = live.data / "core.log"
    wait_until(lambda: log.exists() and ", process " in log.read_text(), 30)
    with core(live.where) as (client, _):
        yield client


def a_second_core_is_refused(live) -> bool:
    """Return whether another data folder makes no second core on the same ports."""
    with pytest.raises(NotStarted) as told:
        meet_or_start(Where(live.data.with_name("other"), live.where.station), "other", live_start("wait 1 s"))
    assert told.value.exit_code == 2
    assert "is driven by another core of this machine" in told.value.text
    return "socket://127.0.0.1:" in told.value.text


def killed_at_power(live):
    """H04: the current ends, and what begins next knows that the run was interrupted."""
    with core(live.where, live_start()) as (client, _):
        live.until_power(client)
        os.kill(pid_of(live.data), signal.SIGKILL)
        live.seconds_to_zero(LONGEST_S)
        live.guardian_said("off confirmed")
    with pytest.raises(NotStarted) as told:  # the ports are free again
        meet_or_start(live.where, "test", live_start())
    assert (told.value.exit_code, told.value.interrupted is not None) == (2, True)


def stopped_at_power_with_a_silent_supply(live):
    """H05 and H21: what stands still is killed, and where one port has no answer the other path ends the current."""
    with core(live.where, live_start()) as (client, _):
        live.until_power(client)
        pid = pid_of(live.data)
        os.kill(pid, signal.SIGSTOP)
        stood_s = time.monotonic()
        live.breaks("for 6s supply.1 silent")
        live.seconds_to_zero(SILENCE_S + LONGEST_S)
        assert time.monotonic() - stood_s > SILENCE_S - 0.3
        told = live.guardian_said("off confirmed")
        assert "no heartbeat for 2 s" in told
        assert "supply1, try 1: not off" in told
        assert gone(pid)


def unguarded_at_power(live):
    """H16: a core without its guardian ends the run at once, and says why."""
    with core(live.where, live_start()) as (client, _):
        live.until_power(client)
        os.kill(guardian_of(pid_of(live.data)), signal.SIGKILL)
        live.seconds_to_zero(LONGEST_S)
        _, ended = until_end(client)
        assert (ended.result["outcome"], ended.result["safe"]) == ("aborted", True)
        assert "guardian" in ended.result["reason"]
        assert "the guardian has gone" in (live.data / "core.log").read_text()


def guardian_of(pid: int) -> int:
    """Return the guardian of a core: its child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (guardian,) = [child for child in children if b"pvdstation.guardian" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return int(guardian)


def unarmed(live):
    """A supply whose watchdog cannot be armed is not switched on."""
    live.breaks("supply.1 local")
    with core(live.where, live_start()) as (client, _):
        wait_for(client, "held", 60)
        assert isinstance(client.ask("stop"), Accepted)
        events, ended = until_end(client)
    assert (ended.result["outcome"], ended.result["safe"]) == ("stopped", True)
    assert "supply 1: the front panel is locked: SYST:REM? answers LOC" in ended.result["reason"]
    assert supplies_meant(events) == set()


def unguarded_then_unarmed(live):
    unguarded_at_power(live)
    unarmed(live)


CASES = {
    case.__name__.replace("_", " "): case
    for case in (
        completes_with_a_guardian_that_sends_nothing,
        killed_at_power,
        stopped_at_power_with_a_silent_supply,
        unguarded_then_unarmed,
    )
}


@pytest.fixture(scope="module", autouse=True)
def cases(tmp_path_factory):
    """Every case, while it runs beside the other tests."""

    def tried(name):
        with live_station(tmp_path_factory.mktemp("case")) as live:
            CASES[name](live)

    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {name: pool.submit(tried, name) for name in CASES}


# --- without instruments ---


@pytest.fixture(scope="module")
def absent(tmp_path_factory):
    """A live station file whose instruments are not there."""
    with live_station(tmp_path_factory.mktemp("absent")) as live:
        return live.where.station


def test_a_live_core_outlives_what_cannot_begin(absent, tmp_path):
    with core(Where(tmp_path, absent)) as (client, _):
        record = tmp_path / "guardian.log"
        record.mkdir()
        told = client.ask("start", form=live_start().as_form(), timeout_s=30)
        assert isinstance(told, Refused)
        assert [problem["where"] for problem in told.problems] == ["guardian"]
        assert "not ready: " in told.text
        record.rmdir()
        nowhere = str(tmp_path / "no" / "file")
        told = client.ask("start", form=live_start(transcript=nowhere).as_form(), timeout_s=30)
        assert isinstance(told, Refused)
        assert f"{nowhere} cannot be written" in told.text
        assert record.read_text().endswith(NOTHING_SENT)
        assert isinstance(client.ask("start", form=live_start().as_form(), timeout_s=30), Accepted)
        _, ended = until_end(client)
        assert ended.result["outcome"] == "stopped"
        assert "is not reached" in ended.result["reason"]
        assert record.read_text().count(NOTHING_SENT) == 2
        assert not gone(pid_of(tmp_path), SILENCE_S + 0.5)


# --- what the cases have come to ---


@pytest.mark.parametrize("name", CASES)
def test_a_live_run(cases, name):
    cases[name].result()
