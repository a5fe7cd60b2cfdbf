"""A rule that is overridden in a whole run: only that one, for its time, in the record from beginning to end."""

from copy import deepcopy

import pytest
from run_checks import invariants_were_kept, the_plant_is_safe
from station_bench import EXPOSED, QUICK, Act, Moment, StationBench, _packaged, during

from pvdstation.control.alarms import AlarmState
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Request, Verb
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import planned_steps

LAYER = "10 nm Zn at 0.5 nm/s"
OLD_BOAT = "3.4 mΩ"
"""What the station file still says: the boat in the plant has a third more, and the window is 30 %."""


def override(rule: str, minutes: float = 10.0) -> Request:
    return Request(Verb.OVERRIDE, "desk", rule, minutes, "A. Person", "new boat, not yet measured")


def _begin(bench: StationBench) -> None:
    for rule in ("boat_resistance", "boat_short", "n2_valve"):
        bench.scan.request(override(rule))


def _acknowledge(bench: StationBench) -> None:
    bench.scan.request(Request(Verb.ACK, "desk", "override boat_resistance", None, "A. Person"))


def bench(*script: tuple[Moment, Act]) -> StationBench:
    """Return a run on a station without lithium whose boat is not the one of its file."""
    zinc, other = deepcopy(_packaged("sim")["source"]).values()
    changes = {
        "source": {"Zn": zinc, "Mg": other},
        **{path: value for path, value in QUICK.items() if not path.startswith("source.Li")},
        "source.Zn.cold_resistance": OLD_BOAT,
    }
    return StationBench(LAYER, changes, script=script).run()


@pytest.fixture(scope="module")
def overridden() -> StationBench:
    return bench((during("pump_down"), _begin), (EXPOSED, _acknowledge))


def test_without_its_override_the_rule_ends_the_run() -> None:
    assert bench().first(EventKind.TRIP).source == "boat_resistance"


def test_a_boat_outside_its_window_is_used_under_an_override(overridden) -> None:
    assert overridden.state == "complete"
    assert overridden.verdict["safe"] == 1.0
    assert overridden.of_kind(EventKind.TRIP) == []
    the_plant_is_safe(overridden)
    invariants_were_kept(overridden)


def test_the_record_has_who_which_why_and_until_when(overridden) -> None:
    asked = [(event.text, dict(event.values)) for event in overridden.of_kind(EventKind.REQUEST)]
    assert [text for text, _ in asked] == [
        "override boat_resistance: accepted",
        "override boat_short: refused, boat_short is absolute: no override",
        "override n2_valve: refused, n2_valve is absolute: no override",
        "ack override boat_resistance: accepted",
    ]
    wanted = {"about": "boat_resistance", "value": 10.0, "person": "A. Person", "reason": "new boat, not yet measured"}
    assert asked[0][1] == wanted
    lines = [(event.text, dict(event.values)["state"]) for event in overridden.of_kind(EventKind.ALARM)]
    assert lines == [
        ("boat_resistance is overridden by A. Person for 10 min: new boat, not yet measured", "came"),
        ("acknowledged by A. Person", AlarmState.ACKNOWLEDGED),
        ("gone: boat_resistance is in force again: the run is over", "gone"),
    ]
    ended = overridden.of_kind(EventKind.RUN)[-1]
    assert overridden.of_kind(EventKind.ALARM)[-1].at_ns == ended.at_ns


def test_the_result_says_who_acknowledged_it(overridden) -> None:
    gathering = Gathering(planned_steps(overridden.prepared.checked.procedure))
    gathering.take(overridden.events)
    (alarm,) = gathering.alarms()
    told = alarm.as_json()
    acknowledged_s = overridden.of_kind(EventKind.ALARM)[1].at_ns / SECOND
    assert (told["priority"], told["acknowledged_by"]) == ("low", "A. Person")
    assert told["acknowledged_s"] == pytest.approx(acknowledged_s, abs=0.01)
    assert told["came_s"] < told["acknowledged_s"] < told["went_s"]
