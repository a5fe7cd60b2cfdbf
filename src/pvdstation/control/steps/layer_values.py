"""What a layer has reached, by the crystals, and what the rules see of it while it grows."""

import math

from pvdstation.control.crystal_rate import judged_rate
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Values
from pvdstation.control.steps.exposure import FEWEST_POWERS, median
from pvdstation.control.steps.growth import beside
from pvdstation.control.steps.layer_state import REACHED, DepositState
from pvdstation.model.clock import SECOND
from pvdstation.recipe.procedure import Deposit


def scene_of(
    p: DepositState,
    wirings: tuple[Wiring, ...],
    rates_nm_s: tuple[float, ...],
    *,
    ends_by_time: bool,
    regulating: bool = True,
    at_soak: bool = True,
    captured: bool = False,
) -> Scene:
    """Return what the rules see of the sources of a layer, each with its set rate, nm/s."""
    exposed = p.stage == "exposed"
    layers = tuple(
        Layer(
            w.index,
            rate,
            judged_rate(growth.track, rate),
            is_first_ramp=False,
            is_regulating=regulating,
            is_at_soak=at_soak,
            is_captured=captured,
            is_exposed=exposed,
            is_ramping=p.point.is_ramping,
            resistance_ohm=median(growth.statistics.resistances) if exposed else math.nan,
            power_w=median(growth.statistics.powers, FEWEST_POWERS) if exposed else math.nan,
            hottest_ohm=growth.statistics.hottest_ohm if regulating else 0.0,
            ends_by_time=ends_by_time,
        )
        for w, rate, growth in zip(wirings, rates_nm_s, p.growths, strict=True)
    )
    return Scene(layers[0], others=layers[1:])


def reached(p: DepositState, order: Deposit, wirings: tuple[Wiring, ...]) -> Values:
    """Return the film and how it grew, in the names of the result's JSON; no opening is on."""
    lead, is_linked = p.lead.statistics, wirings[0].is_linked
    values: Values = {
        "material": order.material,
        "target_nm": order.thickness_nm,
        "indicated_nm": p.lead.film_nm,
        "rate_mean_nm_s": lead.mean,
        "rate_sd_nm_s": lead.sd,
        "time_to_rate_s": p.time_to_rate_s,
        "peak_power_w": lead.peak_w if is_linked else math.nan,
        "power_median_w": median(lead.powers) if is_linked else math.nan,
        "pressure_start_mbar": p.start_mbar,
        "pressure_max_mbar": lead.worst_mbar,
    }
    if p.openings > 1 or p.ending != REACHED:  # else from opening to closing, as the outputs tell
        values |= {"exposed_s": p.exposed_ns / SECOND, "openings": p.openings}
    if p.rest is not None:
        values["remarks"] = p.rest.remark
    for w, other, growth in zip(wirings[1:], order.others, p.growths[1:], strict=True):
        values |= beside(w, other.rate_nm_s, growth)
    for place, rates in enumerate(p.rates):
        values[f"rates.{place}.set_nm_s"] = rates.set_nm_s
        values[f"rates.{place}.mean_nm_s"] = rates.mean
        values[f"rates.{place}.sd_nm_s"] = rates.sd
    return values
