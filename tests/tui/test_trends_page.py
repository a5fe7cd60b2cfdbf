"""The Trends page: what it gathers, what its keys show, and the ghost. Moments are made, no engine runs."""

import math

import pytest
from page_bench import ERRANDS, PageBench
from patience import until
from station_moments import IDLE, RUNNING, SECOND, source

from pvdstation.desk.errands import Curve, ErrandError, RunListed
from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.page import Place
from pvdstation.tui.pages.trends import TrendsPage
from pvdstation.tui.trends.gathering import Gathered, Trace, values_of
from pvdstation.tui.trends.ghost import ghost_of

LISTED = RunListed("20260301-0900-aaaa", "2026-03-01 09:00", "LZLN", "simulated", "complete", "Li_16")


def moment(at_s: float, grown_nm: float = math.nan, run: str = "0042") -> Snapshot:
    layer = RUNNING.layers[0]._replace(grown_nm=grown_nm)
    sources = (source("Zn", is_on=True, rate_nm_s=0.5 + at_s / 1e4), source("Li"))
    return RUNNING._replace(run=run, now_ns=round(at_s * SECOND), done_s=at_s, layers=(layer,), sources=sources)


def gathered(*moments: Snapshot) -> Gathered:
    found = Gathered()
    for one in moments:
        found.take(one)
    return found


def values_in(trace: Trace, width_s: float = math.inf) -> list[float]:
    return [point.value for point in trace.windows[width_s].points()]


@pytest.fixture
def place(tmp_path):
    from screen_bench import STATION  # noqa: PLC0415 - the app comes with it

    return Place(STATION, tmp_path, tmp_path, tmp_path / "a.sock")


def test_every_quantity_of_every_source_is_gathered():
    now = values_of(moment(10.0, grown_nm=3.5))
    assert now["rate Zn"] == pytest.approx(0.501)
    assert (now["thickness Zn"], now["set rate Zn"], now["set thickness Zn"]) == (3.5, 0.5, 300.0)
    assert (now["power Zn"], now["power Li"], now["pressure"]) == (14.7, 0.0, 1.8e-6)


def test_another_run_begins_anew():
    found = gathered(moment(1.0), moment(2.0), moment(0.5, run="0043"))
    assert (found.run, found.began_s) == ("0043", 0.0)
    assert values_in(found.traces["rate Zn"]) == [pytest.approx(0.50005)]


def test_an_ended_run_stays_until_the_next_one_begins():
    found = gathered(moment(1.0), moment(2.0), IDLE, IDLE._replace(now_ns=9000 * SECOND))
    assert (found.run, found.is_over, found.at_s) == ("0042", True, 2.0)
    found.take(moment(0.0, run="0043"))
    assert (found.run, found.is_over) == ("0043", False)


def test_the_idle_station_is_gathered_too():
    found = gathered(IDLE, IDLE._replace(now_ns=IDLE.now_ns + SECOND))
    assert values_in(found.traces["pressure"]) == [1.8e-6, 1.8e-6]


def test_nothing_known_is_a_gap():
    found = gathered(moment(0.0), moment(10.0))
    found.gap()
    found.take(moment(20.0))
    assert [math.isnan(value) for value in values_in(found.traces["rate Zn"], 300.0)] == [False, False, True, False]


def ghost():
    at_s = tuple(float(t) for t in range(0, 1000, 10))
    thickness = tuple(float(t - 200) if 200 <= t < 300 or 500 <= t < 600 else math.nan for t in range(0, 1000, 10))
    rate = tuple(float(t) for t in range(0, 1000, 10))
    return ghost_of("r", (Curve("rate Zn", "nm/s", at_s, rate), Curve("thickness Zn", "nm", at_s, thickness)))


def test_a_ghost_begins_with_the_same_layer():
    found = gathered(moment(0.0), moment(49.0), moment(50.0, grown_nm=0.1), moment(60.0, grown_nm=5.0))
    shift_s = ghost().shift_s(found.layers, found.began_s, by_layer=True)
    assert shift_s == 50.0 - 210.0  # 200: nothing has grown yet
    found.take(moment(150.0))
    found.take(moment(170.0, grown_nm=0.2))
    assert ghost().shift_s(found.layers, found.began_s, by_layer=True) == 170.0 - 500.0


def test_a_ghost_begins_with_the_run_where_no_layer_fits():
    assert ghost().shift_s(gathered(moment(30.0)).layers, 0.0, by_layer=True) == 0.0
    found = gathered(moment(0.0), moment(50.0, grown_nm=0.1))
    assert ghost().shift_s(found.layers, found.began_s, by_layer=False) == 0.0


def test_a_layer_that_grows_when_the_screen_comes_has_no_known_beginning():
    assert gathered(moment(50.0, grown_nm=20.0), moment(51.0, grown_nm=21.0)).layers == []


def test_a_ghost_is_cut_to_the_window():
    points = list(ghost().points("rate Zn", -100.0, 0.0, 50.0))
    assert [point.at_s for point in points] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert [point.value for point in points] == [100.0, 110.0, 120.0, 130.0, 140.0, 150.0]


def test_keys_choose_plots_and_window(place):
    async def person(bench, pilot):
        page = bench.page
        for at_s in range(5):
            page.keep(moment(float(at_s), grown_nm=1.0 + at_s))
        await pilot.press("r", "w", "right")
        await pilot.pause()
        assert page.shown == ["thickness", "pressure"]
        assert page.window_s == 1800.0
        assert "30 min" in str(page.query_one("#trends-head").render())
        legend = page.query_one("#plot-thickness").legend
        assert "Zn    5.0" in legend
        assert "set 300" in legend
        await pilot.press("t", "p")
        assert page.shown == ["pressure"]
        assert bench.said == ["one plot stays: show another one first"]

    PageBench(TrendsPage, place=place).drive(person, moment(9.0))


def test_g_compares_with_a_run_and_x_leaves_it(place):
    curves = tuple(ghost().curves.values())
    errands = ERRANDS._replace(runs=lambda: (LISTED,), curves=lambda _run: curves)

    async def person(bench, pilot):
        await pilot.press("g")
        await until(lambda: len(bench.screen_stack) == 2)
        await pilot.press("enter")
        await until(lambda: bench.page.ghost is not None)
        assert bench.page.ghost.run == LISTED.run
        await pilot.press("b", "x")
        assert (bench.page.by_layer, bench.page.ghost) == (False, None)

    PageBench(TrendsPage, errands, place).drive(person, moment(9.0))


def test_a_list_that_cannot_be_had_is_said(place):
    def fail() -> tuple[RunListed, ...]:
        raise ErrandError("the index cannot be read")

    async def person(bench, pilot):
        await pilot.press("g")
        await until(lambda: "runs: the index cannot be read" in bench.said)

    PageBench(TrendsPage, ERRANDS._replace(runs=fail), place).drive(person, moment(9.0))


def test_it_draws_at_most_once_a_second(place):
    async def person(bench, pilot):
        page = bench.page
        await pilot.pause()
        page.show(moment(10.0))
        before = page.drawn
        for _ in range(20):
            page.show(moment(11.0))
        assert page.drawn == before

    PageBench(TrendsPage, place=place).drive(person, moment(9.0))
