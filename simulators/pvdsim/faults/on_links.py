"""Faults of links: what happens to the bytes of one instrument, and its restart."""

from pvdsim.faults import line as lines
from pvdsim.faults.kinds import Begin, End, Fault, Kind, Parameter
from pvdsim.faults.on_power import power_down, power_up
from pvdstation.model.clock import SECOND, to_ns

_SHARE = Parameter("share", "share", default="100 %", highest=100.0)
_BLOCK = 16
_NOISE_EVERY_NS = SECOND // 2
_SPARED = {
    "io": lines.flip_header_bit,
    "supply": lines.raise_top_bit,
    "gauges": lines.raise_top_bit,
    "gauges2": lines.raise_top_bit,
}


def _disturb(fault: Fault, spoil: lines.Spoil) -> End:
    count, on = fault.values.get("count"), fault.values.get("on", b"")
    distortion = lines.Distortion(
        spoil,
        fault.chance,
        share=fault.number("share") / 100,
        left=None if count is None else int(count),
        on=on if isinstance(on, bytes) else b"",
    )
    line = fault.site.line(fault.place.instrument)
    line.distortions.append(distortion)
    return lambda _now_ns: line.distortions.remove(distortion)


def _lost(fault: Fault) -> End:
    return _disturb(fault, lines.lose)


def _late(fault: Fault) -> End:
    return _disturb(fault, lines.delay(to_ns(fault.number("delay"))))


def _split(fault: Fault) -> End:
    return _disturb(fault, lines.split(to_ns(fault.number("gap"))))


def _merged(fault: Fault) -> End:
    return _disturb(fault, lines.Glue())


def _duplicated(fault: Fault) -> End:
    return _disturb(fault, lines.double(to_ns(fault.number("delay"))))


def _corrupted(fault: Fault) -> End:
    spare = _SPARED.get(fault.place.name.partition(".")[0], lines.flip_any_bit)
    return _disturb(fault, lines.corrupt(spare, fault.chance))


def _garbage(fault: Fault) -> None:
    """Noise of a few blocks, as an adapter or a boot loader makes it; while it lasts, twice a second."""

    def burst(now_ns: int) -> bool:
        noise = [(now_ns, fault.chance.randbytes(_BLOCK)) for _ in range(_BLOCK)]
        fault.site.send(fault.place.instrument, noise)
        return fault.ends_ns is not None

    burst(fault.began_ns)
    if fault.ends_ns is not None:
        fault.every(_NOISE_EVERY_NS, burst)


def _silent(fault: Fault) -> End:
    line = fault.site.line(fault.place.instrument)
    line.cuts += 1

    def mend(_now_ns: int) -> None:
        line.cuts -= 1

    return mend


def _reset(fault: Fault) -> End | None:
    power_down(fault.site, fault.place.instrument, fault.began_ns)
    if fault.ends_ns is None:
        power_up(fault.site, fault.place.instrument, fault.began_ns)
        return None
    return lambda now_ns: power_up(fault.site, fault.place.instrument, now_ns)


def _spoils(word: str, sentence: str, begin: Begin, *parameters: Parameter) -> Kind:
    return Kind("link", word, sentence, begin, (*parameters, _SHARE), counts=True)


KINDS = (
    _spoils("lost", "its answers do not arrive; it has done what it was told", _lost),
    _spoils("late", "its answers come so much later", _late, Parameter("delay", "time", highest=60.0)),
    _spoils(
        "split", "its answers come in single bytes", _split, Parameter("gap", "time", default="5 ms", highest=1.0)
    ),
    _spoils("merged", "an answer comes only with the next one, both in one piece", _merged),
    _spoils(
        "duplicated", "its answers come again", _duplicated,
        Parameter("delay", "time", default="0 s", highest=60.0),
    ),
    _spoils("corrupted", "a byte of its answers is spoiled, as far as its protocol can tell", _corrupted),
    Kind("link", "garbage", "256 bytes that nobody sent; with \"for\", twice a second", _garbage),
    Kind("link", "silent", "nothing gets through, in either direction", _silent),
    Kind("link", "reset", "it loses its power, for that long, and comes up again", _reset),
)  # fmt: skip
