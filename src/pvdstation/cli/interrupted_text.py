"""An interrupted run in sentences: where it was, what is on the substrate, what was left on, and the two ways on."""

import math
from collections.abc import Iterator, Mapping

from pvdstation.assembly.as_found import Found
from pvdstation.assembly.known import Boat, Film, Gas, Known
from pvdstation.cli.wording import duration, pressure
from pvdstation.model.problems import Problem


def offer(known: Known, why_not: str) -> Problem:
    """Return the refusal of another run, with what a person can do."""
    what = f"run {known.run} on it was interrupted: {_step(known)}"
    anew = f'ake note of it and start anew: "pvd clear {known.run} --by NAME".'
    if why_not:
        return Problem("the station", f"{what}; {why_not}", f"T{anew}")
    return Problem("the station", what, f'Continue {_where(known)}: "pvd run --continue {known.run}". Or t{anew}')


def sentences(known: Known, found: Found | None) -> list[str]:
    """Return what is known, one sentence each."""
    last = f"last row at {duration(known.last_s)}, {known.last_wall}"
    told = [f"Run {known.run} ({known.recipe}), {last}: {_step(known)}."]
    told += [f"Layer {one.number}: {one.film_nm:.1f} nm {one.material}, finished." for one in known.layers]
    told += _film(known.film) if known.film else []
    told += [_gas(known.gas)] if known.gas else []
    told += [_boat(boat, found, known) for boat in known.boats]
    if known.pressures:
        told.append(f"Last pressures: {_pressures(known.pressures)}.")
    told.append(f"Left on or open: {', '.join(known.left) or 'nothing'}.")
    told += _as_found(found, known) if found else []
    if known.doubt:
        told.append(f"Its record cannot be relied on: {known.doubt}.")
    return told


def _where(known: Known) -> str:
    film, step = known.film, known.step
    if film is not None:
        return f"layer {film.number} at {film.film_nm:.1f} nm"
    return f"with {step.text}" if step else "it"


def _step(known: Known) -> str:
    step, count = known.step, len(known.procedure.steps) if known.procedure else 0
    if step is None:
        return f"{known.state}, in a step that is not known"
    where = f"step {step.index} of {count}, {step.text}"
    if not known.is_begun:
        return f"{known.state}, before {where}"
    state = "" if known.state == "running" else f"{known.state} in "
    return f"{state}{where}{f' ({known.stage})' if known.stage else ''}"


def _film(film: Film) -> Iterator[str]:
    parts = [f"{film.recorded_nm:.1f} nm by the record"]
    if film.crystal_nm is not None:
        parts.append(f"{film.crystal_nm:.1f} nm by the crystal now")
    if film.most_nm > film.recorded_nm:
        parts.append("nobody knows how much at most" if math.isinf(film.most_nm) else f"at most {film.most_nm:.1f} nm")
    yield (
        f"Layer {film.number}: {film.film_nm:.1f} of {film.target_nm:g} nm {film.material} are on the substrate "
        f"({', '.join(parts)})."
    )
    if film.others:
        others = ", ".join(f"{nm:.1f} nm {name}" for (name, _), nm in zip(film.others, film.films_nm[1:], strict=True))
        yield f"With it: {others}."
    if film.uncertain_s:
        state = "open" if film.was_open else "on its way"
        yield f"The substrate shutter was {state} in the last row: {_longer(film.uncertain_s)}."


def _longer(uncertain_s: float) -> str:
    if math.isinf(uncertain_s):
        return "nothing closes it by itself, so nobody knows for how long it was open"
    return f"it may have been open for up to {uncertain_s:.1f} s longer than recorded"


def _gas(gas: Gas) -> str:
    since = "" if math.isnan(gas.in_gas_s) else f", {duration(gas.in_gas_s)} by the record"
    dwell = f", of which {duration(gas.dwell_s)} of {duration(gas.asked_s)} in the dwell" if gas.is_dwell else ""
    last = "" if math.isnan(gas.pressure_mbar) else f" Last {pressure(gas.pressure_mbar)}."
    return f"{gas.name} is in the chamber{since}{dwell}, and has been there since.{last}"


def _boat(boat: Boat, found: Found | None, known: Known) -> str:
    amps = "current unknown" if boat.current_a is None else f"{boat.current_a:.1f} A"
    was = "told to be on" if boat.was_on else "off"
    if boat.off_s is not None:
        was += f", confirmed off for {duration(boat.off_s)}"
    text = f"{boat.name} (supply {boat.supply}): {was} in the last row, {amps}"
    if found is None:
        return f"{text}; counts as hot."
    was_found = "on" if boat.supply in found.still_on(known) else "off"
    now = "off is confirmed now" if found.result.safe else "OFF IS NOT CONFIRMED"
    return f"{text}; found {was_found}, {now}; counts as hot for {duration(boat.cool_down_s)}."


def _as_found(found: Found, known: Known) -> Iterator[str]:
    dropped = found.has_dropped
    if dropped is not None:
        yield f"The I/O's watchdog {'had acted: its outputs were off' if dropped else 'had not acted yet'}."
    if found.sqc_ran:
        yield "The SQC-310 was still running its process; it has been stopped."
    if pressures := found.pressures(known):
        yield f"Pressures as found: {_pressures(pressures)}."


def _pressures(mbar: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {pressure(value)}" for name, value in mbar.items())
