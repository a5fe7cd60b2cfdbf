"""Filters, offsets and factors of a gauge controller, compared with those of commissioning; never written.

A factor that somebody has changed makes every interlock compare a wrong number: its channel is no longer good.
"""

from collections.abc import Mapping

from pvdstation.protocol import vacuum
from pvdstation.protocol.vacuum_profiles import HARMLESS, channels_that_differ


class Settings:
    """What was stated, what was found to differ, and which channels that spoils."""

    def __init__(self, stated: Mapping[str, str]) -> None:
        self.stated = dict(stated)
        self.spoilt: frozenset[int] = frozenset()
        """Channels, from 1, whose numbers are in doubt."""
        self._differs: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._order = list(stated)

    @property
    def trouble(self) -> str:
        """Return in words what differs; empty when nothing does."""
        return "; ".join(
            f"{mnemonic} is {found}; at commissioning it was {self.stated[mnemonic]}"
            for mnemonic, (found, _) in self._differs.items()
        )

    def turn(self, *, all_of_them: bool) -> list[str]:
        """Return the mnemonics to be read now: all, or the next one."""
        if all_of_them or not self._order:
            return list(self.stated)
        self._order.append(self._order.pop(0))
        return [self._order[-1]]

    def take(self, mnemonic: str, found: str, channels: int) -> None:
        """Compare one answer."""
        differing = channels_that_differ(mnemonic, found, self.stated[mnemonic], channels)
        self._differs.pop(mnemonic, None)
        if differing:
            self._differs[mnemonic] = (found, differing)
        kinds = [places for name, (_, places) in self._differs.items() if name not in HARMLESS]
        self.spoilt = frozenset(place for places in kinds for place in places)

    @staticmethod
    def is_answer(frame: bytes) -> bool:
        """Return whether a line can be the answer: fields, and no line of channels out of a stream."""
        try:
            fields = vacuum.decode_list(frame)
        except vacuum.Malformed:
            return False
        if frame in (vacuum.ACK, vacuum.NAK):
            return False
        try:
            vacuum.decode_channels(frame, len(fields) // 2)
        except vacuum.Malformed:
            return True
        return False
