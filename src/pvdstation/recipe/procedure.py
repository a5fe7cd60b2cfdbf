"""The expanded procedure: every step the station will do, the implied ones included, in plain numbers.

This is what the engine runs and what ``pvd check`` shows, so nothing happens that could not be read beforehand.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PumpDown:
    """Pump the chamber down until the pressure has held."""

    to_mbar: float
    hold_s: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Condition:
    """Bring a source to just below its operating power: ramp 1, soak 1, ramp 2, soak 2."""

    source: str
    rate_nm_s: float  # of the layer that follows
    thickness_nm: float  # of the layer that follows


@dataclass(frozen=True, slots=True)
class Deposit:
    """Hold the rate, open the substrate shutter when it is captured, close it at the thickness."""

    source: str
    material: str
    thickness_nm: float
    rate_nm_s: float
    capture_within_pct: float
    capture_hold_s: float
    capture_timeout_s: float
    capture_otherwise: Literal["hold", "stop", "abort"]


@dataclass(frozen=True, slots=True)
class Cool:
    """Wait until the sources are cold: confirmed off for their cool-down time."""

    sources: tuple[str, ...]
    cool_down_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Isolate:
    """Close the HV gate and prove that the chamber holds."""


@dataclass(frozen=True, slots=True)
class AdmitGas:
    """Fill with gas to a pressure and dwell there."""

    gas: str
    pressure_mbar: float
    dwell_s: float


@dataclass(frozen=True, slots=True)
class Evacuate:
    """Pump the gas out: this ends the reaction."""

    to_mbar: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Confirm the safe state by reading back."""


Work = PumpDown | Condition | Deposit | Cool | Isolate | AdmitGas | Evacuate | Finish


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the expanded procedure."""

    index: int  # 1-based, counts the expanded procedure
    do: Literal["pump_down", "condition", "deposit", "cool", "isolate", "admit_gas", "evacuate", "finish"]
    text: str  # as people write it: "deposit 300 nm Zn at 0.5 nm/s"
    because: str  # "recipe", "before layer", "station default", …
    implied: bool
    unit: int  # steps with one number are one unit: pause does not split them
    work: Work
    estimate_s: float


@dataclass(frozen=True, slots=True)
class Procedure:
    """A whole expanded recipe, ready to run."""

    name: str
    recipe_id: str
    version: int
    sha256: str
    steps: tuple[Step, ...]
