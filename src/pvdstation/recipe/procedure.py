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
class Together:
    """A source that is evaporated together with the first one of a layer, and its rate."""

    source: str
    rate_nm_s: float


@dataclass(frozen=True, slots=True)
class RateRamp:
    """Another rate from a thickness on, reached in a time."""

    at_nm: float
    to_nm_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Condition:
    """Bring a source to just below its operating power: ramp 1, soak 1, ramp 2, soak 2."""

    source: str
    rate_nm_s: float  # of the layer that follows
    thickness_nm: float  # of the layer that follows
    others: tuple[Together, ...] = ()


@dataclass(frozen=True, slots=True)
class MeltIn:
    """Heat a charge behind closed shutters, then switch off: nothing is deposited."""

    source: str
    ramp1_pct: float
    ramp1_s: float
    soak1_s: float
    ramp2_pct: float
    ramp2_s: float
    soak2_s: float


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
    ramps: tuple[RateRamp, ...] = ()
    others: tuple[Together, ...] = ()  # evaporated together; the layer ends by the first material's thickness
    pre_coat_s: float = 0.0  # at the captured rate, before the substrate shutter opens
    on_film_nm: tuple[float, ...] = ()  # of each material, from the interrupted run that this one continues


@dataclass(frozen=True, slots=True)
class Tune:
    """Hold a source's rate behind the closed substrate shutter and excite it, so that its loop can be tuned."""

    source: str
    rate_nm_s: float
    method: Literal["step", "relay"]
    amplitude_pct: float  # of full scale
    hold_s: float  # of each level of the step
    within_pct: float  # the rate is steady within this …
    settle_s: float  # … for so long
    cycles: int  # of the relay
    longest_s: float  # of the relay


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
    top_up: bool = True  # False: the gas settles, the valve stays closed


@dataclass(frozen=True, slots=True)
class Evacuate:
    """Pump the gas out: this ends the reaction."""

    to_mbar: float
    timeout_s: float


LEAK_TEST_UP_TO = 0.8
"""Share of the crossover pressure up to which a leak test measures: above it the gate would stay closed."""


@dataclass(frozen=True, slots=True)
class LeakTest:
    """Close the pump off and fit the rise of the pressure; above the slope the run does not go on."""

    duration_s: float
    below_mbar_s: float


@dataclass(frozen=True, slots=True)
class Vent:
    """Fill with dry gas up to the pressure of the glovebox."""

    gas: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Wait until a pressure is in a band and has stayed there."""

    of: Literal["pressure", "foreline"]
    least_mbar: float  # 0: no lower end
    most_mbar: float  # infinite: no upper end
    hold_s: float
    timeout_s: float
    otherwise: Literal["hold", "abort", "continue", "ask"]
    id: str = ""  # of the question, where the time-out asks


@dataclass(frozen=True, slots=True)
class Question:
    """Ask the operator; without a default a dry run ends stopped here."""

    id: str
    text: str
    is_yes_no: bool
    answer_unit: str = ""
    least: float | None = None
    most: float | None = None
    default: float | None = None  # yes = 1, no = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Put a sentence into the record."""

    text: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """Do what a person asks of each output, within the rules, until the run is stopped. No recipe contains it."""

    untouched_s: float  # how long a source stays on without any request of a person


@dataclass(frozen=True, slots=True)
class Finish:
    """Confirm the safe state by reading back."""


Work = (
    PumpDown
    | LeakTest
    | MeltIn
    | Condition
    | Deposit
    | Tune
    | Cool
    | Isolate
    | AdmitGas
    | Evacuate
    | Vent
    | Wait
    | WaitUntil
    | Question
    | Note
    | ByHand
    | Finish
)

KINDS: dict[type[Work], str] = {
    PumpDown: "pump_down",
    LeakTest: "leak_test",
    MeltIn: "condition",
    Condition: "condition",
    Deposit: "deposit",
    Tune: "tune",
    Cool: "cool",
    Isolate: "isolate",
    AdmitGas: "admit_gas",
    Evacuate: "evacuate",
    Vent: "vent",
    Wait: "wait",
    WaitUntil: "wait_until",
    Question: "ask",
    Note: "note",
    ByHand: "by_hand",
    Finish: "finish",
}
"""What each kind of work is called in files, events and results."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the expanded procedure."""

    index: int  # 1-based, counts the expanded procedure
    do: str  # one of KINDS
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


AT_REST = Step(0, "wait", "nothing", "between runs", implied=True, unit=0, work=Wait(0.0), estimate_s=0.0)
"""What stands where the running step would, when nothing is to be run. It never begins."""
