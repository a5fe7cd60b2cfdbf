"""The procedure that tunes a source: every number of it, from the station and a few wishes, so it can be read first."""

from typing import Literal, NamedTuple

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Source, Station
from pvdstation.recipe.consumption import ChargeUse, CrystalUse, Ledger
from pvdstation.recipe.estimate import time_to_rate_s
from pvdstation.recipe.expand import Expansion
from pvdstation.recipe.procedure import Procedure, Tune
from pvdstation.recipe.spelling import rounded

USUAL_RATE_NM_S = 0.5
USUAL_SHARE = {"step": 0.025, "relay": 0.04}
"""Amplitude as a share of the soak power: ln(rate) then moves by about 0.2 and 0.07, of a flicker of 0.01."""
MOST_SHARE = 0.08
LEAST, MOST = 0.3, 1.7
"""Shares of the set rate outside of which the source is not excited any longer."""
LONGEST_SETTLE_S = 240.0
"""How long the closed loop may take to be steady."""
_HOLD_TIS = 6.0
"""How long each level of the step lasts, in integral times of the loop as it is: five time constants and more."""
_HOLD_S = (40.0, 180.0)
_CYCLES = 9
"""Of the relay; the first is not counted."""
_RELAY_TIS = 20.0
_SETTLE_S = 30.0
_MARGIN = 1.3
"""By how much the rate may rise above the set one while the source is excited and stay below the station's limit."""
_STEPS = 3


class Wish(NamedTuple):
    """What a person may say; None is worked out."""

    source: str
    method: Literal["step", "relay"] = "step"
    rate_nm_s: float | None = None
    amplitude_pct: float | None = None


class Planned(NamedTuple):
    """The procedure, and what it takes."""

    procedure: Procedure
    work: Tune
    limits_used: tuple[str, ...]
    total_s: float
    charge: ChargeUse
    crystal: CrystalUse


def plan_tuning(
    wish: Wish, station: Station, sha256: str, charge_mg: float | None = None, life_pct: float | None = None
) -> Planned:
    """Return the procedure. Raises Refused with every problem."""
    source = station.source.get(wish.source)
    if source is None:
        what = f'"{station.name}" has no source "{wish.source[:20]}"'
        raise Refused([Problem("SOURCE", what, f"Write one of {', '.join(station.source)}.")])
    work = _work(wish, source)
    ledger = Ledger(
        station, None if life_pct is None else {source.sensor: life_pct},
        None if charge_mg is None else {wish.source: charge_mg},
    )  # fmt: skip
    ledger.take(wish.source, source, evaporated_nm(work, station), work.rate_nm_s)
    (charge,), (crystal,) = ledger.charges(), ledger.crystals()
    problems = [*_problems(wish, work, source), *_too_little(charge, crystal)]
    if problems:
        raise Refused(problems)
    expansion = Expansion(station, ledger)
    expansion.pump_down(station.defaults.base_pressure, None, "station default")
    expansion.tune(source, work, counted_nm(work, station), excited_s(work))
    expansion.finish()
    name = f"tune {wish.source}"
    procedure = Procedure(name, name.replace(" ", "-"), 1, sha256, tuple(expansion.steps))
    return Planned(procedure, work, tuple(expansion.limits_used), expansion.total_s, charge, crystal)


def excited_s(work: Tune) -> float:
    """Return how long the source is excited at most, s."""
    return work.longest_s if work.method == "relay" else _STEPS * work.hold_s


def evaporated_nm(work: Tune, station: Station) -> float:
    """Return what would grow on the substrate if its shutter were open, nm."""
    return work.rate_nm_s * (time_to_rate_s(station, work.source) + work.settle_s + excited_s(work))


def counted_nm(work: Tune, station: Station) -> float:
    """Return what the SQC-310 may count without ending its layer: longest time to settle, highest rate, nm."""
    return MOST * evaporated_nm(work, station) + work.rate_nm_s * LONGEST_SETTLE_S


def _work(wish: Wish, source: Source) -> Tune:
    soak_pct, ti = source.condition.ramp2.power, source.host_loop.ti
    amplitude = wish.amplitude_pct
    if amplitude is None:
        amplitude = max(0.1, round(USUAL_SHARE[wish.method] * soak_pct, 1))
    return Tune(
        source=wish.source,
        rate_nm_s=USUAL_RATE_NM_S if wish.rate_nm_s is None else wish.rate_nm_s,
        method=wish.method,
        amplitude_pct=amplitude,
        hold_s=float(round(min(_HOLD_S[1], max(_HOLD_S[0], _HOLD_TIS * ti)))),
        within_pct=10.0,
        settle_s=_SETTLE_S,
        cycles=_CYCLES,
        longest_s=float(round(_RELAY_TIS * ti)),
    )


def _problems(wish: Wish, work: Tune, source: Source) -> list[Problem]:
    problems = []
    if wish.method == "relay" and source.rate_loop == "sqc":
        what = f"the SQC-310 owns the rate loop of {wish.source}: a relay would have to command it at every swing"
        problems.append(Problem("--method", what, 'Write --method step, or rate_loop = "host" in the station file.'))
    if not 0 < _MARGIN * work.rate_nm_s <= source.max_rate:
        what = f"{rounded(work.rate_nm_s)} nm/s leaves the excitation no room below {rounded(source.max_rate)} nm/s"
        problems.append(Problem("--rate", what, f"Write at most {rounded(source.max_rate / _MARGIN)} nm/s."))
    soak_pct = source.condition.ramp2.power
    most = round(MOST_SHARE * soak_pct, 1)
    if not 0.1 <= work.amplitude_pct <= most:
        what = f"an amplitude of {rounded(work.amplitude_pct)} % is not between 0.1 and {most:g} %"
        problems.append(
            Problem("--amplitude", what, f"The soak power is {rounded(soak_pct)} %; a small one is enough.")
        )
    elif soak_pct + work.amplitude_pct >= source.max_power:
        what = f"{rounded(soak_pct)} % and {rounded(work.amplitude_pct)} % are more than the source's maximum"
        problems.append(Problem("--amplitude", what, f"The maximum is {rounded(source.max_power)} %."))
    return problems


def _too_little(charge: ChargeUse, crystal: CrystalUse) -> list[Problem]:
    problems = []
    if charge.needed_mg > charge.available_mg:
        what = f"{charge.source} needs {charge.needed_mg:.0f} mg and has {charge.available_mg:.0f} mg"
        write = f'Charge the boat, and say so: pvd ledger charge {charge.source} "1500 mg".'
        problems.append(Problem("the charge", what, write))
    if crystal.after_pct <= 0:
        what = f"crystal {crystal.sensor} would not last: {crystal.before_pct:.0f} % of its life are left"
        problems.append(Problem("the crystal", what, "Change it."))
    return problems
