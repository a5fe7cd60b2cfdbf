"""The board on which drivers put their readings."""

from control_bench import STATION

from pvdstation.drivers.base import Board
from pvdstation.model.signals import Quality, SignalMap


def test_a_whole_number_is_read_as_the_float_that_is_recorded():
    board = Board(SignalMap(STATION))
    for value in (2, True):  # the journal's segment, a bit of the I/O
        board.post(board.signals.journal_segment, value, Quality.GOOD, 0)
        assert type(board.readings[board.signals.journal_segment].value) is float
