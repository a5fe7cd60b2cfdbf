"""Relays and inputs of a simulated SQC-310: what its own logic, a forced state and a remote state make of each relay.

Assumed: a unit of two channels has 8 relays and inputs, one of four has 16; the first relays are the source shutters,
the next the sensor shutters, the rest is free; a relay that is used refuses remote control with D; the stop of a
process releases all.
"""

from collections.abc import Callable

from pvdsim.instruments.sqc310_sequence import Sequence
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol.sqc310_commands import Forced, Remote
from pvdstation.protocol.sqc310_phases import Phase

_DEPOSITING = (Phase.DEPOSIT, Phase.RATE_RAMP, Phase.TIMED_POWER)
_SENSOR_OPEN = (Phase.SHUTTER_DELAY, Phase.DEPOSIT, Phase.RATE_RAMP)


class Relays:
    """All relays and inputs of a unit."""

    def __init__(self, sequence: Sequence, channels: int) -> None:
        self._sequence = sequence
        self._channels = channels
        self.numbers = range(1, 4 * channels + 1)
        self.inputs = dict.fromkeys(self.numbers, False)
        """By number; whoever wires something to the unit switches them."""
        self.changed: Callable[[int, bool], None] | None = None
        """Told of every remote order: relay, and whether it is on now."""
        self._remote: dict[int, bool] = {}
        self._forced: set[int] = set()

    def is_used(self, relay: int) -> bool:
        """Return whether a source or sensor uses a relay."""
        return relay <= 2 * self._channels

    def is_on(self, relay: int) -> bool:
        """Return a relay's state."""
        if relay in self._remote:
            return self._remote[relay]
        return relay in self._forced or self._by_logic(relay)

    def _by_logic(self, relay: int) -> bool:
        sequence = self._sequence
        if relay <= self._channels:
            return sequence.phase in _DEPOSITING and any(m.layer.output == relay for m in sequence.members)
        return self.is_used(relay) and sequence.phase in _SENSOR_OPEN

    def force(self, text: str) -> str:
        """Obey ``GD``: only while stopped. Return the status letter."""
        numbers = self._numbers(text, Forced)
        if numbers is None:
            return wire.BAD_PARAMETER
        if not self._sequence.is_stopped:
            return wire.WRONG_MODE
        relay, order = numbers
        if order == Forced.ON:
            self._forced.add(relay)
        else:
            self._forced.discard(relay)
        return wire.DONE

    def command(self, text: str) -> str:
        """Obey ``GE``: in every phase, but only a relay that nothing uses. Return the status letter."""
        numbers = self._numbers(text, Remote)
        if numbers is None or self.is_used(numbers[0]):
            return wire.BAD_PARAMETER
        relay, order = numbers
        if order == Remote.UNLOCK:
            self._remote.pop(relay, None)
        else:
            self._remote[relay] = order == Remote.ON
        self._tell(relay)
        return wire.DONE

    def _numbers(self, text: str, orders: type[Forced] | type[Remote]) -> tuple[int, int] | None:
        fields = text.split(" ")
        if len(fields) != 2 or not all(field.isdecimal() for field in fields):
            return None
        relay, order = map(int, fields)
        return (relay, order) if relay in self.numbers and order in list(orders) else None

    def begin(self) -> None:
        """Start of a process: a relay that was left forced is switched off (P1B p. 90)."""
        self._forced.clear()

    def release(self) -> None:
        """Stop of a process, or power-up."""
        self._forced.clear()
        remote, self._remote = self._remote, {}
        for relay in remote:
            self._tell(relay)

    def _tell(self, relay: int) -> None:
        if self.changed is not None:
            self.changed(relay, self.is_on(relay))
