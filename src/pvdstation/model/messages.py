"""What crosses floors and threads: requests, outputs, actions, events. All immutable.

Five words, five things: a *request* is asked by a person, a *want* by a step; an *output* is a level after the
arbiter; an *action* is an edge that happens at most once; an *intent* is the event that precedes it.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from pvdstation.model.profile import Profile
from pvdstation.model.signals import Reading


class ActionClass(IntEnum):
    """What a lost interlock does; a higher class takes over at once (safety reference B.2)."""

    ALARM = 0  # C0: message only
    HOLD = 1  # C1: substrate shutter closed, source at most at present power
    STOP = 2  # C2: shutters, ramp to 0, off, cool-down
    FAST_OFF = 3  # C3: supplies off and shutters closed in one scan
    HARD_OFF = 4  # C4: C3 with the enable contacts, key reset


class Verb(StrEnum):
    """What a person can ask for."""

    START = "start"
    PAUSE = "pause"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"
    ABORT = "abort"
    CLEAR = "clear"
    ANSWER = "answer"  # about: the question's id; value: the answer, yes = 1, no = 0, None = nobody can answer
    ACK = "ack"  # about: the alarm, empty for all: somebody knows of it
    SHELVE = "shelve"  # about: the alarm; value: minutes, 0 = back; with person and reason
    OVERRIDE = "override"  # about: the rule; value: minutes, 0 = end it; with person and reason
    SKIP = "skip"  # the running step, where that does no harm
    SET = "set"  # by hand; about: the output's name; value: "open", "closed", "on", "off", "run", "stop", or %


class Request(NamedTuple):
    """Something a person asks for, and who; ``about`` names a question, rule or alarm, ``value`` answers or sets."""

    verb: Verb
    client: str
    about: str = ""
    value: float | str | None = None
    person: str = ""  # who answers for an override or a shelved alarm
    reason: str = ""  # why


class SupplyLevel(NamedTuple):
    """Levels of one supply."""

    on: bool
    current_a: float  # the supply's own set-point; acts only with current_source = "digital"
    foldback: bool  # trip when it leaves constant current (open boat)


class Pace(NamedTuple):
    """How closely the links watch, as the phase of the run needs it (poll plan)."""

    sqc: bool  # V? and K1 each scan: a source is on or warm
    crystals: tuple[int, ...]  # sensors that see vapour: their PA is read each scan
    supplies: tuple[bool, ...]  # 4 Hz instead of 1 Hz; in the order of the station's supplies
    gas: bool  # capacitance gauge at 4 Hz: a gas valve is open


class Outputs(NamedTuple):
    """Levels of every output, stated in full every scan. Whoever writes them treats them as OFF after ``until_ns``."""

    source_shutter: tuple[bool, ...]  # True = open; in the order of the station's sources
    substrate_shutter: bool
    n2: bool
    vent: bool
    roughing: bool
    gate: bool
    foreline: bool
    backing_stop: bool  # energise to stop: the pump runs on when the I/O dies
    enable: tuple[bool, ...]  # True = energy permitted; in the order of the station's supplies
    beacon: bool
    supply: tuple[SupplyLevel, ...]  # in the order of the station's supplies
    turbo: bool | None  # None = as it was found
    pace: Pace
    until_ns: int
    substrate_until_ns: int = 2**62  # the substrate shutter closes then, between two scans: the layer's predicted end
    n2_until_ns: int = 2**62  # the N2 valve closes then, between two scans: the predicted target


SUPPLY_OFF = SupplyLevel(on=False, current_a=0.0, foldback=False)


def all_off(sources: int, supplies: int, until_ns: int) -> Outputs:
    """Return outputs with everything off and closed; the turbo as it is, nothing watched closely."""
    return Outputs(
        source_shutter=(False,) * sources,
        substrate_shutter=False,
        n2=False,
        vent=False,
        roughing=False,
        gate=False,
        foreline=False,
        backing_stop=False,
        enable=(False,) * supplies,
        beacon=False,
        supply=(SUPPLY_OFF,) * supplies,
        turbo=None,
        pace=Pace(sqc=False, crystals=(), supplies=(False,) * supplies, gas=False),
        until_ns=until_ns,
    )


class ActionKind(StrEnum):
    """Edges: asked once, resolved by reading back."""

    SQC_PREPARE = "sqc_prepare"  # args: LayerSetup. Write and verify material, film, layer; select the process
    SQC_SHOW = "sqc_show"  # args: LayerSetup. Host loop: select the process so that its film is displayed
    SQC_START = "sqc_start"  # args: LayerSetup. U0, then V? until it runs
    SQC_PROVE = "sqc_prove"  # args: LayerSetup. V?, K1, HC, HD: the template drives the output it should
    SQC_END_LAYER = "sqc_end_layer"  # U5, only in phase 13 or 14
    SQC_STOP = "sqc_stop"  # U1, then V? until 0
    SQC_ZERO = "sqc_zero"  # args: LayerSetup. S? o reads 0.00
    SQC_MANUAL = "sqc_manual"  # args: ManualOrder. Power, relays and counters by hand: Manual page and tuning only
    SUPPLY_ARM = "supply_arm"  # the arm sequence with every read-back, watchdog included
    IO_ARM = "io_arm"  # outputs 0, watchdog armed and read back


class LayerSetup(NamedTuple):
    """What the SQC-310 must know of one layer. Thickness is the backstop, not the layer's end."""

    source: str
    rate_nm_s: float
    thickness_nm: float
    profile: Profile | None = None  # None: the station's


class ManualKind(StrEnum):
    """What can be done to the SQC-310 by hand."""

    POWER = "power"  # S: number = output, value = %; all outputs are in manual control from then on
    REGULATE = "regulate"  # S0: number = output, value = set-point in nm/s; back to the unit's own loop
    ZERO_THICKNESS = "zero_thickness"  # U32
    ZERO_TIME = "zero_time"  # U33
    SOAK_HOLD = "soak_hold"  # U38, U39: value 1 = wait at soak power, 0 = go on
    RELAY = "relay"  # GE: number = relay that nothing in the unit uses, value 1 = on, 0 = off
    FORCE_RELAY = "force_relay"  # GD: number = relay, value 1 = on, 0 = off; only while stopped
    RELEASE_RELAYS = "release_relays"  # all that we have set


class ManualOrder(NamedTuple):
    """One thing to be done to the SQC-310 by hand, and until when it is permitted."""

    kind: ManualKind
    number: int
    value: float
    permit_until_ns: int


class Action(NamedTuple):
    """An edge for one link, at most once, with the number of its intent event."""

    number: int
    link: str  # "sqc", "supply1", "io", …
    kind: ActionKind
    layer: LayerSetup | None
    deadline_ns: int
    others: tuple[LayerSetup, ...] = ()  # co-deposition: the other layers, after the first-named one
    manual: ManualOrder | None = None


class ActionResult(NamedTuple):
    """How an action ended; ``text`` says why it was refused."""

    number: int
    ok: bool
    text: str
    at_ns: int


class Image(NamedTuple):
    """All inputs of one scan: readings by signal number, and actions that have ended since the last scan."""

    readings: tuple[Reading, ...]
    results: tuple[ActionResult, ...]


class EventKind(StrEnum):
    """What kind of thing happened."""

    RUN = "run"  # state of the run
    STEP = "step"  # state of a step
    STAGE = "stage"  # a step waits for something else
    INTENT = "intent"  # something that energises or opens is about to be let out
    OUTPUT = "output"  # an output changed its level
    ACTION = "action"  # an action was asked for, or ended
    ALARM = "alarm"  # an alarm came or went
    TRIP = "trip"  # an interlock acted; the first one is the cause
    REQUEST = "request"  # a person asked, accepted or refused
    NOTE = "note"
    QUESTION = "question"  # a step asks the operator


class Event(NamedTuple):
    """Something that happened. Numbers are gap-free within a run."""

    number: int
    at_ns: int
    kind: EventKind
    source: str  # step, rule, output or link
    text: str
    values: tuple[tuple[str, float | str], ...] = ()


class Notice(NamedTuple):
    """What a link has to say about itself: lost, and why, or answering again. Not one of the core's events."""

    at_ns: int
    link: str
    text: str
    is_lost: bool = False


class Scanned(NamedTuple):
    """One whole scan: what the core was given and what it decided. Replay needs no more."""

    at_ns: int
    image: Image
    requests: tuple[Request, ...]
    outputs: Outputs
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
