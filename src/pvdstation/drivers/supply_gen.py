"""Driver of a legacy boat supply, GEN ASCII with checksum on a serial line (power supply reference 5, 8).

It has no watchdog of its own. So it counts as armed only while the I/O watchdog is read back as armed, through which
its enable contact opens when the program dies; without that it is switched off.
"""

import math
from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

from pvdstation.drivers.base import Board, Routine
from pvdstation.drivers.supply_gen_arming import proofs, rating_fault, verdict
from pvdstation.drivers.supply_levels import OFF, Questioning, SupplyLevels, Verdict
from pvdstation.model.clock import MILLISECOND, to_ns
from pvdstation.model.messages import Action, SupplyLevel
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import Station
from pvdstation.protocol import supply_gen as codec
from pvdstation.protocol.supply_gen import Status
from pvdstation.wires.link import Ask, Pause, Reply

T = TypeVar("T")
GAP_NS = 20 * MILLISECOND
"""Silence before every command: 5 ms by the manual, 20 to 50 ms in practice on legacy units."""
UNGUARDED = "the I/O watchdog, which stands in for this supply's own, is not armed"
_OFTEN = ("STT?", "OUT?", "FLD?", "AST?", "RMT?")
"""Asked all the time, and always for the same."""
_COMMAND_ERRORS = 100
"""Added to the number of a ``Cnn`` in the error signal; an ``Enn`` is its number."""


def _done(text: str) -> bool | None:
    return codec.is_done(text) or None


class GenSupplyDriver(SupplyLevels):
    """Owner of the link ``supplyN`` of a legacy supply."""

    def __init__(self, number: int, station: Station, board: Board) -> None:
        values = station.supply[number]
        super().__init__(number, codec.ReplyFramer(), codec.rating(values.model), station, board)
        self._deadline_ns = to_ns(values.read_deadline)
        self._address = values.address if values.address is not None else 6
        self._guard_age_ns = 3 * to_ns(station.limits.age.io)
        self._asks: dict[str, Ask] = {}
        self._error = 0
        self._look_turn = 0
        self._looks: tuple[Callable[[], Questioning], ...] = (
            self._look_at_output, self._look_at_foldback, self._look_at_restart, self._look_at_remote,
        )  # fmt: skip

    # --- exchanges ---

    def _say(self, text: str, read: Callable[[str], T | None]) -> Generator[Ask | Pause, Reply, T | None]:
        """Send one command and return what its reply says; None when there was none, or a refusal."""
        yield Pause(GAP_NS)
        reply = yield self._asks.get(text) or self._ask(text, read)
        if reply.frame is None:
            return None
        self._heard_ns = reply.at_ns
        told = codec.reply_text(reply.frame) or ""
        if codec.is_refusal(told):
            self.trouble = f"the supply refuses {text}: {codec.REFUSALS[told]}"
            self._error = int(told[1:]) + (_COMMAND_ERRORS if told.startswith("C") else 0)
            return None
        return read(told)

    def _ask(self, text: str, read: Callable[[str], object]) -> Ask:
        ask = Ask(codec.line(text), self._deadline_ns, partial(_answers, read))
        if text in _OFTEN:
            self._asks[text] = ask
        return ask

    def _tell(self, text: str) -> Generator[Ask | Pause, Reply, bool]:
        return (yield from self._say(text, _done)) or False

    # --- levels ---

    def _wanted(self, now_ns: int) -> SupplyLevel:
        level = super()._wanted(now_ns)
        if level.on and not self._is_guarded(now_ns):
            return OFF
        return level._replace(foldback=False)

    def _is_guarded(self, now_ns: int) -> bool:
        reading = self.board.readings[self.board.signals.io_watchdog]
        return reading.quality is Quality.GOOD and reading.value == 1 and now_ns - reading.at_ns <= self._guard_age_ns

    def _may_poll(self, now_ns: int) -> bool:
        del now_ns
        return True  # nothing that could be kept alive by it

    def _switch_off(self) -> Routine:
        self._met = None
        yield from self._tell("OUT 0")
        yield from self._tell("PC 0.00")
        yield from self._look_at_output()
        yield from self._measure()
        if self._foldback is not False:
            yield from self._set_foldback(on=False)

    def _switch_on(self) -> Routine:
        self._met = None
        self._output = None
        yield from self._tell("OUT 1")
        yield from self._read_output()
        self._note_output_after_on()

    def _set_current(self, current_a: float) -> Routine:
        self._met = None
        self._setpoint_a = None
        yield from self._tell(f"PC {current_a:.2f}")
        yield from self._measure()
        self._note_setpoint_after(current_a)

    def _set_foldback(self, *, on: bool) -> Routine:
        self._met = None
        self._foldback = None
        if not on:
            yield from self._tell("FLD 0")
        yield from self._look_at_foldback()
        self._note_foldback_after(on=on)

    def _read_output(self) -> Questioning:
        self._output = None
        yield from self._look_at_output()

    # --- polls ---

    def _measure(self) -> Routine:
        told = yield from self._say("STT?", codec.readings)
        if told is None:
            return
        at_ns = self._heard_ns
        self._post_measured(self._signals.voltage, told.voltage_v, self._voltage_top, at_ns)
        self._post_measured(self._signals.current, told.current_a, self._current_top, at_ns)
        self._post(self._signals.mode, _mode_of(told.status), at_ns)
        self._note_setpoint(told.set_current_a)
        self._note_faults(codec.questionable(told.faults))
        if told.faults & ~codec.Fault.ENA and self._output:
            self._output = None  # a trip has switched it off, or will not let it on

    def _look(self) -> Routine:
        look = self._looks[self._look_turn]
        self._look_turn = (self._look_turn + 1) % len(self._looks)
        yield from look()
        if self._armed and not self._is_guarded(self._heard_ns):
            self._disarm(UNGUARDED)
        post, signals, at_ns = self.board.post, self._signals, self._heard_ns
        post(signals.armed, float(self._armed), Quality.GOOD, at_ns)
        post(signals.error, float(self._error), Quality.GOOD, at_ns)
        post(signals.external, math.nan, Quality.UNCERTAIN, at_ns)  # no register shows whose reference acts
        self._error = 0

    def _look_at_output(self) -> Questioning:
        is_on = yield from self._say("OUT?", codec.switch)
        if is_on is not None:
            self._output = is_on
            self._met = None

    def _look_at_foldback(self) -> Questioning:
        is_on = yield from self._say("FLD?", codec.switch)
        if is_on is not None:
            self._foldback = is_on
            self._met = None

    def _look_at_restart(self) -> Questioning:
        if (yield from self._say("AST?", codec.switch)) and self._armed:
            self._disarm("the supply would restart by itself after a mains failure")

    def _look_at_remote(self) -> Questioning:
        remote = yield from self._say("RMT?", _remote)
        if remote == "LOC" and self._armed:
            self._disarm("somebody has taken the supply to its front panel")

    # --- identity and arming ---

    def greet(self) -> Routine:
        """Select and identify the supply and take its state as it is. Raises Refused when the rating is another."""
        if not (yield from self._say(f"ADR {self._address:02d}", _done)):
            return
        who = yield from self._say("IDN?", codec.identity)
        if who is None:
            return
        fault = rating_fault(who, self._values.model)
        if fault:
            where = f"supply.{self._number}.port"
            raise Refused([Problem(where, fault, "Correct port or address, or the model in the station file.")])
        self.identity = f"{who.maker},{who.model}"
        self._met = None
        yield from self._read_output()
        yield from self._measure()
        yield from self._look_at_foldback()

    def _arming(self, action: Action) -> Verdict:
        del action
        for proof in proofs(self._values):
            yield from self._tell(proof.command)
            answer = yield from self._say(proof.query, str)
            if answer is None:
                return f"no answer to {proof.query}"
            if not proof.holds(answer):
                return f"{proof.what}: {proof.query} answers {answer}"
        self._output = self._foldback = False  # both have just been read back
        told = yield from self._say("STT?", codec.readings)
        if told is None:
            return "no answer to STT?"
        self._note_setpoint(told.set_current_a)
        self._note_faults(codec.questionable(told.faults))
        return verdict(told) or ("" if self._is_guarded(self._heard_ns) else UNGUARDED)


def _answers(read: Callable[[str], object], frame: bytes) -> bool:
    """Return whether a reply can be the answer: its checksum is right, and it refuses or has the answer's shape."""
    text = codec.reply_text(frame)
    return text is not None and (codec.is_refusal(text) or read(text) is not None)


def _remote(text: str) -> str | None:
    return (
        {"0": "LOC", "1": "REM", "2": "LLO"}.get(text, text) if text in ("LOC", "REM", "LLO", "0", "1", "2") else None
    )


def _mode_of(status: int) -> SupplyMode:
    if status & Status.CC:
        return SupplyMode.CC
    return SupplyMode.CV if status & Status.CV else SupplyMode.OFF
