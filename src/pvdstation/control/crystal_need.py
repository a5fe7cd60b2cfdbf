"""Whether the crystals have enough life left for a layer, by their measured frequencies, before anything is heated."""

from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.crystal import display_thickness_nm
from pvdstation.model.signals import Quality
from pvdstation.recipe.procedure import Condition, Deposit, Work


def worn_out(v: View, work: Work) -> str:
    """Return which crystal would not last for the layer that a conditioning begins; empty when all would."""
    return worn_out_for(v, work, work.thickness_nm) if isinstance(work, Condition) else ""


def worn_out_for(v: View, work: Condition | Deposit, missing_nm: float) -> str:
    """Return which crystal would not last for what is missing of a layer, conditioning included; empty when all would.

    Conditioning and capture use it like so many seconds of the layer as the station file estimates.
    """
    rates = ((work.source, work.rate_nm_s), *((other.source, other.rate_nm_s) for other in work.others))
    exposed_s = missing_nm / work.rate_nm_s
    texts = (_worn(v, v.frame.by_name[name], exposed_s * rate, rate) for name, rate in rates)
    return "; ".join(text for text in texts if text)


def _worn(v: View, w: Wiring, thickness_nm: float, rate_nm_s: float) -> str:
    reading, sqc = v.readings[w.crystal.frequency], v.station.sqc
    if reading.quality is not Quality.GOOD or reading.value <= sqc.f_min:
        return ""  # the rule of the crystal says so
    takes_nm = thickness_nm + v.station.estimate.source_warm_up_as_layer * rate_nm_s
    left_nm = display_thickness_nm(reading.value, sqc.f_min, w.source.density, w.source.z, w.tooling_pct)
    if left_nm >= takes_nm:
        return ""
    left_pct = (reading.value - sqc.f_min) / (sqc.f_max - sqc.f_min) * 100
    return (
        f"crystal {w.source.sensor} has {left_pct:.1f} % of its life left, good for {left_nm:.0f} nm {w.name}; "
        f"this layer takes {takes_nm:.0f} nm with conditioning: change the crystal"
    )
