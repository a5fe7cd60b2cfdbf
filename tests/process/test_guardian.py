"""A guardian and a core in processes of their own at a served station: the plant's true current is what counts."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.resources import files

import pytest
from guardian_bench import guarded, wait_until
from serve_bench import served

from pvdstation.assembly.guardian_orders import guardian_document
from pvdstation.assembly.guarding import MOST_UNHEARD, Guardian
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stations run on Linux")
LONGEST_S = 3.0
SILENCE_S = 2.0
STATIONS = files("pvdstation.stations")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), "--station", "sim-host-loop") as one:
        yield one


@pytest.fixture
def sleeper():
    """A process that stands for a core."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def ears():
    """A port that nobody has connected to, until somebody does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield listener


def station_of(here):
    return load_station(here.station.read_bytes(), here.station.name)


@contextmanager
def process_with(document):
    """Start a guardian by hand; give it with its first words."""
    command = [sys.executable, "-I", "-m", "pvdstation.guardian"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        process.stdin.write(json.dumps(document).encode() + b"\n")
        try:
            yield process, process.stdout.readline().decode().strip()
        finally:
            process.kill()


def toy_document(core, record, number):
    step = {"what": "off", "send": b"off\n".hex(), "answer": r"\Aoff\n", "wait_s": 0.2, "proves": True}
    port = {"name": "toy", "url": f"tcp://127.0.0.1:{number}", "line": {}, "gap_s": 0, "exchanges": [step]}
    return {"core": core, "silence_s": 0.5, "persist_s": 0.5, "record": str(record), "ports": [port]}


# --- the core dies: every case at a station of its own, all at once, because they mostly wait ---


def killed_at_full_power(seeds, here, record):
    for seed in seeds:
        with guarded(here, record.with_suffix(f".{seed}")) as core:
            assert core.resident_mb() < 20
            time.sleep(random.Random(seed).uniform(0, 0.5))
            core.process.send_signal(signal.SIGKILL)
            core.seconds_to_zero(LONGEST_S)
            told = core.told().splitlines()
        assert told[1].endswith("the core's pipe has ended")
        assert told[-1].endswith("off confirmed")


def standing_still(here, record):
    with guarded(here, record) as core:
        core.process.send_signal(signal.SIGSTOP)
        after_s = core.seconds_to_zero(SILENCE_S + LONGEST_S)
        assert after_s > SILENCE_S - 0.2
        told = core.told()
        core.process.send_signal(signal.SIGCONT)
        assert core.process.wait(5) == -signal.SIGKILL
        assert core.current_a() < 0.01
    assert "no heartbeat for 2 s" in told
    assert told.endswith("off confirmed\n")


def killed_with_busy_ports(core, here, counts):
    """Kill the core, and be faster than its guardian at so many connections of each instrument; return them."""
    os.kill(core.guardian, signal.SIGSTOP)
    core.process.send_signal(signal.SIGKILL)
    core.process.wait()
    busy = [here.connect(name) for name, count in counts.items() for _ in range(count)]
    os.kill(core.guardian, signal.SIGCONT)
    return busy


def killed_with_the_supply_busy(here, record):
    """The enable contact is the second path."""
    with guarded(here, record) as core:
        busy = killed_with_busy_ports(core, here, {"supply1": 3})
        core.seconds_to_zero(LONGEST_S)
        wait_until(lambda: "supply1, try 3: not off" in record.read_text())
        for connection in busy:
            connection.close()
        told = core.told()
    assert "io, try 1: enable 1, enable 2 read as 0: as wanted" in told
    assert told.endswith("off confirmed\n")


def killed_with_both_paths_busy_for_5_s(here, record):
    with guarded(here, record) as core:
        busy = killed_with_busy_ports(core, here, {"supply1": 3, "io": 15})
        time.sleep(5)
        assert core.current_a() > 50
        for connection in busy:
            connection.close()
        core.seconds_to_zero(LONGEST_S)
        told = core.told()
    for link in ("supply1", "io"):
        assert f"{link}, try 4: not off: " in told
    assert told.endswith("off confirmed\n")


def killed_with_the_sqc310_on_a_pseudo_terminal(here, record):
    with guarded(here, record) as core:
        core.process.send_signal(signal.SIGKILL)
        core.seconds_to_zero(LONGEST_S)
        told = core.told()
    assert f"sqc {here.urls['sqc']}" in told
    assert here.urls["sqc"].startswith("/dev/")
    assert "sqc, try 2: read back as off" in told
    assert told.endswith("off confirmed\n")


ON_PTY = "killed, SQC-310 on a pseudo-terminal"
CASES = {
    "killed at full power, 1 to 3": partial(killed_at_full_power, (1, 2, 3)),
    "killed at full power, 4 and 5": partial(killed_at_full_power, (4, 5)),
    "standing still": standing_still,
    "killed, supply busy": killed_with_the_supply_busy,
    "killed, both paths busy for 5 s": killed_with_both_paths_busy_for_5_s,
    ON_PTY: killed_with_the_sqc310_on_a_pseudo_terminal,
}


@pytest.fixture(scope="module", autouse=True)
def cases(tmp_path_factory):
    """Every case, while it runs beside the other tests."""

    def tried(name):
        folder = tmp_path_factory.mktemp("case")
        with served(folder, "--station", "sim-host-loop", *(["--pty"] if name == ON_PTY else [])) as one:
            CASES[name](one, folder / "record.txt")

    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {name: pool.submit(tried, name) for name in CASES}


# --- the core lives, or takes its leave ---


def test_a_goodbye_touches_nothing(here, tmp_path):
    with guarded(here, tmp_path / "record.txt") as core:
        core.process.send_signal(signal.SIGTERM)
        assert core.process.wait(5) == 0
        told = core.told()
        assert core.current_a() > 50
    assert told.endswith("the core has said goodbye; nothing was sent\n")
    assert "try" not in told


def test_nobody_hears_of_a_guardian_whose_core_is_well_and_no_signal_ends_it(ears, tmp_path, sleeper):
    document = toy_document(sleeper.pid, tmp_path / "record.txt", ears.getsockname()[1])
    with process_with(document) as (process, said):
        assert said == "ready"
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
            for _ in range(3):
                process.stdin.write(b".\n")
                time.sleep(0.1)
        process.stdin.write(b"bye\n")
        assert process.wait(5) == 0
    with pytest.raises(BlockingIOError):
        ears.accept()
    assert sleeper.poll() is None


def test_what_is_not_confirmed_is_said_and_is_the_exit_code(ears, tmp_path, sleeper):
    record = tmp_path / "record.txt"
    with process_with(toy_document(sleeper.pid, record, ears.getsockname()[1])) as (process, said):
        assert said == "ready"
        process.stdin.close()
        assert process.wait(10) == 1
    assert sleeper.wait(5) == -signal.SIGKILL
    told = record.read_text().splitlines()
    assert told[-1].endswith("OFF NOT CONFIRMED: toy: off: no answer")
    assert "toy, try 2: not off: off: no answer" in record.read_text()


@pytest.mark.parametrize("what", ["process", "device", "record", "orders"])
def test_what_is_missing_is_said_before_anything_is_energised(what, ears, tmp_path, sleeper):
    document = toy_document(sleeper.pid, tmp_path / "record.txt", ears.getsockname()[1])
    if what == "process":
        document["core"] = 2**22 + 1  # more than there can be
    elif what == "device":
        document["ports"][0] |= {"url": "/dev/no-such-port", "line": {"baud": 9600}}
    elif what == "record":
        document["record"] = str(tmp_path / "no" / "record.txt")
    else:
        del document["ports"][0]["exchanges"]
    with process_with(document) as (process, said):
        assert said.startswith("not ready: ")
        assert process.wait(5) == 2
    assert sleeper.poll() is None


# --- as a core has it ---


def test_a_core_starts_feeds_and_ends_its_guardian(here, tmp_path, sleeper):
    guardian = Guardian(station_of(here), tmp_path / "record.txt", sleeper.pid)
    assert not guardian.is_alive
    guardian.start()
    assert guardian.is_alive
    assert guardian.beat()
    assert guardian.end()
    assert not guardian.is_alive
    assert not guardian.beat()
    assert "guards core" in (tmp_path / "record.txt").read_text()


def test_a_core_notices_that_its_guardian_is_gone(here, tmp_path, sleeper):
    guardian = Guardian(station_of(here), tmp_path / "record.txt", sleeper.pid)
    guardian.start()
    guardian._process.kill()
    wait_until(lambda: not guardian.is_alive)
    assert not guardian.beat()
    assert not guardian.end()


def test_a_core_notices_that_its_guardian_stands_still(here, tmp_path, sleeper):
    guardian = Guardian(station_of(here), tmp_path / "record.txt", sleeper.pid)
    guardian.start()
    process = guardian._process
    os.kill(process.pid, signal.SIGSTOP)
    assert [guardian.beat() for _ in range(MOST_UNHEARD + 1)] == [True] * MOST_UNHEARD + [False]
    os.kill(process.pid, signal.SIGCONT)
    wait_until(guardian.beat)
    assert guardian.end()


def test_a_core_without_real_ports_gets_no_guardian(tmp_path, sleeper):
    station = load_station(STATIONS.joinpath("sim.toml").read_bytes(), "sim.toml")
    with pytest.raises(Refused) as refusal:
        Guardian(station, tmp_path / "record.txt", sleeper.pid).start()
    (problem,) = refusal.value.problems
    assert problem.what == "not ready: there is no port sim:io"


def test_the_longest_silence_is_that_of_the_station_file(here, tmp_path):
    station = station_of(here)
    assert guardian_document(station, 1, tmp_path / "record.txt")["silence_s"] == station.limits.guardian == SILENCE_S


# --- what the cases have come to ---


@pytest.mark.parametrize("name", CASES)
def test_no_current_is_left_by_a_core(cases, name):
    cases[name].result()
