"""What the Manual page says beside its table: what by hand is, why not now, and what is known of the chosen output."""

import re

from textual.content import Content

from pvdstation.desk.snapshot import OutputShown, Snapshot, SourceShown
from pvdstation.tui.parts.asked import Told
from pvdstation.tui.parts.form import Field, Form
from pvdstation.tui.parts.outputs import (
    DOWN,
    UP,
    is_by_hand,
    is_reached,
    is_refused,
    pending_text,
    read_back,
    source_named,
    word_for,
)
from pvdstation.tui.parts.words import BAD, CARE, LABEL, QUIET, amount, labelled, since

_BRIEF = (
    "each output as you ask, within the interlocks; ended by STOP (F9 twice): all off and closed but pumps and gate."
)
_IDLE = """\
A session by hand moves each valve, shutter, pump and source as you ask.
The same interlocks decide, and every move is recorded. A source that nobody looks after for 10 min goes off.
STOP (F9 twice) ends it: everything off and closed but pumps and gate."""
_BOUNDS = re.compile(r"([\d.]+) to ([\d.]+)")
_ENDED = ("complete", "stopped", "aborted")


def may_begin(snapshot: Snapshot) -> bool:
    """Return whether a session by hand can begin now."""
    start = next((verb for verb in snapshot.verbs if verb.verb == "start"), None)
    return start.is_allowed if start is not None else snapshot.state == "idle"


def head(snapshot: Snapshot, *, is_brief: bool) -> Content:
    """Return what the page is about now; in one or two lines where there is no room."""
    if is_by_hand(snapshot):
        state = "" if snapshot.state == "running" else f" · {snapshot.state.upper()}: nothing can be set"
        began = f" for {since(snapshot, snapshot.step.began_ns)}" if snapshot.step is not None else ""
        return Content.assemble((f"BY HAND{began}{state}", "bold"), " · STOP (F9 twice) ends it, all off")
    if may_begin(snapshot):
        if is_brief:
            return Content.assemble(("B  begin a session by hand: ", "bold"), _BRIEF)
        return Content.assemble(_IDLE, "\n", ("B  begin a session by hand", "bold"))
    if snapshot.state in _ENDED:
        return Content.assemble(
            ("Not by hand now: ", "bold"), f"the run is {snapshot.state}; F8 clears it, then B begins."
        )
    if snapshot.state == "interrupted":
        return Content.assemble(
            ("Not by hand now: ", "bold"), "a run was interrupted; page 6 Runs says what is known of it."
        )
    recipe = f" ({snapshot.recipe})" if snapshot.recipe else ""
    text = f"the run{recipe} is {snapshot.state} and moves everything itself. STOP (F9 twice) ends it, F8 clears it."
    return Content.assemble(("Not by hand now: ", "bold"), text)


def chosen(snapshot: Snapshot, output: OutputShown, told: Told, width: int, *, is_brief: bool) -> Content:
    """Return what is known of one output; ``told`` is what was asked of it last.

    What the core says of it now goes before the answer to that: it is newer.
    """
    refused, pending = told.refused.get(output.name, ""), told.pending.get(output.name)
    why = output.refused or refused
    verdict = (("  REFUSED", BAD) if refused else ("  NOT NOW", CARE)) if why else ""
    lines = [Content.assemble((output.name, "bold"), verdict)]
    if not is_brief:
        lines.append(labelled("READ BACK", read_back(snapshot, output), width))
        lines.append(labelled("TOLD", output.level, width))
    source = source_named(snapshot, output.name)
    if source is not None:
        lines += source_lines(source, width)
    if why:
        lines += [*([] if is_brief else [Content("")]), why_not(why, width)]
    elif pending is not None:
        lines.append(Content.assemble((f"{'ASKED':<{LABEL}}", QUIET), pending_text(snapshot, pending)))
    elif is_by_hand(snapshot):
        lines.append(labelled("YOU MAY", _may(snapshot, output), width))
    if output.override_min is not None and output.rule and why and is_by_hand(snapshot):
        lines.append(
            labelled("YOU MAY", f"R: override the rule {output.rule}, at most {output.override_min:g} min", width)
        )
    return Content("\n").join(lines)


def why_not(text: str, width: int) -> Content:
    """Return the lines of "why can't I?": each condition that is missing, its live value, and what helps."""
    lines: list[Content] = []
    for line in text.splitlines():
        style = "bold" if line.lstrip().startswith("✗") else ""
        parts = [part.strip() for part in line.split("  ") if part.strip()]
        if style and sum(len(part) + 3 for part in parts) > width:
            lines += [Content.styled(parts[0], style), *(Content(f"    {part}") for part in parts[1:])]
        elif parts:
            lines.append(Content.styled(" ∙ ".join(parts), style))
    return Content("\n").join(lines)


def source_lines(source: SourceShown, width: int) -> list[Content]:
    """Return what a source does now."""
    power = f"{amount(source.power_w, '{:.1f} W')}  {amount(source.voltage_v, '{:.2f} V')}"
    current = f"{amount(source.current_a, '{:.1f} A')}, limit {amount(source.limit_a, '{:.1f} A')}"
    return [
        labelled("DRIVE", f"{amount(source.drive_pct, '{:.1f} %')}  rate kept by {source.owner}", width),
        labelled("CURRENT", current, width),
        labelled("POWER", f"{power}  {amount(source.resistance_mohm, '{:.1f} mΩ')}", width),
        labelled("RATE", amount(source.rate_nm_s, "{:.3f} nm/s"), width),
        labelled("BOAT", f"{source.boat}, {source.warmth}", width, "bold" if source.warmth != "cold" else ""),
        labelled("CRYSTAL", f"{source.sensor}: {amount(source.life_pct, '{:.1f} %')} of its life left", width),
    ]


def live(source: SourceShown) -> Content:
    """Return what a source does now, in two lines, for the form that sets it."""
    return Content.assemble(
        ("now  ", QUIET),
        f"drive {amount(source.drive_pct, '{:.1f} %')}   {amount(source.current_a, '{:.1f} A')} of at most "
        f"{amount(source.limit_a, '{:.1f} A')}   {amount(source.power_w, '{:.1f} W')}\n",
        f"     rate {amount(source.rate_nm_s, '{:.3f} nm/s')}   {source.warmth}",
    )


def power_form(output: OutputShown, source: SourceShown | None) -> Form:
    """Return the form that asks for a source's drive, within what the core says that it takes."""
    bounds = _BOUNDS.search(output.number)
    least, most = (float(bounds[1]), float(bounds[2])) if bounds else (0.0, 100.0)
    fields = (Field("power", f"Drive, {output.number}", least=least, most=most),)
    text = "The interlocks decide as always; 0 is off."
    return Form(f"Power of {output.name}", text, fields, "set", None if source is None else live(source))


def _may(snapshot: Snapshot, output: OutputShown) -> str:
    words = ((key, word_for(output, words)) for key, words in (("O", UP), ("C", DOWN)))
    keys = [
        f"{key}: {word}" for key, word in words
        if word and not is_refused(output, word) and not is_reached(snapshot, output, word)
    ]  # fmt: skip
    if output.number:
        keys.append(f"Enter: power, {output.number}")
    return " · ".join(keys) or "nothing"
