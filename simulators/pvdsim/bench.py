"""What the instruments see of the plant: actuators, contacts, boats, crystals, pressures. The plant implements it."""

from typing import Protocol


class Terminals(Protocol):
    """The terminals of one boat, as its supply sees them. The supply sets the first two, the plant the last two."""

    demand_a: float
    """Current the supply tries to regulate, A; 0 when its output is off."""
    limit_v: float
    """Voltage at which it goes to constant voltage, V."""
    current_a: float
    """Current that flows, A."""
    voltage_v: float
    """Voltage at the supply's terminals, leads included, V."""


class Bench(Protocol):
    """The plant as instruments see it, at the plant's own time ``now_ns``."""

    now_ns: int
    boats: dict[int, Terminals]
    """By boat number; supply N is wired to boat N."""
    analogue: dict[int, float]
    """Output of the SQC-310 in % of full scale, by output number; output N is wired to supply N (0-10 V)."""

    @property
    def chamber_mbar(self) -> float:
        """Return the true pressure in the chamber, mbar."""
        ...

    @property
    def foreline_mbar(self) -> float:
        """Return the true pressure in the fore-line, mbar."""
        ...

    @property
    def argon_fraction(self) -> float:
        """Return the share of argon in the chamber's gas, 0 to 1 (gauges depend on it)."""
        ...

    @property
    def turbo_hz(self) -> float:
        """Return the turbo's speed, Hz."""
        ...

    @property
    def turbo_error(self) -> int:
        """Return the number of the turbo's error ErrNNN; 0 = none."""
        ...

    def command(self, actuator: str, *, on: bool, at_ns: int) -> None:
        """Switch an actuator by its name in ``[io] do``, at an exact time not before ``now_ns``."""
        ...

    def contact(self, name: str) -> bool:
        """Return a contact by its name in ``[io] di``: True = 24 V at the input."""
        ...

    def crystal_frequency(self, sensor: int) -> float:
        """Return one reading of a crystal with its noise, Hz; 0.0 from a dead one. Each call draws new noise."""
        ...

    def turbo_motor(self, *, on: bool) -> None:
        """Switch the turbo's motor."""
        ...
