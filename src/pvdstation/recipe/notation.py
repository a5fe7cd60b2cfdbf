"""The notation that people write on paper: "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min".

The text is cut first at comma, semicolon, ``then`` and line end, outside quotes and brackets; every phrase is parsed
alone, so each wrong phrase is found.
"""

import re
from collections.abc import Iterator
from typing import Any

from pvdstation.recipe.grammar import parser
from pvdstation.recipe.phrases import READERS, Phrase, PhraseReader, Reading, Wrong

EXAMPLE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
_KINDS = (
    'Steps read for example "300 nm Zn at 0.5 nm/s", "N2 to 500 mbar for 3 min", "pump to 2e-6 mbar within 2 h", '
    '"cool to 60 °C", "wait 10 min".'
)
_LONGEST_PHRASE = 200
_CUT = re.compile(r'"[^"\n]*"?|[(){}]|[,;\n]|\bthen\b', re.IGNORECASE)
_REPEAT = re.compile(
    r"repeat\b\s*(?P<times>\{[^{}]*\}|[^\s(]*)\s*(?:times\b)?\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_REPEAT_EXAMPLE = 'Write for example "repeat 3 times (20 nm Zn at 0.5 nm/s, then 10 nm Li)".'


def cut(text: str, offset: int = 0) -> list[Phrase]:
    """Cut a text into phrases; empty ones are dropped. ``offset`` is where the text begins in the whole one."""
    return [Phrase(piece.strip(), offset + start + _indent(piece)) for piece, start in _pieces(text) if piece.strip()]


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
    repeat = _REPEAT.fullmatch(phrase.text)
    if repeat is not None:
        return _read_repeat(phrase, repeat)
    if len(phrase.text) > _LONGEST_PHRASE:
        return _refused(phrase, f"a step of {len(phrase.text)} characters is longer than {_LONGEST_PHRASE}", _KINDS)
    return _parse(phrase)


def _read_repeat(phrase: Phrase, repeat: re.Match[str]) -> Reading:
    times, rest = repeat["times"], repeat["rest"]
    if not (times.isdigit() and len(times) < 6) and not times.startswith("{"):
        what = f'"{times[:40]}" is not how many times' if times else "how many times is missing"
        return _refused(phrase, what, _REPEAT_EXAMPLE)
    if not rest.startswith("("):
        return _refused(phrase, "what is to be repeated stands in brackets", _REPEAT_EXAMPLE)
    end = _closing(rest)
    if end != len(rest) - 1:
        return _not_enclosed(phrase, phrase.start + repeat.start("rest"), rest, end)
    inner = cut(rest[1:-1], phrase.start + repeat.start("rest") + 1)
    if not inner:
        return _refused(phrase, "there is nothing in the brackets", _REPEAT_EXAMPLE)
    start = phrase.start + repeat.start("times")
    fields = {"do": "repeat", "times": times if times.startswith("{") else int(times), "steps": [p.text for p in inner]}
    return Reading(fields, {"times": (start, start + len(times))}, [], inner)


def _closing(text: str) -> int | None:
    """Return where the bracket that a text begins with is closed; None where it is not."""
    depth = 0
    for mark in _CUT.finditer(text):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.start()
    return None


def _not_enclosed(phrase: Phrase, start: int, rest: str, end: int | None) -> Reading:
    """Refuse a repeat whose bracket stays open, or with something after it."""
    if end is None:
        write = 'Write ")" after the last step that is to be repeated.'
        wrong = Wrong(start, phrase.start + len(phrase.text), "", "the bracket that opens here is never closed", write)
        return Reading({}, {}, [wrong])
    after = rest[end + 1 :]
    place = start + end + 1 + _indent(after)
    what = f'"{after.strip()[:40]}" is not understood after the closing bracket'
    wrong = Wrong(place, phrase.start + len(phrase.text), "", what, 'Begin another step with a comma or "then".')
    return Reading({}, {}, [wrong])


def _parse(phrase: Phrase) -> Reading:
    from lark import UnexpectedInput  # noqa: PLC0415 - see grammar.parser

    try:
        tree = parser().parse(phrase.text)
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
