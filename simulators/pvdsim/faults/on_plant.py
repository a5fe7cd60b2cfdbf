"""Faults of moving parts, contacts and gas."""

from functools import partial

from pvdsim.faults.kinds import Begin, End, Fault, Kind, Parameter
from pvdsim.plant.names import switch_prefixes
from pvdstation.model.clock import to_ns

_SWITCH = Parameter("switch", words=("open", "closed"))


def _stuck(fault: Fault) -> End:
    plant, part = fault.site.plant, fault.place.part
    plant.set_stuck(part, stuck=True)
    return lambda _now_ns: plant.set_stuck(part, stuck=False)


def _slow(fault: Fault) -> End:
    part = fault.site.plant.parts[fault.place.part]
    part.slowest_ns = float(to_ns(fault.number("travel")))
    return lambda _now_ns: setattr(part, "slowest_ns", 0.0)


def _switch_reads(fault: Fault, *, made: bool) -> End:
    plant = fault.site.plant
    prefix = switch_prefixes(plant.boats)[fault.place.part]
    contact = f"{prefix} {fault.word('switch')}"
    plant.contacts.override(contact, made=made)
    return lambda _now_ns: plant.contacts.override(contact, made=None)


def _unhealthy(fault: Fault) -> End:
    plant, name = fault.site.plant, fault.place.part
    plant.set_health(name, healthy=False)
    fault.site.refresh()

    def mend(_now_ns: int) -> None:
        plant.set_health(name, healthy=True)
        fault.site.refresh()

    return mend


def _leak(fault: Fault) -> End:
    vacuum, flow = fault.site.plant.vacuum, fault.number("flow")
    vacuum.leak_mbar_l_s += flow

    def seal(_now_ns: int) -> None:
        vacuum.leak_mbar_l_s -= flow

    return seal


def _empty(fault: Fault) -> End:
    vacuum = fault.site.plant.vacuum
    vacuum.has_n2 = False
    return lambda _now_ns: setattr(vacuum, "has_n2", True)


def _error(fault: Fault) -> End:
    rotor = fault.site.plant.vacuum.rotor
    rotor.fail(int(fault.word("code").removeprefix("err")))

    def acknowledge(_now_ns: int) -> None:
        rotor.fail(0)
        rotor.drive(on=True)

    return acknowledge


def _contact(family: str, word: str, sentence: str, begin: Begin = _unhealthy) -> Kind:
    return Kind(family, word, sentence, begin)


KINDS = (
    Kind("part", "stuck", "it stays where it is", _stuck),
    Kind("part", "slow", "its full travel takes so long", _slow,
         (Parameter("travel", "time", lowest=0.1, highest=600.0),)),
    Kind("part", "switch_lost", "one of its position switches never makes", partial(_switch_reads, made=False),
         (_SWITCH,)),
    Kind("part", "switch_stuck", "one of its position switches always makes", partial(_switch_reads, made=True),
         (_SWITCH,)),
    Kind("turbo", "error", "the drive shows an error and switches the motor off", _error,
         (Parameter("code", words=("err001", "err002", "err006", "err021", "err043"), default="err021"),)),
    _contact("backing_pump", "off", "it stops"),
    _contact("water", "lost", "the flow switch opens"),
    _contact("air", "lost", "the springs close every shutter and valve"),
    _contact("door", "open", "its contact opens, and with it the enable chain"),
    _contact("estop", "pressed", "its contact opens, and with it the enable chain"),
    _contact("over_pressure", "tripped", "its switch opens, and with it the N2 coil"),
    Kind("chamber", "leak", "so much gas more comes in", _leak, (Parameter("flow", "gas flow", highest=1e4),)),
    Kind("n2", "empty", "the bottle gives nothing any more", _empty),
)  # fmt: skip
