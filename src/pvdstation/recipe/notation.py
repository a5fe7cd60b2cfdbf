"""The notation that people write on paper: "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min".

The text is cut first at comma, semicolon, ``then`` and line end, outside quotes and brackets; every phrase is parsed
alone, so each wrong phrase is found. The grammar takes any word after a number as a unit and leaves its meaning to
the models.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from pvdstation.recipe.phrases import READERS, Phrase, PhraseReader, Reading, Wrong
from pvdstation.recipe.spelling import exact, exact_time
from pvdstation.recipe.steps import AdmitGasStep, CoolStep, DepositStep, EvacuateStep, PumpDownStep

if TYPE_CHECKING:
    from lark import Lark

EXAMPLE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
_KINDS = (
    'Steps read for example "300 nm Zn at 0.5 nm/s", "N2 to 500 mbar for 3 min", "pump to 2e-6 mbar within 2 h", '
    '"cool to 60 °C".'
)

_LONGEST_PHRASE = 200

GRAMMAR = r"""
start: layer | gas | pump | cool | evacuate

layer: NUMBER WORD* (rate | boat)*
rate: _AT quantity
boat: _FROM _BOAT NUMBER

gas: WORD _TO quantity [_FOR quantity]
pump: _PUMP _DOWN? _TO quantity [_WITHIN quantity]
cool: _COOL _TO quantity
evacuate: _EVACUATE [_TO quantity]
quantity: NUMBER WORD*

_AT.2: /at\b|@/i
_FROM.2: /from\b/i
_BOAT.2: /boat\b/i
_TO.2: /to\b/i
_FOR.2: /for\b/i
_PUMP.2: /pump\b/i
_DOWN.2: /down\b/i
_WITHIN.2: /within\b/i
_COOL.2: /cool\b/i
_EVACUATE.2: /evacuate\b/i
NUMBER: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/
WORD: /[^\W\d_][^\s,;(){}"@]*|[°%Ω][^\s,;(){}"@]*/
%ignore /\s+/
"""

_CUT = re.compile(r'"[^"\n]*"?|[(){}]|[,;\n]|\bthen\b', re.IGNORECASE)
_LATER = tuple(
    (re.compile(pattern, re.IGNORECASE), doing, instead)
    for pattern, doing, instead in (
        (r"[^{]*\{", "fill in parameters", "Write the value itself."),
        (r"leak\b", "test for leaks", "Remove this phrase."),
        (r"wait\b", "wait", "Remove this phrase."),
        (r"(ask|note)\b", "ask or note anything", "Remove this phrase."),
        (r"vent\b", "vent", "Remove this phrase; vent by hand after the run."),
        (r"repeat\b", "repeat steps", "Write the steps as often as they are wanted."),
        (r"\d.*\bramp\b", "ramp the rate within a layer", "Write one rate per layer."),
        (r"\d.*\bwith\b", "evaporate two materials at once", "Write two layers, one after the other."),
        (r"[^\W\d_]\w*\s+(at\b|@).*\bfor\b", "deposit for a time", "Write the thickness in front."),
        (r"[+-]?[\d.]+\s*(m?A[hs]|m?C|[µumn]?g|[µumn]?mol)/(cm|m)[2²]",
         "take a layer as charge, mass or moles per area", "Write the thickness."),
    )
)  # fmt: skip


def cut(text: str) -> list[Phrase]:
    """Cut a text into phrases; empty ones are dropped."""
    return [Phrase(piece.strip(), start + _indent(piece)) for piece, start in _pieces(text) if piece.strip()]


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    start = depth = 0
    for mark in _CUT.finditer(text):
        if mark[0] in "({":
            depth += 1
        elif mark[0] in ")}":
            depth = max(0, depth - 1)
        elif depth == 0 and not mark[0].startswith('"'):
            yield text[start : mark.start()], start
            start = mark.end()
    yield text[start:], start


def _indent(piece: str) -> int:
    return len(piece) - len(piece.lstrip())


def read_phrase(phrase: Phrase) -> Reading:
    """Read one phrase. What cannot be a step at all comes back as ``wrong`` without fields."""
    if len(phrase.text) > _LONGEST_PHRASE:
        return _refused(phrase, f"a step of {len(phrase.text)} characters is longer than {_LONGEST_PHRASE}", _KINDS)
    for pattern, doing, instead in _LATER:
        if pattern.match(phrase.text):
            return _refused(phrase, f'this version cannot {doing} yet: "{phrase.text[:60]}"', instead)
    return _parse(phrase)


def text_of(step: DepositStep | AdmitGasStep | PumpDownStep | CoolStep | EvacuateStep) -> str:
    """Write a step in notation; what the notation cannot say (capture, cool_down, then) is left out."""
    match step:
        case DepositStep():
            rate = f" at {exact(step.rate)} nm/s" if step.rate is not None else ""
            boat = f" from boat {step.boat}" if step.boat is not None else ""
            return f"{exact(step.thickness)} nm {step.material}{rate}{boat}"
        case AdmitGasStep():
            return f"{step.gas} to {exact(step.pressure)} mbar for {exact_time(step.dwell)}"
        case PumpDownStep():
            within = f" within {exact_time(step.timeout)}" if step.timeout is not None else ""
            return f"pump to {exact(step.pressure)} mbar{within}"
        case CoolStep():
            return f"cool to {exact(step.temperature)} °C"
        case EvacuateStep():
            return "evacuate" if step.pressure is None else f"evacuate to {exact(step.pressure)} mbar"


@cache
def _parser() -> "Lark":
    from lark import Lark  # noqa: PLC0415 - files whose steps are tables need no grammar

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _parse(phrase: Phrase) -> Reading:
    from lark import UnexpectedInput  # noqa: PLC0415

    try:
        tree = _parser().parse(phrase.text)
    except UnexpectedInput as error:
        ended = getattr(getattr(error, "token", None), "type", "") == "$END"
        return _not_understood(phrase, None if ended else error.pos_in_stream)
    step: Any = tree.children[0]
    return READERS[str(step.data)](PhraseReader(phrase), step)


def _not_understood(phrase: Phrase, place: int | None) -> Reading:
    place = len(phrase.text) if place is None or place < 0 else place
    before, rest = phrase.text[:place].strip(), phrase.text[place:].strip()
    if not rest or place >= len(phrase.text):
        return _refused(phrase, f'"{phrase.text[-60:]}" ends too early to be a step', _KINDS)
    after = f' after "{before[-40:]}"' if before else ""
    start = phrase.start + place
    word = rest.split()[0][:40]
    wrong = Wrong(start, start + len(word), "", f'"{word}" is not understood{after}', _KINDS)
    return Reading({}, {}, [wrong])


def _refused(phrase: Phrase, what: str, write: str) -> Reading:
    return Reading({}, {}, [Wrong(phrase.start, phrase.start + len(phrase.text), "", what, write)])
