"""What the SQC-310 must know of the layers of a step, the first-named one first."""

from pvdstation.model.messages import LayerSetup
from pvdstation.model.station import Station
from pvdstation.recipe import procedure as order
from pvdstation.recipe.melting import profile_of
from pvdstation.recipe.station_limits import backstop_nm, least_rate_nm_s
from pvdstation.recipe.tuning import counted_nm

LONGER_S = 30.0
"""How much longer the unit's soak 2 of a melt-in is: it must be stopped before it closes its loop, blind."""
_MELT_NM = 1.0
"""Where it closes its loop all the same, it ends soon, and at the least rate its power rises by little."""


def layers_of(work: order.Work, following: order.Work | None, station: Station) -> tuple[LayerSetup, ...]:
    """Return the layers that a step's actions work on; conditioning prepares what the deposit after it needs."""
    match work:
        case order.Condition() if isinstance(following, order.Deposit):
            layers, on_film = _deposited(following, station), following.on_film_nm
            less = on_film or (0.0,) * len(layers)
            return tuple(one._replace(thickness_nm=one.thickness_nm - nm) for one, nm in zip(layers, less, strict=True))
        case order.Condition():
            return (
                LayerSetup(work.source, work.rate_nm_s, backstop_nm(work.thickness_nm, work.rate_nm_s, 0, station)),
            )
        case order.Deposit():
            return _deposited(work, station)
        case order.Tune():
            return (
                LayerSetup(
                    work.source, work.rate_nm_s, backstop_nm(counted_nm(work, station), work.rate_nm_s, 0, station)
                ),
            )
        case order.MeltIn():
            profile = profile_of(work)
            longer = profile._replace(soak2_s=profile.soak2_s + LONGER_S)
            return (restored_setup(work, station)._replace(profile=longer),)
        case _:
            return ()


def _deposited(work: order.Deposit, station: Station) -> tuple[LayerSetup, ...]:
    rates = ((work.source, work.rate_nm_s), *((other.source, other.rate_nm_s) for other in work.others))
    exposed_s = work.thickness_nm / work.rate_nm_s
    return tuple(
        LayerSetup(name, rate, backstop_nm(rate * exposed_s, rate, work.pre_coat_s, station)) for name, rate in rates
    )


def restored_setup(work: order.MeltIn, station: Station) -> LayerSetup:
    """Return the layer with the station's own ramps and soaks; its numbers keep a blind loop harmless."""
    return LayerSetup(work.source, least_rate_nm_s(station), _MELT_NM)
