"""The Overview: at three sizes as it is drawn, and what each of its parts says."""

import math
import time

import pytest
from pytest_textual_snapshot import SVGImageExtension
from screen_bench import STATION, ScreenBench
from station_moments import HELD, IDLE, NOW_NS, RUNNING, SECOND, TRIPPED, positions, source

from pvdstation.desk.snapshot import LayerShown, SignalShown
from pvdstation.model.signals import Quality
from pvdstation.tui.overview.mimic import mimic
from pvdstation.tui.overview.numbers import figures
from pvdstation.tui.overview.pressure import Tendency, pressure_of
from pvdstation.tui.overview.rate_plot import MOST_POINTS, Rates
from pvdstation.tui.overview.rows import ahead, layers, sources, waits_for

DRAWN, TABLE = (52, 26), (76, 8)


@pytest.fixture(autouse=True)
def time_zone(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_overview_looks_as_it_did(snapshot, size):
    drawn = snapshot.use_extension(SVGImageExtension)

    async def person(bench, pilot):
        async def look(name):
            await bench.shown(pilot)
            bench.page._plotted_s = -math.inf
            bench.page._draw()
            await pilot.pause()
            assert bench.app.export_screenshot() == drawn(name=name)

        await look("idle")
        for ago_s in range(300, 0, -2):  # a rate that has settled
            bench.page.keep(RUNNING._replace(now_ns=NOW_NS - ago_s * SECOND, layers=(_layer(ago_s),)))
        for name, moment in (("running", RUNNING), ("held", HELD), ("tripped", TRIPPED)):
            bench.publish(moment)
            await look(name)
        bench.publish(RUNNING)
        await bench.shown(pilot)
        bench.close_desk()
        await bench.until(lambda: bench.app.sight.is_absent)
        await look("disconnected")

    with ScreenBench(IDLE) as bench:
        bench.drive(person, size)


def _layer(ago_s: float) -> LayerShown:
    settling = 0.4 * math.exp(-(300 - ago_s) / 20) * math.cos((300 - ago_s) / 6)
    return RUNNING.layers[0]._replace(rate_nm_s=0.5 - settling + 0.004 * math.sin(ago_s * 7))


@pytest.mark.parametrize("size", [DRAWN, TABLE])
@pytest.mark.parametrize(
    ("position", "word"),
    [("open", "OPEN"), ("closed", "closed"), ("moving", "MOVING"), ("FAULT", "FAULT"), ("unknown", "unknown")],
)
def test_every_position_is_a_word_of_its_own(size, position, word):
    shown = RUNNING._replace(positions=positions(substrate_shutter=position, N2_valve=position))
    text = mimic(shown, *size, is_old=False).plain
    assert any("substrate shutter" in line and word in line for line in text.split("\n"))
    assert f"N2 {word}" in text


def test_a_shutter_that_nobody_reports_is_unknown():
    assert "substrate shutter  unknown" in mimic(RUNNING._replace(positions=()), *DRAWN, is_old=False).plain


def test_a_valve_of_another_name_is_shown_too():
    shown = RUNNING._replace(positions=(*RUNNING.positions, RUNNING.positions[2]._replace(name="Ar valve")))
    assert "Ar valve closed" in mimic(shown, *DRAWN, is_old=False).plain


def test_no_word_is_cut_when_nothing_is_known():
    for size in (DRAWN, TABLE):
        text = mimic(RUNNING._replace(positions=()), *size, is_old=False).plain
        assert all(f"{name} unknown" in text for name in ("gate", "turbo", "fore", "pump", "rough", "N2", "vent"))


def test_a_turbo_with_an_error_and_a_pump_that_stands_are_said_so():
    words = {"turbo": "640 Hz, error 37", "backing pump": "standing"}
    shown = tuple(p._replace(position=words.get(p.name, p.position)) for p in RUNNING.positions)
    text = mimic(RUNNING._replace(positions=shown), *DRAWN, is_old=False).plain
    assert "turbo 640 Hz, error 37" in text
    assert "pump OFF" in text


def test_how_warm_a_source_may_be_is_never_cut():
    warm = source("Li", warmth="unknown: taken as hot for another 10 min 0 s")
    text = mimic(RUNNING._replace(sources=(warm, warm)), *DRAWN, is_old=False).plain
    assert "unknown: taken as hot" in text
    assert "for another 10 min 0 s" in text


def test_current_in_a_source_that_is_off_is_shown():
    leaking = source("Li")._replace(current_a=3.2)
    assert "off 3.2 A" in mimic(RUNNING._replace(sources=(leaking,)), *DRAWN, is_old=False).plain


def test_a_drawing_keeps_its_size_and_says_when_it_is_old():
    moments = (IDLE, RUNNING, HELD, TRIPPED)
    texts = [mimic(moment, *DRAWN, is_old=True).plain.split("\n") for moment in moments]
    assert {len(text) for text in texts} == {DRAWN[1]}
    assert all(len(line) <= DRAWN[0] for text in texts for line in text)
    assert all("chamber, OLD" in text[0] for text in texts)


def numbers(snapshot, tendency=""):
    return [(f.big, f.below.plain) for f in figures(snapshot, pressure_of(snapshot), tendency, STATION)]


def test_numbers_keep_their_width_and_say_target_and_deviation():
    assert numbers(RUNNING, "falling") == [
        ("0.502", "set 0.500 +0.4 % ok"),
        ("126.4", "of 300.0   42 %"),
        ("1.8E-06", "falling  full-range gauge"),
    ]
    thin = RUNNING._replace(layers=(RUNNING.layers[0]._replace(grown_nm=9.3, rate_nm_s=0.45),))
    assert numbers(thin)[:2] == [("0.450", "set 0.500 −10.0 %  LOW "), ("  9.3", "of 300.0   3 %")]
    unknown = RUNNING._replace(layers=(RUNNING.layers[0]._replace(grown_nm=math.nan, rate_nm_s=math.nan),))
    assert numbers(unknown)[:2] == [("-.---", "set 0.500 unknown"), ("---.-", "of 300.0")]
    assert [big for big, _ in numbers(IDLE)] == ["-.---", "---.-", "1.8E-06"]


def test_the_capacitance_gauge_counts_from_2_mbar_on_and_a_bad_gauge_is_no_number():
    full = SignalShown("chamber.full_range", "mbar", -3, 900.0, Quality.OVER_RANGE, 0.1)
    high = SignalShown("chamber.capacitance", "mbar", 2, 489.21, Quality.GOOD, 0.1)
    assert numbers(IDLE._replace(signals=(full, high)))[2] == ("489.2", "capacitance gauge")
    assert numbers(IDLE._replace(signals=(full,)))[2] == ("-.-", "OVER RANGE  full-range gauge")
    old = full._replace(quality=Quality.GOOD, value=1e-5, age_s=8.0)
    assert numbers(IDLE._replace(signals=(old,)))[2] == ("1.0E-05", "8 s OLD  full-range gauge")


def test_a_pressure_falls_rises_or_is_steady_over_ten_seconds():
    for factor, word in ((0.9, "falling"), (1.1, "rising"), (1.0005, "steady")):
        tendency = Tendency()
        for second in range(15):
            tendency.keep(second * SECOND, 1e-5 * factor**second)
        assert tendency.word == word
    assert Tendency().word == ""


def test_a_plot_has_few_points_with_every_extreme_and_begins_anew_with_a_run():
    rates = Rates()
    for half_s in range(1200):
        rate = 0.9 if half_s == 1100 else 0.1 if half_s == 900 else 0.5
        layer = RUNNING.layers[0]._replace(rate_nm_s=rate)
        rates.keep(RUNNING._replace(now_ns=half_s * SECOND // 2, layers=(layer,)))
    before, drawn = rates.points()
    assert len(drawn) <= MOST_POINTS + 2
    assert (min(drawn), max(drawn)) == (0.1, 0.9)
    assert min(before) >= -300
    assert before == sorted(before)
    rates.keep(RUNNING._replace(now_ns=0))
    assert len(rates.points()[0]) == 1


def test_rows_say_power_loop_further_layers_waiting_and_what_comes_next():
    assert sources(RUNNING, 62).plain.split("\n")[1] == "Zn on    14.7   43.1  0.34   7.9     43.1     51.6  SQC-310"
    assert "SQC-310" not in sources(RUNNING, 52).plain
    second = LayerShown("Li", "Li", 100.0, 0.1, 0.101, 33.2, "SQC-310")
    assert layers(RUNNING).plain == ""
    both = RUNNING._replace(layers=(*RUNNING.layers, second))
    assert layers(both).plain == "Li rate 0.101 nm/s, set 0.100   thickness 33.2 of 100.0 nm"
    waits = waits_for(RUNNING, 80).plain
    assert waits.endswith("173.6 nm to go · 5 min 47 s to go · waiting for 4 min 12 s")
    assert waits_for(IDLE, 80).plain == ""
    assert ahead(RUNNING, 1).plain.startswith("NEXT       4 condition Li · 5 deposit 100 nm Li")
    assert len(ahead(RUNNING, 3).plain.split("\n")) == 3
