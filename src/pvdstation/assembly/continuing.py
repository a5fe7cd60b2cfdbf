"""Makes of an interrupted run the procedure of a new one: what is finished is left out, and nothing is replayed that
may not be (safety reference C.2).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, NoReturn

from pvdstation.assembly.known import Film, Known
from pvdstation.control.states import ENDED, Mode
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.recipe.procedure import (
    AdmitGas,
    ByHand,
    Condition,
    Cool,
    Deposit,
    Evacuate,
    Finish,
    Isolate,
    LeakTest,
    MeltIn,
    Note,
    Procedure,
    PumpDown,
    Step,
    Tune,
    Vent,
    Work,
)
from pvdstation.recipe.spelling import pressure_text, rounded, time_text
from pvdstation.record.targets import thickness_band_nm

LEAST_EXPOSURE_S = 5.0
"""What grows in less than this is not worth another heating of the boat."""
_ENDING = (*ENDED, Mode.STOPPING, Mode.ABORTING)
_HEATS = (Condition, MeltIn, Deposit, Tune)
_NEEDS_VACUUM = (*_HEATS, LeakTest, Isolate, AdmitGas, Vent)
_BECAUSE = "after the interruption"


class Continuation(NamedTuple):
    """The procedure of the new run, and what a person is told of it."""

    procedure: Procedure
    told: tuple[str, ...]


def continuation(known: Known, station: Station) -> Continuation:
    """Return how a run goes on. Raises Refused by a run that cannot go on, with the reason."""
    procedure, step = known.procedure, known.step
    if known.doubt or procedure is None or step is None:
        _refuse(known, known.doubt or "its procedure is not in its record")
    refuse_tuning(known)
    if known.state in _ENDING:
        _refuse(known, f"it was {known.state} when it was interrupted: somebody or a rule had ended it")
    told: list[str] = []
    rest = _going_on(known, list(procedure.steps), told)
    if all(isinstance(one.work, Finish | Note) for one in rest):
        _refuse(known, "nothing of it is left to do")
    rest = _cold_before_gas(rest, procedure, told)
    rest = _pumped_before_need(rest, procedure, station, told)
    return Continuation(replace(procedure, steps=_numbered(rest)), tuple(told))


def refuse_tuning(known: Known) -> None:
    """Raise Refused by a tuning, in whatever step it was: what is excited again is another answer."""
    if known.procedure and any(isinstance(step.work, Tune) for step in known.procedure.steps):
        _refuse(known, "a tuning is not continued")


def _refuse(known: Known, why: str) -> NoReturn:
    write = f'Take note of it and start anew: "pvd clear {known.run} --by NAME".'
    raise Refused([Problem("--continue", f"{known.run} cannot go on: {why}", write)])


def _going_on(known: Known, steps: list[Step], told: list[str]) -> list[Step]:
    """Return the steps from the interrupted one on, with that one as the table allows."""
    step, rest = steps[known.place], steps[known.place :]
    match step.work:
        case Deposit():
            return _layer_again(known, steps, told)
        case ByHand():
            _refuse(known, "work by hand is not continued; a new session begins with every check of a start")
        case AdmitGas() if known.is_begun:
            return _gas_again(known, rest, told)
        case Vent() if known.is_begun:
            _refuse(known, "a vent is not continued; the chamber holds gas that was not let in by this recipe's count")
        case _ if known.is_begun:
            told.append(f"{step.text}: again from its beginning")
    return rest


def _layer_again(known: Known, steps: list[Step], told: list[str]) -> list[Step]:
    """Return the layer with what is on the film counted, its sources conditioned from 0 before it."""
    step, before = steps[known.place], steps[known.place - 1]
    work, film = step.work, known.film
    assert isinstance(work, Deposit)  # noqa: S101 - the caller has looked
    if not isinstance(before.work, Condition):
        _refuse(known, "its layer has no conditioning before it")
    if film is None:  # its conditioning had ended, and it had not begun
        told.append(f"{before.text}: again from its beginning")
        return [before, *steps[known.place :]]
    missing_nm = work.thickness_nm - film.film_nm
    rate = _rate_at(work, film.film_nm)
    if missing_nm < LEAST_EXPOSURE_S * rate and abs(missing_nm) <= thickness_band_nm(work.thickness_nm):
        reached = f"{film.film_nm:.1f} of {rounded(work.thickness_nm)} nm {film.material}"
        told.append(f"layer {film.number} is finished: {reached}")
        return steps[known.place + 1 :]
    if missing_nm <= 0:
        told.append(
            f"layer {film.number} is too thick: {film.film_nm:.1f} instead of {rounded(work.thickness_nm)} nm "
            f"{film.material}; nothing is added"
        )
        return steps[known.place + 1 :]
    return _remaining(film, missing_nm, rate, before, step, told) + steps[known.place + 1 :]


def _remaining(film: Film, missing_nm: float, rate: float, before: Step, step: Step, told: list[str]) -> list[Step]:
    work, conditioning = step.work, before.work
    assert isinstance(work, Deposit)  # noqa: S101 - the caller has looked
    assert isinstance(conditioning, Condition)  # noqa: S101
    ramps = tuple(ramp for ramp in work.ramps if ramp.at_nm > film.film_nm)
    if len(ramps) < len(work.ramps):
        told.append(f"the rate goes on with {rounded(rate)} nm/s: rate ramps that had begun are over")
    has_film = film.film_nm > 0
    layer = replace(work, rate_nm_s=rate, ramps=ramps, on_film_nm=film.films_nm if has_film else ())
    asked = step.text.removeprefix("deposit ")
    text = f"continue layer {film.number} at {film.film_nm:.1f} nm: {missing_nm:.1f} of {asked}"
    heated = " and ".join((film.material, *(name for name, _ in film.others)))
    told.append(f"{text}; {heated} {'are' if film.others else 'is'} conditioned from 0")
    share = missing_nm / work.thickness_nm
    return [
        replace(before, work=replace(conditioning, rate_nm_s=rate, thickness_nm=missing_nm), because=_BECAUSE),
        replace(step, work=layer, text=text if has_film else step.text, estimate_s=step.estimate_s * share),
    ]


def _rate_at(work: Deposit, film_nm: float) -> float:
    """Return the rate of a layer with rate ramps once its film is so thick, nm/s."""
    begun = [ramp.to_nm_s for ramp in work.ramps if ramp.at_nm <= film_nm]
    return begun[-1] if begun else work.rate_nm_s


def _gas_again(known: Known, rest: list[Step], told: list[str]) -> list[Step]:
    """A fill is done again from vacuum; a dwell is not: its time in gas stands, and the gas is pumped out first."""
    gas, work = known.gas, rest[0].work
    assert isinstance(work, AdmitGas)  # noqa: S101 - the caller has looked
    if gas is None or not gas.is_dwell:
        told.append(f"{rest[0].text}: again from vacuum; what was let in is pumped out first")
        return rest
    told.append(
        f"the dwell in {work.gas} is not continued: {time_text(gas.dwell_s)} of {time_text(work.dwell_s)} are in the "
        f"record, the gas has been in the chamber since, and is pumped out first"
    )
    if not isinstance(rest[1].work, Evacuate | PumpDown):
        return [_evacuation(known), *rest[1:]]
    return rest[1:]


def _evacuation(known: Known) -> Step:
    steps = known.procedure.steps if known.procedure else ()
    found = [step for step in steps if isinstance(step.work, Evacuate | PumpDown)]
    if not found:
        _refuse(known, "nothing in it says how its gas is pumped out")
    return _inserted(found[0], found[0].work)


def _cold_before_gas(rest: list[Step], procedure: Procedure, told: list[str]) -> list[Step]:
    """Put cooling down and isolating before gas where they were done before the interruption: neither still holds."""
    place = next((n for n, step in enumerate(rest) if isinstance(step.work, AdmitGas | Vent)), None)
    if place is None:
        return rest
    before = rest[:place]
    missing: list[Step] = []
    if not any(isinstance(step.work, Cool) for step in before):
        missing += _latest(procedure, rest[place], Cool)
        told.append("all sources count as hot until they have been confirmed off for their cool-down time")
    if any(isinstance(step.work, Isolate) for step in before):
        return [*missing, *rest]
    missing += _latest(procedure, rest[place], Isolate)
    return [*before, *missing, *rest[place:]]


def _latest(procedure: Procedure, step: Step, kind: type[Work]) -> list[Step]:
    """Return the last step of a kind before another one, as it is done again."""
    found = [one for one in procedure.steps if one.index < step.index and isinstance(one.work, kind)]
    return [_inserted(found[-1], found[-1].work)] if found else []


def _pumped_before_need(rest: list[Step], procedure: Procedure, station: Station, told: list[str]) -> list[Step]:
    """Put a pump-down before the first step that needs vacuum: the HV gate has closed when the outputs dropped."""
    for place, step in enumerate(rest):
        if isinstance(step.work, PumpDown):
            return rest
        if isinstance(step.work, _NEEDS_VACUUM) or (isinstance(step.work, Cool) and place == 0):
            break
        if isinstance(step.work, Evacuate):
            return rest
    else:
        return rest
    first = next((one.index for one in rest if one.because != _BECAUSE), rest[0].index)
    found = [one for one in procedure.steps if one.index <= first and isinstance(one.work, PumpDown)]
    if found:
        pump = _inserted(found[-1], found[-1].work)
    else:
        usual, hold_s = station.defaults, station.limits.start_pressure.hold
        work = PumpDown(usual.base_pressure, hold_s, usual.pump_down_timeout)
        text = f"pump down to {pressure_text(usual.base_pressure)}"
        pump = Step(0, "pump_down", text, _BECAUSE, True, 0, work, 0.0)  # noqa: FBT003 - implied
    told.append(f"{pump.text}: the HV gate closes when the outputs drop, and sources need the checks of a fresh start")
    return [*rest[:place], pump, *rest[place:]]


def _inserted(step: Step, work: Work) -> Step:
    return replace(step, because=_BECAUSE, implied=True, work=work)


def _numbered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Number steps from 1; steps that were one unit stay one, what was put in is a unit of its own."""
    numbered: list[Step] = []
    unit, last = 0, 0
    for index, step in enumerate(steps, start=1):
        joins = step.unit == last and isinstance(step.work, Deposit | Tune | Evacuate) and bool(numbered)
        unit, last = unit + (0 if joins else 1), step.unit
        numbered.append(replace(step, index=index, unit=unit))
    return tuple(numbered)
