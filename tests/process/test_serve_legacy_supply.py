"""PyMeasure's TDK-Lambda class on the served legacy supply: over TCP, and over a pseudo-terminal with its own VISA
settings."""

import sys
from importlib.resources import files

import pytest
from pymeasure.instruments.tdk import TDK_Gen40_38
from serve_bench import served

STATION = files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8")


@pytest.fixture
def station(tmp_path):
    head, table = STATION.split("[supply.1]", 1)
    mine, rest = table.split("[supply.2]", 1)
    for old, new in (
        ('model = "GH10-100"', 'dialect = "gen"\nmodel = "GEN40-38"\naddress = 6\nbaud = 19200'),
        ('watchdog = "4 s"', 'watchdog = "none"'),
        ('current_source = "analogue"', 'current_source = "digital"'),
        ('full_scale = "100 A"', 'full_scale = "38 A"'),
    ):
        assert old in mine
        mine = mine.replace(old, new)
    mine = "".join(line for line in mine.splitlines(keepends=True) if not line.startswith("foldback"))
    text = f"{head}[supply.1]{mine}[supply.2]{rest}".replace('rate_loop = "sqc"', 'rate_loop = "host"', 1)
    path = tmp_path / "legacy.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def used(supply):
    """Identify, set, read back and switch, as their documentation shows it; the enable contact is open."""
    try:
        assert supply.id == ["LAMBDA", "GEN40-38"]
        supply.remote = "REM"
        supply.voltage_setpoint = 1.0
        supply.current_setpoint = 38
        assert (supply.voltage_setpoint, supply.current_setpoint) == (1.0, 38.0)
        supply.output_enabled = True
        assert supply.output_enabled is False  # E07: its enable contact is open until somebody closes it
        assert supply.current == pytest.approx(0.0, abs=0.02)
    finally:
        supply.adapter.close()
        supply.adapter.manager.close()


def test_over_tcp(station, tmp_path):
    with served(tmp_path, "--station", station) as here:
        resource = f"TCPIP::127.0.0.1::{here.number('supply1')}::SOCKET"
        used(TDK_Gen40_38(resource, visa_library="@py", read_termination="\r", write_termination="\r", timeout=5000))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_over_a_pseudo_terminal_with_their_own_settings(station, tmp_path):
    with served(tmp_path, "--station", station, "--pty") as here:
        used(TDK_Gen40_38(f"ASRL{here.urls['supply1']}::INSTR", visa_library="@py", timeout=5000))
