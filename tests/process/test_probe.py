"""``pvd probe`` over real ports: a simulator in another process, and ports that are not as they should be."""

import json
import os
import re
import socket
import sys
import time
from contextlib import contextmanager

import pytest
import pyvisa
from pvd_command import pvd
from pymodbus.client import ModbusTcpClient
from serve_bench import received, run_core, served

if sys.platform != "win32":
    import termios

LINKS = ["sqc", "supply1", "supply2", "io", "gauges", "turbo"]
OVERALL_S = 20.0


@contextmanager
def black_hole():
    """Yield the number of a port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def closed_port() -> int:
    """Return the number of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def speed_of(terminal: str) -> int:
    """Return the speed to which a pseudo-terminal was set."""
    end = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    try:
        return termios.tcgetattr(end)[5]
    finally:
        os.close(end)


def probe(*arguments: str) -> tuple[int, dict, str]:
    """Return exit code, JSON document and stderr."""
    ended = pvd("probe", "--json", *arguments)
    return ended.returncode, json.loads(ended.stdout), ended.stderr


def links_of(told: dict) -> dict[str, dict]:
    return {entry["link"]: entry for entry in told["links"]}


def changed(station, link: str, port: str):
    """Write a copy of a served station, another port behind one link; it names no simulator any more."""
    text = re.sub(r"^simulator = .*\n", "", station.read_text(encoding="utf-8"), flags=re.MULTILINE)
    header = f"[supply.{link[-1]}]" if link.startswith("supply") else f"[{link}]"
    before, after = text.split(f"\n{header}\n", 1)
    after = re.sub(r'port = "[^"]*"', f'port = "{port}"', after, count=1)
    file = station.with_name(f"{station.stem}-{link}.toml")
    file.write_text(f"{before}\n{header}\n{after}", encoding="utf-8")
    return file


def test_every_instrument_is_named_over_its_real_port(tmp_path):
    with served(tmp_path) as here:
        code, told, err = probe("--station", str(here.station))
        assert (code, err, told["outcome"], told["mode"]) == (0, "", "complete", "simulated")
        links = links_of(told)
        assert list(links) == LINKS
        assert links["sqc"]["identity"].startswith("SQC310")
        assert links["supply2"]["identity"].startswith("TDK-LAMBDA,GH10-100")
        assert {name: entry["port"] for name, entry in links.items()} == here.urls
        assert all(entry["misses"] < 5 < 10 < entry["exchanges"] for entry in links.values())  # a busy computer misses
        assert all(0 < entry["round_trip_ms"] < 500 for entry in links.values())


def test_what_others_have_set_stays(tmp_path):
    with served(tmp_path) as here:
        client = ModbusTcpClient("127.0.0.1", port=here.number("io"), retries=0)
        assert client.connect()
        client.write_coils(0x0200, [False] * 8 + [True, False, False, True])  # pump stopped, beacon on
        manager = pyvisa.ResourceManager("@py")
        supply = manager.open_resource(
            here.urls["supply1"], read_termination="\r\n", write_termination="\n", timeout=2000
        )
        for command in ("VOLT 0.8", "CURR 12.5", "OUTP:PROT:FOLD CC"):
            supply.write(command)
        asked = ("VOLT?", "CURR?", "OUTP?", "OUTP:PROT:FOLD?", "SYST:WATCH?", "VOLT:PROT:LEV?", "SYST:REM?")
        before = [supply.query(question) for question in asked]
        code, _, _ = probe("--station", str(here.station))
        assert code == 0
        assert [supply.query(question) for question in asked] == before
        assert client.read_coils(0x0200, count=12).bits[:12] == [False] * 8 + [True, False, False, True]
        assert client.read_holding_registers(0x1006).registers == [0]  # nobody has armed the watchdog
        supply.close()
        manager.close()
        client.close()


def test_a_supply_that_is_on_is_greeted_and_not_kept_alive(tmp_path):
    with served(tmp_path) as here, here.connect("supply1") as supply:
        supply.sendall(b"OUTP 1\nOUTP?\n")
        assert received(supply) == b"1\r\n"
        code, told, _ = probe("--station", str(here.station))
        links = links_of(told)
        assert code == 0
        assert links["supply1"]["exchanges"] == 6 < links["supply2"]["exchanges"]
        supply.sendall(b"OUTP?\n")
        assert received(supply) == b"1\r\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_serial_instruments_are_named_over_pseudo_terminals(tmp_path):
    with served(tmp_path, "--pty") as here:
        text = here.station.read_text(encoding="utf-8").replace("baud = 19200", "baud = 38400")
        text = text.replace("full_range = 1\n", "full_range = 1\nbaud = 57600\n")
        here.station.write_text(text, encoding="utf-8")
        code, told, _ = probe("--station", str(here.station))
        assert code == 0
        links = links_of(told)
        assert links["gauges"]["identity"].startswith("TPG366")
        assert {name: entry["line"] for name, entry in links.items()} == {
            "sqc": "38400 8N1", "supply1": None, "supply2": None,
            "io": None, "gauges": "57600 8N1", "turbo": "9600 8N1",
        }  # fmt: skip
        assert [speed_of(here.urls[name]) for name in ("sqc", "gauges", "turbo")] == [
            termios.B38400, termios.B57600, termios.B9600,
        ]  # fmt: skip


def test_each_instrument_that_is_not_reachable_has_its_own_sentence(tmp_path):
    with served(tmp_path) as here, black_hole() as silent:
        refusing = closed_port()
        file = changed(here.station, "sqc", f"tcp://127.0.0.1:{silent}")
        file = changed(file, "supply1", f"TCPIP::127.0.0.1::{refusing}::SOCKET")
        file = changed(file, "io", f"tcp://127.0.0.1:{here.number('gauges')}")  # another language
        file = changed(file, "gauges", "/dev/serial/by-path/no-such-adapter")
        began_s = time.monotonic()
        code, told, _ = probe("--station", str(file))
        assert time.monotonic() - began_s < OVERALL_S
        assert (code, told["outcome"], told["mode"]) == (6, "not reachable", "live")
        links = links_of(told)
        assert {name: entry["reachable"] for name, entry in links.items()} == {
            "sqc": False, "supply1": False, "supply2": True, "io": False, "gauges": False, "turbo": True,
        }  # fmt: skip
        faults = {name: entry["fault"] for name, entry in links.items()}
        assert faults["sqc"] == f"tcp://127.0.0.1:{silent} can be opened, but nothing there answers sqc310"
        assert f"127.0.0.1:{refusing} refuses the connection" in faults["supply1"]
        assert "answer" in faults["io"]
        assert faults["gauges"].startswith("there is no port /dev/serial/by-path/no-such-adapter")
        assert [problem["where"] for problem in told["errors"]] == ["sqc", "supply1", "io", "gauges"]
        assert "Traceback" not in json.dumps(told)


def test_a_person_reads_one_line_per_fault(tmp_path):
    with served(tmp_path) as here:
        file = changed(here.station, "turbo", f"tcp://127.0.0.1:{closed_port()}")
        file = changed(file, "gauges", "/dev/serial/by-path/no-such-adapter")
        ended = run_core("probe", "--station", str(file))
        lines = [line for line in ended.stdout.splitlines() if line.startswith("turbo: ")]
        assert (ended.returncode, ended.stderr, len(lines)) == (6, "", 1)
        assert "refuses the connection" in lines[0]
        assert "NOT REACHABLE" in ended.stdout
        assert "(LIVE)" in ended.stdout
        assert "/no-such-adapter: is the adapter plugged in?\n" in ended.stdout
        assert ended.stdout.splitlines()[-1] == "4 of 6 instruments answer; no output was written"


def test_a_wrong_supply_and_a_wrong_pump_are_refused_by_name(tmp_path):
    with served(tmp_path) as here:
        text = here.station.read_text(encoding="utf-8")
        text = text.replace('"GH10-100"', '"G10-170"', 1).replace('nominal = "1000 Hz"', 'nominal = "1500 Hz"')
        here.station.write_text(text, encoding="utf-8")
        code, told, _ = probe("--station", str(here.station))
        links = links_of(told)
        assert code == 6
        assert links["supply1"]["fault"] == "this is TDK-LAMBDA GH10-100, not G10-170"
        assert "nominal speed is 1000 Hz" in links["turbo"]["fault"]
        assert links["supply2"]["reachable"]


@pytest.mark.parametrize("link", ["sqc", "gauges", "turbo"])
def test_a_wrong_baud_rate_is_among_what_is_to_be_checked(tmp_path, link):
    with served(tmp_path, "--fault", f"t=0s {link} corrupted 100%") as here:
        code, told, _ = probe("--station", str(here.station))
        entry = links_of(told)[link]
        assert (code, entry["reachable"], entry["identity"]) == (6, False, "")
        assert "baud rate" in entry["write"]
        assert sum(not entry["reachable"] for entry in told["links"]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_serial_port_that_another_program_has_is_named(tmp_path):
    fcntl = pytest.importorskip("fcntl")

    with served(tmp_path, "--pty") as here:
        taken = os.open(here.urls["sqc"], os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(taken, fcntl.LOCK_EX)
        try:
            code, told, _ = probe("--station", str(here.station))
        finally:
            os.close(taken)
        assert code == 6
        assert links_of(told)["sqc"]["fault"].endswith("is in use by another program")


def test_a_fault_of_answers_shows_as_misses(tmp_path):
    with served(tmp_path, "--fault", "t=0s 1 times io lost") as here:
        code, told, _ = probe("--station", str(here.station))
        assert code == 0
        assert links_of(told)["io"]["misses"] >= 1
