"""Relays of the SQC-310 that this program has set, until their release has been read back.

``GE`` locks a relay against the unit's own logic and outlives our link, so whoever sets one releases it in every exit:
at the stop of a process, when the levels run out, and at the greeting when one is found on.
"""

from pvdstation.drivers.sqc310_prepare import require_stopped
from pvdstation.drivers.sqc310_talk import Declined, Refusal, Speaker, Talk
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol.sqc310_commands import Forced, Remote, force_relay, remote_relay
from pvdstation.protocol.sqc310_parameters import Table

RELAY_STATE = 1


class Relays:
    """What we hold: by relay, whether it is on; ``None`` while that is unknown."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.held: dict[int, bool | None] = {}
        """Relays under remote control (``GE``), locked against the unit's own logic."""
        self.forced: set[int] = set()
        """Relays forced on while the unit was stopped (``GD``)."""

    @property
    def is_free(self) -> bool:
        """Return whether nothing is held."""
        return not (self.held or self.forced)

    def doubt(self) -> None:
        """Forget what the relays are, not that we hold them: the unit may have been switched off and on."""
        self.held = dict.fromkeys(self.held)

    def set_remote(self, relay: int, *, on: bool) -> Talk[str]:
        """Switch a relay that nothing in the unit uses, and read it back."""
        self.held[relay] = None
        try:
            yield from self._speaker.write(remote_relay(relay, Remote.ON if on else Remote.OFF))
        except Refusal:
            del self.held[relay]  # used by something in the unit: it was not taken
            raise
        yield from self._require(relay, on=on)
        self.held[relay] = on
        return f"relay {relay} {'on' if on else 'off'}"

    def force(self, relay: int, *, on: bool) -> Talk[str]:
        """Force any relay of the stopped unit, and read it back."""
        yield from require_stopped(self._speaker)
        if on:
            self.forced.add(relay)
        yield from self._speaker.write(force_relay(relay, Forced.ON if on else Forced.OFF))
        yield from self._require(relay, on=on)
        if not on:
            self.forced.discard(relay)
        return f"relay {relay} forced {'on' if on else 'off'}"

    def release(self) -> Talk[str]:
        """Give every relay that we hold back to the unit. Raises Declined by one that stays on."""
        released = sorted({*self.held, *self.forced})
        for relay in sorted(self.held):
            yield from self.give_back(relay)
        for relay in sorted(self.forced):
            yield from self._unforce(relay)
            self.forced.discard(relay)
        return f"relays released: {', '.join(map(str, released))}" if released else "no relay was held"

    def give_back(self, relay: int) -> Talk[str]:
        """Unlock one relay, which also switches it off (P1B p. 91). Raises Declined when it stays on."""
        self.held[relay] = None
        yield from self._speaker.write(remote_relay(relay, Remote.UNLOCK))
        yield from self._require(relay, on=False)
        del self.held[relay]
        return f"relay {relay} released"

    def _unforce(self, relay: int) -> Talk[None]:
        try:
            yield from self._speaker.write(force_relay(relay, Forced.OFF))
        except Refusal as refusal:
            if refusal.status == wire.WRONG_MODE:
                return  # a process runs: its start has switched the relay off (P1B p. 90)
            raise
        yield from self._require(relay, on=False)

    def find(self, relay: int) -> Talk[None]:
        """Look at a relay of the station at the greeting: one that is on without us was left so, and is released."""
        if relay in self.held:
            return
        if (yield from self._is_on(relay)):
            yield from self.give_back(relay)

    def _is_on(self, relay: int) -> Talk[bool]:
        (state,) = yield from self._speaker.parameters(Table.CONTACTS, relay, (RELAY_STATE,))
        return bool(state)

    def _require(self, relay: int, *, on: bool) -> Talk[None]:
        if (yield from self._is_on(relay)) != on:
            raise Declined(f"relay {relay} is {'off' if on else 'on'}, expected {'on' if on else 'off'}")
