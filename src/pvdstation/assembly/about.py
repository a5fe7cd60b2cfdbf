"""What a person says at the start of a run: who, which samples, how good the glovebox is, which lots."""

import getpass
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pvdstation.model.problems import Problem
from pvdstation.model.station import Station

GAS = "N2"
_LONGEST = 200
_SAMPLE = 'Write "name", "name, id" or "name, id, batch".'
_LOT = 'Write for example "Zn=lot 442, 99.99 %".'


class SampleName(NamedTuple):
    """A sample as people call it."""

    name: str
    id: str = ""
    batch: str = ""


class Lot(NamedTuple):
    """Where a charge or a gas came from."""

    lot: str
    purity: str = ""


class About(NamedTuple):
    """All that was said; empty and None where nothing was."""

    operator: str = ""
    samples: tuple[SampleName, ...] = ()
    h2o_ppm: float | None = None
    o2_ppm: float | None = None
    lots: Mapping[str, Lot] = {}
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the fields of the record's entry."""
        return {
            "operator": self.operator,
            "samples": [sample._asdict() for sample in self.samples],
            "glovebox": {"h2o_ppm": self.h2o_ppm, "o2_ppm": self.o2_ppm},
            "lots": {name: lot._asdict() for name, lot in self.lots.items()},
            "note": self.note,
        }


class Said(NamedTuple):
    """The same as typed, word by word."""

    operator: str | None = None
    samples: Sequence[str] = ()
    h2o_ppm: float | None = None
    o2_ppm: float | None = None
    lots: Sequence[str] = ()
    note: str = ""

    def understood(self, station: Station) -> tuple[About, list[Problem]]:
        """Return what was said, and everything that is wrong with it."""
        problems: list[Problem] = []
        samples = tuple(s for text in self.samples if (s := _sample(text, problems)) is not None)
        lots = dict(lot for text in self.lots if (lot := _lot(text, station, problems)) is not None)
        for option, ppm in (("--h2o", self.h2o_ppm), ("--o2", self.o2_ppm)):
            if ppm is not None and not 0 <= ppm < math.inf:
                problems.append(Problem(option, f"{ppm} is no amount in ppm", f'Write for example "{option} 0.1".'))
        _check_length("--note", [self.note], 10 * _LONGEST, problems)
        _check_length("--operator", [self.operator or ""], _LONGEST, problems)
        operator = login_name() if self.operator is None else self.operator.strip()
        return About(operator, samples, self.h2o_ppm, self.o2_ppm, lots, self.note.strip()), problems


def login_name() -> str:
    """Return the name of the user of this process; empty when the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _sample(text: str, problems: list[Problem]) -> SampleName | None:
    parts = [part.strip() for part in text.split(",")]
    if not parts[0]:
        problems.append(Problem("--sample", f'"{text}" begins without a name', _SAMPLE))
        return None
    if len(parts) > len(SampleName._fields):
        problems.append(Problem("--sample", f'"{text}" has {len(parts)} parts', _SAMPLE))
        return None
    _check_length("--sample", parts, _LONGEST, problems)
    return SampleName(*parts)


def _lot(text: str, station: Station, problems: list[Problem]) -> tuple[str, Lot] | None:
    name, equals, said = (part.strip() for part in text.partition("="))
    lot, _, purity = (part.strip() for part in said.partition(","))
    if not (name and equals and lot):
        problems.append(Problem("--lot", f'"{text}" does not say whose lot it is, and which', _LOT))
        return None
    known = (*station.source, GAS)
    if name not in known:
        what = f'there is no "{name}" in this station'
        problems.append(Problem("--lot", what, f"It has {', '.join(known)}. {_LOT}"))
        return None
    _check_length("--lot", [lot, purity], _LONGEST, problems)
    return name, Lot(lot.removeprefix("lot ").strip(), purity)


def _check_length(option: str, texts: Iterable[str], longest: int, problems: list[Problem]) -> None:
    if any(len(text) > longest for text in texts):
        problems.append(Problem(option, f"it has more than {longest} characters", "Shorten it."))
