"""Faults of supplies and gauges."""

from random import Random
from typing import cast

from pvdsim.bench import Bench
from pvdsim.faults.kinds import End, Fault, Kind, Parameter
from pvdsim.instruments.gauge_heads import Head
from pvdsim.instruments.gauges import GaugeController
from pvdsim.instruments.supply import SimulatedSupply
from pvdsim.instruments.supply_gen import GenSupply
from pvdstation.protocol import vacuum
from pvdstation.protocol.supply import Questionable

_TRIPS = {"ovp": Questionable.OVP, "otp": Questionable.OTP, "foldback": Questionable.FLD, "ac": Questionable.AC}
_UNITS = tuple(name.lower() for name in vacuum.UNIT_NAMES)
_STATUS = {"under": 1, "over": 2, "error": 3, "off": 4, "none": 5}


# --- supplies ---


def _supply(fault: Fault) -> SimulatedSupply | GenSupply:
    return cast("SimulatedSupply | GenSupply", fault.site.instrument(fault.place.instrument))


def _local(fault: Fault) -> End:
    supply = _supply(fault)
    supply.take_over(local=True)
    return lambda _now_ns: supply.take_over(local=False)


def _tripped(fault: Fault) -> None:
    _supply(fault).stage.trip(_TRIPS[fault.word("protection")], fault.began_ns)


def _watchdog(fault: Fault) -> None:
    _supply(fault).stage.trip(Questionable.CWT, fault.began_ns)


def _ignores_off(fault: Fault) -> End:
    supply = _supply(fault)
    supply.obey(anybody=False)

    def listen(now_ns: int) -> None:
        supply.obey(anybody=True)
        supply.refresh(now_ns)

    return listen


def _welded(fault: Fault) -> End:
    supply = _supply(fault)
    supply.stage.welded_a = fault.number("current")
    supply.refresh(fault.began_ns)

    def part(now_ns: int) -> None:
        supply.stage.welded_a = None
        supply.refresh(now_ns)

    return part


# --- gauges ---


class _FaultyHead:
    """A head in front of the true one: what it shows is replaced or scaled."""

    def __init__(self, head: Head, status: int | None, share: float) -> None:
        self.kind = head.kind
        self.logarithmic = head.logarithmic
        self.head = head
        self._status = status
        self._share = share

    def read(self, bench: Bench, chance: Random) -> tuple[int, float]:
        """Return status and value, mbar."""
        status, value = self.head.read(bench, chance)
        return (status, value * self._share) if self._status is None else (self._status, value)


class _FrozenHead(_FaultyHead):
    """A head whose value stays."""

    def __init__(self, head: Head, bench: Bench, chance: Random) -> None:
        super().__init__(head, None, 1.0)
        self._shown = head.read(bench, chance)

    def read(self, bench: Bench, chance: Random) -> tuple[int, float]:
        """Return what was shown when it froze."""
        self.head.read(bench, chance)
        return self._shown


def _controller(fault: Fault) -> GaugeController:
    return cast("GaugeController", fault.site.instrument(fault.place.instrument))


def _put(fault: Fault, head: _FaultyHead) -> End:
    heads, channel = _controller(fault).heads, fault.place.number
    heads[channel] = head
    return lambda _now_ns: heads.__setitem__(channel, head.head)


def _true_head(fault: Fault) -> Head:
    return _controller(fault).heads[fault.place.number]


def _frozen(fault: Fault) -> End:
    return _put(fault, _FrozenHead(_true_head(fault), fault.site.plant, fault.chance))


def _out_of_range(fault: Fault) -> End:
    return _put(fault, _FaultyHead(_true_head(fault), _STATUS[fault.word("side")], 1.0))


def _sensor_error(fault: Fault) -> End:
    return _put(fault, _FaultyHead(_true_head(fault), _STATUS[fault.word("status")], 1.0))


def _wrong(fault: Fault) -> End:
    return _put(fault, _FaultyHead(_true_head(fault), None, fault.number("share") / 100))


def _unit(fault: Fault) -> End:
    controller = _controller(fault)
    before = controller.unit
    controller.unit = _UNITS.index(fault.word("unit"))
    return lambda _now_ns: setattr(controller, "unit", before)


KINDS = (
    Kind("supply", "local", "its front panel has taken over: commands are refused, questions answered", _local),
    Kind("supply", "tripped", "a protection has switched it off and latched", _tripped,
         (Parameter("protection", words=tuple(_TRIPS), default="ovp"),), ends=False),
    Kind("supply", "watchdog", "its communication watchdog has switched it off and latched", _watchdog, ends=False),
    Kind("supply", "ignores_off", "commands are taken without effect, the current stays; its enable contact acts",
         _ignores_off),
    Kind("supply", "welded", "switched off, this current still flows, whatever the enable contact does", _welded,
         (Parameter("current", "current", default="10 A", highest=100.0),)),
    Kind("gauge", "frozen", "it shows the same to the last digit", _frozen),
    Kind("gauge", "out_of_range", "it says that the pressure is under or over its range", _out_of_range,
         (Parameter("side", words=("under", "over"), default="over"),)),
    Kind("gauge", "sensor_error", "its status is error, off, or no sensor", _sensor_error,
         (Parameter("status", words=("error", "off", "none"), default="error"),)),
    Kind("gauge", "wrong", "it shows this percentage of the pressure", _wrong,
         (Parameter("share", "share", default="300 %", highest=1e6),)),
    Kind("gauges", "unit", "somebody switches the unit of pressure", _unit,
         (Parameter("unit", words=_UNITS, default="pa"),)),
)  # fmt: skip
