"""The arm sequence of a legacy supply: every command with the reading that proves it (power supply reference 4.8, 5).

Foldback stays off: it trips on entering constant current, which is how a boat is heated. There is no power limit and
no watchdog; the program's power ceiling and the enable contact on the watchdogged I/O stand in for them.
"""

from collections.abc import Callable
from typing import NamedTuple

from pvdstation.model.station import Supply
from pvdstation.protocol import supply_gen as codec
from pvdstation.protocol.supply_gen import Fault, Status

_VOLTS, _AMPS = 0.01, 0.02


class Proof(NamedTuple):
    """A command, the query that proves it, and whether its answer does."""

    what: str
    command: str
    query: str
    holds: Callable[[str], bool]


def proofs(supply: Supply) -> tuple[Proof, ...]:
    """Return output off, safe start, remote, protections open, set-points, limits; in this order.

    Order matters: an over-voltage level too near to the voltage, or a voltage above 95 % of it, is refused.
    """
    return (
        _switch("the output is off", "OUT 0", "OUT?"),
        _switch("it does not restart by itself", "AST 0", "AST?"),
        Proof("the front panel is locked", "RMT LLO", "RMT?", lambda text: text in ("LLO", "2")),
        _switch("foldback is off", "FLD 0", "FLD?"),
        _number("the under-voltage limit is 0", "UVL 0", "UVL?", 0.0, _VOLTS),
        Proof(
            "the over-voltage level is open", "OVM", "OVP?",
            lambda text: (codec.number(text) or 0.0) >= supply.ovp,
        ),
        _number("the current is 0", "PC 0.00", "PC?", 0.0, _AMPS),
        _number("the voltage limit", f"PV {supply.v_limit:.3f}", "PV?", supply.v_limit, _VOLTS),
        _number("the over-voltage level", f"OVP {supply.ovp:.3f}", "OVP?", supply.ovp, _VOLTS),
    )  # fmt: skip


def verdict(told: codec.Readings) -> str:
    """Return what is wrong with the registers, "" when nothing is; the enable contact is ours and may be open."""
    faults = Fault(told.faults & ~Fault.ENA & 0xFF)
    if faults:
        names = " ".join(bit.name or "" for bit in faults)
        return f"the supply shows {names}; it can only be cleared at the supply: switch it off and on"
    wrong = Status(told.status) & (Status.LCL | Status.AST | Status.FDE)
    return f"the supply shows {' '.join(bit.name or '' for bit in wrong)}" if wrong else ""


def rating_fault(who: codec.Identity, model: str) -> str:
    """Return what is wrong with an identity, "" when it is the station's model or one with the same rating."""
    rating = codec.rating(who.model)
    if "LAMBDA" not in who.maker or rating is None or rating != codec.rating(model):
        return f"this is {who.maker} {who.model}, not {model}"
    return ""


def _switch(what: str, command: str, query: str) -> Proof:
    return Proof(what, command, query, lambda text: codec.switch(text) is False)


def _number(what: str, command: str, query: str, expected: float, within: float) -> Proof:
    def holds(text: str) -> bool:
        value = codec.number(text)
        return value is not None and abs(value - expected) <= within + 1e-9

    return Proof(what, command, query, holds)
