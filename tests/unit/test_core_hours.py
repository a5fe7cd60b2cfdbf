"""When a core acts by itself, on a clock of the wall that the test moves."""

from importlib.resources import files

from pvdstation.assembly.core.hours import ALONE_S, GIVES_UP_S, IDLE_S, STOPS_WITHIN_S, Hours
from pvdstation.desk.talk import QUIT
from pvdstation.model.messages import Verb
from pvdstation.model.toml import load_station

STATIONS = files("pvdstation.stations")


class Wall:
    """A clock, and the hours of a core by it."""

    def __init__(self, name="sim", lost="continue"):
        text = STATIONS.joinpath(f"{name}.toml").read_text(encoding="utf-8")
        text = text.replace('on_clients_lost = "continue"', f'on_clients_lost = "{lost}"')
        self.now_s = 1000.0
        self.hours = Hours(load_station(text.encode(), name), lambda: self.now_s)

    def due(self, after_s=0.0, *, is_active=False, clients=0):
        self.now_s += after_s
        return self.hours.due(is_active=is_active, clients=clients)


def test_the_idle_core_of_a_simulated_station_ends_a_minute_after_the_last_client_and_the_last_run():
    wall = Wall()
    assert wall.due(IDLE_S) is None
    assert wall.due(1) == QUIT
    wall = Wall()
    assert wall.due(10 * IDLE_S, clients=1) is None
    assert wall.due(10 * IDLE_S, is_active=True) is None
    assert wall.due(IDLE_S) is None
    assert wall.due(1) == QUIT


def test_a_live_core_stays():
    assert Wall("example").due(100 * IDLE_S) is None


def test_a_run_that_nobody_watches_is_held_once_where_the_station_file_says_so():
    wall = Wall(lost="hold")
    assert wall.due(ALONE_S, is_active=True) is None
    assert wall.due(1, is_active=True) == Verb.HOLD
    assert wall.hours.why == "no client for 5 min"
    assert wall.due(10 * ALONE_S, is_active=True) is None  # resumed by a person it would have a client
    assert wall.due(1, is_active=True, clients=1) is None
    assert wall.due(ALONE_S, is_active=True) is None
    assert wall.due(1, is_active=True) == Verb.HOLD


def test_losing_every_client_changes_nothing_by_default():
    assert Wall().due(100 * ALONE_S, is_active=True) is None


def test_what_nobody_watches_but_a_run_is_not_held():
    wall = Wall("example", lost="hold")
    assert wall.due(2 * ALONE_S) is None
    assert wall.due(1, is_active=True) is None  # its client has just left: it has its 5 min
    assert wall.due(ALONE_S, is_active=True) == Verb.HOLD


def test_a_signal_is_a_stop_then_an_abort_then_the_end():
    wall = Wall()
    wall.hours.told_to_end()
    assert wall.due(is_active=True, clients=1) == Verb.STOP
    assert wall.hours.why == "signal"
    assert wall.due(STOPS_WITHIN_S, is_active=True) is None
    wall.hours.told_to_end()  # again: the time of the first one counts
    assert wall.due(1, is_active=True) == Verb.ABORT
    assert wall.due(GIVES_UP_S - 2, is_active=True) is None
    assert wall.due(2, is_active=True) == QUIT


def test_a_signal_ends_an_idle_core_and_one_whose_run_has_ended_at_once():
    wall = Wall("example")
    wall.hours.told_to_end()
    assert wall.due(clients=3) == QUIT
    wall = Wall("example")
    wall.hours.told_to_end()
    assert wall.due(is_active=True) == Verb.STOP
    assert wall.due(1) == QUIT
