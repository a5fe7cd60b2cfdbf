"""A layer that is held without energy: everything closed and off, and conditioned again from 0 when it goes on."""

from pvdstation.control.crystal_need import worn_out_for
from pvdstation.control.owners import Owner
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, with_sources
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.growth import Growth
from pvdstation.control.steps.layer_state import DepositState, again, covered, lacks_less_than_an_opening
from pvdstation.control.view import View
from pvdstation.model.signals import Quality
from pvdstation.recipe.procedure import Deposit


class ColdHold:
    """Cuts the power of a layer's sources and brings them back."""

    def __init__(self, wirings: tuple[Wiring, ...], order: Deposit, owner: Owner) -> None:
        """Take each source of the layer, what it is to be, and who sets the power."""
        self.wirings = wirings
        self.order = order
        self.owner = owner
        rates_nm_s = (order.rate_nm_s, *(other.rate_nm_s for other in order.others))
        self.conditioning = Condition(*zip(wirings, rates_nm_s, strict=True))

    def cut(self, p: DepositState, v: View) -> Tick:
        """Close and switch off; the film so far is kept."""
        p = covered(p, v)
        tick = self.owner.cut(p.power, v)
        ending = p.ending if p.stage == "cut" else "crystal or rate lost" if self.is_blind(p, v) else "held cold"
        p = p._replace(stage="cut", power=tick.power, ending=ending)
        wants = with_sources(v, self.wirings, tick.levels)
        settled = tick.done and v.shutters_closed()
        return Tick(p, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True, lacks=self._lacks(p, v))

    def _lacks(self, p: DepositState, v: View) -> str:
        """Return why the layer cannot be conditioned again: a crystal that has failed, or that would not last."""
        if lacks_less_than_an_opening(p, self.order.thickness_nm):
            return ""
        failed = [w.crystal_failed for w in self.wirings if v.readings[w.crystal.status].value == 0]
        return "; ".join(failed) or worn_out_for(v, self.order, self.order.thickness_nm - p.lead.film_nm)

    def reheat(self, p: DepositState, v: View, drive: Drive) -> tuple[DepositState, Tick | None]:
        """Condition from 0 with every check of a fresh start, for what of the film is missing.

        Without a tick the sources are at soak power, and the rate is captured once more.
        """
        heating = self.conditioning.begin(v) if p.heating is None else p.heating
        tick = self.conditioning.tick(heating, v, drive)
        p = p._replace(heating=tick.state)
        if drive is Drive.RUN and tick.done:
            p = p._replace(
                power=self.owner.take_over(v), heating=None, coated_ns=0
            )  # its surface was cold: coated anew
            return again(p, v), None
        return p, tick._replace(state=p, grown_nm=tuple(growth.film_nm for growth in p.growths))

    def is_blind(self, p: DepositState, v: View) -> bool:
        """Return whether the measuring chain has failed: crystal at once, rate after its longer limit."""
        return any(_has_no_rate(p, v, g, w) for g, w in zip(p.growths, self.wirings, strict=True))


def _has_no_rate(p: DepositState, v: View, growth: Growth, w: Wiring) -> bool:
    newest_ns = growth.track.samples[-1][0] if growth.track.samples else p.since_ns
    if v.now_ns - newest_ns > v.frame.rate_end_age_ns:
        return True
    reading = v.readings[w.crystal.frequency]
    is_bad = reading.quality in (Quality.SENSOR_FAULT, Quality.UNCERTAIN)  # failed, or stands still
    return is_bad or v.readings[w.crystal.status].value == 0
