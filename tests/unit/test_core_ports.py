"""One core per instrument on a machine, whatever its port is called."""

import os
from importlib.resources import files

import pytest

from pvdstation.assembly.core import ports
from pvdstation.assembly.core.ports import held_ports, one_name
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station

EXAMPLE = files("pvdstation.stations").joinpath("example.toml").read_text(encoding="utf-8")
TURBO = load_station(EXAMPLE.encode(), "example.toml").turbo.port


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch):
    """Locks of this test alone, for others may run the same test on this machine."""
    monkeypatch.setattr(ports, "_SHARED", tmp_path)


def station(turbo, host="192.168.1"):
    text = EXAMPLE.replace("192.168.1", host).replace(TURBO, str(turbo)).replace("usb-0:", f"usb-{host}:")
    return load_station(text.encode(), "example.toml")


@pytest.fixture
def devices(tmp_path):
    """A serial device and the link that the system makes to it."""
    device, link = tmp_path / "ttyUSB7", tmp_path / "by-path-1"
    device.touch()
    link.symlink_to(device)
    return device, link


@pytest.mark.parametrize("spelling", ["{}", "ASRL{}::INSTR"])
def test_a_serial_port_has_one_name(spelling, devices):
    device, link = devices
    assert one_name(spelling.format(link)) == str(device)


def test_a_tcp_port_has_one_name():
    names = ("tcp://Moxa:4001", "socket://moxa:4001", "TCPIP::MOXA::4001::SOCKET", "TCPIP0::moxa::4001::SOCKET")
    assert {one_name(name) for name in names} == {"moxa:4001"}


def test_two_stations_that_share_one_instrument_are_not_driven_at_once(devices):
    device, link = devices
    with held_ports(station(device)):
        with (
            pytest.raises(Refused, match=f"the port of turbo, {link}, is driven by another core of this machine"),
            held_ports(station(link, host="10.0.0")),
        ):
            pass
        with held_ports(station("/dev/ttyS31", host="10.0.0")):  # what was held before the turbo has been let go
            pass
    with held_ports(station(link)):
        pass


def test_the_lock_of_another_user_is_opened_and_never_made(devices, tmp_path, monkeypatch):
    with held_ports(station(devices[0])):
        pass
    flags = []
    monkeypatch.setattr(ports.os, "open", lambda path, flag, *mode: flags.append(flag) or os.dup(0))
    monkeypatch.setattr(ports.fcntl, "flock", lambda *_: None)
    with held_ports(station(devices[0])):
        pass
    assert len(flags) == 6
    assert not any(flag & os.O_CREAT for flag in flags)
