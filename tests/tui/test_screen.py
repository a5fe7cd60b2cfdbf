"""The frame: what every page has around it, and what it asks the core for."""

from screen_bench import ScreenBench
from station_moments import RUNNING

from pvdstation.tui.page import PAGES


def test_digits_open_the_six_pages():
    async def person(bench, pilot):
        for number, name in enumerate(PAGES, 1):
            await pilot.press(str(number))
            assert bench.page.id == name

    with ScreenBench(RUNNING) as bench:
        bench.drive(person)
