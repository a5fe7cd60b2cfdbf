"""Talking to the SQC-310: one question with the shape of its answer, and what every answer says about the unit.

A reply with a wrong checksum is asked for once more when that is harmless; one that has not the shape of the answer
is none, so the link runs into its dead-line, is drained and greeted.
"""

from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from pvdstation.drivers.base import Board
from pvdstation.model.clock import MILLISECOND, to_ns
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol.sqc310_parameters import Table
from pvdstation.protocol.sqc310_phases import Edition, needs_attention, phase_text
from pvdstation.protocol.sqc310_readings import (
    OutputsReading,
    State,
    parse_nothing,
    parse_number,
    parse_outputs,
    parse_state,
)
from pvdstation.wires.link import Ask, Pause, Reply

T = TypeVar("T")
Talk = Generator[Ask | Pause, Reply, T]
NM_PER_ANGSTROM = 0.1
NM_PER_KILOANGSTROM = 100.0
LOOK_NS = 100 * MILLISECOND
"""Pause between two looks at the state; polls of the link run meanwhile."""
_NAN = float("nan")


class Declined(Exception):
    """The unit did not do it, or is not as it should be; the text is a sentence for a person."""


class Refusal(Declined):
    """The unit answered with a status letter that refuses the command."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(f"the unit refuses {message}: {wire.STATUS_TEXT[status]}")
        self.status = status


class Silent(Declined):
    """There was no answer, so whether it was done is unknown."""


class Question(Generic[T]):
    """One message, how its answer is recognised, and what it said."""

    __slots__ = ("_frame", "_may_spoil", "_read", "answer", "ask", "message", "tries", "value")

    def __init__(self, message: str, read: Callable[[str], T | None], deadline_ns: int, *, once: bool = False) -> None:
        self.message = message
        self.ask = Ask(wire.encode_command(message), deadline_ns, self._take)
        self.tries = 1 if once else 2
        self.answer = wire.Answer("", "", crc_ok=False)
        self.value: T | None = None
        self._read = read
        self._frame = b""
        self._may_spoil = True

    def _take(self, frame: bytes) -> bool:
        """Read a reply; return whether it can be the answer. Two spoilt ones in a row are as good as none."""
        self._frame = frame
        self.answer = answer = wire.decode_reply(frame)
        self.value = None
        if not answer.crc_ok:
            may_spoil, self._may_spoil = self._may_spoil, False
            return may_spoil
        self._may_spoil = True
        if answer.status not in (wire.DONE, wire.DONE_AFTER_RESET):
            return answer.status in wire.STATUS_TEXT
        self.value = self._read(answer.payload)
        return self.value is not None

    def heard(self, frame: bytes) -> wire.Answer:
        """Return the answer in the frame that the link has accepted."""
        if frame is not self._frame:
            self._take(frame)
        return self.answer


class Speaker:
    """Asks questions for the driver and its actions, and posts what the answers say."""

    def __init__(self, station: Station, board: Board) -> None:
        self._board = board
        self._signals = board.signals
        self._outputs = tuple((number - 1, signals) for number, signals in board.signals.output.items())
        self.deadline_ns = to_ns(station.sqc.read_deadline)
        self.at_ns = 0
        """When the last answer arrived, or was given up."""
        self.crc_errors = 0
        self.was_reset = False
        self.relay_refused = False
        self.attention = ""
        """The phase that a person has to look at, in words; empty while there is none."""
        self._phase = 0
        self.adopt_edition(Edition.P1C)
        self.adopt_channels(station.sqc.channels)

    def adopt_edition(self, edition: Edition) -> None:
        """Name phases as the unit's manual does, and ask for the state anew as the newest one prints it."""
        self.edition = edition
        self._state_question = Question(command.STATE, parse_state, self.deadline_ns)

    def adopt_channels(self, channels: int) -> None:
        """Read ``K1`` as a unit with so many channels writes it."""
        self.channels = channels
        self._outputs_question = Question(
            command.OUTPUTS, lambda payload: parse_outputs(payload, channels), self.deadline_ns
        )

    # --- questions ---

    def put(self, question: Question[T]) -> Talk[T]:
        """Ask and return what was read. Raises Silent and Declined."""
        for _ in range(question.tries):
            reply = yield question.ask
            self.at_ns = reply.at_ns
            if reply.frame is None:
                raise Silent(f"no answer to {question.message}")
            answer = question.heard(reply.frame)
            if not answer.crc_ok or answer.status == wire.BAD_CRC:
                self.crc_errors += 1
                continue
            if answer.status == wire.DONE_AFTER_RESET:
                self.was_reset = True
            if question.value is None:
                raise Refusal(question.message, answer.status)
            return question.value
        raise Silent(f"no undamaged answer to {question.message}")

    def read(self, message: str, parse: Callable[[str], T | None]) -> Talk[T]:
        """Ask something that is asked rarely."""
        return self.put(Question(message, parse, self.deadline_ns))

    def write(self, message: str) -> Talk[bool]:
        """Send an absolute write or selection, harmless to repeat; the caller reads it back."""
        return self.put(Question(message, parse_nothing, self.deadline_ns))

    def parameters(self, table: Table, item: int, parameters: tuple[int, ...]) -> Talk[tuple[int, ...]]:
        """Read parameters of a table; in halves when the reply would be too long for one packet."""
        message = command.read_parameters(table, item, *parameters)
        try:
            return (yield from self.read(message, lambda payload: command.parse_pairs(payload, parameters)))
        except Refusal as refusal:
            if refusal.status != wire.TOO_LONG or len(parameters) == 1:
                raise
        half = len(parameters) // 2
        first = yield from self.parameters(table, item, parameters[:half])
        return first + (yield from self.parameters(table, item, parameters[half:]))

    def act(self, message: str) -> Talk[bool]:
        """Send what must happen at most once."""
        return self.put(Question(message, parse_nothing, self.deadline_ns, once=True))

    def state(self) -> Talk[State]:
        """Read and post the state of the run."""
        try:
            state = yield from self.put(self._state_question)
        except Refusal as refusal:
            if refusal.status != wire.UNKNOWN_COMMAND or self._state_question.message == command.STATE_OF_OLD:
                raise
            self._state_question = Question(command.STATE_OF_OLD, parse_state, self.deadline_ns)
            state = yield from self.put(self._state_question)
        if state.phase != self._phase:
            self._phase = state.phase
            self.attention = self.told(state.phase) if needs_attention(state.phase, self.edition) else ""
        post, signals, at_ns = self._board.post, self._signals, self.at_ns
        post(signals.sqc_phase, state.phase, Quality.GOOD, at_ns)
        post(signals.sqc_process, state.process, Quality.GOOD, at_ns)
        post(signals.sqc_layer, state.layer, Quality.GOOD, at_ns)
        if state.mode is None:
            post(signals.sqc_mode, _NAN, Quality.UNCERTAIN, at_ns)
        else:
            post(signals.sqc_mode, state.mode, Quality.GOOD, at_ns)
        post(signals.sqc_was_reset, self.was_reset, Quality.GOOD, at_ns)
        post(signals.sqc_attention, state.phase if self.attention else 0, Quality.GOOD, at_ns)
        post(signals.sqc_relay, self.relay_refused, Quality.GOOD, at_ns)
        return state

    def outputs(self) -> Talk[OutputsReading]:
        """Read and post rate, deviation, thickness and power of every output."""
        reading = yield from self.put(self._outputs_question)
        post, at_ns, good = self._board.post, self.at_ns, Quality.GOOD
        for place, signals in self._outputs:
            output = reading.outputs[place]
            if output is None:
                for number in signals:
                    post(number, _NAN, good, at_ns)
                continue
            post(signals.rate, output.rate_a_s * NM_PER_ANGSTROM, good, at_ns)
            post(signals.deviation, output.deviation_pct, good, at_ns)
            post(signals.thickness, output.thickness_ka * NM_PER_KILOANGSTROM, good, at_ns)
            post(signals.power, output.power_pct, good, at_ns)
        return reading

    def told(self, phase: int) -> str:
        """Return a phase in the words of the unit's manual."""
        return phase_text(phase, self.edition)

    def power(self, output: int) -> Talk[float]:
        """Read the power of an output, %."""
        return self.read(command.read_power(output), lambda payload: parse_number(payload, 2))

    # --- waiting ---

    def await_state(self, is_wanted: Callable[[State], bool], longest_ns: int) -> Talk[State | None]:
        """Look at the state until it is as wanted or the time is over; return the last one seen, None if none was."""
        end_ns = self.at_ns + longest_ns
        seen: State | None = None
        while True:
            try:
                seen = yield from self.state()
                if is_wanted(seen):
                    return seen
            except Silent:
                pass
            if self.at_ns >= end_ns:
                return seen
            yield Pause(LOOK_NS)
