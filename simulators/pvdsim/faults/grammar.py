"""Reads faults from text: closed words, quantities with units, every problem of every line at once."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import NamedTuple

from pvdsim.faults.catalogue import kinds_of, written
from pvdsim.faults.kinds import Kind, Parameter, Value
from pvdsim.faults.places import Place
from pvdstation.model.clock import to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import DIMENSIONS, NUMBER, QuantityError, dimensions_of, parse, tidy

NOW = "now"
MOST_FAULTS = 1000
LONGEST_NS = 30 * 24 * 3600 * 10**9
_EXAMPLE = "t=600s crystal.1 fail"
_TOKEN = re.compile(r'"([^"]*)"|(\S+)')
_NUMBER = re.compile(rf"({NUMBER})(.*)", re.ASCII)
_MISPLACED = frozenset({"for", "once", "times", "time"})
_SAME = {"dead": "fail", "frozen": "stuck", "stuck": "frozen", "cut": "silent", "dip": "reset"}


class Spec(NamedTuple):
    """A fault as it was asked for; ``at_ns`` None: now."""

    text: str
    at_ns: int | None
    for_ns: int | None
    place: Place
    kind: Kind
    values: dict[str, Value]


class _Unreadable(Exception):
    """What is wrong and what to write."""

    def __init__(self, what: str, write: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.write = write


def read_faults(texts: Sequence[str], places: Mapping[str, Place], now_ns: int) -> list[Spec]:
    """Read faults for the components of a station. Raises Refused with every problem of every text."""
    problems: list[Problem] = []
    specs = []
    for text in texts[:MOST_FAULTS]:
        reader = _Reader(text, places, now_ns)
        spec = reader.read()
        problems += reader.problems
        if spec is not None:
            specs.append(spec)
    if len(texts) > MOST_FAULTS:
        problems.append(Problem("the faults", f"{len(texts)} faults are too many", f"Give at most {MOST_FAULTS}."))
    if problems:
        raise Refused(problems)
    return specs


class _Reader:
    """One text, word by word."""

    def __init__(self, text: str, places: Mapping[str, Place], now_ns: int) -> None:
        self._text = " ".join(tidy(text).split())
        self._places = places
        self._now_ns = now_ns
        self._words = _words_of(self._text)
        self.problems: list[Problem] = []

    def read(self) -> Spec | None:
        """Return the fault; None when there are problems."""
        if not self._words:
            self._complain(_Unreadable("there is nothing", f'Write for example "{_EXAMPLE}".'))
            return None
        at_ns = self._time()
        for_ns, count = self._extent()
        place, kind = self._target()
        if kind is None or place is None:
            return None
        values = self._values(kind)
        self._check_extent(kind, for_ns, count)
        if count is not None:
            values["count"] = float(count)
        if self.problems:
            return None
        return Spec(self._text, at_ns, for_ns, place, kind, values)

    # --- t=, for, times ---

    def _time(self) -> int | None:
        word = self._words[0]
        if not word.startswith("t="):
            begun = f"t={self._text}" if _NUMBER.match(word) else f"t=600s {self._text}"
            self._complain(_Unreadable(f'"{word}" is not the time of the fault', f'Write for example "{begun[:60]}".'))
            if _NUMBER.match(word):
                self._words.pop(0)
            return None
        self._words.pop(0)
        if word[2:].lower() == NOW:
            return None
        try:
            at_ns = _time_of(word[2:] or (self._words.pop(0) if self._words else ""))
            if at_ns < self._now_ns:
                what = f"{word} is past: plant time is {self._now_ns / 1e9:g} s"
                raise _Unreadable(what, 'Write a later time, or "t=now".')
        except _Unreadable as wrong:
            self._complain(wrong)
            return None
        return at_ns

    def _extent(self) -> tuple[int | None, int | None]:
        words = self._words
        if words and words[0] == "once":
            words.pop(0)
            return None, 1
        if words and words[0] == "for":
            words.pop(0)
            try:
                for_ns = _time_of(words.pop(0) if words else "")
                if for_ns == 0:
                    raise _Unreadable('"for 0 s" is no time', 'Write for example "for 5s".')
            except _Unreadable as wrong:
                self._complain(wrong)
                return None, None
            return for_ns, None
        if len(words) > 1 and words[1] in ("times", "time"):
            number = words.pop(0)
            words.pop(0)
            if number.isascii() and number.isdecimal() and 0 < int(number) <= MOST_FAULTS:
                return None, int(number)
            self._complain(_Unreadable(f'"{number} times" is not 1 to {MOST_FAULTS} times', 'Write "3 times".'))
        return None, None

    def _check_extent(self, kind: Kind, for_ns: int | None, count: int | None) -> None:
        if for_ns is not None and not kind.ends:
            self._complain(_Unreadable(f'"{kind.word}" happens at one moment and does not last', 'Leave "for" out.'))
        if count is not None and not kind.counts:
            what = f'"{kind.word}" is no fault of answers, so there is nothing to count'
            self._complain(_Unreadable(what, 'Write "for TIME", or neither.'))

    # --- component and kind ---

    def _target(self) -> tuple[Place | None, Kind | None]:
        words = self._words
        name = words.pop(0) if words else ""
        known = {place.casefold(): place for place in self._places}
        key = known.get(name.casefold())
        if key is None:
            what = f'the station has no component "{name}"' if name else "the component is missing"
            self._complain(_Unreadable(what, _choice(name, list(self._places), ", ".join(self._places))))
            return None, None
        place = self._places[key]
        kinds = kinds_of(place.families)
        word = words.pop(0).lower() if words else ""
        kind = kinds.get(word)
        if kind is None:
            what = f'{place.name} has no fault "{word}"' if word else f"what is wrong with {place.name} is missing"
            listed = ", ".join(map(written, kinds.values()))
            self._complain(_Unreadable(what, _choice(word, list(kinds), listed)))
        return place, kind

    # --- parameters ---

    def _values(self, kind: Kind) -> dict[str, Value]:
        values: dict[str, Value] = {}
        on = self._on(kind)
        if on is not None:
            values["on"] = on
        wanted = list(kind.parameters)
        for word in self._words:
            try:
                parameter = _meant(word, wanted, kind)
                wanted.remove(parameter)
                values[parameter.name] = _value(word, parameter)
            except _Unreadable as wrong:
                self._complain(wrong)
        for parameter in wanted:
            if parameter.default is not None:
                values[parameter.name] = _value(parameter.default, parameter)
            elif not self.problems:
                what = f'"{kind.word}" needs its {parameter.name}'
                self._complain(_Unreadable(what, f'Write "{written(kind)}".'))
        return values

    def _on(self, kind: Kind) -> bytes | None:
        if "on" not in self._words:
            return None
        place = self._words.index("on")
        texts = self._words[place + 1 :]
        del self._words[place:]
        try:
            if not kind.counts:
                raise _Unreadable(f'"{kind.word}" is no fault of answers', 'Leave "on" out.')
            if len(texts) != 1 or not texts[0]:
                raise _Unreadable('after "on" stands one text', 'Write for example "on U0" or on "OUTP 1".')
            return _bytes_of(texts[0])
        except _Unreadable as wrong:
            self._complain(wrong)
            return None

    def _complain(self, wrong: _Unreadable) -> None:
        shown = self._text if len(self._text) <= 60 else f"{self._text[:59]}…"
        self.problems.append(Problem(f'fault "{shown}"', wrong.what, wrong.write))


def _words_of(text: str) -> list[str]:
    """Split into words; a number and the unit behind it are one word, and so is what stands in quotes."""
    raw = [quoted if word == "" else word for quoted, word in _TOKEN.findall(text)]
    words: list[str] = []
    while raw:
        word = raw.pop(0)
        head = word.removeprefix("t=")
        match = _NUMBER.fullmatch(head)
        if match is not None:
            if not match[2] and raw and dimensions_of(raw[0]):
                word = f"{word} {raw.pop(0)}"
            unit = (_NUMBER.fullmatch(word.removeprefix("t=")) or match)[2].strip()
            if raw and dimensions_of(f"{unit} {raw[0]}"):
                word = f"{word} {raw.pop(0)}"
        words.append(word)
    return words


def _time_of(word: str) -> int:
    time_s = _quantity(word, "time")
    if not 0 <= time_s * 1e9 <= LONGEST_NS:
        raise _Unreadable(f'"{word}" is not between 0 and 30 days', 'Write for example "600 s".')
    return to_ns(time_s)


def _quantity(word: str, dimension: str) -> float:
    try:
        return parse(word, dimension)
    except QuantityError as wrong:
        raise _Unreadable(wrong.what, wrong.write) from None


def _meant(word: str, wanted: list[Parameter], kind: Kind) -> Parameter:
    """Return the parameter that a word is for: by its own words, else by the dimension of its unit."""
    for parameter in wanted:
        if word.lower() in parameter.words:
            return parameter
    match = _NUMBER.fullmatch(word)
    if match is not None:
        dimensions = dimensions_of(match[2].strip())
        quantities = [p for p in wanted if p.dimension]
        for parameter in quantities:
            if parameter.dimension in dimensions:
                return parameter
        if quantities:
            return quantities[0]  # its reader says which unit is missing or wrong
    if word in _MISPLACED:
        what = f'"{word}" stands in the wrong place'
        raise _Unreadable(what, 'It comes after the time: "t=600s for 5s …", "t=600s once …", "t=600s 3 times …".')
    choices = [choice for parameter in wanted for choice in parameter.words]
    what = f'"{word}" is too much after "{kind.word}"' if not choices else f'"{word}" is no word of "{kind.word}"'
    raise _Unreadable(what, f'Write "{written(kind)}"{_hint(word.lower(), choices)}.')


def _value(word: str, parameter: Parameter) -> Value:
    if parameter.words:
        return word.lower()
    value = _quantity(word, parameter.dimension)
    if not parameter.lowest <= value <= parameter.highest:
        what = f'"{word}" is out of range for the {parameter.name}'
        unit = DIMENSIONS[parameter.dimension].canonical
        top = f" and at most {parameter.highest:g} {unit}" if isfinite(parameter.highest) else ""
        raise _Unreadable(what, f"Write at least {parameter.lowest:g} {unit}{top}.")
    return value


def _bytes_of(text: str) -> bytes:
    if text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise _Unreadable(
                f'"{text}" is no row of bytes', 'Write two digits each, for example "0x0f0200".'
            ) from None
    if not text.isascii():
        raise _Unreadable(f'"{text}" is not ASCII', "Write what the question contains, for example U0.")
    return text.encode("ascii")


def _nearest(word: str, known: list[str]) -> str:
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    same = _SAME.get(word, "")
    return same if same in known else folded[near[0]] if near else ""


def _hint(word: str, known: list[str]) -> str:
    meant = _nearest(word, known)
    return f" (did you mean {meant}?)" if meant else ""


def _choice(word: str, known: list[str], listed: str) -> str:
    """Return what to write: the word that was meant, or else all that there are."""
    meant = _nearest(word, known)
    return f"Did you mean {meant}?" if meant else f"Write one of {listed}."
