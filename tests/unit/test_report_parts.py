"""Parts of the report: fewer points with every peak, means over time, and text that hides nothing."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_report_methods import ZN, story

from pvdstation.assembly.sources import read_station
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.model.problems import Refused
from pvdstation.model.station import Station
from pvdstation.record.report import wording
from pvdstation.record.report.curves import Curves, SourceCurves, intervals, mean_sd, rolling
from pvdstation.record.report.interventions import interventions
from pvdstation.record.report.plots import Overlay, draw_layer, draw_run
from pvdstation.record.report.recorded_station import recorded_station
from pvdstation.record.report.run_page import run_page
from pvdstation.record.report.story import Intervention
from pvdstation.record.report.thinning import thinned
from pvdstation.record.results import AlarmResult

NAN = math.nan
_VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(NAN), min_size=1, max_size=400)


@given(_VALUES, st.integers(10, 100))
def test_thinning_keeps_every_extreme_and_the_order(values: list[float], points: int) -> None:
    at_s = [0.25 * place for place in range(len(values))]
    times, kept = thinned(at_s, values, points)
    assert times == sorted(times)
    assert len(kept) <= max(points + 2, 2)
    good, left = ([v for v in some if not math.isnan(v)] for some in (values, kept))
    assert bool(good) == bool(left)
    if good:
        assert (min(good), max(good)) == (min(left), max(left))


def test_a_gap_stays_a_gap() -> None:
    _, kept = thinned(list(range(300)), [1.0] * 100 + [NAN] * 100 + [2.0] * 100, 60)
    assert kept[0] == 1.0
    assert kept[-1] == 2.0
    assert [math.isnan(value) for value in kept].count(True) == 1


@given(st.lists(st.floats(-100, 100) | st.just(NAN), max_size=60))
def test_a_rolling_mean_is_the_mean_of_its_window(values: list[float]) -> None:
    at_s = [float(place) for place in range(len(values))]
    for place, mean in enumerate(rolling(at_s, values, 10.0)):
        window = [v for v in values[max(0, place - 9) : place + 1] if not math.isnan(v)]
        if place < 10 or not window:
            assert math.isnan(mean)
        else:
            assert mean == pytest.approx(sum(window) / len(window), abs=1e-9)


def test_mean_and_deviation_leave_out_what_was_not_measured() -> None:
    assert mean_sd([]) == (None, None)
    assert mean_sd([NAN, 2.0]) == (2.0, None)
    assert mean_sd([1.0, NAN, 3.0]) == (2.0, pytest.approx(math.sqrt(2)))


def test_a_shutter_is_open_from_switch_to_switch() -> None:
    positions = [0, 2, 1, 1, 2, 0, 1, NAN, 1]
    assert list(intervals(range(9), positions)) == [(2, 4), (6, 7), (8, 8)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (wording.pressure(1.79e-6), "1.8 × 10⁻⁶ mbar"),
        (wording.pressure(496.48), "496.5 mbar"),
        (wording.pressure(0.0), "0.0 mbar"),
        (wording.duration(59.44), "59.4 s"),
        (wording.duration(59.5), "1 min 00 s"),
        (wording.duration(3504), "58 min 24 s"),
        (wording.duration(7260), "2 h 01 min"),
        (wording.spoken(180), "3 min"),
        (wording.spoken(91.5), "1 min 32 s"),
        (wording.signed_pct(-0.00001), "+0.0 %"),
        (wording.signed_pct(-0.524), "−52 %"),
        (wording.listed(["a", "b", "c"]), "a, b and c"),
        (wording.visible("a\u202eb\nc\ud800"), "a⟨U+202E⟩b⟨U+000A⟩c⟨U+D800⟩"),
    ],
)
def test_numbers_and_text_as_a_report_writes_them(said: str, words: str) -> None:
    assert said == words


def test_a_station_file_of_another_version_is_read_as_far_as_it_goes() -> None:
    content = read_station(None).content
    older = content.replace(b', after = "10 s" }', b" }").replace(b"baud = 19200\n", b"baud_rate = 1\n", 1)
    assert older != content
    station = recorded_station(older)
    whole = recorded_station(content)
    assert isinstance(whole, Station)
    assert station.source == whole.source
    assert station.sensor == whole.sensor
    assert station.limits.rate_attention == whole.limits.rate_attention
    with pytest.raises(Refused, match=r"source\.Zn\.density"):
        recorded_station(content.replace(b'density = "7.04 g/cm3"', b'dichte = "7.04 g/cm3"', 1))


def test_a_run_in_which_nothing_was_read_is_drawn_all_the_same() -> None:
    nothing = [NAN] * 50
    curves = Curves([0.25 * n for n in range(50)], (SourceCurves("a$b", *[nothing] * 7),), nothing, nothing, nothing)
    layer = replace(ZN, source="a$b", begun_s=0.0, ended_s=12.0, open_s=())
    assert "a$b" in draw_run(story(layer), curves, ())
    assert "a$b" in draw_layer([Overlay("a$b", curves, layer, 0.0)] * 2, "it began", is_simulated=False)


def asked(at_s: int, text: str, **values: float | str) -> Event:
    return Event(at_s, at_s * SECOND, EventKind.REQUEST, "desk", text, tuple(values.items()))


def told(at_s: int, source: str, text: str, **values: float | str) -> Event:
    return Event(at_s, at_s * SECOND, EventKind.ALARM, source, text, tuple(values.items()))


DONE = (
    asked(1, "ack water_flow: accepted", about="water_flow", person="Ada", reason="hose was kinked"),
    told(1, "water_flow", "acknowledged by Ada", state="acknowledged", by="Ada"),
    asked(2, "shelve spits: accepted", about="spits", value=30.0, person="Bo", reason="old charge"),
    told(2, "spits", "shelved by Bo for 30 min: old charge", state="shelved", by="Bo"),
    asked(
        3, "override boat_resistance: accepted", about="boat_resistance", value=10.0, person="Ada", reason="new boat"
    ),
    asked(4, "override n2_valve: refused, n2_valve is absolute", about="n2_valve", value=5.0, person="Bo", reason="so"),
    asked(5, "override boat_resistance: accepted", about="boat_resistance", value=20.0, person="Ada", reason="again"),
    told(5, "override boat_resistance", "gone: boat_resistance is in force again: it is given anew", state="gone"),
    told(6, "spits", "no longer shelved: by Bo", state="unshelved"),
    asked(7, "ack: accepted"),
    told(7, "spits", "acknowledged by desk", state="acknowledged", by="desk"),
)


def test_what_people_did_about_alarms_and_rules_stands_with_who_why_and_how_long() -> None:
    assert interventions(DONE) == (
        Intervention(1.0, "acknowledged", "water_flow", "Ada", "hose was kinked"),
        Intervention(2.0, "shelved", "spits", "Bo", "old charge", 30.0, 6.0, "by Bo"),
        Intervention(3.0, "overridden", "boat_resistance", "Ada", "new boat", 10.0, 5.0, "it is given anew"),
        Intervention(5.0, "overridden", "boat_resistance", "Ada", "again", 20.0),
        Intervention(7.0, "acknowledged", "spits", "desk"),
    )


def test_the_page_has_a_row_for_each_and_who_has_seen_an_alarm() -> None:
    seen = AlarmResult("alarm", "water_flow", "no water", 0.5, 2.0, acknowledged_s=1.0, acknowledged_by="Ada")
    page = run_page(replace(story(), alarms=(seen,), interventions=interventions(DONE)))
    tables = {section.title: section.parts[0] for section in page.sections}
    alarms, done = tables["Alarms and trips"], tables["Acknowledged, shelved, overridden"]
    assert alarms.rows[0][:3] == ("0:00:00", "0:00:02", "0:00:01, Ada")
    row = ("0:00:03", "overridden", "boat_resistance", "Ada", "new boat", "10 min", "0:00:05, it is given anew")
    assert done.rows[2] == row
    assert done.rows[3][-1] == "stayed"
    assert done.rows[4][3:] == ("desk", "not stated", "", "")
