"""Everything a report says, as plain typed objects. Times count in s from the first scan of the run."""

from dataclasses import asdict, dataclass
from typing import Any

from pvdstation.record.precision import rounded
from pvdstation.record.results import AlarmResult, Named


@dataclass(frozen=True, slots=True)
class SampleName:
    """A sample as the person named it."""

    name: str
    id: str
    batch: str


@dataclass(frozen=True, slots=True)
class Lot:
    """Lot and purity of a charge or a gas, as typed at the start."""

    of: str
    lot: str
    purity: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Which run this is, who ran it with what, and how its record is proved."""

    run: str
    kind: str  # "run" or "dry run"
    is_simulated: bool
    recipe: Named
    recipe_text: str
    station: Named
    operator: str
    samples: tuple[SampleName, ...]
    h2o_ppm: float | None  # in the glovebox, as typed at the start
    o2_ppm: float | None
    lots: tuple[Lot, ...]
    note: str
    software: tuple[tuple[str, str], ...]
    instruments: tuple[tuple[str, str], ...]  # link, what it answered when it was greeted
    seed: int | None
    started: str  # wall time, ISO
    ended: str | None  # wall time, ISO; None where the record does not tell
    duration_s: float  # of the plant's time
    head_number: int
    head_sha256: str
    segments: int
    flaws: tuple[str, ...]  # what is wrong with the record, by its hash chain
    remarks: tuple[str, ...]  # what else there is to say of it


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the run ended, and why."""

    outcome: str  # "complete", "stopped", "aborted", "refused" or "interrupted"
    cause: str  # one word of the fixed list
    reason: str
    trigger: str
    safe: bool | None
    in_step: str  # the step that ran when it did not go on; empty when complete


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with the conditioning of its source; None where nothing was measured."""

    step: int
    source: str
    material: str
    state: str
    ended_because: str
    target_nm: float
    asked_rate_nm_s: float
    begun_s: float  # of its conditioning
    ended_s: float
    indicated_nm: float | None
    true_nm: float | None
    rate_mean_nm_s: float | None  # while the substrate shutter was open
    rate_sd_nm_s: float | None
    rate_worst: float | None  # 10 s mean farthest from the asked rate, as a share of it
    open_s: tuple[tuple[float, float], ...]  # when the substrate shutter was open
    base_mbar: float | None  # mean of the 10 s before its source was energised
    start_mbar: float | None  # mean of the 10 s before the substrate shutter opened
    pressure_max_mbar: float | None  # of the deposition, as the core saw it
    peak_power_w: float | None  # of conditioning and deposition
    power_median_w: float | None  # while the substrate shutter was open
    time_to_rate_s: float | None
    boat: int
    boat_material: str
    purity_pct: float
    density_g_cm3: float
    z: float
    rate_loop: str
    sensor: int
    tooling_pct: float
    life_in_pct: float | None
    life_out_pct: float | None
    charge_used_mg: float  # by the model of pvd check
    charge_mg: float  # in the boat at the start of the run: by the ledger, else by the station file
    deviations: tuple[str, ...]
    alarms: tuple[AlarmResult, ...]
    ramps: tuple[tuple[float, float], ...] = ()  # thickness nm, from which on the rate goes to another one, nm/s
    remarks: tuple[str, ...] = ()  # that mark the film: spits, a rest completed by time

    @property
    def highest_rate_nm_s(self) -> float:
        """Return the highest rate that was asked for, nm/s."""
        return max([self.asked_rate_nm_s, *(to_nm_s for _, to_nm_s in self.ramps)])


@dataclass(frozen=True, slots=True)
class GasStep:
    """One gas step with the isolation before it and the evacuation after it."""

    step: int
    gas: str
    state: str
    ended_because: str
    purity_pct: float | None
    target_mbar: float
    reached_mbar: float | None  # mean of the dwell
    begun_s: float
    ended_s: float
    fill_s: float | None
    dwell_s: float  # asked
    held_s: float | None
    top_ups: int | None
    rise_mbar_s: float | None  # of the isolated chamber before the gas
    cooled_s: float | None  # how long the sources cooled before
    evacuated_to_mbar: float | None
    evacuated_in_s: float | None
    deviations: tuple[str, ...]
    alarms: tuple[AlarmResult, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the expanded procedure: asked for why, estimated, and what it came to."""

    index: int
    do: str
    text: str
    because: str
    implied: bool
    estimate_s: float
    state: str
    ended_because: str
    begun_s: float | None
    duration_s: float


@dataclass(frozen=True, slots=True)
class Happening:
    """A request of a person, a note, or what a link said about itself."""

    at_s: float
    kind: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a person did about an alarm or a rule."""

    at_s: float
    what: str  # "acknowledged", "shelved" or "overridden"
    of: str  # the alarm, or the rule
    who: str
    reason: str = ""
    minutes: float | None = None  # for how long it was asked for
    ended_s: float | None = None  # None: it has no end, or lasted to that of the record
    ended_because: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """A run as its report tells it."""

    heading: Heading
    verdict: Verdict
    glovebox_gas: str
    layers: tuple[Layer, ...]
    gas: tuple[GasStep, ...]
    steps: tuple[Line, ...]
    alarms: tuple[AlarmResult, ...]
    first_out: AlarmResult | None
    happenings: tuple[Happening, ...]
    pumped_to_mbar: float | None
    interventions: tuple[Intervention, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the JSON, at display precision."""
        return {name: _plain(name, value) for name, value in asdict(self).items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    return rounded(name, value)
