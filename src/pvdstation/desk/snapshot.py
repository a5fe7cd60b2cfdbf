"""The snapshot: all that a screen shows of a station at one moment. Built by the core, read by clients."""

from typing import Any, NamedTuple

from pvdstation.desk.shapes import as_json, of_json
from pvdstation.model.signals import Quality


class StepShown(NamedTuple):
    """The running step: number of how many, its text, and what it waits for since when."""

    number: int  # from 1
    of: int
    do: str
    text: str
    stage: str  # in a word or two: "soak 1", "deposit", "dwell"; empty: it has none
    waits_for: str  # in words, with the live and the needed value
    since_ns: int  # when it began to wait for that
    began_ns: int
    to_go_s: float | None  # of this step; None: nobody knows


class LayerShown(NamedTuple):
    """What the running layer is to become, and where it is. A co-deposition has one per source."""

    source: str
    material: str
    target_nm: float
    set_nm_s: float
    rate_nm_s: float  # now; NaN: unknown
    grown_nm: float  # on the substrate so far; NaN: unknown
    owner: str  # who closes the rate loop, in words


class SourceShown(NamedTuple):
    """One source: its boat, its supply as measured, and how warm it must be taken for."""

    name: str
    boat: str  # "W", "Ta"
    supply: int
    sensor: int  # crystal
    owner: str  # who closes its rate loop, in words
    is_on: bool  # as commanded
    current_a: float  # NaN: not measured
    voltage_v: float
    power_w: float
    resistance_mohm: float
    limit_a: float
    drive_pct: float  # of full scale, by whoever closes the loop; NaN: unknown
    rate_nm_s: float
    warmth: str  # "hot for 8 min", "cold", "unknown: taken as hot"
    life_pct: float  # of its crystal


class PositionShown(NamedTuple):
    """A shutter or valve by its switches: "open", "closed", "moving", "FAULT", "unknown", and since when."""

    name: str  # as ``OutputShown.name``
    position: str
    since_ns: int | None = None


class CauseShown(NamedTuple):
    """Why a run left its planned way: first cause, what was done about it and is read back, and what a person does."""

    rule: str
    text: str
    at_ns: int
    wall_s: float
    done: tuple[str, ...] = ()  # "supplies off CONFIRMED 0.4 s", "N2 valve closed NOT CONFIRMED"
    fix: str = ""


class VerbShown(NamedTuple):
    """What a verb would do if it were asked for now, or why it is refused."""

    verb: str
    is_allowed: bool
    sentence: str


class SignalShown(NamedTuple):
    """One signal with its value, how far it can be trusted, and how old it is."""

    name: str
    unit: str
    decimals: int  # -3: 3 significant
    value: float  # NaN: never read
    quality: Quality
    age_s: float  # NaN: never read


class OutputShown(NamedTuple):
    """One output: its level in words ("open", "off", "43.1 A"), and why it may not move now, if it may not."""

    name: str  # as ``set`` takes it: "N2 valve", "source shutter Zn", "source Zn"
    level: str
    refused: str = ""  # lines of "why can't I?"
    choices: tuple[str, ...] = ()  # by hand: words for ``set``; empty: not by hand
    number: str = ""  # by hand: what ``set`` takes besides, in words ("0 to 45 %"); empty: no number
    rule: str = ""  # that refuses; empty: none, or no rule
    override_min: float | None = None  # how long that rule may be overridden; None: not at all


class AlarmShown(NamedTuple):
    """One alarm that is not normal, in the words of ISA-18.2."""

    name: str
    text: str
    priority: str
    state: str
    came_ns: int
    by: str = ""  # who acknowledged or shelved it
    reason: str = ""  # why it is shelved
    until_ns: int | None = None  # how long it is shelved
    fix: str = ""  # what a person should do
    cause: str = ""  # what it comes from, as a rule
    consequence: str = ""  # what follows, or has been done
    shelf_min: float | None = None  # how long it may be shelved at a time; None: not at all
    override_min: float | None = None  # how long its rule may be overridden; None: not at all


class QuestionShown(NamedTuple):
    """A question that waits for a person."""

    id: str
    text: str
    kind: str  # what can be answered, in words: "yes or no", "10 to 500 mg"
    unit: str = ""
    least: float | None = None
    most: float | None = None
    is_yes_no: bool = False


class OverrideShown(NamedTuple):
    """A rule that counts as met for a time."""

    rule: str
    person: str
    reason: str
    until_ns: int


class LinkShown(NamedTuple):
    """One link: whether its instrument answers, and how fast."""

    name: str
    is_lost: bool
    text: str  # why it is lost
    round_trip_ms: float


class Snapshot(NamedTuple):
    """One moment of a station. Times ``_ns`` are those of the run's clock, at which ``now_ns`` is now."""

    station: str
    is_simulated: bool
    speed: float
    now_ns: int
    wall_s: float  # seconds since 1970
    state: str  # of the run, ISA-88 words
    since_ns: int = 0
    run: str = ""  # empty: no run
    recipe: str = ""
    sample: str = ""
    operator: str = ""
    cause: CauseShown | None = None  # what has led away from the planned way; stands until cleared
    is_safe: bool | None = None  # read back; None: the run goes on, or nobody knows
    done_s: float = 0.0  # of the run
    hold_ends_ns: int | None = None  # when the hold becomes a stop
    to_go_s: float | None = None  # of the run
    step: StepShown | None = None
    layers: tuple[LayerShown, ...] = ()
    sources: tuple[SourceShown, ...] = ()
    positions: tuple[PositionShown, ...] = ()
    ahead: tuple[str, ...] = ()  # the next steps, in words
    verbs: tuple[VerbShown, ...] = ()
    signals: tuple[SignalShown, ...] = ()
    outputs: tuple[OutputShown, ...] = ()
    alarms: tuple[AlarmShown, ...] = ()
    questions: tuple[QuestionShown, ...] = ()
    overrides: tuple[OverrideShown, ...] = ()
    links: tuple[LinkShown, ...] = ()
    late_scans: int = 0  # of this bench: slots of the real clock that passed without a scan
    in_charge: str = ""  # the client in charge; filled in by the server

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        document: dict[str, Any] = as_json(self)
        return document

    @classmethod
    def of_json(cls, document: object) -> "Snapshot":
        """Return the snapshot of a document. Raises FrameError, which names the field that does not fit."""
        return of_json(cls, document)
