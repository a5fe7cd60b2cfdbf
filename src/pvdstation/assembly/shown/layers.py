"""The running layer as it grows: of each source what is asked, what its crystal shows, what is on the substrate."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from pvdstation.assembly.shown.moment import Moment
from pvdstation.control.crystal_rate import Track, judged_rate, thickness_at
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.growth import Growth
from pvdstation.control.steps.layer_state import DepositState
from pvdstation.control.steps.tune import Tune
from pvdstation.control.view import View
from pvdstation.desk.snapshot import LayerShown
from pvdstation.recipe import procedure as order


class Growing(NamedTuple):
    """One source of the running layer."""

    w: Wiring
    target_nm: float
    set_nm_s: float
    rate_nm_s: float
    grown_nm: float

    @property
    def left_nm(self) -> float:
        """Return what is missing of the film, nm; NaN: unknown."""
        return self.target_nm - self.grown_nm

    @property
    def left_s(self) -> float:
        """Return how long that takes at the rate now, or at the one that is asked for, s; NaN: unknown."""
        if self.left_nm <= 0:
            return 0.0
        return self.left_nm / (self.rate_nm_s if self.rate_nm_s > 0 else self.set_nm_s)


def growing(m: Moment) -> tuple[Growing, ...]:
    """Return the sources of the layer that is prepared or made, the first-named one first; none of another step."""
    if not m.has_step:
        return ()
    logic, work, p = m.logic, m.step.work, m.p
    match logic, work:
        case Deposit(), order.Deposit() if p is not None:
            return tuple(_deposited(logic, p, m.v))
        case Condition(), order.Condition():
            return tuple(_conditioned(m, logic, work))
        case Tune(), order.Tune():
            rate = math.nan if p is None else rate_now(p.growth.track, work.rate_nm_s, m.v)
            return (Growing(logic.w, math.nan, work.rate_nm_s, rate, math.nan),)
        case _:
            return ()


def layers(m: Moment) -> tuple[LayerShown, ...]:
    """Return the layer as the snapshot has it."""
    return tuple(
        LayerShown(g.w.name, _material(m, g.w), g.target_nm, g.set_nm_s, g.rate_nm_s, g.grown_nm, loop_owner(g.w))
        for g in growing(m)
    )


def loop_owner(w: Wiring) -> str:
    """Return in words who closes the rate loop of a source."""
    return "own loop" if w.host else "SQC-310"


def rate_now(track: Track, set_nm_s: float, v: View) -> float:
    """Return the rate as it is compared with its set-point, nm/s; NaN when its crystal has not been read for long."""
    if not track.samples or v.now_ns - track.samples[-1][0] > v.frame.rate_end_age_ns:
        return math.nan
    return judged_rate(track, set_nm_s)


def _material(m: Moment, w: Wiring) -> str:
    """Return what is deposited from a source; the first-named one may be called otherwise than its source."""
    work = m.step.work
    return work.material if isinstance(work, order.Deposit) and work.source == w.name else w.name


def _deposited(logic: Deposit, p: DepositState, v: View) -> Iterator[Growing]:
    work = logic.order
    rates = (p.point.rate_nm_s, *logic.rates_beside)
    for place, (w, rate, growth) in enumerate(zip(logic.wirings, rates, p.growths, strict=True)):
        target_nm = work.thickness_nm * (1.0 if place == 0 else rate / work.rate_nm_s)
        track = growth.track if p.heating is None else p.heating.heated[place].track
        yield Growing(w, target_nm, rate, rate_now(track, rate, v), _grown_nm(p, growth, v.now_ns))


def _grown_nm(p: DepositState, growth: Growth, now_ns: int) -> float:
    """Return the film by now, nm; NaN while the substrate is exposed and its crystal unknown."""
    if p.stage not in ("exposed", "close"):
        return growth.film_nm
    until_ns = now_ns if p.stage == "exposed" else min(now_ns, p.since_ns + p.delay_ns)
    added_nm = thickness_at(growth.track, until_ns) - growth.baseline_nm
    return growth.film_nm + (added_nm if added_nm > 0 or math.isnan(added_nm) else 0.0)


def _conditioned(m: Moment, logic: Condition, work: order.Condition) -> Iterator[Growing]:
    """Nothing has grown of a layer that is only prepared, but what an interrupted run has left."""
    steps, place = m.control.steps, m.course.step
    coming = steps[place + 1].work if place + 1 < len(steps) else None
    on_film = coming.on_film_nm if isinstance(coming, order.Deposit) else ()
    for number, (w, rate) in enumerate(zip(logic.wirings, logic.rates_nm_s, strict=True)):
        rate_nm_s = math.nan if m.p is None else rate_now(m.p.heated[number].track, rate, m.v)
        before_nm = on_film[number] if on_film else 0.0
        yield Growing(w, work.thickness_nm * (rate / work.rate_nm_s), rate, rate_nm_s, before_nm)
