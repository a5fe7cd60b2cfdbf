"""``pvd run`` with real processes: its core goes on whatever becomes of it, and is told what the person wants."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from core_bench import gone, pid_of
from pvd_command import Ended, pvd

from pvdstation.record.run_file import RunFile, first_files

RECIPE = "300 nm Zn at 0.5 nm/s"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Give a data folder with one core, which the first run starts."""
    folder = tmp_path_factory.mktemp("core")
    yield folder
    with suppress(ProcessLookupError):
        os.kill(pid_of(folder), signal.SIGKILL)


def start(data: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pvdstation", "run", RECIPE, "--data", str(data), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def read_until(process: subprocess.Popen[str], words: str, stream: str = "stdout") -> None:
    assert any(words in line for line in getattr(process, stream)), f"{words!r} never came"


def end(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in out + err
    assert "KeyboardInterrupt" not in out + err
    return Ended(process.returncode, out, err)


def command(data: Path, *arguments: str) -> Ended:
    return pvd(*arguments, "--data", str(data))


def test_ctrl_c_stops_the_run_in_good_order_and_the_core_goes_on(data) -> None:
    process = start(data, "--speed", "20")
    read_until(process, "step 1: running")
    process.send_signal(signal.SIGINT)
    ended = end(process)
    assert ended.returncode == 3
    assert "run: stopped" in ended.stdout
    assert f"STOPPED: stop by pvd run {process.pid} · safe state confirmed" in ended.stdout
    assert "State: stopped" in command(data, "status").stdout


def test_a_second_ctrl_c_aborts_and_the_record_has_its_end(data) -> None:
    core = pid_of(data)
    process = start(data, "--speed", "1", "--json")
    read_until(process, "step 1: running", "stderr")
    process.send_signal(signal.SIGINT)
    read_until(process, "stop: accepted", "stderr")
    process.send_signal(signal.SIGINT)
    ended = end(process)
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["outcome"], document["safe"]) == (3, "aborted", True)
    assert document["steps"][0]["state"] != "complete"
    kept = RunFile(data / "runs" / f"{document['run']}.sqlite").end
    assert (kept["outcome"], kept["cause"], kept["safe"]) == ("aborted", "operator", True)
    assert pid_of(data) == core


def test_a_run_that_is_detached_goes_on_is_in_nobody_s_way_but_other_runs_and_is_found_again(data) -> None:
    begun = json.loads(command(data, "run", RECIPE, "--speed", "20", "--detach", "--json").stdout)
    run = begun["run"]
    assert f"Run: {run}." in command(data, "status").stdout
    other = command(data, "run", "wait 1 s", "--json")
    assert (other.returncode, json.loads(other.stdout)["outcome"]) == (2, "refused")
    assert f"run {run} is active, asked for by pvd run {os.getpid()}" in other.stderr
    process = start(data, "--speed", "20")
    assert end(process).returncode == 2
    stopped = command(data, "stop", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)["run"]) == (0, run)
    attached = command(data, "attach")
    assert attached.returncode == 3
    assert f"STOPPED: stop by pvd stop {os.getpid()}" in attached.stdout


def test_being_terminated_is_a_controlled_stop_and_a_core_that_dies_leaves_an_offer(data) -> None:
    process = start(data, "--speed", "20")
    read_until(process, "step 1: running")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    ended = end(process)
    assert (ended.returncode, "run: stopped" in ended.stdout, "abort" in ended.stdout) == (3, True, False)
    process = start(data, "--speed", "20")
    read_until(process, "step 1: running")
    core = pid_of(data)
    os.kill(core, signal.SIGKILL)
    assert gone(core)
    lost = end(process)
    run = first_files(data / "runs")[-1].stem
    assert lost.returncode == 5
    assert f"run {run} is no longer followed" in lost.stderr
    refused = command(data, "run", RECIPE, "--speed", "20", "--json")
    document = json.loads(refused.stdout)
    assert (refused.returncode, document["outcome"], document["interrupted"]["run"]) == (2, "refused", run)
    assert f'"pvd run --continue {run}"' in document["errors"][0]["write"]
    assert f"Run {run} (300 nm Zn at 0.5 nm/s), last row at" in refused.stderr
    assert command(data, "clear", run, "--by", "Mia").returncode == 0
