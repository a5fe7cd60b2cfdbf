"""Moments of the packaged station for the pages Alarms and Manual: several alarms, and a session by hand."""

from station_moments import IDLE, NOW_NS, SECOND, TRIPPED, positions, source

from pvdstation.desk.snapshot import AlarmShown, OutputShown, OverrideShown, StepShown

WATER = AlarmShown(
    "water_flow", "cooling water flows: lost (water: no flow)", "high", "unacknowledged", NOW_NS - 31 * SECOND,
    fix="restore the water; wait until the sources are cold", cause="no cooling water",
    consequence="boats and feedthroughs overheat; all off",
)  # fmt: skip
BOAT = AlarmShown(
    "boat_resistance", "boat 1: 9.9 mΩ, expected 7.9 ± 2.4 mΩ", "high", "latched", NOW_NS - 29 * SECOND,
    fix="look at boat and clamps", cause="another boat than the station file says", consequence="all off",
    override_min=30.0,
)  # fmt: skip
RATE = AlarmShown(
    "rate_alarm", "rate Zn 0.31 nm/s is 38 % off its set point 0.500 nm/s", "medium", "acknowledged",
    NOW_NS - 40 * SECOND, "ui 4711", fix="look at charge and crystal", shelf_min=60.0,
)  # fmt: skip
RETURNED = AlarmShown(
    "rate_attention", "rate 4.1 % off", "low", "returned", NOW_NS - 600 * SECOND, fix="watch", shelf_min=60.0
)
SHELVED = AlarmShown(
    "spitting", "4 lumps within 60 s", "low", "shelved", NOW_NS - 800 * SECOND, "Anna", "the charge is new",
    NOW_NS + 400 * SECOND, shelf_min=60.0,
)  # fmt: skip
OVERRIDDEN = OverrideShown("supply_state", "Anna", "new supply", NOW_NS + 570 * SECOND)
ALARMS = TRIPPED._replace(alarms=(SHELVED, RATE, BOAT, WATER, RETURNED), overrides=(OVERRIDDEN,))

VALVE = ("closed", "open")
WHY_N2 = """Open N2 valve: refused, 2 of 10 conditions missing
  ✗ HV gate confirmed closed  gate: open (switch)            isolate the pump
  ✗ sources cooled            Zn hot for another 4 min 10 s  wait until they are cold
  ✓ sources off · shutters closed · vent closed · roughing closed · pressure good · door closed
  Rule n2_valve (PM6), absolute: no override."""
WHY_SUBSTRATE = """Open substrate shutter: refused, 1 of 13 conditions missing
  ✗ rate captured  no layer runs  deposit by a recipe
  Rule substrate_shutter (PM4), may be overridden for 5 min with all sources cold."""
HAND = IDLE._replace(
    state="running",
    run="0043",
    recipe="by hand",
    step=StepShown(
        1, 1, "by_hand", "work by hand", "", "what you ask", NOW_NS - 300 * SECOND, NOW_NS - 300 * SECOND, None
    ),
    outputs=(
        OutputShown("backing pump", "run", "", ("run", "stop")),
        OutputShown("turbo", "as found", "", ("stop", "run")),
        OutputShown("roughing valve", "closed", "", VALVE),
        OutputShown("fore-line valve", "open", "", VALVE),
        OutputShown("HV gate", "open", "", VALVE),
        OutputShown("N2 valve", "closed", WHY_N2, VALVE, rule="n2_valve"),
        OutputShown("vent valve", "closed", WHY_N2.replace("N2", "vent"), VALVE, rule="vent_valve"),
        OutputShown("substrate shutter", "closed", WHY_SUBSTRATE, VALVE, rule="substrate_shutter", override_min=5.0),
        OutputShown("source shutter Zn", "closed", "", VALVE),
        OutputShown("source shutter Li", "closed", "", VALVE),
        OutputShown("source Zn", "43.1 A", "", ("off",), "0 to 51.6 %"),
        OutputShown("source Li", "off", "the SQC-310 sets the power of Li", ("off",)),
    ),
    sources=(source("Zn", is_on=True, rate_nm_s=0.302, warmth="hot"), source("Li")),
    positions=positions(**{"fore-line valve": "moving", "vent valve": "unknown"}),
)


def moved(name: str, position: str):
    """Return the session by hand with one position read back otherwise."""
    now = tuple(p._replace(position=position) if p.name == name else p for p in HAND.positions)
    return HAND._replace(positions=now, now_ns=HAND.now_ns + SECOND)
