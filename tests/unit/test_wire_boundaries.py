"""Where pyserial and PyVISA end and we begin: whatever they raise is one sentence of a lost wire."""

import errno
import os
import socket
import termios
from itertools import count

import pytest
from pyvisa.constants import StatusCode
from pyvisa.errors import InvalidSession, VisaIOError
from pyvisa.resources import MessageBasedResource
from serial import Serial, SerialException
from wire_bench import MS, REAL, serial_terminal, tcp, visa_socket, visa_terminal

from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.model.clock import SECOND
from pvdstation.model.ports import Line
from pvdstation.runtime.clock import RealClock
from pvdstation.wires import serial_port
from pvdstation.wires.base import WireLost
from pvdstation.wires.serial_port import SerialWire
from pvdstation.wires.tcp import TcpWire
from pvdstation.wires.visa import VisaWire

DEVICE = "/dev/serial/by-path/usb-0:2-port0"
PORT = f"the port {DEVICE}"


def lost_by(attempt):
    with pytest.raises(WireLost) as lost:
        attempt()
    sentence = str(lost.value)
    assert "\n" not in sentence
    assert "rrno" not in sentence
    return sentence


def serial_of(wire):
    """Return pyserial's object."""
    session = getattr(wire, "_session", None)
    return wire._port if session is None else session.visalib.sessions[session.session].interface


@pytest.fixture(params=[serial_terminal, visa_terminal], ids=lambda make: make.__name__)
def line(request, tmp_path):
    stand = request.param(tmp_path)
    yield stand
    stand.close()


@pytest.fixture
def visa(tmp_path):
    stand = visa_socket(tmp_path)
    yield stand
    stand.close()


# --- opening a serial port ---

REFUSALS = [
    (SerialException(errno.ENOENT, "could not open port"), f"there is no port {DEVICE}: is the adapter plugged in?"),
    (SerialException(errno.ENODEV, "could not open port"), f"there is no port {DEVICE}: is the adapter plugged in?"),
    (
        SerialException("could not open port 'COM3': FileNotFoundError(2, 'Not found', None, 2)"),
        f"there is no port {DEVICE}: is the adapter plugged in?",
    ),
    (SerialException(errno.EAGAIN, "Could not exclusively lock port"), f"{PORT} is in use by another program"),
    (SerialException(errno.EBUSY, "could not open port"), f"{PORT} is in use by another program"),
    (
        SerialException("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)"),
        f"{PORT} is in use by another program",
    ),
    (
        SerialException(errno.EACCES, "could not open port"),
        f"this user may not open the port {DEVICE}: on Linux, add the user to the group that owns it (dialout)",
    ),
    (
        SerialException("Could not configure port: (25, 'Inappropriate ioctl for device')"),
        f"{DEVICE} is no serial port, or does not take these settings",
    ),
    (
        termios.error(errno.EINVAL, "Invalid argument"),
        f"{DEVICE} is no serial port, or does not take these settings: Invalid argument",
    ),
    (ValueError("Invalid baud rate: 12345"), f"the port {DEVICE} cannot be opened: Invalid baud rate: 12345"),
    (OSError(errno.EIO, "Input/output error"), f"the port {DEVICE} cannot be opened: Input/output error"),
]


@pytest.mark.parametrize(("error", "sentence"), REFUSALS)
@pytest.mark.parametrize("make", [SerialWire, VisaWire])
def test_a_serial_port_that_does_not_open_says_why(mocker, make, error, sentence):
    mocker.patch.object(Serial, "open", side_effect=error)
    wire = make(DEVICE if make is SerialWire else f"ASRL{DEVICE}::INSTR", RealClock())
    assert lost_by(wire.open).startswith(sentence)
    assert "is closed" in lost_by(lambda: wire.read(0))


def test_a_port_in_use_is_told_by_the_second_who_opens_it(line):
    line.wire.open()
    for second in (SerialWire(str(line.far.link), line.clock), VisaWire(f"ASRL{line.far.link}::INSTR", line.clock)):
        assert lost_by(second.open) == f"the port {line.far.link} is in use by another program"
    line.wire.close()
    second.open()
    second.close()


def test_a_file_is_no_serial_port(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("")
    assert f"{file} is no serial port" in lost_by(SerialWire(str(file), RealClock()).open)


def test_a_serial_port_is_taken_exclusively_without_flow_control_and_with_its_lines_up(mocker):
    made = mocker.patch.object(serial_port, "serial_for_url")
    port = made.return_value
    states = []
    port.open.side_effect = lambda: states.append((port.dtr, port.rts))
    SerialWire(DEVICE, RealClock(), Line(19200, 8, "even", 1)).open()
    options = made.call_args.kwargs
    assert states == [(True, True)]
    assert (options["exclusive"], options["do_not_open"]) == (True, True)
    assert [options[name] for name in ("xonxoff", "rtscts", "dsrdtr")] == [False, False, False]
    settings = [options[name] for name in ("baudrate", "bytesize", "parity", "stopbits")]
    assert settings == [19200, 8, "E", 1]


def test_the_settings_of_the_line_reach_the_port(line):
    """A pseudo-terminal takes speed and stop bits; else it always has eight bits and no parity."""
    line.wire._line = Line(38400, stop_bits=2)
    line.wire.open()
    _, _, cflag, _, speed, _, _ = termios.tcgetattr(line.far._slave)
    assert speed == termios.B38400
    assert cflag & termios.CSTOPB


def test_the_settings_of_the_line_reach_visa(mocker, tmp_path):
    stand = visa_terminal(tmp_path)
    mocker.patch.object(Serial, "_reconfigure_port")
    stand.wire._line = Line(19200, 7, "even", 1)
    stand.wire.open()
    port = serial_of(stand.wire)
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (19200, 7, "E", 1)
    assert (port.exclusive, port.xonxoff, port.rtscts, port.dsrdtr) == (True, False, False, False)
    stand.close()


# --- an open serial port ---

UNPLUGGED = [
    SerialException("read failed: [Errno 5] Input/output error"),
    OSError(errno.EIO, "Input/output error"),
    OSError(errno.ENXIO, "No such device or address"),
    SerialException("ClearCommError failed (PermissionError(13, 'The device does not recognize the command.'))"),
]


@pytest.mark.parametrize("error", UNPLUGGED)
def test_an_unplugged_adapter_is_told_while_reading(mocker, line, error):
    line.wire.open()
    mocker.patch.object(Serial, "in_waiting", new_callable=mocker.PropertyMock, side_effect=error)
    mocker.patch.object(Serial, "read", side_effect=error)
    gone = f"the port {line.far.link} is gone: adapter unplugged, or without power"
    assert lost_by(lambda: line.wire.read(line.in_ms(1000))) == gone
    assert "is closed" in lost_by(lambda: line.wire.read(line.in_ms(1000)))


@pytest.mark.parametrize("error", [*UNPLUGGED, termios.error(errno.EIO, "Input/output error")])
def test_an_unplugged_adapter_is_told_while_writing(mocker, line, error):
    line.wire.open()
    mocker.patch.object(Serial, "write", side_effect=error)
    gone = f"the port {line.far.link} is gone: adapter unplugged, or without power"
    assert lost_by(lambda: line.wire.write(b"?", line.in_ms(1000))) == gone


def test_a_second_reader_is_told_as_a_possibility(mocker, line):
    line.wire.open()
    error = SerialException("device reports readiness to read but returned no data (device disconnected or …)")
    mocker.patch.object(Serial, "in_waiting", new_callable=mocker.PropertyMock, return_value=1)
    mocker.patch.object(Serial, "read", side_effect=error)
    assert "another program reads from it" in lost_by(lambda: line.wire.read(line.in_ms(1000)))


def test_an_adapter_that_fails_while_closing_is_closed(mocker, line):
    line.wire.open()
    port = serial_of(line.wire)
    mocker.patch.object(port, "close", side_effect=OSError(errno.EIO, "Input/output error"))
    line.wire.close()
    mocker.stopall()
    port.close()
    assert "is closed" in lost_by(lambda: line.wire.read(line.in_ms(1000)))


# --- VISA ---


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (VisaIOError(StatusCode.error_connection_lost), "the VISA session with {} is lost: "),
        (VisaIOError(StatusCode.error_invalid_object), "the VISA session with {} is lost: "),
        (VisaIOError(StatusCode.error_io), "the VISA session with {} is lost: "),
        (InvalidSession(), "the VISA session with {} is lost: "),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "{} broke the connection off"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "{} is no longer reached: check power and cable"),
        (Exception("something in the backend"), "the connection to {} is lost: something in the backend"),
    ],
)
@pytest.mark.parametrize("method", ["read_bytes", "write_raw"])
def test_a_lost_session_is_one_sentence_and_the_wire_is_closed(mocker, visa, method, error, sentence):
    visa.wire.open()
    visa.far.script = [(0, b"answer")]
    visa.wire.write(b"?", visa.in_ms(1000))
    mocker.patch.object(MessageBasedResource, method, side_effect=error)
    call = visa.wire.read if method == "read_bytes" else lambda deadline_ns: visa.wire.write(b"?", deadline_ns)
    assert lost_by(lambda: call(visa.in_ms(1000))).startswith(sentence.format(f"127.0.0.1:{visa.far.number}"))
    assert "is closed" in lost_by(lambda: visa.wire.read(visa.in_ms(1000)))


def test_a_supply_whose_name_is_unknown_is_told_so(mocker):
    mocker.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known"))
    sentence = "no computer is known as supply.lab: check the name, or write its address"
    assert lost_by(VisaWire("TCPIP::supply.lab::8003::SOCKET", RealClock()).open) == sentence


def test_a_supply_without_a_way_to_it_is_told_so(mocker, visa):
    mocker.patch("pvdstation.wires.visa.is_own_echo", side_effect=OSError(errno.ENETUNREACH, "Network is unreachable"))
    assert lost_by(visa.wire.open).startswith(f"there is no way to 127.0.0.1:{visa.far.number}: check cable")


def test_a_supply_that_never_takes_the_connection_is_given_up(mocker):
    mocker.patch("pvdstation.wires.visa.CONNECT_S", 0.2)
    mocker.patch("pyvisa_py.tcpip.select.select", return_value=([], [], []))
    wire = VisaWire("TCPIP::127.0.0.1::8003::SOCKET", RealClock())
    assert lost_by(wire.open) == "127.0.0.1:8003 does not answer: check power, cable and address"


def test_a_question_without_an_answer_ends_the_session_and_the_next_question_has_a_new_one(mocker, visa):
    clear = mocker.spy(MessageBasedResource, "clear")
    visa.wire.open()
    for answer in (b"1", b"2", b"3"):
        visa.far.script = [(0, answer)]
        visa.wire.write(b"?", visa.in_ms(1000))
        assert visa.wire.read(visa.in_ms(1000)) == answer
    assert visa.far.accepted == 1, "answered questions share a session"
    visa.far.script = [(60 * MS, b"late")]
    visa.wire.write(b"?", visa.in_ms(1000))
    assert visa.wire.read(visa.in_ms(20)) == b""
    assert visa.wire.read(visa.in_ms(90)) == b""
    visa.far.script = [(5 * MS, b"own")]
    visa.wire.write(b"?", visa.in_ms(1000))
    assert visa.wire.read(visa.in_ms(1000)) == b"o"
    assert visa.far.accepted == 2
    clear.assert_not_called()


def test_a_session_that_cannot_be_begun_anew_is_lost(visa):
    visa.wire.open()
    visa.wire.write(b"?", visa.in_ms(1000))
    assert visa.wire.read(visa.in_ms(20)) == b""
    visa.far.leave()
    assert "refuses the connection" in lost_by(lambda: visa.wire.read(visa.in_ms(20)))


def test_a_wall_clock_that_is_set_back_does_not_prolong_a_wait(mocker, visa):
    visa.wire.open()
    visa.wire.write(b"?", visa.in_ms(1000))
    falling = count(2_000_000_000, -1)
    mocker.patch("time.time", side_effect=lambda: float(next(falling)))
    start_ns = visa.now_ns()
    assert visa.wire.read(start_ns + 50 * MS) == b""
    assert visa.now_ns() - start_ns < SECOND


# --- TCP ---


def test_a_reset_is_told_from_an_end(tmp_path):
    stand = tcp(tmp_path)
    stand.wire.open()
    stand.far.script = [(0, b".")]
    stand.wire.write(b"?", stand.in_ms(1000))
    assert stand.wire.read(stand.in_ms(1000)) == b"."
    stand.far.reset()
    why = lost_by(lambda: stand.wire.read(stand.in_ms(1000)))
    assert why == f"127.0.0.1:{stand.far.number} broke the connection off"
    stand.close()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TimeoutError("timed out"), "10.0.0.7:2101 does not answer: check power, cable and address"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "there is no way to 10.0.0.7:2101: check cable"),
        (socket.gaierror(-2, "Name or service not known"), "no computer is known as 10.0.0.7: check the name"),
        (UnicodeError("label too long"), "10.0.0.7:2101 cannot be connected to: label too long"),
        (OSError(errno.EMFILE, "Too many open files"), "10.0.0.7:2101 cannot be connected to: Too many open files"),
    ],
)
def test_a_connection_that_is_not_made_says_why(mocker, error, sentence):
    mocker.patch("socket.create_connection", side_effect=error)
    assert lost_by(TcpWire("10.0.0.7", 2101, RealClock()).open).startswith(sentence)


def test_a_pulled_cable_is_no_silence(mocker, tmp_path):
    """What the kernel reports when TCP_USER_TIMEOUT or keep-alive have given up."""
    stand = tcp(tmp_path)
    stand.wire.open()
    cable = mocker.Mock(wraps=stand.wire._socket)
    cable.recv.side_effect = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
    stand.wire._socket = cable
    assert "is no longer reached" in lost_by(lambda: stand.wire.read(stand.in_ms(1000)))
    stand.close()


def test_a_dead_peer_is_noticed_within_seconds_and_small_questions_are_not_held_back(tmp_path):
    for make in (tcp, visa_socket):
        stand = make(tmp_path)
        stand.wire.open()
        connection = stand.wire._socket if make is tcp else stand.wire._connection
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
        stand.close()


@pytest.mark.parametrize("make", [tcp, visa_socket], ids=lambda make: make.__name__)
def test_a_connection_with_itself_is_refused(mocker, tmp_path, make):
    stand = make(tmp_path)
    mocker.patch(f"pvdstation.wires.{'tcp' if make is tcp else 'visa'}.is_own_echo", return_value=True)
    assert "refuses the connection" in lost_by(stand.wire.open)
    stand.close()


# --- all of them ---


@pytest.mark.parametrize("make", REAL, ids=lambda make: make.__name__)
def test_nothing_is_left_open_after_many_losses(tmp_path, make):
    stand = make(tmp_path)
    stand.wire.open()
    stand.wire.close()
    stand.far.leave()
    stand.far.come()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        stand.wire.open()
        stand.far.leave()
        lost_by(lambda: [stand.wire.read(stand.in_ms(1000)) for _ in range(3)])
        lost_by(stand.wire.open)
        stand.far.come()
    assert len(os.listdir("/proc/self/fd")) == before
    stand.close()


def test_an_instrument_that_is_not_reached_is_exit_code_6():
    class Ended:
        outcome, safe, by_operator, unreachable = "stopped", None, False, ("supply1",)

    assert exit_code(Ended()) == ExitCode.NOT_REACHABLE == 6
