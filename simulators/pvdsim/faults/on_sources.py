"""Faults of boats, charges and crystals (physics reference 1.11, 2.8)."""

from math import exp, log
from typing import cast

from pvdsim.faults.kinds import End, Fault, Kind, Parameter
from pvdsim.plant.beam import Beam
from pvdsim.plant.boat import Boat
from pvdsim.plant.crystal import Crystal
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns

_OPEN_FACTOR = 1e4
_SHORT_FACTOR = 0.3  # a foil touches the strip
_STEPS_OF_A_CLAMP = 12
_CLAMP_EVERY_NS = 2 * SECOND
_WATCH_NS = 100 * MILLISECOND
_OXIDE_EMISSION = 0.1  # a skin: evaporation coefficient 0.05 instead of about 0.5
_DRY_CONTACT, _DRY_EMISSION = 0.05, 0.3  # unwetted lithium: G_c 0.05 of 1.0 W/K, area 0.3 of 1.0 cm2
_WETS_K = (620.0, 720.0)
_WETS_WITHIN_S = (0.2, 1.0)
_BREAKS_UP_S = 0.5
_BURST_NM = (0.05, 2.0)  # the middle 95 % of a log-normal distribution
_ONE_SIDE = 0.3


def _boat(fault: Fault) -> Boat:
    return cast("Boat", fault.site.plant.boats[fault.place.number])


def _open(fault: Fault) -> End:
    boat = _boat(fault)
    boat.resistance_factor = _OPEN_FACTOR
    boat.current_a = 0.0  # an open circuit has no time constant
    fault.site.refresh()
    return _closes(boat)


def _short(fault: Fault) -> End:
    boat = _boat(fault)
    boat.resistance_factor = _SHORT_FACTOR
    return _closes(boat)


def _closes(boat: Boat) -> End:
    return lambda _now_ns: setattr(boat, "resistance_factor", 1.0)


def _drifting(fault: Fault) -> End:
    """A clamp works loose: its resistance climbs in steps of uneven size."""
    boat = _boat(fault)
    firm_ohm, loose_ohm = boat.lead_ohm, fault.number("resistance")
    step_ohm = (loose_ohm - firm_ohm) / _STEPS_OF_A_CLAMP

    def loosen(_now_ns: int) -> bool:
        boat.lead_ohm = min(loose_ohm, boat.lead_ohm + step_ohm * fault.chance.uniform(0.2, 1.8))
        return boat.lead_ohm < loose_ohm

    loosen(fault.began_ns)
    fault.every(_CLAMP_EVERY_NS, loosen)
    return lambda _now_ns: setattr(boat, "lead_ohm", firm_ohm)


# --- charges ---


def _beam(fault: Fault) -> Beam:
    return next(beam for beam in fault.site.plant.beams if beam.boat.number == fault.place.number)


def _spitting(fault: Fault) -> None:
    """Bursts at random times; some hit only the substrate, some only the crystal."""
    beam, chance, rate = _beam(fault), fault.chance, 1.0 / fault.number("mean")
    middle = (log(_BURST_NM[0]) + log(_BURST_NM[1])) / 2
    spread = (log(_BURST_NM[1]) - log(_BURST_NM[0])) / 4

    def spit(now_ns: int) -> None:
        if fault.ends_ns is not None and now_ns >= fault.ends_ns:
            return
        if beam.boat.rate_nm_s > 0.0:
            burst_nm, side = exp(chance.gauss(middle, spread)), chance.random()
            beam.spit(0.0 if side < _ONE_SIDE else burst_nm, 0.0 if side > 1 - _ONE_SIDE else burst_nm)
        fault.at(now_ns + to_ns(chance.expovariate(rate)), spit)

    fault.at(fault.began_ns + to_ns(chance.expovariate(rate)), spit)


def _depleted(fault: Fault) -> None:
    boat = _boat(fault)
    boat.charge_kg = min(boat.charge_kg, fault.number("left") * 1e-6)


def _oxidised(fault: Fault) -> End:
    """A skin lets little through until it breaks up, when the charge has become hot enough."""
    boat, breaks_k = _boat(fault), fault.number("breaks_up")
    boat.set_surface(emission=_OXIDE_EMISSION)
    surge = _Surge(boat, 1.0, _OXIDE_EMISSION, _BREAKS_UP_S)
    fault.every(_WATCH_NS, lambda now_ns: not surge.grows(now_ns, ready=boat.charge_k >= breaks_k))
    return lambda _now_ns: boat.set_surface()


def _wetting(fault: Fault) -> None:
    """A dry melt wets its boat, at the time given or when it first becomes hot enough, whichever is later."""
    boat, chance = _boat(fault), fault.chance
    wets_k, within_s = chance.uniform(*_WETS_K), chance.uniform(*_WETS_WITHIN_S)
    boat.set_surface(contact=_DRY_CONTACT, emission=_DRY_EMISSION)
    surge = _Surge(boat, _DRY_CONTACT, _DRY_EMISSION, within_s)
    dry_until_ns = fault.began_ns + to_ns(fault.number("dry"))
    fault.every(
        _WATCH_NS, lambda now_ns: not surge.grows(now_ns, ready=now_ns >= dry_until_ns and boat.charge_k >= wets_k)
    )


class _Surge:
    """A surface that comes from a share to the whole within a time, once something has made it ready."""

    def __init__(self, boat: Boat, contact: float, emission: float, within_s: float) -> None:
        self._boat = boat
        self._contact = contact
        self._emission = emission
        self._within_ns = to_ns(within_s)
        self._began_ns: int | None = None

    def grows(self, now_ns: int, *, ready: bool) -> bool:
        """Take one step; return whether the whole is reached."""
        if self._began_ns is None:
            if not ready:
                return False
            self._began_ns = now_ns
        share = min(1.0, (now_ns - self._began_ns + _WATCH_NS) / self._within_ns)
        contact = self._contact + (1.0 - self._contact) * share
        self._boat.set_surface(contact=contact, emission=self._emission + (1.0 - self._emission) * share)
        return share >= 1.0


# --- crystals ---


def _crystal(fault: Fault) -> Crystal:
    return fault.site.plant.crystals[fault.place.number]


def _fail(fault: Fault) -> End:
    crystal = _crystal(fault)
    crystal.is_dead = True
    return lambda _now_ns: setattr(crystal, "is_dead", False)


def _stuck(fault: Fault) -> End:
    crystal = _crystal(fault)
    crystal.stuck_hz = fault.site.plant.crystal_frequency(fault.place.number)
    return lambda _now_ns: setattr(crystal, "stuck_hz", None)


def _jump(fault: Fault) -> End:
    crystal, step_hz = _crystal(fault), fault.number("step")
    crystal.offset_hz += step_hz

    def back(_now_ns: int) -> None:
        crystal.offset_hz -= step_hz

    return back


def _noisy(fault: Fault) -> End:
    crystal = _crystal(fault)
    crystal.noise_hz = fault.number("sigma")
    return lambda _now_ns: setattr(crystal, "noise_hz", 0.0)


def _drift(fault: Fault) -> None:
    crystal, step_hz = _crystal(fault), fault.number("slope") * _WATCH_NS / SECOND

    def creep(_now_ns: int) -> bool:
        crystal.offset_hz += step_hz
        return True

    fault.every(_WATCH_NS, creep)


_ANY = -1e9

KINDS = (
    Kind("boat", "open", "it is torn: no current at the full voltage", _open),
    Kind("boat", "short", "a foil bridges it: 0.3 of its resistance", _short),
    Kind("boat", "drifting", "a clamp works loose in steps, up to this lead resistance", _drifting,
         (Parameter("resistance", "resistance", default="20 mΩ", highest=1.0),)),
    Kind("source", "spitting", "droplets at random times, this time apart in the mean", _spitting,
         (Parameter("mean", "time", default="10 s", lowest=0.1),)),
    Kind("source", "depleted", "no more of the charge than this is left", _depleted,
         (Parameter("left", "mass", default="0 mg"),), ends=False),
    Kind("source", "oxidised", "a skin lets a tenth through, until the charge is this hot", _oxidised,
         (Parameter("breaks_up", "absolute temperature", default="2500 K", highest=2500.0),)),
    Kind("source", "wetting", "its dry melt wets the boat suddenly, when it is hot, not before this time",
         _wetting, (Parameter("dry", "time", default="0 s"),), ends=False),
    Kind("crystal", "fail", "it stops oscillating: 0 Hz", _fail),
    Kind("crystal", "stuck", "it reads the same to the last digit", _stuck),
    Kind("crystal", "jump", "it reads so much more (or less) from now on", _jump,
         (Parameter("step", "frequency", default="50 kHz", lowest=_ANY),)),
    Kind("crystal", "noisy", "its readings scatter by so much more (one sigma)", _noisy,
         (Parameter("sigma", "frequency", default="30 Hz"),)),
    Kind("crystal", "drift", "it drifts by so much per second", _drift,
         (Parameter("slope", "drift", default="5 Hz/s", lowest=_ANY),)),
)  # fmt: skip
