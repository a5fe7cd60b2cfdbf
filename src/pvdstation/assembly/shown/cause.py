"""Why the run has left its planned way, what has been done about it and is read back, and what a person does."""

from collections.abc import Iterator, Mapping

from pvdstation.assembly.shown.amounts import fixed
from pvdstation.assembly.shown.moment import RESTS, Moment
from pvdstation.assembly.shown.past import Past
from pvdstation.control.conditions import heat_text
from pvdstation.control.states import ENDED, HOLDS, Mode
from pvdstation.control.step_words import words_of
from pvdstation.control.steps.base import Values
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.quiet import (
    N2_CLOSED,
    SHUTTERS_CLOSED,
    SQC_STOPPED,
    SUBSTRATE_CLOSED,
    SUPPLIES_OFF,
    VENT_CLOSED,
    unconfirmed,
    unmeasured_text,
)
from pvdstation.desk.snapshot import CauseShown
from pvdstation.model.clock import SECOND


def cause(m: Moment, past: Past, wall_s: float) -> CauseShown | None:
    """Return the first cause; None while the run goes its planned way. ``wall_s``: when it came, s since 1970."""
    if past.trip is None:
        return None
    rule, text, at_ns = past.trip
    done = (*_read_back(m, past), *_film(m, past))
    return CauseShown(rule, text, at_ns, wall_s, done, _fix(m, rule))


def is_safe(m: Moment) -> bool | None:
    """Return whether the safe state is read back; None while the run goes on."""
    mode = m.course.mode
    if mode not in RESTS and mode is not Mode.ABORTING:
        return None
    return not unconfirmed(m.v)


def _read_back(m: Moment, past: Past) -> Iterator[str]:
    lacking = past.confirm(m)
    for part, is_ordered in _ordered(m).items():
        missing = lacking.get(part)
        if is_ordered and missing is None:
            yield _confirmed(part, past, unmeasured_text(m.v) if part == SUPPLIES_OFF else "")
        elif is_ordered:
            yield f"{part} NOT CONFIRMED{f' ({missing})' if missing else ''}"
    stays = "stays" if m.course.mode in HOLDS else "is still"
    for w in m.control.frame.sources:
        if m.v.last.supply[w.supply_index].on:
            yield f"supply {w.boat} ({w.name}) {stays} on"


def _confirmed(part: str, past: Past, but: str) -> str:
    """Return that a part is read back, and how long after the order; at once it needs no time."""
    took_s = (past.confirmed_ns[part] - past.ordered_ns) / SECOND
    return f"{part} CONFIRMED{f' {took_s:.1f} s' if took_s > 0 else ''}{f' ({but})' if but else ''}"


def _ordered(m: Moment) -> Mapping[str, bool]:
    """Return which parts of the safe state are told to be so; a regulated hold keeps its source on and open."""
    last = m.v.last
    is_off = not any(level.on for level in last.supply)
    is_covered, are_closed = not last.substrate_shutter, not any(last.source_shutter)
    return {
        SUPPLIES_OFF: is_off,
        SHUTTERS_CLOSED: is_covered and are_closed,
        SUBSTRATE_CLOSED: is_covered and not are_closed,
        N2_CLOSED: not last.n2,
        VENT_CLOSED: not last.vent,
        SQC_STOPPED: is_off,
    }


def _film(m: Moment, past: Past) -> Iterator[str]:
    """Return the film of a layer that is not complete, by the crystals."""
    if m.has_step and m.p is not None and isinstance(m.logic, Deposit):
        became = "held" if m.course.mode in HOLDS else "interrupted"
        yield f"{_films(m.logic.values(m.p, m.v))}, {became}"
    elif past.film is not None:
        yield f"{_films(past.film)}, interrupted"


def _films(values: Values) -> str:
    beside = "".join(
        f", {name.split('.')[1]} {fixed(float(value), 'nm', 1)}"
        for name, value in values.items()
        if name.startswith("together.") and name.endswith(".indicated_nm")
    )
    return f"film at {fixed(float(values['indicated_nm']), 'nm', 1)} of {float(values['target_nm']):.1f}{beside}"


def _fix(m: Moment, rule: str) -> str:
    """Return what a person does: about the cause, about what is hot, and then with the run."""
    hot = (
        f"{w.name} is {'on' if m.v.last.supply[w.supply_index].on else heat_text(m.v, w)}"
        for w, source in zip(m.control.frame.sources, m.v.sources, strict=True)
        if source.is_hot and source.was_energised_ns is not None
    )
    following = {Mode.HELD: "resume or stop", **dict.fromkeys(ENDED, "clear the run")}.get(m.course.mode, "")
    return " ".join(_sentence(text) for text in (words_of(rule, 0).response, *hot, following) if text)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
