"""Crystals of the SQC-310: frequency, life and status, and how one that stands still is told from one that measures.

A crystal that vapour falls on cannot read the same to the last digit: such a frequency is uncertain, however fresh it
arrives (safety D 10). Without vapour a quiet crystal may, so it is not judged then.
"""

from pvdstation.drivers.base import Board
from pvdstation.drivers.sqc310_talk import Question, Speaker, Talk
from pvdstation.model.clock import to_ns
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol.sqc310_readings import CrystalReading, parse_crystal

_FRESH_ABOVE_HZ = 5_000.0
"""How far a fresh crystal may read above the upper limit; a mode hop is 10 kHz and more (physics 1.11)."""
_PERIODS = 4
"""Measuring periods of the unit in which a frequency may stay the same."""


class Still:
    """Tells when a number has not changed for too long while it should.

    By several readings too: two that are alike on either side of a gap are chance.
    """

    __slots__ = ("_alike", "_longest_ns", "_since_ns", "_value")

    def __init__(self, longest_ns: int) -> None:
        self._longest_ns = longest_ns
        self._value = float("nan")
        self._since_ns = 0
        self._alike = 0

    def take(self, value: float, at_ns: int, *, should_change: bool) -> bool:
        """Take a reading and return whether it stands still."""
        if not should_change or value != self._value:
            self._value = value
            self._since_ns = at_ns
            self._alike = 0
        self._alike += 1
        return at_ns - self._since_ns > self._longest_ns and self._alike >= _PERIODS


class Crystals:
    """Reads and posts the crystals of the station."""

    def __init__(self, speaker: Speaker, station: Station, board: Board) -> None:
        self._speaker = speaker
        self._board = board
        self._limits = (station.sqc.f_min, station.sqc.f_max + _FRESH_ABOVE_HZ)
        longest_ns = max(to_ns(station.limits.age.rate), _PERIODS * to_ns(station.sqc.period))
        self._still = {sensor: Still(longest_ns) for sensor in board.signals.sensor}
        self._questions = {
            sensor: Question(command.read_crystal(sensor), parse_crystal, speaker.deadline_ns)
            for sensor in board.signals.sensor
        }

    def read(self, sensor: int, *, sees_vapour: bool) -> Talk[CrystalReading]:
        """Read and post frequency, life and status of a crystal. Raises Silent and Declined."""
        reading = yield from self._speaker.put(self._questions[sensor])
        f_min_hz, f_max_hz = self._limits
        hz, at_ns = reading.frequency_hz, self._speaker.at_ns
        is_still = self._still[sensor].take(hz, at_ns, should_change=sees_vapour)
        quality = Quality.SENSOR_FAULT
        if f_min_hz <= hz <= f_max_hz:
            quality = Quality.UNCERTAIN if is_still else Quality.GOOD
        post, signals = self._board.post, self._board.signals.sensor[sensor]
        post(signals.frequency, hz, quality, at_ns)
        post(signals.life, reading.life_pct, quality, at_ns)
        post(signals.status, reading.active, Quality.GOOD, at_ns)
        return reading
