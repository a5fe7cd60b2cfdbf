"""What came out: plain typed objects for notebooks, and the JSON of design section 9 for machines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, Literal

from pvdstation.model.problems import Problem
from pvdstation.record.cause import Cause
from pvdstation.record.precision import rounded

Outcome = Literal["complete", "stopped", "aborted", "refused"]
Mode = Literal["simulated", "live"]


@dataclass(frozen=True, slots=True)
class Named:
    """A file or text by its name and the SHA-256 of its bytes."""

    name: str
    sha256: str

    def as_json(self) -> dict[str, str]:
        """Return the fields of the JSON."""
        return {"name": self.name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class TogetherResult:
    """What a source reached that was evaporated together with the first-named one; None as there."""

    material: str
    target_nm_s: float | None = None
    indicated_nm: float | None = None
    true_nm: float | None = None  # only where the plant is simulated
    rate_mean_nm_s: float | None = None
    rate_sd_nm_s: float | None = None
    peak_power_w: float | None = None
    power_median_w: float | None = None
    rate_at_end_nm_s: float | None = None  # of conditioning

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return _fields(self)


@dataclass(frozen=True, slots=True)
class RateResult:
    """How one rate of a layer with rate ramps was kept, the ramps left out."""

    set_nm_s: float | None = None
    mean_nm_s: float | None = None
    sd_nm_s: float | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return _fields(self)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of the expanded procedure and what was reached; None where the step has no such number."""

    index: int
    implied: bool
    do: str
    text: str
    state: str  # "complete", "skipped", "stopped", "aborted", "not started"
    ended_because: str
    duration_s: float
    material: str | None = None
    target_nm: float | None = None
    indicated_nm: float | None = None  # with what was on the film before
    on_film_nm: float | None = None  # of it, from the interrupted run that this one continues
    true_nm: float | None = None  # only where the plant is simulated
    exposed_s: float | None = None  # substrate shutter effectively open, over all openings
    openings: int | None = None
    rate_mean_nm_s: float | None = None
    rate_sd_nm_s: float | None = None
    time_to_rate_s: float | None = None
    peak_power_w: float | None = None  # V times I at the supply's terminals, leads included
    power_median_w: float | None = None  # while exposed
    pressure_base_mbar: float | None = None  # the last good one before the source was heated
    pressure_start_mbar: float | None = None  # when the substrate shutter opened first
    pressure_max_mbar: float | None = None
    gas: str | None = None
    target_mbar: float | None = None
    reached_mbar: float | None = None
    held_s: float | None = None
    top_ups: int | None = None  # times the gas valve opened again during the dwell
    remarks: tuple[str, ...] | None = None  # that mark a film: "spit of 0.4 nm Zn at 12.3 nm", "completed by time: …"
    overtime_s: float | None = None  # of a dwell that was over while the run was held
    rise_mbar_s: float | None = None  # of the isolated chamber
    rise_sd_mbar_s: float | None = None  # standard error of a leak test's slope
    limit_mbar_s: float | None = None
    leak_mbar_l_s: float | None = None  # slope times the volume that the station file estimates
    gauge: str | None = None  # that measured the rise
    waited_s: float | None = None  # without the time in which the run stood
    question: str | None = None  # its id
    answer: float | None = None  # in the unit of the question; yes = 1, no = 0
    rate_at_end_nm_s: float | None = None  # of conditioning
    method: str | None = None  # of tuning: "step" or "relay"
    drive_pct: float | None = None  # at the operating rate
    amplitude_pct: float | None = None
    evaporated_nm: float | None = None  # as a film that there was not: the substrate shutter stayed closed
    together: tuple[TogetherResult, ...] | None = None  # the other sources of a co-deposition
    rates: tuple[RateResult, ...] | None = None  # each rate of a layer with rate ramps, in order

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON; numbers the step does not have are left out."""
        return _fields(self)


@dataclass(frozen=True, slots=True)
class AlarmResult:
    """An alarm or a trip: when it came and when it went, s of plant time."""

    kind: str
    source: str
    text: str
    came_s: float
    went_s: float | None = None
    priority: str | None = None  # "high", "medium", "low"
    acknowledged_s: float | None = None
    acknowledged_by: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return _fields(self)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run or a dry run from its first scan to its end."""

    outcome: Outcome
    reason: str
    mode: Mode | None
    safe: bool | None  # None: nothing was started, or the end was not waited for
    run: str | None
    recipe: Named | None
    station: Named | None
    seed: int | None
    plant_s: float
    wall_s: float
    steps: tuple[StepResult, ...] = ()
    alarms: tuple[AlarmResult, ...] = ()
    errors: tuple[Problem, ...] = ()
    cause: Cause | None = None
    trigger: Mapping[str, object] | None = None  # signal, value and limit that the cause was seen by
    by_operator: bool = False
    record_fault: Problem | None = None  # why the record has no end, if it has none
    unreachable: tuple[str, ...] = ()  # links that were lost before the first step could begin

    def as_json(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "cause": self.cause,
            "trigger": dict(self.trigger) if self.trigger else None,
            "mode": self.mode,
            "safe": self.safe,
            "run": self.run,
            "recipe": self.recipe.as_json() if self.recipe else None,
            "station": self.station.as_json() if self.station else None,
            "seed": self.seed,
            "plant_s": rounded("plant_s", self.plant_s),
            "wall_s": rounded("wall_s", self.wall_s),
            "steps": [step.as_json() for step in self.steps],
            "alarms": [alarm.as_json() for alarm in self.alarms],
            "errors": [problem.as_json() for problem in self._problems()],
            **({"unreachable": list(self.unreachable)} if self.unreachable else {}),
        }

    def _problems(self) -> tuple[Problem, ...]:
        return self.errors if self.record_fault is None else (*self.errors, self.record_fault)

    def to_pandas(self) -> Any:
        """Return the steps as a pandas DataFrame, one row per step. Raises ImportError without pandas."""
        return table(step.as_json() for step in self.steps)


def refused(
    problems: Iterable[Problem],
    *,
    recipe: Named | None = None,
    station: Named | None = None,
    mode: Mode | None = None,
    seed: int | None = None,
) -> RunResult:
    """Return the result of something that was never started."""
    errors = tuple(problems)
    reason = errors[0].what if errors else "refused"
    return RunResult("refused", reason, mode, None, None, recipe, station, seed, 0.0, 0.0, errors=errors)


def table(rows: Iterable[Mapping[str, object]]) -> Any:
    """Return rows as a pandas DataFrame. Raises ImportError with a sentence when pandas is not installed."""
    try:
        pandas = import_module("pandas")
    except ImportError as missing:
        raise ImportError(
            "to_pandas() needs pandas, which is not installed: python3 -m pip install pandas"
        ) from missing
    return pandas.DataFrame(list(rows))


def _fields(row: StepResult | TogetherResult | RateResult | AlarmResult) -> dict[str, object]:
    values = {field.name: _plain(field.name, getattr(row, field.name)) for field in fields(row)}
    return {name: value for name, value in values.items() if value is not None}


def _plain(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return [part if isinstance(part, str) else part.as_json() for part in value]
    return rounded(name, value)
