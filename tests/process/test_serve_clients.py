"""Other people's software and plain sockets against the served instruments."""

import shutil
import socket
import subprocess
import sys

import pytest
import pyvisa
import serial
from pymodbus.client import ModbusTcpClient
from serve_bench import received, served


@pytest.fixture
def here(tmp_path):
    with served(tmp_path) as running:
        yield running


def modbus_question(number: int) -> bytes:
    """Return "read one input" under a transaction number."""
    return number.to_bytes(2, "big") + bytes.fromhex("0000 0006 01 02 0000 0001")


def is_reset(here, name: str) -> bool:
    """Return whether one more client is turned away, at once or after connecting."""
    try:
        with here.connect(name) as connection:
            return received(connection) == b""
    except ConnectionError:
        return True


def test_the_plant_stands_until_its_first_client(here):
    channel = here.channel()
    assert (channel.hello()["time"], channel.hello()["plant_ns"]) == ("standing", 0)
    with here.connect("gauges"):
        assert channel.until(lambda hello: hello["plant_ns"] > 0)["time"] == "free"
    channel.close()


def test_free_time_is_scaled(tmp_path):
    with served(tmp_path, "--speed", "100") as here:
        channel = here.channel()
        with here.connect("io"):
            assert channel.until(lambda hello: hello["plant_ns"] > 20e9)["pace"] == 100
        channel.close()


def test_the_gauges_send_unasked_from_the_start(here):
    with here.connect("gauges") as connection:
        assert received(connection).count(b",") == 11


def test_what_a_client_has_set_stays_when_it_goes(here):
    with here.connect("supply1") as first:
        first.sendall(b"VOLT 0.5\nVOLT?\n")
        set_to = received(first)
    with here.connect("supply1") as second:
        second.sendall(b"VOLT?\n")
        assert received(second) == set_to
        assert float(set_to) == 0.5


def test_a_supply_takes_three_sockets_and_no_more(here):
    taken = [here.connect("supply1") for _ in range(3)]
    for connection in taken:
        connection.sendall(b"*IDN?\n")
        assert received(connection).startswith(b"TDK-LAMBDA")
    assert is_reset(here, "supply1")
    taken.pop().close()
    with here.connect("supply1") as again:
        again.sendall(b"*IDN?\n")
        assert received(again).startswith(b"TDK-LAMBDA")
    for connection in taken:
        connection.close()


def test_a_serial_line_has_one_client(here):
    with here.connect("turbo") as first:
        assert is_reset(here, "turbo")
        first.sendall(b"0010030902=?107\r")
        assert received(first, b"\r").startswith(b"0011030906")


def test_halves_of_messages_of_two_clients_are_not_mixed(here):
    with here.connect("io") as one, here.connect("io") as other:
        one.sendall(modbus_question(1)[:7])
        other.sendall(modbus_question(2))
        assert other.recv(64)[:2] == b"\0\2"
        one.sendall(modbus_question(1)[7:])
        assert one.recv(64)[:2] == b"\0\1"


def test_pymodbus_reads_and_writes_the_io(here):
    client = ModbusTcpClient("127.0.0.1", port=here.number("io"), retries=0)
    try:
        assert client.connect()
        inputs = client.read_discrete_inputs(0, count=22).bits[:22]
        assert inputs[:6] == [False, True, False, True, False, True]  # every shutter closed, by both switches
        assert not client.write_coil(0x0200 + 11, True).isError()
        assert client.read_coils(0x0200, count=12).bits[11] is True
        assert client.read_holding_registers(0x2002).registers == [0x1234]
        assert client.read_coils(0x0300, count=1).exception_code == 2
    finally:
        client.close()


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed (Debian package mbpoll)")
def test_mbpoll_reads_and_writes_the_io(here):
    def mbpoll(*arguments: str) -> str:
        command = ["mbpoll", "-m", "tcp", "-p", str(here.number("io")), "-a", "1", "-1", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "[2]: \t1" in mbpoll("-t", "1", "-r", "1", "-c", "4", "127.0.0.1")
    mbpoll("-t", "0", "-r", str(0x0200 + 12), "127.0.0.1", "1")
    assert f"[{0x0200 + 12}]: \t1" in mbpoll("-t", "0", "-r", str(0x0200 + 12), "127.0.0.1")


def test_a_plain_pyvisa_session_identifies_and_sets_the_supply(here):
    manager = pyvisa.ResourceManager("@py")
    try:
        supply = manager.open_resource(
            here.urls["supply1"], read_termination="\r\n", write_termination="\n", timeout=2000
        )
        assert supply.query("*IDN?") == "TDK-LAMBDA,GH10-100,SIMULATED-1,G:01.000"
        supply.write("CURR 12.5")
        assert float(supply.query("CURR?")) == 12.5
        supply.write("SYST:ERR:ENAB")
        supply.write("VOLT 99")
        assert supply.query("SYST:ERR?").startswith("-222")
        supply.close()
    finally:
        manager.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_pseudo_terminal_is_a_serial_port(tmp_path):
    with served(tmp_path, "--pty") as here:
        for mode in ("first", "again"):  # closed and opened again: the same instrument
            with serial.Serial(here.urls["gauges"], 9600, timeout=10, exclusive=True) as port:
                if mode == "first":
                    assert port.read_until(b"\r\n").count(b",") == 11  # from the start, unasked
                port.write(b"TID\r")
                assert port.read_until(b"\x06\r\n").endswith(b"\x06\r\n")
                port.write(b"\x05")
                assert port.read_until(b"\r\n").startswith(b"PKR")


@pytest.mark.parametrize("line", [b"", b"[]", b"7", b"{}", b'{"a": 1, "b": 2}', b"\xff\xfe", b'{"nonsense": 1}'])
def test_the_control_channel_refuses_what_is_no_request(here, line):
    channel = here.channel()
    if line:
        assert channel.say(line)["refused"][0]["where"] == "the control channel"
    assert channel.hello()["version"] == 1
    channel.close()


@pytest.mark.parametrize(
    ("verb", "argument"),
    [
        ("advance_to", 10**9),
        ("open", ["io", 1, 0]),
        ("sent", ["io", 1, 0]),
        ("close", "io"),
        ("drive", 0),
        ("drive", "fast"),
        ("pace", None),
        ("fault", 7),
    ],
)
def test_the_control_channel_refuses_what_it_cannot_do(here, verb, argument):
    channel = here.channel()
    assert channel.ask(verb, argument)["refused"]
    channel.close()


def test_a_driver_cannot_turn_time_back_or_announce_bytes_that_do_not_come(here):
    channel = here.channel()
    assert channel.ask("drive", None)["answer"] == 0
    assert channel.ask("advance_to", 10**9)["answer"] == {}
    assert "time goes back" in channel.ask("advance_to", 1)["refused"][0]["what"]
    assert "nobody is connected" in channel.ask("open", ["io", 1, 10**9])["refused"][0]["what"]
    with here.connect("io") as connection:
        assert channel.ask("open", ["io", connection.getsockname()[1], 10**9])["answer"][0] == []
        assert "did not come" in channel.ask("sent", ["io", 12, 10**9])["refused"][0]["what"]
        connection.sendall(modbus_question(1))
        ((ready_ns, length),), _ = channel.ask("sent", ["io", 12, 10**9])["answer"]
        assert ready_ns > 10**9
        assert len(connection.recv(64)) == length
    channel.close()


def test_an_endless_line_ends_the_connection(here):
    connection = socket.create_connection(("127.0.0.1", int(here.control.rpartition(":")[2])), timeout=20)
    with connection:
        try:
            connection.sendall(b"x" * 1_000_000)
        except ConnectionError:
            return
        assert received(connection) == b""
