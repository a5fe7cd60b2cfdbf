"""What each verb does in each step, as data: shutters, power, clocks, and what follows (sequence page, 5).

``{hold}`` and ``{hold_cold}`` are the station's longest holds with and without energy, ``{ramp}`` its host ramp.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pvdstation.model.messages import Verb

AS_IS, CLOSES, STAYS_OPEN, CLOSED = "as it is", "closes at once", "stays open", "stays closed"
CLOSES_NEXT, CLOSES_WITH_POWER = "closes next", "closes once the layer has ended"
GOES_ON, OFF, CUT = "goes on", "stays off", "off at once"
FROZEN, REGULATED = "frozen, never up", "regulated on by the SQC-310, up to its maximum"
RAMPED, IDLE = "ramped to 0 at {ramp}, then off", "idle ramp, then off"
SUSPENDED, RUNS, ENDS = "its time-out stands", "goes on", "ends"


class Effect(NamedTuple):
    """What a verb does."""

    substrate: str  # the substrate shutter
    source: str  # source shutters
    power: str
    clock: str
    then: str

    @property
    def sentence(self) -> str:
        """Return all of it in one line."""
        shutters = f"substrate shutter {self.substrate}, source shutters {self.source}"
        if self.substrate == self.source:
            word = self.substrate.replace("stays", "stay").replace("closes", "close")
            shutters = f"shutters {'as they are' if self.substrate == AS_IS else word}"
        return f"{shutters}; power {self.power}; clock: {self.clock}; {self.then}"


Row = Mapping[Verb, Effect]


def _resting(clock: str, rests: str, resumes: str, stops: str, *, clock_at_stop: str = ENDS) -> Row:
    """Return the row of a step that a pause and a hold act on alike; nothing is on."""
    return {
        Verb.PAUSE: Effect(CLOSED, CLOSED, OFF, clock, f"{rests}; paused"),
        Verb.HOLD: Effect(CLOSED, CLOSED, OFF, f"{clock}; held for {{hold_cold}} at most", f"{rests}; held"),
        Verb.RESUME: Effect(CLOSED, CLOSED, OFF, "goes on", resumes),
        Verb.STOP: Effect(CLOSED, CLOSED, OFF, clock_at_stop, stops),
    }


def _deferred(to: str, shutters: str = AS_IS, power: str = GOES_ON) -> Effect:
    return Effect(shutters, shutters, power, RUNS, f"waits for {to}; then paused")


_UNIT = "the end of the layer, source off"
_WHEN_OFF = "the cool-down runs on; stopped"
_AGAIN = "every check of a fresh start, then conditioned from 0"
_CAPTURES = "captures the rate again, opens the substrate shutter, grows what is missing"
_SHORT = "the film is recorded as short; stopped"
_KEPT = "the film is kept; held, in this layer for {hold} at most"

_FILLS_AGAIN = "its time-out begins again"
_LEFT = "gas and roughing valves close, then the fore-line valve opens; gate and pumps as they are"

_COLD_CONDITION: Row = {
    Verb.PAUSE: _deferred(_UNIT),
    Verb.HOLD: Effect(CLOSES, CLOSES, CUT, "ramps and soaks begin again", "held for {hold_cold} at most"),
    Verb.RESUME: Effect(AS_IS, AS_IS, "on again", "ramps and soaks begin again", _AGAIN),
    Verb.STOP: Effect(CLOSES, CLOSES, CUT, ENDS, _WHEN_OFF),
}
_COLD_LAYER: Row = {
    Verb.PAUSE: _deferred(_UNIT),
    Verb.HOLD: Effect(
        CLOSES, CLOSES, CUT, "ramps and soaks begin again", "the film is kept; held for {hold_cold} at most"
    ),
    Verb.RESUME: Effect(
        AS_IS, AS_IS, "on again", "ramps and soaks begin again", f"{_AGAIN} for what is missing; then {_CAPTURES}"
    ),
    Verb.STOP: Effect(CLOSES, CLOSES_WITH_POWER, IDLE, ENDS, _SHORT),
}

TABLE: Mapping[str, Row] = {
    "pump_down": _resting(
        SUSPENDED,
        "valves finish their movement; roughing valve closed, fore-line valve open, gate as it is",
        "pumps on from what it finds",
        "roughing valve closed, fore-line valve open, gate as it is; stopped",
    ),
    "leak_test": _resting(
        SUSPENDED, "the gate finishes its movement", "the whole test again", "gate as it is; stopped"
    ),
    "condition by the SQC-310": _COLD_CONDITION,
    "condition by the host": {
        Verb.PAUSE: _deferred(_UNIT),
        Verb.HOLD: Effect(CLOSES, CLOSES, FROZEN, "ramps and soaks stand", "held for {hold} at most"),
        Verb.RESUME: Effect(
            AS_IS, AS_IS, "goes on from what is measured", "goes on; a soak that was held for 60 s begins again",
            "ramps and soaks go on",
        ),
        Verb.STOP: Effect(CLOSES, CLOSES, RAMPED, ENDS, _WHEN_OFF),
    },
    "melt-in": {**_COLD_CONDITION, Verb.PAUSE: _deferred("the end of the melt-in, source off")},
    "deposit by the SQC-310": {
        Verb.PAUSE: _deferred(_UNIT),
        Verb.HOLD: Effect(CLOSES, STAYS_OPEN, REGULATED, "its thickness counts on", _KEPT),
        Verb.RESUME: Effect(AS_IS, STAYS_OPEN, REGULATED, "goes on", _CAPTURES),
        Verb.STOP: Effect(CLOSES, CLOSES_WITH_POWER, IDLE, ENDS, _SHORT),
    },
    "deposit by the host": {
        Verb.PAUSE: _deferred(_UNIT),
        Verb.HOLD: Effect(CLOSES, STAYS_OPEN, FROZEN, "its loop is open", _KEPT),
        Verb.RESUME: Effect(AS_IS, STAYS_OPEN, "its loop closes from the present power", "goes on", _CAPTURES),
        Verb.STOP: Effect(CLOSES, CLOSES_NEXT, RAMPED, ENDS, _SHORT),
    },
    "co-deposit by the SQC-310": _COLD_LAYER,
    "deposit, held cold": _COLD_LAYER,
    "deposit, its end": {
        Verb.PAUSE: _deferred("the source to be off"),
        Verb.HOLD: Effect(AS_IS, AS_IS, GOES_ON, RUNS, "the layer's end goes on until the source is off; then held"),
        Verb.RESUME: Effect(AS_IS, AS_IS, GOES_ON, RUNS, "the layer is over: goes on with the next step"),
        Verb.STOP: Effect(AS_IS, AS_IS, GOES_ON, RUNS, "the layer's end goes on until the source is off; then stopped"),
    },
    "tune by the SQC-310": {
        **_COLD_CONDITION,
        Verb.PAUSE: _deferred("the end of the step, source off"),
        Verb.STOP: Effect(CLOSES, CLOSES_WITH_POWER, IDLE, ENDS, _WHEN_OFF),
    },
    "tune by the host": {
        **_COLD_CONDITION,
        Verb.PAUSE: _deferred("the end of the step, source off"),
        Verb.STOP: Effect(CLOSES, CLOSES_NEXT, RAMPED, ENDS, _WHEN_OFF),
    },
    "tune in manual power, or held": {**_COLD_CONDITION, Verb.PAUSE: _deferred("the end of the step, source off")},
    "cool": _resting(
        "the cool-down always runs", "nothing moves", "goes on", "sources stay marked hot; stopped",
        clock_at_stop="the cool-down always runs",
    ),
    "isolate": _resting(
        "its 10 s begin again", "the gate finishes its movement", "the chamber is watched for 10 s again",
        "the gate finishes its movement; stopped",
    ),
    "admit_gas, fill": {
        Verb.PAUSE: _deferred("the end of the evacuation", CLOSED, OFF),
        Verb.HOLD: Effect(CLOSED, CLOSED, OFF, _FILLS_AGAIN, "N2 valve closes; held for {hold_cold} at most"),
        Verb.RESUME: Effect(CLOSED, CLOSED, OFF, _FILLS_AGAIN, "fills on, with every condition of n2_valve"),
        Verb.STOP: Effect(CLOSED, CLOSED, OFF, ENDS, "N2 valve closes, the gas is pumped out; stopped"),
    },
    "admit_gas, dwell": {
        Verb.PAUSE: _deferred("the end of the evacuation", CLOSED, OFF),
        Verb.HOLD: Effect(
            CLOSED, CLOSED, OFF, "the dwell runs on; at its end an alarm, 60 s later a stop",
            "N2 valve closed, no top-up; held",
        ),
        Verb.RESUME: Effect(
            CLOSED, CLOSED, OFF, "the dwell has run on",
            "dwells for what is left; late, it evacuates and records the overtime",
        ),
        Verb.STOP: Effect(
            CLOSED, CLOSED, OFF, ENDS, "N2 valve closes, the exposure is recorded, the gas is pumped out; stopped"
        ),
    },
    "evacuate": {
        Verb.PAUSE: _deferred("the end of the evacuation", CLOSED, OFF),
        Verb.HOLD: Effect(CLOSED, CLOSED, OFF, RUNS, "pumps on to its end; then held"),
        Verb.RESUME: Effect(CLOSED, CLOSED, OFF, RUNS, "goes on with the next step"),
        Verb.STOP: Effect(CLOSED, CLOSED, OFF, RUNS, "pumps on to its end; then stopped"),
    },
    "vent": _resting(
        SUSPENDED, "vent valve closes", "fills on, with every condition of vent_valve",
        "vent valve closes, the chamber stays as it is; stopped",
    ),
    "wait": _resting("stands; what is left is kept", "nothing moves", "waits for what is left", "stopped"),
    "wait_until": _resting(SUSPENDED, "nothing moves", "judges the pressure again", "stopped"),
    "ask": _resting("has none", "the question stays open", "goes on with the answer", "stopped"),
    "note": _resting("has none", "nothing moves", "goes on", "stopped"),
    "by_hand": {
        Verb.PAUSE: Effect(CLOSES, CLOSES, CUT, "has none", f"{_LEFT}; paused"),
        Verb.HOLD: Effect(CLOSES, CLOSES, CUT, "held for {hold_cold} at most", f"{_LEFT}; held"),
        Verb.RESUME: Effect(CLOSED, CLOSED, OFF, "has none", "each output waits to be set anew"),
        Verb.STOP: Effect(CLOSES, CLOSES, RAMPED, ENDS, f"{_LEFT}; stopped"),
    },
    "finish": {
        Verb.RESUME: Effect(CLOSED, CLOSED, OFF, RUNS, "reads the safe state back; complete"),
        Verb.STOP: Effect(CLOSED, CLOSED, OFF, RUNS, "reads the safe state back; stopped"),
    },
    "no step": _resting("has none", "nothing moves", "the next step begins", "reads the safe state back; stopped"),
}  # fmt: skip
"""By situation. Stop and abort act the same from paused and held; there, what is off and closed stays so."""

ABORTS = Effect(
    CLOSES, CLOSES, CUT, ENDS,
    "process stopped, N2, vent and roughing valves close, then the fore-line valve opens; aborted once read back",
)  # fmt: skip
TAKES_BACK = Effect(AS_IS, AS_IS, GOES_ON, RUNS, "the pause is taken back: the run goes on")
CLEARS = Effect(CLOSED, CLOSED, OFF, "has none", "causes and latches are cleared; idle")
STARTS = Effect(CLOSED, CLOSED, OFF, "has none", "every instrument is heard and everything off before the first step")
SKIPS = Effect(CLOSED, CLOSED, OFF, ENDS, "the step ends here, the next one follows")
IS_FULL = Effect(AS_IS, AS_IS, GOES_ON, ENDS, "nothing is missing: the layer ends, source off; the next step follows")
