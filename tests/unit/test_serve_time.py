"""Who moves a served plant's time, on a wall clock that the test moves."""

import pytest

from pvdsim.plant.plant import STEP_NS
from pvdsim.serve_time import FORGIVEN_S, Mover, PlantTime
from pvdstation.model.clock import SECOND


class Wall:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.cost_s = 0.0  # of one advance of the plant

    def __call__(self) -> float:
        return self.now_s


class Plant:
    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.moments: list[int] = []

    def advance_to(self, now_ns: int) -> None:
        self.moments.append(now_ns)
        self.wall.now_s += self.wall.cost_s


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def plant(wall):
    return Plant(wall)


@pytest.fixture
def time(plant, wall):
    return PlantTime(plant, 10.0, wall)


def test_time_stands_until_it_is_started(time, wall, plant):
    wall.now_s += 5
    time.catch_up()
    assert (time.now_ns, time.mover, plant.moments) == (0, Mover.NOBODY, [])


def test_free_time_goes_at_its_pace_from_the_start_on(time, wall):
    wall.now_s += 5
    time.start()
    time.start()
    wall.now_s += 0.5
    time.catch_up()
    assert (time.now_ns, time.mover) == (5 * SECOND, Mover.WALL)
    assert time.wall_until_s(7 * SECOND) == pytest.approx(0.2)
    assert time.wall_until_s(0) == 0


def test_a_new_pace_counts_from_now_on(time, wall):
    time.start()
    wall.now_s += 0.5
    time.catch_up()
    time.set_pace(1)
    wall.now_s += 0.5
    time.catch_up()
    assert time.now_ns == 5.5 * SECOND


def test_lag_is_made_up_for_in_bounded_time_or_forgiven(time, wall, plant):
    time.start()
    wall.now_s += 0.9
    wall.cost_s = 0.02
    time.catch_up()
    assert len(plant.moments) == 3
    wall.cost_s = 0
    time.catch_up()
    assert time.now_ns == pytest.approx(9.6 * SECOND)
    wall.now_s += 1000
    wall.cost_s = 0.06
    time.catch_up()
    behind_s = time.wall_until_s(time.now_ns)
    assert behind_s == 0
    assert time.now_ns < (9.6 + 10 * FORGIVEN_S) * SECOND


def test_a_driver_alone_moves_time_and_gets_it_on_the_plants_grid(time, wall):
    time.start()
    wall.now_s += 0.5001
    time.catch_up()
    began_ns = time.drive(60.0)
    assert began_ns % STEP_NS == 0
    assert 5 * SECOND < began_ns < 5 * SECOND + 2 * STEP_NS
    wall.now_s += 5
    time.catch_up()
    assert (time.now_ns, time.mover) == (began_ns, Mover.DRIVER)


def test_after_a_driver_time_goes_on_at_its_pace(time, wall):
    time.drive(60.0)
    time.advance_to(7 * SECOND)
    time.release()
    wall.now_s += 0.5
    time.catch_up()
    assert (time.now_ns, time.pace, time.mover) == (37 * SECOND, 60.0, Mover.WALL)


def test_after_a_driver_without_a_pace_its_mean_counts(time, wall):
    time.drive(None)
    wall.now_s += 2
    time.advance_to(500 * SECOND)
    time.release()
    assert time.pace == 250


def test_a_driver_that_never_moved_leaves_a_plant_that_moves(time, wall):
    time.drive(None)
    wall.now_s += 2
    time.release()
    assert time.pace > 0
