"""Outputs as a table: what each is by its switches, what it is told, and what a person can do with it now."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from textual.content import Content

from pvdstation.desk.snapshot import OutputShown, PositionShown, Snapshot, SourceShown
from pvdstation.model.clock import SECOND
from pvdstation.tui.figures import UNKNOWN
from pvdstation.tui.parts.rows import Row
from pvdstation.tui.parts.words import BAD, CARE, QUIET, amount, cell, since

HAND = "by_hand"
"""Kind of the step of a session by hand."""
UP, DOWN = ("open", "on", "run"), ("closed", "close", "off", "stop")
"""Words that a person can set, by the two keys that set them."""
READ_BACK_S = 10.0
"""After which what was asked for and is not read back is called so."""
_BY_SWITCHES = {"close": "closed", "run": "running", "stop": "standing"}
_SWITCHED = ("open", "closed", "moving", "FAULT", "unknown", "running", "standing")
WIDE = 84
"""Columns from which the table says for how long."""
_PUMPS = ("HV gate", "roughing valve", "fore-line valve", "backing pump", "turbo")
_GROUPS = ("pumping", "gas", "shutters", "sources", "others")


class Pending(NamedTuple):
    """What has been asked for and is not read back yet."""

    word: str
    at_ns: int
    is_taken: bool = False


def is_by_hand(snapshot: Snapshot) -> bool:
    """Return whether a session by hand is on."""
    return snapshot.step is not None and snapshot.step.do == HAND


def group_of(name: str) -> str:
    """Return under what an output stands."""
    if name in _PUMPS:
        return "pumping"
    if "shutter" in name:
        return "shutters"
    if name.startswith(("source ", "supply ")):
        return "sources"
    return "gas" if name.endswith(" valve") else "others"


def in_groups(snapshot: Snapshot) -> list[OutputShown]:
    """Return the outputs as the table has them."""
    return sorted(snapshot.outputs, key=lambda output: _GROUPS.index(group_of(output.name)))


def source_named(snapshot: Snapshot, name: str) -> SourceShown | None:
    """Return the source that an output of a name heats; None: it heats none."""
    if group_of(name) != "sources":
        return None
    word = name.partition(" ")[2]
    return next((s for s in snapshot.sources if word in (s.name, str(s.supply))), None)


def word_for(output: OutputShown, words: tuple[str, ...]) -> str:
    """Return which of some words an output takes; empty: none."""
    return next((choice for choice in output.choices if choice in words), "")


def is_refused(output: OutputShown, word: str) -> bool:
    """Return whether the core says beforehand that it would refuse a word: it judges the next movement."""
    others = [choice for choice in output.choices if choice != output.level]
    following = others[0] if output.level in output.choices and others else word_for(output, UP)
    return bool(output.refused) and word == following


def read_back(snapshot: Snapshot, output: OutputShown) -> str:
    """Return what is measured of an output, in words; a dash where nothing measures it."""
    position = position_of(snapshot, output)
    if position is not None:
        return position.position.upper() if position.position == "open" else position.position
    source = source_named(snapshot, output.name)
    if source is not None:
        return f"{amount(source.current_a, '{:.1f} A')} {amount(source.power_w, '{:.1f} W')}"
    values = {signal.name: signal.value for signal in snapshot.signals}
    if output.name == "turbo":
        return amount(values.get("turbo.speed", math.nan), "{:.0f} Hz")
    if output.name == "backing pump":
        running = values.get("backing_running", math.nan)
        return UNKNOWN if math.isnan(running) else "runs" if running else "stands"
    return UNKNOWN


def position_of(snapshot: Snapshot, output: OutputShown) -> PositionShown | None:
    """Return an output's switches; None: it has none."""
    return next((p for p in snapshot.positions if p.name == output.name), None)


def is_reached(snapshot: Snapshot, output: OutputShown, word: str) -> bool:
    """Return whether what was asked for is read back, or told where no switch reads it back."""
    position = position_of(snapshot, output)
    if position is None or position.position not in _SWITCHED:
        return output.level == word
    return position.position == _BY_SWITCHES.get(word, word)


def output_rows(
    snapshot: Snapshot, pending: Mapping[str, Pending], width: int, *, is_spaced: bool = False
) -> Iterator[Row]:
    """Give a row for each output; with ``is_spaced`` an empty one between groups."""
    before = ""
    is_wide = width >= WIDE
    for output in in_groups(snapshot):
        group = group_of(output.name)
        if is_spaced and before and group != before:
            yield Row("", Content(""))
        text = Content.assemble(
            cell(group if group != before else "", 10 if is_wide else 9, QUIET),
            cell(output.name, 20 if is_wide else 18, "bold"),
            cell(read_back(snapshot, output), 14, _style(snapshot, output)),
            *([cell(_for(snapshot, output), 13, QUIET)] if is_wide else []),
            cell(output.level, 10 if is_wide else 9),
            _may(snapshot, output, pending.get(output.name)),
        )
        before = group
        yield Row(output.name, text)


def heading(snapshot: Snapshot, width: int) -> Content:
    """Return the heads of the columns."""
    is_wide = width >= WIDE
    last = "BY HAND" if is_by_hand(snapshot) else ""
    heads = ("", "OUTPUT", "READ BACK", *(("FOR",) if is_wide else ()), "TOLD", last)
    widths = (10, 20, 14, 13, 10, 8) if is_wide else (9, 18, 14, 9, 8)
    return Content.assemble("  ", *(cell(head, columns, QUIET) for head, columns in zip(heads, widths, strict=True)))


def _for(snapshot: Snapshot, output: OutputShown) -> str:
    position = position_of(snapshot, output)
    return "" if position is None or position.since_ns is None else since(snapshot, position.since_ns)


def _style(snapshot: Snapshot, output: OutputShown) -> str:
    found = read_back(snapshot, output)
    if found in ("FAULT", "unknown"):
        return BAD
    return {"OPEN": "bold", "moving": CARE, UNKNOWN: QUIET}.get(found, "")


def _may(snapshot: Snapshot, output: OutputShown, pending: Pending | None) -> Content:
    """Return what a person can do with an output: what is asked for already, else its keys."""
    if pending is not None:
        return pending_text(snapshot, pending)
    if not is_by_hand(snapshot):
        return Content("")
    moves = ((key, word_for(output, words)) for key, words in (("O", UP), ("C", DOWN)))
    offered = [(key, word) for key, word in moves if word and not is_reached(snapshot, output, word)]
    refused = " refused" if len(offered) == 1 else ""
    parts = [
        Content.styled(f"✗ {word}{refused}", QUIET) if is_refused(output, word) else _key(key, word)
        for key, word in offered
    ]
    if output.number:
        parts.append(_key("Enter", "power"))
    return Content("  ").join(parts) if parts else Content.styled("✗ refused" if output.refused else "", QUIET)


def _key(key: str, word: str) -> Content:
    return Content.assemble((key, "bold"), f" {word}")


def pending_text(snapshot: Snapshot, pending: Pending) -> Content:
    """Return how far something that was asked for has come."""
    if not pending.is_taken:
        return Content.styled(f"{pending.word}: asked", "bold")
    if snapshot.now_ns - pending.at_ns > READ_BACK_S * SECOND:
        return Content.styled(f"{pending.word}: NOT READ BACK", BAD)
    return Content.styled(f"{pending.word}: accepted", "bold")
