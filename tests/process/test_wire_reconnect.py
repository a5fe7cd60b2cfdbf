"""An instrument dies and comes back, over real ports: its state is taken from it, and nothing resumes by itself."""

import math
import signal
import subprocess
import sys
import tomllib
from importlib.resources import files
from io import StringIO
from pathlib import Path

import pytest

from pvdstation.drivers.base import Board, Driver, Routine, Row
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import Action, ActionKind
from pvdstation.model.ports import parse_port
from pvdstation.model.signals import Quality, SignalMap
from pvdstation.model.station import Station
from pvdstation.runtime.backoff import BackOff
from pvdstation.runtime.clock import RealClock
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.link import Ask, Link
from pvdstation.wires.ports import make_wire
from pvdstation.wires.transcript import TranscriptWire

MS = MILLISECOND
STATION = Station.model_validate(
    tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8"))
)
INSTRUMENT = Path(__file__).with_name("toy_instrument.py")


class Lines:
    def __init__(self):
        self.held = b""

    def feed(self, data):
        *frames, self.held = (self.held + data).split(b"\n")
        return frames

    def clear(self):
        had, self.held = bool(self.held), b""
        return had


class ToyDriver(Driver):
    """Takes the state from the instrument in its greeting; asks numbered questions and notes their answers."""

    def __init__(self, board: Board) -> None:
        super().__init__("turbo", Lines(), STATION, board)
        self.rows = [Row(self.poll, 20 * MS)]
        self.signal = next(n for n, s in enumerate(board.signals.all) if s.link == "turbo")
        self.polls = 0
        self.wrong: list[tuple[int, bytes]] = []
        self.greeted: list[bytes] = []

    def ask(self, text: str) -> Ask:
        return Ask(f"{text}\n".encode(), 150 * MS)

    def greet(self) -> Routine:
        reply = yield Ask(b"who\n", 150 * MS, lambda frame: frame.startswith(b"toy "))
        if reply.frame is None:
            return
        self.identity = reply.frame.decode()
        state = yield Ask(b"state\n", 150 * MS, lambda frame: frame in (b"ON", b"OFF"))
        if state.frame is not None:
            self.greeted.append(state.frame)
            self.board.post(self.signal, float(state.frame == b"ON"), Quality.GOOD, state.at_ns)

    def poll(self) -> Routine:
        self.polls += 1
        number = self.polls
        reply = yield self.ask(f"ask {number}")
        if reply.frame is not None and reply.frame != f"={number}".encode():
            self.wrong.append((number, reply.frame))

    def begin(self, action: Action) -> Routine:
        reply = yield self.ask("start")
        self.board.resolve(action, "done" if reply.frame else "no answer", reply.at_ns, ok=reply.frame is not None)


class Bench:
    """One link to an instrument in another process."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.place = str(folder / "line") if kind == "pseudo-terminal" else "0"
        self.log = folder / "heard.txt"
        self.switched_on = 0
        self.instrument: subprocess.Popen[str] | None = None
        self.switch_on()
        try:
            self._connect()
        except Exception:
            self.switch_off()
            raise

    def _connect(self) -> None:
        spelling = {
            "tcp": f"tcp://127.0.0.1:{self.place}",
            "visa": f"TCPIP::127.0.0.1::{self.place}::SOCKET",
            "pseudo-terminal": self.place,
        }[self.kind]
        self.clock = RealClock()
        self.board = Board(SignalMap(STATION))
        self.driver = ToyDriver(self.board)
        self.text = StringIO()
        self.notices: list[str] = []
        wire = TranscriptWire(make_wire(parse_port(spelling), self.clock), "toy", self.clock, self.text)
        link = Link(wire, self.driver.framer, self.clock)
        self.worker = LinkWorker(link, self.driver, lambda notice: self.notices.append(notice.text))

    def switch_on(self) -> None:
        self.switched_on += 1
        command = [sys.executable, str(INSTRUMENT), self.place, str(self.switched_on), str(self.log)]
        self.instrument = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.place = self.instrument.stdout.readline().strip()

    def switch_off(self) -> None:
        instrument, self.instrument = self.instrument, None
        if instrument is not None:
            instrument.kill()
            instrument.wait()
            instrument.stdout.close()

    def close(self) -> None:
        self.worker.close()
        self.switch_off()

    def run(self, duration_ms: float) -> None:
        end_ns = self.clock.now_ns() + round(duration_ms * MS)
        while self.clock.now_ns() < end_ns:
            next_ns = self.worker.turn(self.clock.now_ns())
            self.clock.wait_until(min(next_ns, end_ns))

    def run_until(self, is_so, longest_s: float = 15) -> None:
        end_ns = self.clock.now_ns() + round(longest_s * SECOND)
        while not is_so():
            assert self.clock.now_ns() < end_ns, f"never: {self.worker.fault} {self.notices}"
            self.run(5)

    @property
    def reading(self):
        return self.board.readings[self.driver.signal]

    @property
    def answers(self) -> bool:
        return self.driver.polls > 0 and not self.worker.fault and self.reading.quality is Quality.GOOD

    def heard(self, line: str) -> list[str]:
        return [entry for entry in self.log.read_text().splitlines() if entry.split(" ", 1)[1] == line]

    def start(self, number: int) -> None:
        self.driver.submit(Action(number, "turbo", ActionKind.SQC_STOP, None, self.clock.now_ns() + 60 * SECOND))


@pytest.fixture(params=["tcp", "visa", "pseudo-terminal"])
def bench(request, tmp_path):
    bench = Bench(request.param, tmp_path)
    yield bench
    bench.close()


def test_an_instrument_that_was_switched_off_and_on_is_taken_as_it_is_and_nothing_resumes(bench):
    bench.run_until(lambda: bench.answers)
    bench.start(1)
    bench.run_until(lambda: bench.board.results)
    assert bench.board.results.popleft().ok
    bench.switch_off()

    bench.run_until(lambda: bench.worker.fault)
    assert bench.reading.quality is Quality.COMM_FAULT
    assert math.isnan(bench.reading.value)
    bench.start(2)
    bench.run_until(lambda: bench.board.results)
    assert not bench.board.results.popleft().ok

    bench.switch_on()
    bench.run_until(lambda: bench.answers)
    bench.run(100)
    assert bench.driver.greeted[-1] == b"OFF"
    assert bench.reading.value == 0.0
    assert bench.driver.identity == "toy 2"
    assert bench.heard("start") == ["1 start"]
    assert not bench.driver.wrong
    lost, answers = bench.notices[1:]
    assert lost.startswith("lost: ")
    assert answers == "answers: toy 2"
    assert bench.worker.statistics.lost == 1


def test_a_dead_instrument_is_tried_ever_less_often(bench):
    bench.run_until(lambda: bench.answers)
    bench.switch_off()
    bench.run_until(lambda: bench.worker.fault)
    begin_ns = bench.clock.now_ns()
    bench.run(2500)
    passed_ns = bench.clock.now_ns() - begin_ns
    tries = bench.text.getvalue().count("not opened")
    assert 2 <= tries <= 4, "after 0.25 s, 0.5 s, 1 s, 2 s, each ± 20 %"
    assert passed_ns < 3 * SECOND
    reason = {"pseudo-terminal": "there is no port"}.get(bench.kind, "refuses the connection")
    assert reason in bench.worker.fault
    assert sum(notice.startswith("lost") for notice in bench.notices) == 1
    assert BackOff.MOST_NS == 5 * SECOND


def test_an_instrument_that_freezes_and_thaws_never_answers_an_old_question_to_a_new_one(bench):
    bench.run_until(lambda: bench.answers)
    bench.start(1)
    bench.run_until(lambda: bench.board.results)
    bench.instrument.send_signal(signal.SIGSTOP)
    bench.run_until(lambda: bench.worker.fault)
    bench.run(700)
    bench.instrument.send_signal(signal.SIGCONT)
    bench.run_until(lambda: bench.answers)
    polls = bench.driver.polls
    bench.run_until(lambda: bench.driver.polls > polls + 10)
    assert not bench.driver.wrong
    assert bench.driver.greeted[-1] == b"ON", "it had only been frozen"
    assert bench.driver.identity == "toy 1"
    assert bench.heard("start") == ["1 start"]


def test_an_action_that_is_under_way_when_the_instrument_dies_ends_without_success_and_is_not_sent_again(bench):
    bench.run_until(lambda: bench.answers)
    bench.instrument.send_signal(signal.SIGSTOP)
    bench.start(1)
    bench.run_until(lambda: "start" in bench.text.getvalue() or bench.worker.fault)
    bench.switch_off()
    bench.run_until(lambda: bench.board.results)
    assert not bench.board.results.popleft().ok
    bench.switch_on()
    bench.run_until(lambda: bench.answers)
    bench.run(200)
    assert bench.heard("start") == []
    assert not bench.board.results
