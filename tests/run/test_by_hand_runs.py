"""A whole session by hand on bytes: pumped down, a source heated and opened, what may not be is refused, stopped."""

from itertools import pairwise

import pytest
from hand_bench import CHANGES, Hands, by_hand, for_s, is_at, reads
from station_bench import OFF_A, StationBench

from pvdstation.model.messages import Event, EventKind

ZN_A = "supply.1.current"
HANDS = (
    Hands()
    .set("HV gate", "open", reads("chamber.capacitance", 0, 10))
    .set("fore-line valve", "closed")
    .set("roughing valve", "open", is_at("foreline_valve", 0))
    .set("roughing valve", "closed", reads("chamber.full_range", 0, 0.04))
    .set("fore-line valve", "open", is_at("roughing_valve", 0))
    .set("turbo", "run", for_s(1, is_at("foreline_valve", 1)))
    .set("HV gate", "open", for_s(2, is_at("foreline_valve", 1)))
    .set("backing pump", "stop", is_at("gate", 1))
    .set("source Zn", 45.0, for_s(15, reads("chamber.full_range", 0, 2e-6)))
    .set("source shutter Zn", "open")
    .set("source shutter Zn", "open", reads(ZN_A, 30, 46))
    .set("source Li", 10.0)
    .set("N2 valve", "open")
    .set("substrate shutter", "open", for_s(45, reads(ZN_A, 44, 46)))
    .set("substrate shutter", "closed", for_s(5, is_at("substrate_shutter", 1)))
    .set("source shutter Zn", "closed")
    .set("source Zn", 0.0)
    .stop(for_s(1, reads(ZN_A, 0, 0.5)))
)


@pytest.fixture(scope="module")
def session() -> StationBench:
    return by_hand(HANDS, CHANGES).run()


def answers(session: StationBench) -> list[Event]:
    return [event for event in session.of_kind(EventKind.REQUEST) if event.text.startswith("set ")]


def test_a_session_is_a_run_that_a_person_stops(session: StationBench) -> None:
    assert session.done == ["by_hand"]
    assert (session.state, session.verdict["cause"], session.verdict["safe"]) == ("stopped", "operator", 1.0)
    assert not session.of_kind(EventKind.ALARM, EventKind.TRIP)
    last = session.samples[-1]
    assert max(last.currents) < OFF_A
    assert not any(is_open for part, is_open in last.positions.items() if "shutter" in part)


def test_what_a_rule_does_not_allow_is_refused_with_all_that_is_missing(session: StationBench) -> None:
    refused = {
        event.text.partition(":")[0]: dict(event.values) for event in answers(session) if "refused" in event.text
    }
    assert list(refused) == [
        "set HV gate = open", "set backing pump = stop", "set source shutter Zn = open", "set source Li = 10",
        "set N2 valve = open",
    ]  # fmt: skip
    assert refused["set backing pump = stop"]["missing_2"] == "turbo below a tenth of its speed"
    n2 = refused["set N2 valve = open"]
    missing = {str(n2[f"missing_{k}"]): n2[f"live_{k}"] for k in range(1, round(float(n2["missing"])) + 1)}
    assert list(missing) == ["HV gate confirmed closed", "all sources confirmed off", "all sources cold"]
    assert (n2["rule"], n2["absolute"], n2["about"], n2["value"]) == ("n2_valve", 1.0, "N2 valve", "open")
    assert n2["fix_1"] == "close the HV gate and wait for both switches"


def test_what_is_allowed_comes_about(session: StationBench) -> None:
    opened = {name for sample in session.samples for name, is_open in sample.positions.items() if is_open == 1}
    assert {"roughing", "fore-line", "gate", "source shutter 1", "substrate shutter"} <= opened
    assert not opened & {"N2", "vent", "source shutter 2"}


def test_a_source_is_driven_no_faster_than_its_slew_and_its_evaporation_is_noted(session: StationBench) -> None:
    source, period_s = session.prepared.station.source["Zn"], session.prepared.station.scan_period
    most_a = source.slew * period_s * session.prepared.station.supply[1].full_scale / 100
    told = [sample.outputs.supply[0].current_a for sample in session.samples]
    steps = [b - a for a, b in pairwise(told)]
    assert max(told) == pytest.approx(45)
    assert max(steps) <= most_a + 1e-9
    assert min(steps) >= -most_a - 1e-9
    assert "its crystal has grown by" in session.of_kind(EventKind.NOTE)[-1].text
