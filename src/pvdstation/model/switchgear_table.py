"""The table ``[io]`` of a station file: which modules carry the inputs and outputs, and what drops the outputs.

Maps: digital I/O reference 3 (WAGO), 4 (ADAM), 5 (relay boards: generic).
"""

from typing import Annotated, Literal

from pydantic import Field

from pvdstation.model.clock import SECOND
from pvdstation.model.ports import Line, Parity
from pvdstation.model.quantities import Seconds
from pvdstation.model.table import Table, Text

IoMapName = Literal["wago", "adam-6050", "adam-6060", "generic"]
SIMULATED_PROOF = "simulated"
_Address = Annotated[int, Field(ge=0, le=0xFFFF)]
DAY = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
"""A day, as a proof is dated."""
_FAST_BAUD, _FAST_SILENCE_NS = 19200, 1_750_000
_Read = Literal[1, 2, 3, 4]


class Follow(Table):
    """How long a moving part may take until its switches confirm."""

    shutter: Annotated[Seconds, Field(gt=0, le=10)]
    valve: Annotated[Seconds, Field(gt=0, le=10)]
    gate: Annotated[Seconds, Field(gt=0, le=30)]


class IoAddresses(Table):
    """Where a generic module has its bits, zero-based, and the function codes that reach them.

    Function codes 1 and 2 read bits, 3 and 4 words of 16 bits; 15 writes bits, 16 words.
    """

    inputs: _Address
    inputs_per_unit: Annotated[int, Field(ge=0, le=64)]
    read_inputs_with: _Read = 2
    outputs: _Address
    outputs_per_unit: Annotated[int, Field(ge=1, le=64)]
    write_with: Literal[15, 16] = 15
    read_back: _Address
    read_back_with: _Read = 1


class IoRegister(Table):
    """A register that is read back and must hold a value: a module's own watchdog, its fail-safe values."""

    address: _Address
    value: Annotated[int, Field(ge=0, le=0xFFFF)]
    what: Text
    read_with: Literal[3, 4] = 3


class ExternalWatchdog(Table):
    """A watchdog that the program cannot read back: what it is, and the day when pulling the cable proved it."""

    what: Annotated[str, Field(min_length=3, max_length=200)]
    proved: Annotated[str, Field(pattern=rf"^({SIMULATED_PROOF}|{DAY})$")]


class Io(Table):
    """The Modbus I/O: outputs and inputs in wiring order. The names are words of the program."""

    port: Text
    map: IoMapName = "wago"
    transport: Literal["tcp", "rtu"] = "tcp"
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 19200
    parity: Parity = "even"
    """Baud rate and parity count with ``transport = "rtu"``; even parity is what Modbus prescribes as the default."""
    unit: Annotated[int, Field(ge=0, le=255)]
    units: Annotated[int, Field(ge=1, le=8)] = 1
    """Modules with the unit numbers that follow, on the same line or behind the same gateway."""
    watchdog: Annotated[Seconds, Field(ge=1, le=5)]
    read_inputs_with: Literal[1, 2] = 2
    """ADAM: firmware differs on the function code of the inputs; proved at commissioning."""
    addresses: IoAddresses | None = None
    registers: Annotated[list[IoRegister], Field(max_length=16)] = Field(default_factory=list)
    external_watchdog: ExternalWatchdog | None = None
    do: Annotated[list[Text], Field(max_length=64)]
    di: Annotated[list[Text], Field(max_length=64)]
    follow: Follow
    read_deadline: Annotated[Seconds, Field(ge=0.02, le=2)]

    @property
    def line(self) -> Line:
        """Return how characters go over a serial line; a second stop bit stands in for parity (serial line V1.02).

        A frame ends with a silence of 3.5 characters, above 19200 baud of 1.75 ms (2.5.1.1).
        """
        silence_ns = _FAST_SILENCE_NS if self.baud > _FAST_BAUD else round(3.5 * 11 * SECOND / self.baud)
        return Line(self.baud, 8, self.parity, 2 if self.parity == "none" else 1, silence_ns)

    @property
    def unit_numbers(self) -> range:
        """Return the numbers of all modules."""
        return range(self.unit, self.unit + self.units)
