"""A core in one process drives a served station in another: exactly the dry run of the same seed, and nobody else's."""

import json
import signal
import sys
from contextlib import ExitStack
from importlib.resources import files

import pytest
from interlock_cases import ROUGH
from pvd_command import pvd, pvd_here
from serve_bench import read_until, run_core, served, start_core
from station_bench import station_with

pytestmark = pytest.mark.long

RECIPE = "2 nm Zn at 0.5 nm/s"
SEED = "7"
LINKS = ("sqc", "supply1", "supply2", "io", "gauges", "turbo")
HAS_PTYS = sys.platform != "win32"
needs_ptys = pytest.mark.skipif(not HAS_PTYS, reason="Windows has no pseudo-terminals")


def shortened(folder):
    """Return a station whose runs are short: pumping from 1 mbar, conditioning in half a minute."""
    path = folder / "short.toml"
    path.write_bytes(station_with(ROUGH))
    return path


def bytes_of(transcript):
    """Return by link every byte with its plant time and direction."""
    lines = [line.split(None, 2) for line in transcript.read_text(encoding="utf-8").splitlines()]
    return {link: [(at_s, what) for at_s, name, what in lines if name == link and what[0] != "-"] for link in LINKS}


@pytest.fixture(scope="module")
def dry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dry")
    transcript = folder / "bytes.txt"
    options = ["--station", str(shortened(folder)), "--seed", SEED, "--json", "--transcript", str(transcript)]
    done = run_core("dry-run", RECIPE, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"bytes": bytes_of(transcript)}


@pytest.mark.parametrize("ports", [[], pytest.param(["--pty"], marks=needs_ptys)], ids=["TCP", "pseudo-terminals"])
def test_a_driven_run_is_the_dry_run_of_the_same_seed(tmp_path, dry, ports):
    with served(tmp_path, "--station", str(shortened(tmp_path)), "--seed", SEED, *ports) as here:
        transcript = tmp_path / "bytes.txt"
        options = ["--station", str(here.station), "--speed", "10000", "--json", "--transcript", str(transcript)]
        done = run_core("run", RECIPE, *options)
        assert done.returncode == 0, done.stderr
        driven = json.loads(done.stdout)
    assert driven["mode"] == "simulated"
    assert driven["seed"] == int(SEED)
    assert driven["steps"] == dry["steps"]
    assert [driven[key] for key in ("outcome", "plant_s", "alarms", "safe")] == [
        dry[key] for key in ("outcome", "plant_s", "alarms", "safe")
    ]
    assert all(len(lines) > 400 for lines in dry["bytes"].values())
    for link, lines in bytes_of(transcript).items():
        assert lines == dry["bytes"][link], link
    (deposit,) = [step for step in driven["steps"] if step["do"] == "deposit"]
    assert deposit["true_nm"] == pytest.approx(2, rel=0.05)


def test_after_the_core_is_killed_the_plant_goes_on_at_its_pace_and_its_watchdogs_act(tmp_path):
    with served(tmp_path, "--station", str(shortened(tmp_path))) as here:
        data = str(tmp_path / "data")  # its interrupted run would stand in the way of others
        core = start_core("run", RECIPE, "--station", str(here.station), "--speed", "60", "--data", data)
        read_until(core, "soak 2")
        channel = here.channel()
        assert channel.hello()["time"] == "driven"
        assert channel.ask("truth")["answer"]["current.1"] > 5
        core.send_signal(signal.SIGKILL)
        core.communicate()
        freed = channel.until(lambda hello: hello["time"] == "free")
        assert freed["pace"] == 60
        later = channel.until(lambda hello: hello["plant_ns"] > freed["plant_ns"] + 20e9)
        assert later["time"] == "free"
        assert channel.ask("truth")["answer"]["current.1"] < 1
        channel.close()


def test_one_core_drives_at_a_time(tmp_path):
    with served(tmp_path) as here:
        first = here.channel()
        assert first.ask("drive", 60)["answer"] == 0
        for speed in ("60", "1"):
            second = pvd_here("run", RECIPE, "--station", str(here.station), "--speed", speed, "--json")
            assert second.returncode == 2
            assert json.loads(second.stdout)["reason"] == "another core drives this plant's time"
        first.close()
        again = here.channel()
        again.until(lambda hello: hello["time"] == "free")
        assert again.ask("drive", None)["answer"] > 0
        again.close()


def test_a_core_whose_simulator_dies_ends_in_words(tmp_path):
    with served(tmp_path) as here:
        core = start_core("run", RECIPE, "--station", str(here.station), "--speed", "200")
        read_until(core, "step 1: running")
        here.process.kill()
        out, err = core.communicate(timeout=100)
        assert core.returncode in (4, 5, 6)
        assert "Traceback" not in out + err
        assert "internal error" not in out + err


def test_ports_of_something_else_make_a_station_live(tmp_path):
    with served(tmp_path) as here:
        text = here.station.read_text(encoding="utf-8")
        here.station.write_text(text.replace(here.urls["turbo"], "tcp://127.0.0.1:9"), encoding="utf-8")
        done = pvd_here("run", RECIPE, "--station", str(here.station), "--speed", "60", "--json")
        assert done.returncode == 2
        document = json.loads(done.stdout)
        assert document["mode"] == "live"
        assert "has no port tcp://127.0.0.1:9 with pfeiffer-turbo" in document["reason"]


def test_a_simulator_that_has_gone_is_not_reachable_in_its_own_words(tmp_path):
    with served(tmp_path) as here:
        pass
    url = here.control
    for command in (["run", "--speed", "60"], ["dry-run"], ["run", "--fault", "t=5s door open"]):
        done = pvd_here(*command, RECIPE, "--station", str(here.station), "--json")
        assert done.returncode == 6
        document = json.loads(done.stdout)
        assert (document["outcome"], document["plant_s"]) == ("refused", 0)
        assert document["reason"].startswith(f"the simulator at {url} refuses the connection")
        assert done.stderr == f"{document['reason']}. {document['errors'][0]['write']}\n"
    probed = json.loads(pvd("probe", "--station", str(here.station), "--json").stdout)
    assert probed["warnings"][0]["what"] == document["reason"]


def test_a_packaged_station_names_no_simulator():
    for file in files("pvdstation.stations").iterdir():
        assert "simulator =" not in file.read_text(encoding="utf-8") or file.name == "example.toml"


@pytest.fixture(scope="module")
def in_real_time(tmp_path_factory):
    """What a run of ten seconds and its Ctrl+C gave on each kind of ports, all at once."""
    kinds = ("tcp", "pty") if HAS_PTYS else ("tcp",)
    ended = {}
    with ExitStack() as stack:
        begun = {}
        for kind in kinds:
            folder = tmp_path_factory.mktemp(kind)
            here = stack.enter_context(served(folder, *(["--pty"] if kind == "pty" else [])))
            data = str(folder / "data")
            begun[kind] = (
                here.channel(),
                start_core("run", RECIPE, "--station", str(here.station), "--json", "--data", data),
            )
        for kind, (channel, core) in begun.items():
            channel.until(lambda hello: hello["plant_ns"] > 10e9, patience_s=60)
            core.send_signal(signal.SIGINT)
            ended[kind] = core.communicate(timeout=60), core.returncode
            channel.close()
    return ended


@pytest.mark.parametrize("kind", ["tcp", pytest.param("pty", marks=needs_ptys)])
def test_the_same_ports_work_in_real_time_with_threads(in_real_time, kind):
    (out, err), returncode = in_real_time[kind]
    assert returncode == 3, err
    result = json.loads(out)
    assert (result["outcome"], result["safe"], result["mode"]) == ("stopped", True, "simulated")
    assert 8 < result["plant_s"] < 30
    assert result["alarms"] == []
    assert err.count("answers:") == 6
    assert "lost:" not in err
