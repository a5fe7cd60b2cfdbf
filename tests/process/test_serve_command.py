"""``pvd-sim``: what it prints, writes and refuses, and how it ends."""

import re
import signal
import subprocess
import sys

import pytest
from serve_bench import served

from pvdstation.model.ports import PortKind, parse_port
from pvdstation.model.toml import load_station

PVD_SIM = [sys.executable, "-c", "from pvdsim.cli import main; main()"]


def pvd_sim(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PVD_SIM, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )


def test_the_first_line_lists_every_instrument(tmp_path):
    with served(tmp_path) as here:
        assert set(here.listing) == {"instruments", "control"}
        assert [(entry["name"], entry["protocol"]) for entry in here.listing["instruments"]] == [
            ("sqc", "sqc310"),
            ("supply1", "genesys-scpi"),
            ("supply2", "genesys-scpi"),
            ("io", "modbus-tcp"),
            ("gauges", "pfeiffer-gauges"),
            ("turbo", "pfeiffer-turbo"),
        ]
        assert all(set(entry) == {"name", "protocol", "url"} for entry in here.listing["instruments"])
        assert {parse_port(url).kind for url in here.urls.values()} == {PortKind.TCP, PortKind.VISA}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_ended_and_then_ends_well(tmp_path, number):
    with served(tmp_path) as here:
        here.channel().close()
        assert here.end(number) == (0, "")


def test_the_station_file_has_the_ports_that_it_got(tmp_path):
    with served(tmp_path) as here:
        station = load_station(here.station.read_bytes(), str(here.station))
        assert station.simulator == here.control
        assert list(station.ports.values()) == list(here.urls.values())
        assert station.simulation is None
        assert not station.is_simulated


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_serial_instruments_can_be_pseudo_terminals(tmp_path):
    with served(tmp_path, "--pty") as here:
        kinds = {name: parse_port(url).kind for name, url in here.urls.items()}
        assert [name for name, kind in kinds.items() if kind is PortKind.SERIAL] == ["sqc", "gauges", "turbo"]
        load_station(here.station.read_bytes(), str(here.station))


def test_a_port_can_be_chosen_and_a_taken_one_is_refused(tmp_path):
    with served(tmp_path) as here:
        refused = pvd_sim("serve", "--port", f"io={here.number('io')}")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "a port: cannot be opened: Address already in use" in refused.stderr
        number = here.number("io")
    with served(tmp_path, "--port", f"io={number}") as here:
        assert here.number("io") == number


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--station", "simm"], 'there is no packaged station "simm"'),
        (["--station", "none.toml"], '"none.toml" cannot be read: No such file'),
        (["--port", "oven=1"], '"oven" is no instrument'),
        (["--port", "io=x"], '"io=x" has no port number'),
        (["--fault", "t=0s crystal.9 fail"], "crystal.9"),
        (["--station-out", "no/such/folder.toml"], "cannot be written: No such file or directory"),
        (["--speed", "0"], "--speed"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(arguments, words):
    refused = pvd_sim("serve", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_station_with_real_ports_is_not_served(tmp_path):
    with served(tmp_path) as here:
        refused = pvd_sim("serve", "--station", str(here.station))
        assert refused.returncode == 2
        assert "only a simulated one can be served" in refused.stderr


def test_something_can_be_broken_while_it_runs(tmp_path):
    with served(tmp_path) as here:
        assert pvd_sim("fault", here.control, "t=now crystal.1 fail").returncode == 0
        refused = pvd_sim("fault", here.control, "t=now crystal.1 explode")
        assert refused.returncode == 2
        assert "explode" in refused.stderr
        url = here.control
    gone = pvd_sim("fault", url, "t=now crystal.1 fail")
    assert gone.returncode == 6
    assert gone.stderr.startswith(f"no simulator answers at {url}")


def test_help_teaches_with_examples_and_the_grammar_of_faults():
    overview = pvd_sim("--help")
    assert overview.returncode == 0
    assert "t=TIME [for TIME | once | N times] COMPONENT KIND [PARAMETERS] [on TEXT]" in overview.stdout
    assert re.search(r"pvd-sim serve --port io=1502", pvd_sim("serve", "--help").stdout)
    assert "pvd-sim fault tcp://127.0.0.1:40001" in pvd_sim("fault", "--help").stdout
