"""The pages Alarms, Manual and Runs as they look; renew with --snapshot-update after a look at them."""

import time

import pytest
from page_bench import ERRANDS, PageBench
from page_moments import ALARMS, HAND
from station_moments import IDLE
from test_runs_page import RUNS

from pvdstation.tui.pages.alarms import AlarmsPage
from pvdstation.tui.pages.manual import ManualPage
from pvdstation.tui.pages.runs import RunsPage


@pytest.fixture(autouse=True)
def _times_of_day_are_universal(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("kind", "moment", "size", "keys"),
    [
        (AlarmsPage, ALARMS, (116, 24), ("down",)),
        (ManualPage, HAND, (116, 26), ("down",) * 5),
        (ManualPage, HAND, (76, 16), ("down",) * 5),
        (RunsPage, IDLE, (116, 12), ("down",)),
    ],
    ids=["alarms", "manual", "manual-small", "runs"],
)
def test_a_page_looks_as_it_did(snap_compare, kind, moment, size, keys):
    bench = PageBench(kind, ERRANDS._replace(runs=lambda: RUNS))

    async def told(pilot):
        bench.page.focus()
        await bench.tell(pilot, moment)
        await bench.workers.wait_for_complete()
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(bench, terminal_size=size, run_before=told)
