"""The silence that ends a frame of Modbus RTU is kept before the next one is sent."""

import pytest
from plant_bench import station_values

from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.model.ports import Line
from pvdstation.model.switchgear_table import Io
from pvdstation.wires.serial_port import SerialWire


def io_with(**changes) -> Io:
    return Io.model_validate({**station_values()["io"], "transport": "rtu", **changes})


def wire_of(silence_ns: int) -> tuple[SerialWire, SteppedClock]:
    clock = SteppedClock(SECOND)
    wire = SerialWire("loop://", clock, Line(silence_ns=silence_ns))
    wire.open()
    return wire, clock


def test_the_next_frame_waits_for_the_silence_after_the_last_byte():
    wire, clock = wire_of(4 * MILLISECOND)
    wire.write(b"question", 2 * SECOND)
    assert clock.now_ns() == SECOND
    clock.wait_until(SECOND + 50 * MILLISECOND)
    assert wire.read(2 * SECOND) == b"question"
    wire.write(b"next", 2 * SECOND)
    assert clock.now_ns() == SECOND + 54 * MILLISECOND
    wire.close()


def test_other_lines_wait_for_nothing():
    wire, clock = wire_of(0)
    for _ in range(3):
        wire.write(b"x", 2 * SECOND)
        assert wire.read(2 * SECOND)
    assert clock.now_ns() == SECOND
    wire.close()


@pytest.mark.parametrize(
    ("baud", "silence_ms"), [(1200, 32.083333), (9600, 4.010417), (19200, 2.005208), (38400, 1.75), (115200, 1.75)]
)
def test_it_is_three_and_a_half_characters_or_a_fixed_time(baud, silence_ms):
    assert io_with(baud=baud).line.silence_ns == pytest.approx(silence_ms * MILLISECOND, abs=1)


def test_a_second_stop_bit_stands_in_for_parity():
    assert (io_with(parity="none").line.stop_bits, io_with(parity="even").line.stop_bits) == (2, 1)
