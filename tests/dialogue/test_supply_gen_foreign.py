"""PyMeasure's TDK-Lambda classes on the simulated legacy supply: identify, set, read back, output, ramp.

Their serial adapter, with CR at the end of commands and replies; no checksums, so the unit sends none.
"""

import pytest
import serial
from power_bench import PowerBench
from pymeasure.adapters import SerialAdapter
from pymeasure.instruments.tdk import TDK_Gen40_38
from test_supply_gen_instrument import legacy_values

from pvdsim.instruments import supply_gen
from pvdstation.model.clock import MILLISECOND


class Line(serial.SerialBase):
    """A serial port whose other end is the unit."""

    def __init__(self):
        self.bench = PowerBench()
        self.bench.contacts["enable 1 open"] = False
        self.unit = supply_gen.build(1, legacy_values(model="GEN40-38", full_scale="38 A"), self.bench, 1)
        self.now_ns = 0
        self.arrived = b""
        self.sent = []
        super().__init__()
        self.is_open = True

    def _reconfigure_port(self):
        pass

    def open(self):
        self.is_open = True

    def close(self):
        self.is_open = False

    def write(self, data):
        self.now_ns += 50 * MILLISECOND
        self.sent.append(bytes(data))
        self.arrived += b"".join(reply for _, reply in self.unit.receive(bytes(data), self.now_ns))
        return len(data)

    def read(self, size=1):
        data, self.arrived = self.arrived[:size], self.arrived[size:]
        return data

    def reset_input_buffer(self):
        self.arrived = b""


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def supply(line):
    yield TDK_Gen40_38(SerialAdapter(line, write_termination="\r", read_termination="\r"), address=6)
    assert line.arrived == b""


def test_it_is_addressed_and_identified(line, supply):
    assert supply.id == ["LAMBDA", "GEN40-38"]
    assert (supply.serial, supply.version, supply.multidrop_capability) == ("SIM-1", "REV:1U:4.3", False)
    assert line.sent[:2] == [b"ADR 6\r", b"IDN?\r"]


def test_another_address_is_not_answered(line):
    adapter = SerialAdapter(line, write_termination="\r", read_termination="\r")
    instrument = TDK_Gen40_38(adapter, address=5)
    instrument.write("IDN?")
    assert line.arrived == b""


def test_set_points_are_read_back(supply):
    supply.remote = "LLO"
    supply.voltage_setpoint = 12.5
    supply.current_setpoint = 38
    supply.over_voltage = 20
    supply.under_voltage = 1
    assert (supply.remote, supply.voltage_setpoint, supply.current_setpoint) == ("LLO", 12.5, 38.0)
    assert (supply.over_voltage, supply.under_voltage) == (20.0, 1.0)


@pytest.mark.parametrize("amps", [0.5, 10.0, 38.0])
def test_output_delivers_what_is_set_up_to_38_a(line, supply, amps):
    supply.voltage_setpoint = 10
    supply.current_setpoint = amps
    supply.output_enabled = True
    assert supply.output_enabled is True
    assert supply.current == pytest.approx(amps, abs=0.01)
    assert supply.voltage == pytest.approx(amps * line.bench.boats[1].ohm, abs=0.01)
    assert supply.mode == "CC"
    assert line.bench.boats[1].demand_a == amps
    supply.output_enabled = False
    assert (supply.output_enabled, supply.mode, supply.current) == (False, "OFF", pytest.approx(0.0, abs=0.01))
    assert line.bench.boats[1].demand_a == 0


def test_status_and_display_in_one_poll(supply):
    supply.voltage_setpoint = 10
    supply.current_setpoint = 20
    supply.output_enabled = True
    display = supply.display
    assert display[1] == 10.0
    assert display[2] == pytest.approx(20.0, abs=0.01)
    assert display[3:] == [20.0, 44.0, 0.0]
    assert supply.status[-2:] == ["SR(06)", "FR(00)"]


def test_protections_are_set_and_read_back(supply):
    supply.foldback_delay = 5
    supply.foldback_enabled = True
    supply.auto_restart_enabled = False
    supply.pass_filter = 46
    assert (supply.foldback_delay, supply.foldback_enabled) == (5, True)
    assert (supply.auto_restart_enabled, supply.pass_filter) == (False, 46)


def test_a_refusal_is_no_success(line, supply):
    line.bench.contacts["enable 1 open"] = True
    supply.output_enabled = True
    assert supply.output_enabled is False


def test_ramp_and_shutdown(line, supply):
    supply.voltage_setpoint = 10
    supply.output_enabled = True
    supply.ramp_to_current(38.0, steps=5, pause=0)
    assert line.bench.boats[1].demand_a == 38.0
    supply.ramp_to_current(0.0, steps=5, pause=0)
    supply.output_enabled = False
    assert line.bench.boats[1].demand_a == 0.0


def test_last_command_is_repeated(supply):
    supply.current_setpoint = 7
    assert supply.current_setpoint == 7.0
    assert supply.repeat == 7.0
