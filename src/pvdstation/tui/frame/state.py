"""Below the first line: state, step and time; after a trip what was done, what is confirmed and what a person does."""

from textual.content import Content

from pvdstation.desk.snapshot import CauseShown, Snapshot
from pvdstation.recipe.spelling import time_text
from pvdstation.tui.figures import SECOND_NS, roughly, stopwatch, time_of_day
from pvdstation.tui.frame.sight import Sight, between, style_of
from pvdstation.tui.frame.top import cause_text, has_room

_NOT_CONFIRMED = "NOT CONFIRMED"
_CONFIRMED = "CONFIRMED"
_WAYS_ON = "5 works by hand · 6 shows what was recorded · ? says what each key does"
_REPORT = "6, then R writes the report"
_SIDES = 4
"""Columns that the first line has more than those below it."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def state(sight: Sight, width: int) -> Content:
    """Return the lines of the state."""
    shown = sight.snapshot
    if shown is None:
        return _unmet(sight)
    if sight.lost:
        return Content("\n").join((_old(sight), _step_line(shown, width)))
    if shown.cause is not None:
        return Content("\n").join(
            (*_whole_cause(sight, shown, width), *_tripped(shown, shown.cause), _step_line(shown, width))
        )
    return Content("\n").join((_step_line(shown, width), _progress(sight, shown, width)))


def _unmet(sight: Sight) -> Content:
    if not sight.lost:
        return Content(f"Meeting the core of {sight.station}; if none runs, one is started.\n")
    problems = "\n".join(sight.problems) or sight.lost
    return Content.assemble((problems, "bold"), "\nF7 tries again; F10 leaves.")


def _old(sight: Sight) -> Content:
    way = "F7 starts its core" if sight.is_absent else "it is being met again, F7: at once"
    return Content.assemble(
        ("What stands here is OLD. ", "bold $error"),
        f"A run that goes on does so without this screen; {way}. STOP and ABORT are tried all the same.",
    )


def _tripped(shown: Snapshot, cause: CauseShown) -> tuple[Content, ...]:
    """Return what was done: what is not read back, what is, and the rest; then what is to be done."""
    told = list(cause.done)
    if shown.is_safe is not None:
        told.append(f"safe state {_CONFIRMED if shown.is_safe else _NOT_CONFIRMED}")
    missing = [Content.styled(text, "bold $background on $error") for text in told if _NOT_CONFIRMED in text]
    confirmed = [
        text.replace(f" {_CONFIRMED}", "") for text in told if _CONFIRMED in text and _NOT_CONFIRMED not in text
    ]
    rest = [Content(text) for text in told if _CONFIRMED not in text]
    whole = [Content.assemble((f"{_CONFIRMED}: ", "bold"), ", ".join(confirmed))] if confirmed else []
    done = [*missing, *whole, *rest]
    lines = [Content(" · ").join(done)] if done else []
    if cause.fix:
        lines.append(Content.assemble(("Do: ", "bold"), cause.fix))
    return tuple(lines)


def _whole_cause(sight: Sight, shown: Snapshot, width: int) -> tuple[Content, ...]:
    """Return the cause where the first line has no room for all of it."""
    return () if has_room(sight, shown, width + _SIDES) else (Content.styled(cause_text(shown), "bold"),)


def _step_line(shown: Snapshot, width: int) -> Content:
    step = shown.step
    parts: list[Content | str | tuple[str, str]] = [(f" {shown.state.upper()} ", style_of(shown.state)), " "]
    if shown.hold_ends_ns is not None:
        left_s = max(shown.hold_ends_ns - shown.now_ns, 0) // SECOND_NS
        parts.append((f"a stop in {time_text(left_s)}  ", "bold $warning"))
    if step is not None:
        parts += [f"step {step.number} of {step.of}  ", (step.text, "bold")]
    elif shown.run and shown.cause is not None:
        sample = f" · sample {shown.sample}" if shown.sample else ""
        parts.append(f"{_REPORT} of run {shown.run}{sample} · {shown.recipe}")
    elif not shown.run:
        parts.append("3 opens, checks and starts a recipe")
    left = Content.assemble(*parts)
    return between(left, _times(shown, width - left.cell_length - 1), width)


def _times(shown: Snapshot, room: int) -> Content:
    """Return how long the run has taken and will take, as much of it as there is room for."""
    if not shown.run:
        return Content("")
    done = f"{stopwatch(shown.done_s)} done"
    if shown.to_go_s is None:
        return Content(done)
    to_go = f"{roughly(shown.to_go_s)} to go"
    ends = f"ends {time_of_day(shown.wall_s + shown.to_go_s / shown.speed)[:5]}"
    several = (f"{done} · {to_go} · {ends}", f"{to_go} · {ends}", to_go)
    return Content(next((text for text in several if len(text) <= room), to_go))


def _progress(sight: Sight, shown: Snapshot, width: int) -> Content:
    if not shown.run or shown.to_go_s is None:
        return _ended(shown, width) if shown.run else _idle(sight, width)
    share = shown.done_s / max(shown.done_s + shown.to_go_s, 1.0)
    stage = shown.step.stage if shown.step is not None else ""
    right = f"{share * 100:4.0f} %" + (f"   phase: {stage}" if stage else "")
    length = max(width - len(right) - 3, 8)
    return Content.assemble("▕", (bar(share, length), "$bar"), "▏", right)


def _ended(shown: Snapshot, width: int) -> Content:
    """Return where the report of a run is that has come to its planned end."""
    text = f"{_REPORT} of run {shown.run} · 3 opens, checks and starts another recipe"
    return Content(text if shown.state == "complete" else "").truncate(width, ellipsis=True)


def _idle(sight: Sight, width: int) -> Content:
    """Return what a person can do now, or why nothing can begin."""
    start = sight.verb("start")
    if start is not None and not start.is_allowed:
        return Content.styled(start.sentence, "bold").truncate(width, ellipsis=True)
    return Content.styled(_WAYS_ON, "$grey").truncate(width, ellipsis=True)


def bar(share: float, length: int) -> str:
    """Return a bar of so many characters, filled by a share of one."""
    eighths = round(min(max(share, 0.0), 1.0) * length * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(length)
