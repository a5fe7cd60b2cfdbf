"""How the gauge driver knows an answer from a line of a stream, and a measuring gauge from a stuck one."""

from collections.abc import Callable
from math import nan

from pvdstation.model.clock import SECOND
from pvdstation.protocol import vacuum

STRAY_LINES = 8
"""Lines of a stream that may come before an answer; more are no chance."""
FROZEN_NS = 60 * SECOND
"""A noisy gauge that gives the same digits for so long is not measuring (safety reference G, P16)."""


class Frozen:
    """Tells when a number has not changed for too long."""

    __slots__ = ("_since_ns", "_value")

    def __init__(self) -> None:
        self._value = nan
        self._since_ns = 0

    def take(self, value: float, at_ns: int) -> bool:
        """Take a reading and return whether it is frozen; NaN is never the same."""
        if value != self._value:
            self._value = value
            self._since_ns = at_ns
        return at_ns - self._since_ns >= FROZEN_NS


class AfterStrays:
    """Recognises an answer by content behind a few lines that nobody asked for."""

    __slots__ = ("_is_answer", "_left")

    def __init__(self, is_answer: Callable[[bytes], bool]) -> None:
        self._is_answer = is_answer
        self._left = STRAY_LINES

    def __call__(self, frame: bytes) -> bool:
        """Return whether a line is the answer; counts those that are not."""
        if self._left < 0:
            return False
        if self._is_answer(frame):
            return True
        self._left -= 1
        return False


def is_acknowledgement(frame: bytes) -> bool:
    """Return whether a line is ACK or NAK."""
    return frame in (vacuum.ACK, vacuum.NAK)


def _readable_by(decode: Callable[[bytes], object]) -> Callable[[bytes], bool]:
    def is_answer(frame: bytes) -> bool:
        try:
            decode(frame)
        except vacuum.Malformed:
            return False
        return True

    return is_answer


is_identity = _readable_by(vacuum.decode_identity)
is_kinds = _readable_by(vacuum.decode_kinds)
is_word = _readable_by(vacuum.decode_word)
is_digit = _readable_by(vacuum.decode_digit)
is_error_word = _readable_by(vacuum.decode_error_word)
