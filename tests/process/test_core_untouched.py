"""Nothing that happens to its clients reaches a run: the same run beside it, left alone, is the same bit for bit."""

import os
import signal
import sys
import time
from bisect import bisect_left
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest
from core_bench import core, pid_of, start_of, until_end, wait_for
from rude_clients import rude_clients
from station_bench import QUICK, station_with

from pvdstation.assembly.core.meeting import Where, address
from pvdstation.desk.client import Client, ask_urgently
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Accepted
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Verb
from pvdstation.record.run_file import RunFile

if sys.platform != "win32":
    from terminal_bench import Terminal, has_gone, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pseudo-terminals, and /proc"),
]

SPEED, FAST = 8.0, 60.0
LAYER = "8 nm Zn at 0.5 nm/s"
F3, F7, F8, CTRL_Z = b"\x1bOR", b"\x1b[18~", b"\x1b[19~", b"\x1a"
PERIOD_NS = SECOND // 4


class Kept(NamedTuple):
    """What a record has of a run but for what people asked, and when by the wall."""

    events: list[str]
    scans: list[str]  # of every float its shortest text: NaN is NaN
    notices: list[Any]
    result: dict[str, Any]
    requests: int


@pytest.fixture(scope="module")
def station(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("station") / "quick.toml"
    path.write_bytes(station_with(QUICK))
    return path


def test_terminals_that_die_stop_or_stall_and_rude_clients_change_no_bit_of_a_run(tmp_path, station) -> None:
    alone, disturbed = Where(tmp_path / "alone", str(station)), Where(tmp_path / "disturbed", str(station))
    with ExitStack() as stack:
        opened = opener(stack, disturbed)
        killed, stopped, stalled = opened("ui"), opened("ui"), opened("ui", is_read=False)  # one starts the core
        beside, run_alone = stack.enter_context(core(alone, a_layer(alone)))
        for terminal in (killed, stopped):
            terminal.until("IDLE")
        client, _ = stack.enter_context(core(disturbed))
        starter = opened("run", LAYER, "--speed", f"{SPEED:g}", "--transcript", str(disturbed.data / "bytes"))
        run = wait_for(client, "running").run
        pid = pid_of(disturbed.data)

        killed.type(F7)
        stopped.until(f"in charge: ui {killed.pid}")
        starter.until(f"ui {killed.pid} is in charge now")
        starter.close()
        assert has_gone(starter)
        stopped.type(F3)
        stopped.until(f"hold refused: ui {killed.pid} is in charge")
        killed.kill()
        stopped.type(F8)
        stopped.until("clear refused")  # by the run: now this one is in charge
        stopped.type(CTRL_Z)
        until(lambda: stopped.state == "T")
        os.kill(pid, signal.SIGHUP)
        with rude_clients(address(disturbed)):
            assert after(client, 2.0).state == "running"
            assert isinstance(client.take_charge(), Accepted)
            assert isinstance(client.ask("speed", value=FAST), Accepted)
            beside.ask("speed", value=FAST)
            _, ended = until_end(client)
        until_end(beside)
        assert pid_of(disturbed.data) == pid
        assert stopped.state == "T"
        assert "COMPLETE" not in stalled.read_on()  # its terminal was full: it has stood still
        stalled.until("COMPLETE")
    theirs, ours = kept(record(alone, run_alone)), kept(record(disturbed, run))
    assert (theirs.requests, ours.requests > 20) == (0, True)
    assert ended.result["outcome"] == "complete"
    assert ours.events == theirs.events
    assert ours.notices == theirs.notices
    for our, their in zip(ours.scans, theirs.scans, strict=True):
        assert our == their
    assert ours.result == theirs.result
    assert bytes_until(disturbed, ours.result["plant_s"]) == bytes_until(alone, ours.result["plant_s"])


def test_on_the_real_clock_no_scan_is_later_and_another_client_stops_the_run_at_once(tmp_path, station) -> None:
    alone, disturbed = Where(tmp_path / "alone", str(station)), Where(tmp_path / "disturbed", str(station))
    with ExitStack() as stack:
        beside, run_alone = stack.enter_context(core(alone, start_of(LAYER, 1)))
        client, run = stack.enter_context(core(disturbed, start_of(LAYER, 1)))
        opened = opener(stack, disturbed)
        stalled, closed = opened("ui", is_read=False), opened("ui", nohup=True)
        closed.until("RUNNING")
        with rude_clients(address(disturbed)):
            closed.close()
            assert has_gone(closed)
            assert after(client, 3.0).state == "running"
            asked_s = time.monotonic()
            assert isinstance(ask_urgently(address(disturbed), Verb.STOP, "another"), Accepted)
            answered_s = time.monotonic() - asked_s
            late_scans = leaves(client, "running").late_scans
            left_s = time.monotonic() - asked_s
        assert max(answered_s, left_s) < 0.5
        assert stalled.process.poll() is None
        assert late_scans <= after(beside, 0.5).late_scans
        ask_urgently(address(alone), Verb.STOP, "test")
        until_end(client)
        until_end(beside)
    ours, theirs = lateness_ms(record(disturbed, run)), lateness_ms(record(alone, run_alone))
    assert median(ours) < median(theirs) + 5.0


def a_layer(where: Where) -> Start:
    return start_of(LAYER, SPEED, transcript=str(where.data / "bytes"))


def opener(stack: ExitStack, where: Where):
    """Return what opens a terminal with a command on a station in it; it is closed with the stack."""

    def opened(*command: str, **terminal: bool) -> "Terminal":
        place = ("--data", str(where.data), "--station", str(where.station))
        made = Terminal(*command, *place, **terminal)
        stack.callback(made.end)
        return made

    return opened


def bytes_until(where: Where, end_s: float) -> list[str]:
    """Return what has passed over the links until the end of the run; they are scanned on after it."""
    lines = (where.data / "bytes").read_text().splitlines()
    return [line for line in lines if float(line.split()[0]) <= end_s]


def record(where: Where, run: str) -> RunFile:
    return RunFile(where.data / "runs" / f"{run}.sqlite")


def kept(file: RunFile) -> Kept:
    """Return what can be compared: numbers are those of the events that nobody asked for."""
    asked = [event.number for event in file.events() if event.kind is EventKind.REQUEST]

    def own(number: int) -> int:
        return number - bisect_left(asked, number)

    seen = [number for name, number in file.number.items() if not name.startswith("journal.")]
    scans = [
        repr(
            (
                scan.at_ns,
                [scan.readings[number] for number in seen],
                scan.outputs,
                [action._replace(number=own(action.number)) for action in scan.actions],
                [result._replace(number=own(result.number)) for result in scan.results],
            )
        )
        for scan in file.scans()
    ]
    events = [repr((own(e.number), *e[1:])) for e in file.events() if e.kind is not EventKind.REQUEST]
    end = file.end
    assert end is not None
    return Kept(events, scans, list(file.notices()), end["result"], len(asked))


def after(client: Client, seconds: float) -> Snapshot:
    """Return the newest snapshot when some time has passed."""
    shown, end_s = None, time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        news = client.news(left_s)
        shown = news if isinstance(news, Snapshot) else shown
    assert shown is not None
    return shown


def leaves(client: Client, state: str) -> Snapshot:
    """Wait for the first snapshot in another state."""
    while True:
        news = client.news(5.0)
        assert news is not None
        if isinstance(news, Snapshot) and news.state != state:
            return news


def lateness_ms(file: RunFile) -> list[float]:
    """Return by how much each scan was later than its slot."""
    times = [scan.at_ns for scan in file.scans()]
    return [(at_ns - times[0]) % PERIOD_NS / 1e6 for at_ns in times]
