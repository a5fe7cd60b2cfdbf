"""What a simulated SQC-310 tells when it is read: the texts of its replies."""

import re
from collections.abc import Callable

from pvdsim.instruments.sqc310_crystal import Crystal
from pvdsim.instruments.sqc310_member import Member
from pvdsim.instruments.sqc310_memory import Memory
from pvdsim.instruments.sqc310_relays import Relays
from pvdsim.instruments.sqc310_sequence import Sequence
from pvdstation.protocol.sqc310_commands import STATE, STATE_OF_OLD, format_pairs
from pvdstation.protocol.sqc310_phases import Edition, Phase, number_of
from pvdstation.protocol.sqc310_readings import (
    CrystalReading,
    OutputReading,
    OutputsReading,
    SensorReading,
    SensorsReading,
    State,
    format_crystal,
    format_outputs,
    format_sensors,
    format_state,
)

_ONE = re.compile(r"([L-Q]|PA|S\? )([1-4])", re.ASCII)
_FLAGS = {"HC": (range(1, 10), 6), "HD": (range(1, 2), 1)}
"""Parameters of a table of flags, and which of them is "in use"."""


class Texts:
    """Readings as text, in the manual's own padding (reference 4.2)."""

    def __init__(
        self, sequence: Sequence, crystals: dict[int, Crystal], memory: Memory, relays: Relays, edition: Edition
    ) -> None:
        self._sequence = sequence
        self._crystals = crystals
        self._memory = memory
        self._relays = relays
        self._channels = channels = len(crystals)
        self._has_mode = edition is Edition.P1C  # the others print four fields
        self._number_of = {phase: number_of(phase, edition) for phase in Phase}
        state = STATE if edition is Edition.P1C else STATE_OF_OLD
        self.often: dict[str, Callable[[], str]] = {state: self._state, "K1": self._outputs}
        """Readings that are asked for all the time."""
        for sensor in crystals:
            self.often[f"PA{sensor}"] = self._crystal_text(sensor)
        self._others = {"K2": self._sensors, "J": lambda: str(channels)}

    def reading(self, message: str) -> str | None:
        """Return the text of a reading; None when the message is no reading, or of a channel that is not there."""
        text = self.often.get(message) or self._others.get(message)
        if text is not None:
            return text()
        match = _ONE.fullmatch(message)
        if match is None or int(match[2]) > self._channels:
            return None
        letters, number = match[1], int(match[2])
        if letters in "LNP":
            return self._of_sensor(letters, self._crystals[number])
        return self._of_output(letters, self._member_of(number))

    @staticmethod
    def _of_sensor(letter: str, crystal: Crystal) -> str:
        if letter == "L":
            return f"{crystal.rate_a_s: .2f}"
        if letter == "N":
            return f"{crystal.thickness_ka: .3f}"
        return f"{crystal.frequency_hz:.2f}"

    @staticmethod
    def _of_output(letter: str, member: Member | None) -> str:
        if letter == "M":
            return f"{member.rate_a_s if member else 0.0: .2f}"
        if letter == "O":
            return f"{member.thickness_ka if member else 0.0: .3f}"
        if letter == "Q":
            return f"{_deviation_pct(member) if member else 0.0:.2f} "
        return f"{member.power_pct if member else 0.0:.2f} "

    def _member_of(self, output: int) -> Member | None:
        for member in self._sequence.members:
            if member.layer.output == output:
                return member
        return None

    def _state(self) -> str:
        sequence = self._sequence
        mode = (0 if sequence.is_manual else 1) if self._has_mode else None
        return format_state(State(self._number_of[sequence.phase], int(sequence.process_s), sequence.process, 1, mode))

    def _phase_time_s(self) -> float:
        return -1.0 if self._sequence.is_stopped else self._sequence.phase_s

    def _outputs(self) -> str:
        outputs: list[OutputReading | None] = [None] * self._channels
        for member in self._sequence.members:
            outputs[member.layer.output - 1] = OutputReading(
                member.rate_a_s, _deviation_pct(member), member.thickness_ka, member.power_pct
            )
        return format_outputs(OutputsReading(self._phase_time_s(), tuple(outputs)))

    def _sensors(self) -> str:
        sensors = tuple(
            SensorReading(crystal.rate_a_s, crystal.thickness_ka, crystal.frequency_hz)
            for crystal in self._crystals.values()
        )
        return format_sensors(SensorsReading(0.0 if self._sequence.is_stopped else self._sequence.phase_s, sensors))

    def _crystal_text(self, sensor: int) -> Callable[[], str]:
        crystal, limits = self._crystals[sensor], self._memory.tables["B"][0]

        def tell() -> str:
            # Life as in the printed example: 95.00 % at 5 950 000 Hz between 5 and 6 MHz.
            life_pct = 100.0 * (crystal.frequency_hz - limits[6]) / (limits[7] - limits[6])
            active = 1 if crystal.is_within(limits[6], limits[7]) else 0
            return format_crystal(CrystalReading(active, crystal.frequency_hz, min(max(life_pct, 0.0), 100.0)))

        return tell

    def parameters(self, table: str, item: int, parameters: tuple[int, ...]) -> str | None:
        """Return what a parameter read is answered; None when something asked for does not exist."""
        if table == "A1":
            return self._memory.names.get((table, item))
        if table in "CF":
            return self._bare(table, item, parameters[0])
        if table == "GC":
            pairs = self._contacts(item, parameters)
        elif table in _FLAGS:
            pairs = self._flags(table, item, parameters)
        else:
            pairs = self._memory.read(table, item, parameters)
        return None if pairs is None else format_pairs(pairs)

    def _bare(self, table: str, item: int, parameter: int) -> str | None:
        if parameter == 1:
            return self._memory.names.get((table, item))
        if table == "F":
            value = self._memory.read(table, item, (parameter,))
            return None if value is None else str(value[0][1])
        layers = self._memory.processes.get(item)
        if layers is None or parameter not in (2, 3, 4):
            return None
        return str({2: 1, 3: layers[0], 4: len(layers)}[parameter])  # a co-deposited set counts once

    def _flags(self, table: str, item: int, parameters: tuple[int, ...]) -> list[tuple[int, int]] | None:
        known, in_use = _FLAGS[table]
        if item not in self._crystals or any(parameter not in known for parameter in parameters):
            return None
        members = self._sequence.members
        used = item in {n for m in members for n in (m.layer.sensors if table == "HC" else (m.layer.output,))}
        return [(parameter, int(parameter == in_use and used)) for parameter in parameters]

    def _contacts(self, number: int, parameters: tuple[int, ...]) -> list[tuple[int, int]] | None:
        relays = self._relays
        if number not in relays.numbers or not set(parameters) <= {1, 2}:
            return None
        states = {1: relays.is_on(number), 2: relays.inputs[number]}
        return [(parameter, int(states[parameter])) for parameter in parameters]


def _deviation_pct(member: Member) -> float:
    set_point = member.set_point_a_s
    return min(100.0 * abs(member.rate_a_s - set_point) / set_point, 9999.99) if set_point > 0.0 else 100.0
