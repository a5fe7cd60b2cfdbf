"""How ports are spelled, what is refused, and which wire a port gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.clock import SteppedClock
from pvdstation.model.ports import PortError, PortKind, parse_port, unstable_name
from pvdstation.wires.ports import make_wire
from pvdstation.wires.serial_port import SerialWire
from pvdstation.wires.tcp import TcpWire
from pvdstation.wires.visa import VisaWire

SPELLINGS = [
    ("sim:supply1", PortKind.SIMULATED, "supply1", 0, "sim:supply1"),
    ("tcp://192.168.1.200:2101", PortKind.TCP, "192.168.1.200", 2101, "192.168.1.200:2101"),
    ("socket://127.0.0.1:40001", PortKind.TCP, "127.0.0.1", 40001, "127.0.0.1:40001"),
    ("tcp://Gauge-1.lab:8000", PortKind.TCP, "Gauge-1.lab", 8000, "gauge-1.lab:8000"),
    ("tcp://[fe80::1]:502", PortKind.TCP, "fe80::1", 502, "fe80::1:502"),
    ("/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", PortKind.SERIAL, None, 0, None),
    ("/dev/pts/7", PortKind.SERIAL, "/dev/pts/7", 0, "/dev/pts/7"),
    ("com3", PortKind.SERIAL, "COM3", 0, "COM3"),
    ("TCPIP0::192.168.1.20::8003::SOCKET", PortKind.VISA, None, 8003, "192.168.1.20:8003"),
    ("TCPIP::supply.lab::8003::SOCKET", PortKind.VISA, None, 8003, "supply.lab:8003"),
    ("ASRL/dev/serial/by-path/x-port0::INSTR", PortKind.VISA, None, 0, "/dev/serial/by-path/x-port0"),
    (
        "ASRL/dev/serial/by-path/usb-0:2:1.0-port0::INSTR",
        PortKind.VISA,
        None,
        0,
        "/dev/serial/by-path/usb-0:2:1.0-port0",
    ),
    ("ASRL3::INSTR", PortKind.VISA, None, 0, "COM3"),
]


@pytest.mark.parametrize(("text", "kind", "address", "number", "target"), SPELLINGS)
def test_a_port_is_read_as_it_is_spelled(text, kind, address, number, target):
    port = parse_port(text)
    assert (port.kind, port.number, port.text) == (kind, number, text)
    assert port.address == (address or text)
    assert port.target == (target or text)


@pytest.mark.parametrize(
    ("text", "what", "write"),
    [
        ("", "names no port", "/dev/serial/by-path/"),
        ("sqc", "names no port", "sim:sqc"),
        ("sim:", "names no port", "sim:sqc"),
        ("ttyUSB0", "names no port", "/dev/ttyUSB0"),
        ("/dev/", "names no port", "COM3"),
        ("192.168.1.200:2101", "names no port", "tcp://192.168.1.200:2101"),
        ("udp://192.168.1.200:2101", "udp:// is not known", "tcp://"),
        ("tcp://192.168.1.200", "which TCP port", "tcp://192.168.1.200:2101"),
        ("tcp://192.168.1.200:", "which TCP port", "tcp://192.168.1.200:2101"),
        ("tcp://192.168.1.200:70000", "no TCP port 70000", "65535"),
        ("tcp://192.168.1.200:0", "no TCP port 0", "65535"),
        ("tcp://192.168.1.300:2101", "is no address", "192.168.1.200"),
        ("tcp://a..b:2101", "no name of a computer", "address"),
        (f"tcp://{'a' * 64}.lab:2101", "no name of a computer", "address"),
        ("tcp://user@host:2101", "not made of a host", "tcp://"),
        ("tcp://host:2101/path", "not made of a host", "tcp://"),
        (" COM3", "names no port", "COM3"),
        ("loop://", "loop:// is not known", "tcp://"),
        ("TCPIP0::192.168.1.20::INSTR", "not supported", "SOCKET"),
        ("TCPIP0::192.168.1.20::99999::SOCKET", "no TCP port", "65535"),
        ("GPIB0::9::INSTR", "not supported", "SOCKET"),
        ("USB0::0x1AB1::0x0588::DS1::INSTR", "not supported", "SOCKET"),
    ],
)
def test_what_names_no_port_is_refused_with_what_to_write(text, what, write):
    with pytest.raises(PortError) as refused:
        parse_port(text)
    assert what in refused.value.what
    assert write in refused.value.write


def test_two_spellings_of_one_port_have_one_target():
    spellings = ("tcp://10.0.0.7:8003", "socket://10.0.0.7:8003", "TCPIP::10.0.0.7::8003::SOCKET")
    assert {parse_port(text).target for text in spellings} == {"10.0.0.7:8003"}
    assert parse_port("COM3").target == parse_port("ASRL3::INSTR").target


@given(st.text(max_size=60))
def test_any_text_is_a_port_or_refused_with_a_sentence(text):
    try:
        said = parse_port(text).text
    except PortError as refused:
        said = refused.what and refused.write and text
    assert said == text


@pytest.mark.parametrize(
    ("text", "is_unstable"),
    [
        ("/dev/ttyUSB0", True),
        ("/dev/ttyACM1", True),
        ("/dev/cu.usbserial-1410", True),
        ("ASRL/dev/ttyUSB0::INSTR", True),
        ("/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", False),
        ("/dev/ttyS0", False),
        ("COM3", False),
        ("tcp://ttyUSB0:1", False),
        ("sim:sqc", False),
    ],
)
def test_names_that_may_change_are_told_from_names_bound_to_a_place(text, is_unstable):
    assert bool(unstable_name(parse_port(text))) == is_unstable


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("tcp://127.0.0.1:1", TcpWire),
        ("socket://127.0.0.1:1", TcpWire),
        ("/dev/nothing", SerialWire),
        ("COM3", SerialWire),
        ("TCPIP::127.0.0.1::1::SOCKET", VisaWire),
        ("ASRL/dev/nothing::INSTR", VisaWire),
    ],
)
def test_a_port_gets_its_wire(text, wire):
    assert type(make_wire(parse_port(text), SteppedClock())) is wire


def test_a_simulated_port_has_no_wire_of_its_own():
    with pytest.raises(ValueError, match="sim:sqc"):
        make_wire(parse_port("sim:sqc"), SteppedClock())
