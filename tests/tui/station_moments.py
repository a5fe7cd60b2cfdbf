"""Moments of the packaged station as a core would show them: idle, running, held, tripped."""

import math

from pvdstation.desk.snapshot import (
    AlarmShown,
    CauseShown,
    LayerShown,
    LinkShown,
    OutputShown,
    PositionShown,
    QuestionShown,
    SignalShown,
    Snapshot,
    SourceShown,
    StepShown,
    VerbShown,
)
from pvdstation.model.signals import Quality

SECOND = 10**9
NOW_NS = 1721 * SECOND
NOON_S = 1_772_370_131.0
"""2026-03-01 13:02:11 UTC."""

_POSITIONS = {
    "substrate shutter": "closed",
    "source shutter Zn": "closed",
    "source shutter Li": "closed",
    "HV gate": "open",
    "roughing valve": "closed",
    "fore-line valve": "open",
    "N2 valve": "closed",
    "vent valve": "closed",
}


def positions(**changed: str) -> tuple[PositionShown, ...]:
    """Return every shutter and valve; spaces of names are written as _."""
    now = {**_POSITIONS, **{name.replace("_", " "): position for name, position in changed.items()}}
    parts = tuple(PositionShown(name, position, NOW_NS - 252 * SECOND) for name, position in now.items())
    return (*parts, PositionShown("backing pump", "running"), PositionShown("turbo", "1000 Hz"))


def source(name: str, *, is_on: bool = False, rate_nm_s: float = 0.0, warmth: str = "cold") -> SourceShown:
    """Return a source of the packaged station."""
    place = 1 if name == "Zn" else 2
    measured = (43.1, 0.34, 14.7, 7.9) if is_on else (0.0, 0.0, 0.0, math.nan)
    return SourceShown(
        name, "W" if place == 1 else "Ta", place, place, "SQC-310", is_on, *measured, 51.6 if place == 1 else 33.5,
        43.1 if is_on else 0.0, rate_nm_s, warmth, 92.1 if place == 1 else 97.0,
    )  # fmt: skip


def signals(pressure_mbar: float = 1.8e-6, rate_nm_s: float = 0.0) -> tuple[SignalShown, ...]:
    """Return the signals that pages look for by name."""
    good = Quality.GOOD
    return (
        SignalShown("chamber.full_range", "mbar", -3, pressure_mbar, good, 0.2),
        SignalShown("chamber.capacitance", "mbar", 2, 0.05, Quality.UNDER_RANGE, 0.2),
        SignalShown("foreline.pirani", "mbar", -3, 0.102, good, 0.2),
        SignalShown("turbo.speed", "Hz", 0, 1000.0, good, 0.6),
        SignalShown("backing_running", "", 0, 1.0, good, 0.2),
        SignalShown("sqc.output.1.rate", "nm/s", 3, rate_nm_s, good, 0.2),
        SignalShown("sqc.output.1.power", "%", 2, 43.1 if rate_nm_s else 0.0, good, 0.2),
        SignalShown("sensor.1.life", "%", 2, 92.1, good, 0.2),
        SignalShown("door_closed", "", 0, 1.0, good, 0.2),
    )


_WHY_NOT = "n2_valve: HV gate open, needed closed: isolate the pump first"
OUTPUTS = (
    OutputShown("substrate shutter", "closed", "substrate_shutter: rate not captured", ("open", "close")),
    OutputShown("source shutter Zn", "closed", "", ("open", "close")),
    OutputShown("source shutter Li", "closed", "", ("open", "close")),
    OutputShown("supply 1", "off", "", ("on", "off"), "0 to 51.6 %"),
    OutputShown("supply 2", "off", "", ("on", "off"), "0 to 33.5 %"),
    OutputShown("HV gate", "open", "", ("open", "close")),
    OutputShown("N2 valve", "closed", _WHY_NOT, ("open", "close")),
    OutputShown("vent valve", "closed", _WHY_NOT.replace("n2", "vent"), ("open", "close")),
    OutputShown("roughing valve", "closed", "", ("open", "close")),
    OutputShown("fore-line valve", "open", "", ("open", "close")),
)
LINKS = (
    LinkShown("sqc", is_lost=False, text="", round_trip_ms=42.0),
    LinkShown("supply1", is_lost=False, text="", round_trip_ms=11.0),
    LinkShown("supply2", is_lost=False, text="", round_trip_ms=11.0),
    LinkShown("io", is_lost=False, text="", round_trip_ms=3.0),
    LinkShown("gauges", is_lost=False, text="", round_trip_ms=18.0),
    LinkShown("turbo", is_lost=False, text="", round_trip_ms=24.0),
)
_REGULATED = (
    "substrate shutter closes at once, source shutters stay open; power regulated on by the SQC-310, up to its "
    "maximum; clock: goes on; the film is kept; held, in this layer for 5 min at most"
)
_STOPS = "shutters close at once; power idle ramp, then off; clock: ends; the film is recorded as short; stopped"
_ABORTS = "shutters close at once; power off at once; clock: ends; aborted"


def verbs(**allowed: str) -> tuple[VerbShown, ...]:
    """Return every verb: what it would do, or that it is refused."""
    names = ("start", "pause", "hold", "resume", "stop", "abort", "clear", "skip")
    return tuple(
        VerbShown(name, is_allowed=name in allowed, sentence=allowed.get(name, f"refused, {name} is not possible now"))
        for name in names
    )


IDLE = Snapshot(
    "simulated glovebox PVD",
    is_simulated=True,
    speed=1.0,
    now_ns=NOW_NS,
    wall_s=NOON_S,
    state="idle",
    positions=positions(),
    sources=(source("Zn"), source("Li")),
    verbs=verbs(start="checks everything, then runs", abort=_ABORTS),
    signals=signals(),
    outputs=OUTPUTS,
    links=LINKS,
)
RUNNING = IDLE._replace(
    state="running",
    since_ns=NOW_NS - 700 * SECOND,
    run="0042",
    recipe="LZLN · Dual protective layer LiZn | Li3N",
    sample="Li_LZLN-17",
    operator="Anna",
    done_s=1721.0,
    to_go_s=2760.0,
    step=StepShown(
        3, 10, "deposit", "deposit 300 nm Zn at 0.5 nm/s", "deposit", "thickness 300.0 nm: 173.6 nm to go",
        NOW_NS - 252 * SECOND, NOW_NS - 285 * SECOND, 347.0,
    ),
    layers=(LayerShown("Zn", "Zn", 300.0, 0.5, 0.502, 126.4, "SQC-310"),),
    sources=(source("Zn", is_on=True, rate_nm_s=0.502, warmth="hot"), source("Li")),
    positions=positions(substrate_shutter="open", source_shutter_Zn="open"),
    ahead=("4 condition Li", "5 deposit 100 nm Li", "6 cool", "7 isolate", "8 N2 to 500 mbar for 3 min"),
    verbs=verbs(pause="as it is; waits for the end of the layer", hold=_REGULATED, stop=_STOPS, abort=_ABORTS),
    signals=signals(rate_nm_s=0.502),
)  # fmt: skip
ALARM = AlarmShown(
    "chamber_pressure", "chamber pressure above 5e-5 mbar", "high", "unacknowledged", NOW_NS - 12 * SECOND,
    fix="wait for the pump, then resume",
)  # fmt: skip
HELD = RUNNING._replace(
    state="held",
    since_ns=NOW_NS - 60 * SECOND,
    cause=CauseShown(
        "chamber_pressure", "chamber pressure 6.1e-05 mbar, needed below 5e-05 mbar", NOW_NS - 62 * SECOND,
        NOON_S - 62, ("substrate shutter closed CONFIRMED 0.3 s",), "wait for the pump, then F4 Resume",
    ),
    hold_ends_ns=NOW_NS + 240 * SECOND,
    positions=positions(source_shutter_Zn="open"),
    alarms=(ALARM,),
    verbs=verbs(resume="captures the rate again, opens the substrate shutter", stop=_STOPS, abort=_ABORTS),
)  # fmt: skip
TRIPPED = RUNNING._replace(
    state="aborted",
    since_ns=NOW_NS - 30 * SECOND,
    cause=CauseShown(
        "water_flow", "cooling water lost", NOW_NS - 31 * SECOND, NOON_S - 31,
        (
            "supplies off CONFIRMED 0.4 s", "shutters closed CONFIRMED 0.9 s", "N2 closed CONFIRMED",
            "film at 126.4 nm of 300.0, interrupted",
        ),
        "check the water valve and filter. The Zn boat is hot for 10 min. Then F8 Clear.",
    ),
    is_safe=True,
    step=None,
    layers=(),
    positions=positions(),
    sources=(source("Zn", warmth="hot for 9 min 29 s"), source("Li")),
    to_go_s=None,
    ahead=(),
    alarms=(ALARM._replace(name="water_flow", text="cooling water lost", priority="critical"),),
    verbs=verbs(clear="leaves the ended run", abort=_ABORTS),
    signals=signals(rate_nm_s=math.nan),
)  # fmt: skip
ASKING = RUNNING._replace(
    step=StepShown(6, 10, "ask", "ask: is the film silvery?", "", "an answer", NOW_NS, NOW_NS, None),
    layers=(),
    questions=(QuestionShown("colour", "Is the film silvery?", "yes or no", is_yes_no=True),),
)
