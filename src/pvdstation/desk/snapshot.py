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
    waits_for: str  # in words, with the live and the needed value
    since_ns: int  # when it began to wait for that
    began_ns: int
    to_go_s: float | None  # of this step; None: nobody knows


class LayerShown(NamedTuple):
    """What the running layer is to become."""

    source: str
    material: str
    target_nm: float
    rate_nm_s: float
    owner: str  # who closes the rate loop, in words


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
    """One output: its level in words ("open", "off", "43.1 A"), and why it is refused, if it is."""

    name: str
    level: str
    refused: str = ""


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
    cause: str = ""  # the rule, or "operator", that has led away from the planned way
    reason: str = ""  # that cause in words
    hold_ends_ns: int | None = None  # when the hold becomes a stop
    to_go_s: float | None = None  # of the run
    step: StepShown | None = None
    layer: LayerShown | None = None
    ahead: tuple[str, ...] = ()  # the next steps, in words
    verbs: tuple[VerbShown, ...] = ()
    signals: tuple[SignalShown, ...] = ()
    outputs: tuple[OutputShown, ...] = ()
    alarms: tuple[AlarmShown, ...] = ()
    questions: tuple[QuestionShown, ...] = ()
    overrides: tuple[OverrideShown, ...] = ()
    links: tuple[LinkShown, ...] = ()
    in_charge: str = ""  # the client in charge; filled in by the server

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        document: dict[str, Any] = as_json(self)
        return document

    @classmethod
    def of_json(cls, document: object) -> "Snapshot":
        """Return the snapshot of a document. Raises FrameError, which names the field that does not fit."""
        return of_json(cls, document)
