"""Exchanges with a gauge controller: ACK, then ENQ, with stray lines of a stream skipped."""

from collections.abc import Callable, Generator

from pvdstation.drivers.base import Board, Driver, Routine
from pvdstation.drivers.vacuum_answers import AfterStrays, is_acknowledgement, is_error_word
from pvdstation.model.clock import to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.protocol import vacuum
from pvdstation.wires.link import Ask, Pause, Reply

Truth = Generator[Ask | Pause, Reply, bool]
Text = Generator[Ask | Pause, Reply, str]
Line = Generator[Ask | Pause, Reply, bytes | None]


class GaugeExchanges(Driver):
    """The lower half of the gauge driver."""

    def __init__(self, name: str, deadline_s: float, station: Station, board: Board) -> None:
        super().__init__(name, vacuum.LineFramer(), station, board)
        self._deadline_ns = to_ns(deadline_s)
        self.asked = ""
        """The question that a further ENQ repeats."""
        self.heard_ns = 0
        self.error_word = vacuum.NO_ERROR
        """Last error word that the unit gave with a NAK."""

    def ask(self, mnemonic: str, is_answer: Callable[[bytes], bool]) -> Line:
        """Ask one question to its data line; None after a miss or a refusal."""
        if not (yield from self.select(mnemonic)):
            return None
        reply = yield self.enquire(is_answer)
        return reply.frame

    def select(self, mnemonic: str) -> Truth:
        """Ask one question to its ACK; end in whether it was acknowledged."""
        self.asked = ""
        reply = yield self.acknowledge(mnemonic, may_refuse=bool(self.identity))
        if reply.frame == vacuum.NAK:
            yield from self.read_error_word()
        if reply.frame == vacuum.ACK:
            self.asked = mnemonic
            self.heard_ns = reply.at_ns
        return reply.frame == vacuum.ACK

    def read_error_word(self) -> Routine:
        """Read what was wrong with a question."""
        self.asked = ""
        reply = yield self.enquire(is_error_word)
        if reply.frame is not None:
            self.error_word = vacuum.decode_error_word(reply.frame)

    def acknowledge(self, mnemonic: str, *, may_refuse: bool) -> Ask:
        """Return the exchange of a question with its ACK, or NAK where that is an answer."""
        answers = is_acknowledgement if may_refuse else vacuum.ACK.__eq__
        return Ask(vacuum.encode_message(mnemonic), self._deadline_ns, AfterStrays(answers))

    def enquire(self, is_answer: Callable[[bytes], bool]) -> Ask:
        """Return the exchange of an ENQ with its data line."""
        return Ask(vacuum.ENQ, self._deadline_ns, AfterStrays(is_answer))


def refused(link: str, what: str, write: str = "") -> Refused:
    """Return the refusal of a unit that is not the station's."""
    return Refused([Problem(link, what, write)])
