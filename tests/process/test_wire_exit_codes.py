"""An instrument that cannot be reached ends ``pvd run`` with exit code 6 and one sentence, whatever the library raised.

The station is served in another process; the command runs in this one, so that pyserial and PyVISA can be made to fail.
"""

import errno
import sys

import pytest
import run_here
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError
from pyvisa.resources import MessageBasedResource
from serial import Serial, SerialException
from serve_bench import run_core, served

from pvdstation.assembly.watching import Absent
from pvdstation.cli.entry import enter
from pvdstation.model.clock import SECOND
from pvdstation.runtime.clock import RealClock
from pvdstation.wires.serial_port import SerialWire

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
RECIPE = "2 nm Zn at 0.5 nm/s"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served"), "--pty") as here:
        yield here


@pytest.fixture
def run(here, capsys, mocker):
    """Return a function that runs the command and gives its exit code and what it wrote, in one line."""
    mocker.patch.object(Absent, "PATIENCE_NS", SECOND)

    def run():
        with pytest.raises(SystemExit) as end, run_here.here():
            enter(["run", RECIPE, "--station", str(here.station), "--speed", "1"])
        written = capsys.readouterr()
        return end.value.code, " ".join(f"{written.out} {written.err}".split())

    return run


def failing(mocker, device, name, error):
    """Let one serial device fail; the others go on."""
    real = getattr(Serial, name)

    def fail(port, *arguments):
        if port.port == device:
            raise error
        return real(port, *arguments)

    mocker.patch.object(Serial, name, autospec=True, side_effect=fail)


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("open", SerialException(errno.ENOENT, "could not open"), "there is no port {}: is the adapter plugged in?"),
        ("open", SerialException(errno.EACCES, "could not open"), "this user may not open the port {}: on Linux, add"),
        ("open", SerialException(errno.EAGAIN, "could not lock"), "the port {} is in use by another program"),
        ("write", SerialException("write failed: [Errno 5] Input/output error"), "the port {} is gone: adapter"),
    ],
)
def test_a_serial_port_that_fails(mocker, here, run, name, error, sentence):
    device = here.urls["sqc"]
    failing(mocker, device, name, error)
    code, text = run()
    assert code == 6
    assert f"sqc is not reached: {sentence.format(device)}" in text
    assert "Traceback" not in text


def test_a_visa_session_that_is_lost(mocker, here, run):
    lost = VisaIOError(StatusCode.error_connection_lost)
    mocker.patch.object(MessageBasedResource, "read_bytes", side_effect=lost)
    code, text = run()
    assert code == 6
    where = "{}:{}".format(*here.urls["supply1"].split("::")[1:3])
    assert f"supply1 is not reached: the VISA session with {where} is lost: The connection for the given" in text


def test_answers_that_all_come_too_late(here, run):
    channel = here.channel()
    channel.ask("fault", "t=now sqc late 700ms")
    code, text = run()
    channel.close()
    assert code == 6
    assert "sqc is not reached: no answer to 3 questions in a row" in text


def test_a_port_that_another_program_has_taken(tmp_path):
    with served(tmp_path, "--pty") as here:
        other = SerialWire(here.urls["turbo"], RealClock())
        other.open()
        done = run_core("run", RECIPE, "--station", str(here.station), "--speed", "1")
        other.close()
    assert done.returncode == 6
    text = " ".join(f"{done.stdout} {done.stderr}".split())
    assert f"turbo is not reached: the port {here.urls['turbo']} is in use by another program" in text
