"""PyMeasure's SQM-160 class on the simulated SQC-310: somebody else's framing and checksum accept our packets.

Only framing is common: the sibling's commands mean other things, so the ones used here are those that agree.
"""

import pytest
from pymeasure.adapters import Adapter
from pymeasure.instruments.inficon.sqm160 import SQM160, calculate_checksum
from sqc310_bench import STATION, StillBench

from pvdsim.instruments import sqc310 as unit
from pvdsim.instruments.sqc310_memory import prepare
from pvdstation.protocol import sqc310 as wire


class UnitAdapter(Adapter):
    """PyMeasure's adapter with the simulated unit at its other end."""

    def __init__(self, **switches):
        super().__init__()
        settings = {"channels": 2, "baud": 19200, "period_s": 0.25, "latency_s": 0.005, "filter_alpha": 0.3}
        parameters = unit.Parameters(**settings | switches)
        sqc = STATION.sqc.model_copy(update={"channels": parameters.channels})
        self.unit = unit.Sqc310(parameters, prepare(STATION.model_copy(update={"sqc": sqc})), StillBench())
        self.unit.advance_to(0)
        self.arrived = b""

    def _write_bytes(self, content, **kwargs):
        self.arrived += b"".join(packet for _, packet in self.unit.receive(content, 0))

    def _read_bytes(self, count, break_on_termchar, **kwargs):
        assert len(self.arrived) >= count > 0
        data, self.arrived = self.arrived[:count], self.arrived[count:]
        return data

    def assert_nothing_is_left_over(self):
        assert self.arrived == b""


@pytest.fixture
def monitor():
    instrument = SQM160(UnitAdapter())
    yield instrument
    instrument.adapter.assert_nothing_is_left_over()


def test_identity_and_channels(monitor):
    assert monitor.firmware_version == "SQC310 2MB Ver 6.65"
    assert monitor.number_of_channels == 2


def test_readings_of_a_sensor(monitor):
    assert monitor.sensor_2.frequency == 5_980_000.0
    assert monitor.sensor_1.thickness == 0.0


def test_settings_are_acknowledged(monitor):
    for message in ("T2", "F1 2,0704", "A2 1 1,18 2,140", "D1 1,500 2,4800"):
        monitor.write(message)
        assert monitor.check_set_errors() == []
    assert monitor.ask("A2 1? 1 2") == "1,18 2,140 "


@pytest.mark.parametrize(
    ("message", "letter", "said"),
    [("W", "C", "invalid command"), ("T99", "D", "data in command"), ("S0", "E", "'E'")],
)
def test_refusals_are_understood_as_refusals(monitor, message, letter, said):
    monitor.write(message)
    with pytest.raises(ConnectionError, match=said):
        monitor.read()
    checksum = monitor.read_bytes(2)  # which their class leaves unread
    assert checksum == wire.encode_reply(letter)[-2:]


def test_reply_whose_length_byte_is_no_ascii():
    monitor = SQM160(UnitAdapter(channels=4))
    payload = monitor.ask("K2")
    assert len(payload) + 1 + wire.REPLY_BIAS >= 0x80  # as manual P1C p. 111 prints it
    assert payload.count(" ") == 12


def test_a_damaged_packet_is_noticed_by_both_sides(monitor):
    good = wire.encode_reply("A", "5950000.00")
    assert calculate_checksum(good[1:-2]) == good[-2:]
    monitor.adapter.arrived = good[:5] + b"x" + good[6:]
    with pytest.raises(ConnectionError, match="checksum error"):
        monitor.read()
    monitor.adapter.write_bytes(b"!" + b"$V?" + b"xx")
    with pytest.raises(ConnectionError, match="'F'"):
        monitor.read()
    assert monitor.read_bytes(2) == b"t-"  # as captured on hardware
