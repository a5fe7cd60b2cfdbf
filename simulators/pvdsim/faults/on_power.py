"""Power: what each instrument does when it loses and regains it, and what a dip of the mains does to the plant."""

from typing import Protocol, runtime_checkable

from pvdsim.faults.kinds import End, Fault, Kind, Site
from pvdstation.model.clock import SECOND

_DIP_NS = SECOND


@runtime_checkable
class PowerCycled(Protocol):
    """An instrument that comes up as after a mains failure: outputs off, nothing pending."""

    def power_cycle(self, now_ns: int) -> None:
        """Start anew."""
        ...


@runtime_checkable
class Switched(Protocol):
    """An instrument that does something while it has no power."""

    def switch_power(self, now_ns: int, *, on: bool) -> None:
        """Lose the mains, or come back."""
        ...


def power_down(site: Site, name: str, now_ns: int) -> None:
    """Take the power from an instrument: outputs go off, its line is dead."""
    site.line(name).cuts += 1
    _switch(site, name, now_ns, on=False)


def power_up(site: Site, name: str, now_ns: int) -> None:
    """Give the power back: it starts as its manual says, and waits to be told."""
    _switch(site, name, now_ns, on=True)
    site.line(name).cuts -= 1


def _switch(site: Site, name: str, now_ns: int, *, on: bool) -> None:
    instrument = site.instrument(name)
    if isinstance(instrument, Switched):
        instrument.switch_power(now_ns, on=on)
    elif isinstance(instrument, PowerCycled):
        instrument.power_cycle(now_ns)
    site.refresh()


def _dip(fault: Fault) -> End:
    """Everything falls off; the program's computer has its own supply. It comes back after a second if not said."""
    site, plant = fault.site, fault.site.plant
    for name in site.names:
        power_down(site, name, fault.began_ns)
    plant.set_health("backing running", healthy=False)

    def back(now_ns: int) -> None:
        plant.set_health("backing running", healthy=True)
        for name in site.names:
            power_up(site, name, now_ns)

    if fault.ends_ns is None:
        fault.at(fault.began_ns + _DIP_NS, back)
        return lambda _now_ns: None
    return back


KINDS = (Kind("power", "dip", "the mains fail for a second, or that long: everything goes off and comes back", _dip),)
