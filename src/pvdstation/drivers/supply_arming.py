"""The arm sequence of a boat supply: every command with the reading that proves it (power supply reference 4.8)."""

from collections.abc import Callable
from typing import NamedTuple

from pvdstation.model.signals import SupplyMode
from pvdstation.model.station import Supply
from pvdstation.protocol import supply as codec
from pvdstation.protocol.supply import Operation, Questionable

_VOLTS, _AMPS, _WATTS, _SECONDS = 0.01, 0.02, 1.0, 0.05
"""Within what a read-back agrees with what was written: a few digits of the display."""

LATCHED = 0xFFFF & ~Questionable.ENA
"""Faults that an arm sequence does not accept. The enable contact is our own output and may still be open."""


class ArmStep(NamedTuple):
    """Commands, the query that proves them, the shape of its answer, and the verdict: "" or what is wrong."""

    commands: tuple[bytes, ...]
    query: bytes
    answers: Callable[[bytes], bool]
    judge: Callable[[bytes], str]


def limit_steps(supply: Supply) -> tuple[ArmStep, ...]:
    """Return output off, safe start, identity, remote, protections open, set-points, limits; in this order.

    Order matters: an over-voltage level below 105 % of the voltage, or a voltage above 95 % of it, is refused.
    """
    return (
        _switch("the output is off", "OUTP 0", "OUTP?", expected=False),
        _word("it starts safe after a mains failure", "OUTP:PON SAFE", "OUTP:PON?", (b"SAFE", b"0")),
        ArmStep((), codec.line("*IDN?"), codec.is_identity, lambda frame: rating_fault(frame, supply.model)),
        _word("the front panel is locked", "*CLS", "SYST:REM?", (b"LLO", b"2"), "SYST:ERR:ENAB", "SYST:REM LLO"),
        _mode("foldback is off", "OUTP:PROT:FOLD OFF", "OUTP:PROT:FOLD?"),
        _switch("the under-voltage trip is off", "VOLT:PROT:LOW:STAT 0", "VOLT:PROT:LOW:STAT?", expected=False),
        _at_least("the over-voltage level is open", "VOLT:PROT:LEV MAX", "VOLT:PROT:LEV?", supply.ovp),
        _number("the current is 0", codec.setting("CURR", 0, 2), "CURR?", 0.0, _AMPS),
        _number("the voltage limit", codec.setting("VOLT", supply.v_limit, 3), "VOLT?", supply.v_limit, _VOLTS),
        _number(
            "the over-voltage level", codec.setting("VOLT:PROT:LEV", supply.ovp, 3), "VOLT:PROT:LEV?", supply.ovp,
            _VOLTS,
        ),
        _number("the power limit", codec.setting("POW:LEV", supply.p_limit, 1), "POW:LEV?", supply.p_limit, _WATTS),
        _number(
            "the foldback delay", codec.setting("OUTP:PROT:DEL", supply.foldback.delay, 1), "OUTP:PROT:DEL?",
            supply.foldback.delay, _SECONDS,
        ),
    )  # fmt: skip


def watchdog_steps(supply: Supply) -> tuple[ArmStep, ...]:
    """Return the communication watchdog's time and switch. Its timer starts with the command after them."""
    if supply.watchdog is None:
        raise ValueError("a GENESYS+ supply is armed with its watchdog only")
    time_s = round(supply.watchdog)
    return (
        _number("the watchdog's time", codec.line(f"SYST:WATCH:TIM {time_s}"), "SYST:WATCH:TIM?", time_s, 0),
        _switch("the watchdog is on", "SYST:WATCH 1", "SYST:WATCH?", expected=True),
    )


def fault_verdict(frame: bytes) -> str:
    """Return what is wrong with a questionable register, "" when nothing is."""
    faults = codec.register(frame) & LATCHED
    return f"the supply shows {codec.names(Questionable(faults))}" if faults else ""


def status_verdict(frame: bytes, *, is_analogue: bool) -> str:
    """Return what is wrong with an operation register: references, local, auto-start; "" when nothing is."""
    status = Operation(codec.register(frame))
    if (Operation.ECR in status) is not is_analogue:
        meant, shown = ("analogue", "digital") if is_analogue else ("digital", "analogue")
        return f"the current's reference is {shown}; the station file says {meant}"
    wrong = status & (Operation.EVR | Operation.LOC | Operation.AST)
    return f"the supply shows {codec.names(wrong)}" if wrong else ""


def error_verdict(frame: bytes) -> str:
    """Return what the error queue says, "" when it is empty."""
    entry = codec.error_entry(frame)
    return f"the supply refused a command: {entry.code} {entry.text}" if entry.code else ""


def rating_fault(frame: bytes, model: str) -> str:
    """Return what is wrong with an identity, "" when it is the station's model or one with the same rating."""
    who = codec.identity(frame)
    rating = codec.rating(who.model)
    if who.maker != "TDK-LAMBDA" or rating is None or rating != codec.rating(model):
        return f"this is {who.maker} {who.model}, not {model}"
    return ""


def _step(
    what: str, commands: tuple[bytes, ...], query: str, answers: Callable[[bytes], bool], holds: Callable[[bytes], bool]
) -> ArmStep:
    def judge(frame: bytes) -> str:
        return "" if holds(frame) else f"{what}: {query} answers {frame.decode('latin-1')}"

    return ArmStep(commands, codec.line(query), answers, judge)


def _switch(what: str, command: str, query: str, *, expected: bool) -> ArmStep:
    commands = (codec.line(command),)
    return _step(what, commands, query, codec.is_switch, lambda frame: codec.switch(frame) is expected)


def _mode(what: str, command: str, query: str) -> ArmStep:
    commands = (codec.line(command),)
    return _step(what, commands, query, codec.is_mode, lambda frame: codec.mode(frame) is SupplyMode.OFF)


def _word(what: str, command: str, query: str, words: tuple[bytes, ...], *more: str) -> ArmStep:
    commands = tuple(codec.line(text) for text in (command, *more))
    return _step(what, commands, query, lambda frame: len(frame) <= codec.LONGEST_FIELD, lambda frame: frame in words)


def _number(what: str, command: bytes, query: str, expected: float, within: float) -> ArmStep:
    return _step(
        what, (command,), query, codec.is_number, lambda frame: abs(codec.number(frame) - expected) <= within + 1e-9
    )


def _at_least(what: str, command: str, query: str, lowest: float) -> ArmStep:
    return _step(what, (codec.line(command),), query, codec.is_number, lambda frame: codec.number(frame) >= lowest)
