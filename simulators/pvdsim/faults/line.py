"""The line between an instrument and its port: where answers are lost, late, torn, glued, doubled or spoiled.

The instrument itself does what it was told; only what it says suffers. A cut line lets nothing through in either
direction, and an instrument without power hears nothing.
"""

from collections.abc import Callable
from random import Random

from pvdstation.model.simulation import Instrument, Replies

Spoil = Callable[[Replies], Replies]
Spare = Callable[[bytes, Random], bytes]


class Distortion:
    """One distortion on a line; acts on the answers to questions that contain ``on``, while any are left."""

    __slots__ = ("_chance", "_left", "_on", "_share", "_spoil")

    def __init__(self, spoil: Spoil, chance: Random, *, share: float, left: int | None, on: bytes) -> None:
        self._spoil = spoil
        self._chance = chance
        self._share = share
        self._left = left
        self._on = on

    def distort(self, question: bytes, replies: Replies) -> Replies:
        """Return what becomes of the replies to a question."""
        if not replies or self._left == 0 or self._on not in question:
            return replies
        if self._share < 1.0 and self._chance.random() >= self._share:
            return replies
        if self._left is not None:
            self._left -= 1
        return self._spoil(replies)


class Line:
    """An instrument at the end of a line that can be disturbed. ``cuts`` counts what keeps it silent."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self.distortions: list[Distortion] = []
        self.cuts = 0

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Hand bytes to the instrument and return what arrives of its answers."""
        if self.cuts:
            return []
        return self.pass_on(self._instrument.receive(data, now_ns), data)

    def pass_on(self, replies: Replies, question: bytes = b"") -> Replies:
        """Return what arrives of the replies; unasked ones have no question."""
        if self.cuts:
            return []
        for distortion in self.distortions:
            replies = distortion.distort(question, replies)
        return replies


def delay(delay_ns: int) -> Spoil:
    """Return what makes replies late."""
    return lambda replies: [(at_ns + delay_ns, data) for at_ns, data in replies]


def lose(replies: Replies) -> Replies:
    """Lose replies."""
    del replies
    return []


def split(gap_ns: int) -> Spoil:
    """Return what tears replies into single bytes, each so much later than the one before."""

    def spoil(replies: Replies) -> Replies:
        return [
            (at_ns + place * gap_ns, data[place : place + 1]) for at_ns, data in replies for place in range(len(data))
        ]

    return spoil


def double(delay_ns: int) -> Spoil:
    """Return what sends replies again after a time."""
    return lambda replies: [*replies, *((at_ns + delay_ns, data) for at_ns, data in replies)]


class Glue:
    """Holds a reply back until the next one comes, and hands over both in one piece."""

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, replies: Replies) -> Replies:
        """Take replies and return those that go on."""
        merged: Replies = []
        for at_ns, data in replies:
            if self._held:
                merged.append((at_ns, self._held + data))
                self._held = b""
            else:
                self._held = data
        return merged


def corrupt(spare: Spare, chance: Random) -> Spoil:
    """Return what spoils one byte of each reply, as the protocol of the line can suffer it."""
    return lambda replies: [(at_ns, spare(data, chance)) for at_ns, data in replies]


def flip_any_bit(data: bytes, chance: Random) -> bytes:
    """Flip one bit anywhere: the protocol has a check sum."""
    place, bit = chance.randrange(len(data)), chance.randrange(8)
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def flip_header_bit(data: bytes, chance: Random) -> bytes:
    """Flip one bit of the header or function code: behind them Modbus TCP has nothing that could tell."""
    head = data[:8]
    return flip_any_bit(head, chance) + data[8:]


def raise_top_bit(data: bytes, chance: Random) -> bytes:
    """Make one byte no ASCII any more: nobody can tell a wrong digit from a right one where no check sum is."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] | 0x80]) + data[place + 1 :]
