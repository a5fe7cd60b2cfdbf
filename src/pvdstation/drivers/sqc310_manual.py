"""The SQC-310 by hand: power of an output, counters, soak hold, relays. Only for the Manual page and for tuning.

Everything needs a permit that has not run out. In manual control the last power stays, whoever dies: the permit's
giver must stop the process when it ends.
"""

from collections.abc import Callable

from pvdstation.drivers.base import Board
from pvdstation.drivers.sqc310_relays import Relays
from pvdstation.drivers.sqc310_talk import NM_PER_ANGSTROM, Declined, Speaker, Talk
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import ManualKind, ManualOrder
from pvdstation.model.signals import Position, Quality
from pvdstation.model.station import Source, Station
from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol.sqc310_phases import Phase
from pvdstation.protocol.sqc310_readings import State

LEAST_RATE = 0.2
"""Share of the set-point that must be measured before the unit's loop may close again (design 6)."""
_POWER_STEP_PCT = 0.1
_CONDITIONING = (Phase.RAMP_1, Phase.SOAK_1, Phase.RAMP_2, Phase.SOAK_2, Phase.SOAK_HOLD)


class Hand:
    """Carries out manual orders."""

    def __init__(self, speaker: Speaker, relays: Relays, station: Station, board: Board) -> None:
        self._speaker = speaker
        self._relays = relays
        self._station = station
        self._board = board
        self._does: dict[ManualKind, Callable[[ManualOrder, State], Talk[str]]] = {
            ManualKind.POWER: self._set_power,
            ManualKind.REGULATE: self._regulate,
            ManualKind.ZERO_THICKNESS: lambda _o, _s: self._told(command.ZERO_THICKNESS, "thickness zeroed"),
            ManualKind.ZERO_TIME: lambda _o, _s: self._told(command.ZERO_TIME, "time zeroed"),
            ManualKind.SOAK_HOLD: self._hold_soak,
            ManualKind.RELAY: lambda order, _s: self._relays.set_remote(order.number, on=bool(order.value)),
            ManualKind.FORCE_RELAY: lambda order, _s: self._relays.force(order.number, on=bool(order.value)),
        }

    def obey(self, order: ManualOrder | None) -> Talk[str]:
        """Do one order. Raises Declined without a permit, or when the unit or the station is not as it must be."""
        if order is None:
            raise Declined("no manual order was given")
        if order.kind is ManualKind.RELEASE_RELAYS:  # giving back needs no permit
            return (yield from self._relays.release())
        state = yield from self._speaker.state()
        if self._speaker.at_ns > order.permit_until_ns:
            raise Declined(f"{order.kind.replace('_', ' ')} by hand is not permitted now")
        return (yield from self._does[order.kind](order, state))

    def _told(self, message: str, text: str) -> Talk[str]:
        yield from self._speaker.act(message)
        return text

    def _source_of(self, output: int) -> tuple[int, Source]:
        for place, source in enumerate(self._station.source.values()):
            if source.sqc.output == output:
                return place, source
        raise Declined(f"output {output} belongs to no source of this station")

    def _set_power(self, order: ManualOrder, state: State) -> Talk[str]:
        _, source = self._source_of(order.number)
        if not 0 <= order.value <= source.max_power:
            raise Declined(f"{order.value:g} % is outside 0 to {source.max_power:g} %, the source's maximum")
        if state.phase == Phase.STOPPED:
            raise Declined("the unit is stopped: power by hand needs a running process")
        yield from self._speaker.write(command.set_power(order.number, round(order.value / _POWER_STEP_PCT)))
        shown = yield from self._speaker.power(order.number)
        if abs(shown - order.value) > _POWER_STEP_PCT / 2 + 1e-9:
            raise Declined(f"output {order.number} is at {shown:.2f} %, expected {order.value:.1f} %")
        return f"output {order.number} at {shown:.2f} % by hand"

    def _regulate(self, order: ManualOrder, state: State) -> Talk[str]:
        place, _ = self._source_of(order.number)
        if state.phase != Phase.MANUAL_POWER:
            raise Declined(f"the unit is in {self._speaker.told(state.phase)}, not in manual power")
        self._require_vapour(place)
        reading = yield from self._speaker.outputs()
        output = reading.outputs[order.number - 1]
        rate_nm_s = 0.0 if output is None else output.rate_a_s * NM_PER_ANGSTROM
        if not rate_nm_s > LEAST_RATE * order.value > 0:
            raise Declined(f"the rate is {rate_nm_s:.3f} nm/s, below {LEAST_RATE:.0%} of {order.value:g} nm/s")
        yield from self._speaker.write(command.REGULATE)
        seen = yield from self._speaker.state()
        if seen.phase == Phase.MANUAL_POWER or seen.mode == 0:
            raise Declined("the unit is still in manual control")
        return f"the unit regulates, {self._speaker.told(seen.phase)}"

    def _require_vapour(self, place: int) -> None:
        """The loop would close blind on a crystal that does not see its source."""
        shutter = self._board.readings[self._board.signals.source_shutter[place]]
        is_fresh = self._speaker.at_ns - shutter.at_ns <= to_ns(self._station.limits.age.io)
        if not (is_fresh and shutter.quality is Quality.GOOD and shutter.value == Position.OPEN):
            raise Declined("the source shutter is not confirmed open")

    def _hold_soak(self, order: ManualOrder, state: State) -> Talk[str]:
        if state.phase not in _CONDITIONING:
            raise Declined(f"the unit is in {self._speaker.told(state.phase)}, not conditioning")
        return (
            yield from self._told(command.SOAK_HOLD[bool(order.value)], f"soak hold {'on' if order.value else 'off'}")
        )
