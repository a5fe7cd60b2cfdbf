"""Ctrl+C: a stop, a second one within 10 s an abort."""

from pvdstation.cli.interrupts import Interrupts


def pressed(*moments_s: float) -> Interrupts:
    times = iter(moments_s)
    interrupts = Interrupts(lambda: next(times))
    for _ in moments_s:
        interrupts.interrupt()
    return interrupts


def test_one_is_a_stop():
    assert (pressed(0.0).stop, pressed(0.0).abort) == (True, False)


def test_two_within_ten_seconds_are_an_abort():
    assert pressed(5.0, 15.0).abort


def test_two_further_apart_are_a_stop():
    assert not pressed(5.0, 15.1).abort


def test_the_second_pair_counts_too():
    assert pressed(0.0, 20.0, 25.0).abort


def test_being_terminated_twice_never_aborts():
    interrupts = Interrupts(lambda: 0.0)
    interrupts.terminate()
    interrupts.terminate()
    assert (interrupts.stop, interrupts.abort) == (True, False)
