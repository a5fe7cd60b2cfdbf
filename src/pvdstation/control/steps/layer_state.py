"""Where a layer is, and what the openings of the substrate shutter add to its film."""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import Track, thickness_at
from pvdstation.control.owners import Power
from pvdstation.control.steps.condition import ConditionState
from pvdstation.control.steps.exposure import FIRST_GUESS_NS, Stroke
from pvdstation.control.steps.growth import Growth, summed
from pvdstation.control.steps.set_point import Kept, SetPoint, kept, moved
from pvdstation.control.steps.timed_rest import Rest
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.recipe.procedure import RateRamp

REACHED = "thickness reached"
LEAST_OPENING_S = 0.8
"""The shortest opening: until its switch confirms it, the substrate shutter is not told to close."""


class DepositState(NamedTuple):
    """Where the layer is. The first-named material ends it."""

    stage: str  # capture, pre_coat, open, exposed, close, held, end, cut, reheat
    power: Power
    began_ns: int
    since_ns: int
    growths: tuple[Growth, ...]
    point: SetPoint
    in_band_since_ns: int | None = None
    stroke: Stroke | None = None
    delay_ns: int = FIRST_GUESS_NS
    opened_ns: int = 0  # effective opening
    exposed_ns: int = 0  # over the openings that are over
    openings: int = 0
    close_ns: int | None = None  # the order to close stands for this time, before the next scan
    coated_ns: int = 0  # at the captured rate, on the closed substrate shutter
    held_ns: int = 0  # regulated holds of this layer that are over
    time_to_rate_s: float = math.nan
    ending: str = ""  # why the exposure ended
    start_mbar: float = math.nan  # when the substrate shutter opened first
    seen_ns: int = 0  # the last scan
    rates: tuple[Kept, ...] = ()
    heating: ConditionState | None = None  # again, after a cold hold
    rest: Rest | None = None  # that is completed by time

    @property
    def lead(self) -> Growth:
        """Return what grows from the first-named material."""
        return self.growths[0]


def lacks_less_than_an_opening(p: DepositState, target_nm: float) -> bool:
    """Return whether a layer that was held lacks so little that another opening would add more than that."""
    if p.stage not in ("held", "cut") or not p.openings:
        return False
    return target_nm - p.lead.film_nm < LEAST_OPENING_S / 2 * p.point.rate_nm_s


def again(p: DepositState, v: View) -> DepositState:
    """Return the state in which the rate is captured once more; the film so far is kept."""
    growths = tuple(growth._replace(track=Track()) for growth in p.growths)
    return p._replace(stage="capture", since_ns=v.now_ns, in_band_since_ns=None, growths=growths, rest=None)


def opened(p: DepositState, v: View) -> DepositState:
    """Return the state in which the substrate shutter is confirmed open: since half its travel the film grows."""
    stroke = p.stroke
    assert stroke is not None  # noqa: S101 - the step has set it; a missing stroke is a defect of it
    delay_ns = stroke.lasts_ns(v.readings[v.s.substrate_shutter].at_ns)
    opened_ns = stroke.ordered_ns + delay_ns
    took_s = (stroke.ordered_ns - p.began_ns - p.coated_ns) / SECOND
    to_rate = took_s if math.isnan(p.time_to_rate_s) else p.time_to_rate_s
    return p._replace(
        stage="exposed",
        since_ns=v.now_ns,
        stroke=None,
        delay_ns=delay_ns,
        opened_ns=opened_ns,
        growths=tuple(g._replace(baseline_nm=thickness_at(g.track, opened_ns)) for g in p.growths),
        time_to_rate_s=to_rate,
        start_mbar=v.full_range if math.isnan(p.start_mbar) else p.start_mbar,
    )


def ramped(p: DepositState, v: View, ramps: tuple[RateRamp, ...]) -> DepositState:
    """Return the state of an exposed layer with the set-point that its ramps make of the film."""
    if not ramps:
        return p
    lead = p.lead
    point = moved(p.point, ramps, lead.film_nm + lead.by(v.now_ns), v.now_ns - p.seen_ns)
    if point.is_ramping:  # power and resistance are on their way too: their medians begin again after it
        statistics = lead.statistics._replace(powers=(), resistances=())
        return p._replace(point=point, growths=(lead._replace(statistics=statistics),))
    rates = kept(p.rates, point, lead.track.rate_nm_s) if lead.track.is_new else p.rates
    return p._replace(point=point, rates=rates)


def closing(p: DepositState, v: View, ending: str) -> DepositState:
    """Return the state in which the substrate shutter is told to close; nothing was exposed before it opened."""
    if p.stage in ("capture", "pre_coat"):
        coated_ns = p.coated_ns + (v.now_ns - p.since_ns if p.stage == "pre_coat" else 0)
        return p._replace(stage="held", ending=ending, since_ns=v.now_ns, coated_ns=coated_ns)
    ordered_ns = v.now_ns if p.close_ns is None else p.close_ns
    opened_ns, growths = p.opened_ns, p.growths
    if p.stage != "exposed":  # on its way: what comes through counts from half its travel, if it was told at all
        told_ns = v.now_ns - v.frame.period_ns if v.last.substrate_shutter else v.now_ns
        opened_ns = (p.stroke.ordered_ns if p.stroke is not None else told_ns) + p.delay_ns
        growths = tuple(g._replace(baseline_nm=thickness_at(g.track, opened_ns)) for g in growths)
    return p._replace(
        stage="close",
        since_ns=ordered_ns,
        stroke=Stroke(ordered_ns, ordered_ns),
        close_ns=None,
        ending=ending,
        opened_ns=opened_ns,
        growths=growths,
    )


def covered(p: DepositState, v: View) -> DepositState:
    """Return the state with what the present opening adds, if there is one: it ends now, or is about to."""
    if p.stage in ("open", "exposed"):
        p = closing(p, v, p.ending)
    return with_opening(p) if p.stage == "close" else p


def with_opening(p: DepositState) -> DepositState:
    """Return the state with what grew while the substrate shutter was effectively open."""
    closed_ns = p.since_ns + p.delay_ns
    lasted_ns = max(0, closed_ns - p.opened_ns)
    openings = p.openings + (1 if lasted_ns else 0)
    growths = summed(p.growths, closed_ns)
    return p._replace(growths=growths, stroke=None, exposed_ns=p.exposed_ns + lasted_ns, openings=openings)
