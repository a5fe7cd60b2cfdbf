"""The tables ``[gauges]`` and ``[turbo]`` of a station file: who measures the pressures, and the turbo drive."""

from typing import Annotated, Literal

from pydantic import Field

from pvdstation.model.ports import Line
from pvdstation.model.quantities import Hertz, Millibar, Percent, Seconds
from pvdstation.model.table import Positive, Table, Text

GaugeModel = Literal[
    "TPG 361", "TPG 362", "TPG 366", "TPG 261", "TPG 262", "TPG 256",
    "VGC501", "VGC502", "VGC503", "VGC401", "VGC402", "VGC403",
]  # fmt: skip
ROLES = ("full_range", "capacitance", "foreline")
_Channel = Annotated[int, Field(ge=1, le=6)] | None


class Gauges(Table):
    """A gauge controller: role of each channel, by channel number. Each role is on one controller of the station."""

    port: Text
    model: GaugeModel | None = None
    """Whoever else answers is refused; without it the unit's own identification decides."""
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    """Counts on a serial line; VGC50x leave the factory with 115200."""
    unit: Literal["mbar", "hPa", "Pa", "Torr"]
    full_range: _Channel = None
    capacitance: _Channel = None
    foreline: _Channel = None
    capacitance_full_scale: Annotated[Millibar, Positive] = 1000.0
    settings: dict[Annotated[str, Field(pattern=r"^(FIL|FSR|GAS|COR|CAL|OF[CDS]|CA[1-6])$")], Text] = Field(
        default_factory=dict
    )
    """Filters, offsets and factors as the unit answered at commissioning, by mnemonic; read only, compared."""
    read_deadline: Annotated[Seconds, Field(ge=0.05, le=2)]

    @property
    def line(self) -> Line:
        """Return how characters go over a serial line."""
        return Line(self.baud)

    @property
    def channels(self) -> dict[str, int]:
        """Return the channel of each role that is on this controller."""
        given = {role: getattr(self, role) for role in ROLES}
        return {role: channel for role, channel in given.items() if channel is not None}


class Turbo(Table):
    """The turbo drive on its RS-485 line."""

    port: Text
    model: Literal["TC 110", "TC 400"] | None = None
    """Whichever else answers is refused; without it either is taken."""
    address: Annotated[int, Field(ge=1, le=255)]
    nominal: Annotated[Hertz, Positive]
    ready: Annotated[Percent, Field(ge=50, le=100)]
    accessories: dict[Literal["A1", "B1", "A2", "B2"], Annotated[int, Field(ge=0, le=255)]] = Field(
        default_factory=dict
    )
    """What is configured at the accessory connectors (P:035 to 038), compared when the drive is greeted."""
    read_deadline: Annotated[Seconds, Field(ge=0.05, le=2)]

    @property
    def line(self) -> Line:
        """Return how characters go over the line: 9600 baud, fixed (TC 400 manual p.25)."""
        return Line(9600)
