"""What condenses: shutters, crystals, film, nitride."""

from random import Random

import pytest
from plant_bench import SECOND_NS, Operator, simulation

from pvdsim.plant.boat import Boat
from pvdsim.plant.crystal import Crystal
from pvdsim.plant.reaction import Reaction


@pytest.fixture(scope="module")
def operator() -> Operator:
    """A plant with zinc evaporating, all shutters closed."""
    warm = Operator()
    warm.pump_down()
    warm.condition(1, 25.8, 41.7, 120)
    return warm


def test_the_crystal_sees_its_boat_behind_the_source_shutter_not_the_substrate_shutter(operator) -> None:
    operator.wait(5)
    assert operator.plant.crystals[1].film_nm("Zn") == 0.0
    operator.move("source shutter 1", on=True)
    operator.wait(20)
    grown = operator.plant.crystals[1].film_nm("Zn")
    assert grown > 3.0
    assert operator.plant.truth()["film.Zn"] == 0.0
    assert operator.plant.crystals[2].film_nm("Zn") == 0.0  # baffled
    before = grown
    operator.move("substrate shutter", on=True)
    start_film, start_crystal = operator.plant.truth()["film.Zn"], operator.plant.crystals[1].film_nm("Zn")
    operator.wait(20)
    film = operator.plant.truth()["film.Zn"] - start_film
    crystal = operator.plant.crystals[1].film_nm("Zn") - start_crystal
    assert crystal > before / 2
    assert film / crystal == pytest.approx(1.1115, rel=1e-9)
    operator.move("substrate shutter", on=False)
    operator.move("source shutter 1", on=False)


def crystal(noise: float = 0.0, walk: float = 0.0, height: float = 0.0, drift: float = 0.0) -> Crystal:
    settings = simulation().crystals
    transient = settings.opening_transient.model_copy(update={"height": height, "drift": drift})
    quiet = settings.model_copy(update={"noise": noise, "walk": walk, "opening_transient": transient})
    return Crystal(quiet, 6e6, [], Random(1))


def boat(number: int) -> Boat:
    return Boat(number, simulation().boats[number], 300.0, 0.025, Random(1))


@pytest.mark.parametrize(("number", "nm", "shift_hz", "within"), [(1, 300, -17_158, 0.5), (2, 100, -431.8, 0.05)])
def test_a_film_grown_in_steps_shifts_the_crystal_as_published(number, nm, shift_hz, within) -> None:
    grown, source = crystal(), boat(number)
    steps = nm * 80  # 0.5 nm/s on the grid
    for step in range(steps):
        grown.grow(source, nm / steps)
        if step % 10 == 0:
            grown.true_frequency()
    assert grown.true_frequency() - 6e6 == pytest.approx(shift_hz, abs=within)


def test_the_local_slope_errs_by_less_than_a_hundredth_of_the_noise() -> None:
    read_often, read_once, source = crystal(), crystal(), boat(1)
    worst = 0.0
    for _ in range(2400):
        read_often.grow(source, 0.0125)
        read_once.grow(source, 0.0125)
        worst = max(worst, abs(read_often.true_frequency() - fresh_solution(read_often)))
    assert worst < 3e-4
    assert read_once.true_frequency() == pytest.approx(read_often.true_frequency(), abs=1e-3)


def fresh_solution(grown: Crystal) -> float:
    other = crystal()
    other.grow(boat_1, grown.film_nm("Zn"))
    return other.true_frequency()


boat_1 = boat(1)


def test_lithium_on_zinc_is_a_stack_of_two_films() -> None:
    stacked = crystal()
    stacked.grow(boat(1), 1000.0)
    below = stacked.true_frequency()
    stacked.grow(boat(2), 100.0)
    assert below - stacked.true_frequency() == pytest.approx(423.4, abs=0.06)
    assert stacked.film_nm("Zn") == pytest.approx(1000)
    assert stacked.film_nm("Li") == pytest.approx(100)


def test_readings_scatter_by_the_noise_of_the_station_file() -> None:
    noisy = crystal(noise=0.03)
    readings = [noisy.read(n * SECOND_NS // 4, 1e-6, 0.0) - 6e6 for n in range(4000)]
    assert (sum(r * r for r in readings) / 4000) ** 0.5 == pytest.approx(0.03, rel=0.05)


def test_the_random_walk_grows_with_the_root_of_time() -> None:
    squares = 0.0
    for seed in range(300):
        walker = crystal(walk=0.01)
        walker._rng = Random(seed)
        walker.read(0, 1e-6, 0.0)
        squares += (walker.read(100 * SECOND_NS, 1e-6, 0.0) - 6e6) ** 2
    assert (squares / 300) ** 0.5 == pytest.approx(0.1, rel=0.15)


def test_a_dead_crystal_reads_zero() -> None:
    dead = crystal()
    dead.is_dead = True
    assert dead.read(0, 1e-6, 0.0) == 0.0


def test_opening_on_a_warm_source_bumps_the_frequency_up_and_drifts_for_30_s() -> None:
    warm, cold = Operator(), Operator()
    warm.drive(1, 36.0)
    for operator in (warm, cold):
        operator.wait(60)
        operator.move("source shutter 1", on=True)
    opened_ns = warm.plant.parts["source shutter 1"].left_closed_ns
    seen = []
    for since_s in (2.5, 30, 90):
        warm.plant.advance_to((opened_ns + since_s * SECOND_NS) // 25_000_000 * 25_000_000)
        cold.plant.advance_to(warm.plant.now_ns)
        seen.append([o.plant.crystals[1]._warming(o.plant.now_ns) for o in (warm, cold)])
    assert [w for w, _ in seen] == pytest.approx([0.72, 0.62, 0.6], abs=0.02)
    assert [c for _, c in seen] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("mbar", "seconds", "share"), [(500, 180, 0.98), (500, 60, 0.73), (50, 180, 0.71), (0.9, 1e4, 0)]
)
def test_nitrogen_converts_lithium_as_estimated(mbar, seconds, share) -> None:
    reaction = Reaction(simulation().reaction)
    for _ in range(100):
        reaction.expose(mbar, seconds / 100)
    assert reaction.share == pytest.approx(share, abs=0.005)
    assert reaction.nitride_nm(100.0) == pytest.approx(share * 110, abs=0.6)


def test_fresh_lithium_is_not_converted() -> None:
    reaction = Reaction(simulation().reaction)
    reaction.expose(500.0, 1e4)
    reaction.dilute(50.0, 100.0)
    assert reaction.share == pytest.approx(0.5)


def test_converted_lithium_on_a_crystal_weighs_more() -> None:
    nitrided = crystal()
    nitrided.grow(boat(2), 100.0)
    assert nitrided.read(0, 0.0, 0.0) - nitrided.read(1, 0.0, 1.0) == pytest.approx(290, abs=1)


def test_gas_at_500_mbar_lowers_the_frequency_by_about_1_hz() -> None:
    assert crystal().read(0, 500.0, 0.0) - 6e6 == pytest.approx(-1.0, abs=0.01)
