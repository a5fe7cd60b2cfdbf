"""Signals: every number the station measures, with quality and age. One image of them feeds one decision."""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from pvdstation.model.station import Station

LONG_AGO = -(10**18)


class Quality(IntEnum):
    """How far a reading can be trusted. Only GOOD satisfies a permissive."""

    GOOD = 0
    UNDER_RANGE = 1  # at or below the gauge's lower limit: an upper bound, not a number
    OVER_RANGE = 2  # at or above the upper limit: a lower bound, not a number
    UNCERTAIN = 3
    SENSOR_FAULT = 4
    COMM_FAULT = 5
    NEVER = 6  # nothing has been read yet


class Reading(NamedTuple):
    """One value with its quality, the time its last byte arrived (ns) and a counter that moves with each sample."""

    value: float
    quality: Quality
    at_ns: int
    counter: int


UNREAD = Reading(float("nan"), Quality.NEVER, LONG_AGO, 0)


class Position(IntEnum):
    """Where a shutter or valve is, by its switches; the value of a position signal."""

    CLOSED = 0
    OPEN = 1
    MOVING = 2  # neither switch
    FAULT = 3  # both switches


class SupplyMode(IntEnum):
    """How a supply regulates; the value of ``supply.N.mode``."""

    OFF = 0
    CV = 1
    CC = 2
    CP = 3


class Signal(NamedTuple):
    """A signal's name, unit ("" for words and switches), link, display precision (decimals; -3: 3 significant)."""

    name: str
    unit: str
    link: str
    decimals: int


class SupplySignals(NamedTuple):
    """Numbers of one supply's signals."""

    voltage: int  # V at the supply's terminals
    current: int  # A measured
    mode: int  # SupplyMode
    setpoint: int  # A, the supply's own value read back
    faults: int  # questionable condition register, 0 = none
    external: int  # 1 = the current follows the analogue input
    armed: int  # 1 = the arm sequence was read back, watchdog included
    error: int  # last code of the error queue, 0 = none


class OutputSignals(NamedTuple):
    """Numbers of one SQC-310 output's signals (K1). Not used by the active layer: NaN, GOOD."""

    rate: int  # nm/s
    deviation: int  # %
    thickness: int  # nm
    power: int  # % of full scale


class SensorSignals(NamedTuple):
    """Numbers of one crystal's signals (PA)."""

    frequency: int  # Hz
    life: int  # % left
    status: int  # 1 = active


class SignalMap:
    """All signals of a station, numbered once; attributes give the numbers by role."""

    def __init__(self, station: Station) -> None:
        self._signals: list[Signal] = []
        add = self._add
        self.source_shutter = tuple(add(f"source_shutter.{n}", "", "io", 0) for n in station.source)
        """Positions, in the order of the station's sources."""
        self.substrate_shutter = add("substrate_shutter", "", "io", 0)
        self.gate = add("gate", "", "io", 0)
        self.roughing = add("roughing_valve", "", "io", 0)
        self.foreline_valve = add("foreline_valve", "", "io", 0)
        self.n2 = add("n2_valve", "", "io", 0)
        self.vent = add("vent_valve", "", "io", 0)
        self.door_closed = add("door_closed", "", "io", 0)
        self.water = add("water_flow", "", "io", 0)
        self.air = add("compressed_air", "", "io", 0)
        self.over_pressure_ok = add("over_pressure_ok", "", "io", 0)
        self.e_stop_ok = add("e_stop_ok", "", "io", 0)
        self.backing_running = add("backing_running", "", "io", 0)
        self.enable_open = {n: add(f"enable.{n}.open", "", "io", 0) for n in station.supply}
        """1 = the supply's enable contact is read back open, by supply number."""
        self.io_outputs = add("io.outputs", "", "io", 0)  # output bits read back, bit = number in [io] do
        self.io_watchdog = add("io.watchdog", "", "io", 0)  # 1 = armed and running with the station's time and mask
        self.supply = {
            n: SupplySignals(
                voltage=add(f"supply.{n}.voltage", "V", f"supply{n}", 3),
                current=add(f"supply.{n}.current", "A", f"supply{n}", 2),
                mode=add(f"supply.{n}.mode", "", f"supply{n}", 0),
                setpoint=add(f"supply.{n}.setpoint", "A", f"supply{n}", 2),
                faults=add(f"supply.{n}.faults", "", f"supply{n}", 0),
                external=add(f"supply.{n}.external", "", f"supply{n}", 0),
                armed=add(f"supply.{n}.armed", "", f"supply{n}", 0),
                error=add(f"supply.{n}.error", "", f"supply{n}", 0),
            )
            for n in station.supply
        }
        self.sqc_phase = add("sqc.phase", "", "sqc", 0)
        self.sqc_process = add("sqc.process", "", "sqc", 0)
        self.sqc_layer = add("sqc.layer", "", "sqc", 0)
        self.sqc_mode = add("sqc.mode", "", "sqc", 0)  # 0 manual, 1 automatic
        self.sqc_was_reset = add("sqc.was_reset", "", "sqc", 0)
        self.sqc_attention = add("sqc.attention", "", "sqc", 0)  # the phase that a person has to look at; 0 = none
        self.sqc_relay = add("sqc.relay_refused", "", "sqc", 0)  # 1 = the shutter's relay did not obey
        self.output = {
            n: OutputSignals(
                rate=add(f"sqc.output.{n}.rate", "nm/s", "sqc", 3),
                deviation=add(f"sqc.output.{n}.deviation", "%", "sqc", 2),
                thickness=add(f"sqc.output.{n}.thickness", "nm", "sqc", 1),
                power=add(f"sqc.output.{n}.power", "%", "sqc", 2),
            )
            for n in sorted({s.sqc.output for s in station.source.values()})
        }
        self.sensor = {
            n: SensorSignals(
                frequency=add(f"sensor.{n}.frequency", "Hz", "sqc", 2),
                life=add(f"sensor.{n}.life", "%", "sqc", 2),
                status=add(f"sensor.{n}.status", "", "sqc", 0),
            )
            for n in station.sensor
        }
        link_of = {role: link for link, table in station.gauge_tables.items() for role in table.channels}
        self.full_range = add("chamber.full_range", "mbar", link_of.get("full_range", "gauges"), -3)
        self.capacitance = add("chamber.capacitance", "mbar", link_of.get("capacitance", "gauges"), 2)
        self.foreline = add("foreline.pirani", "mbar", link_of.get("foreline", "gauges"), -3)
        self.gauge_settings = {link: add(f"{link}.settings", "", link, 0) for link in station.gauge_tables}
        """1 = filters, offsets and factors are those of commissioning, by link; read where the station states them."""
        self.turbo_speed = add("turbo.speed", "Hz", "turbo", 0)
        self.turbo_error = add("turbo.error", "", "turbo", 0)  # 0 = none, else the number of ErrNNN
        self.journal_durable = add("journal.durable", "", "journal", 0)  # number of the last durable event
        self.journal_age = add("journal.age", "s", "journal", 1)
        self.journal_segment = add("journal.segment", "", "journal", 0)  # above 1: a file of the record has failed
        self.all: tuple[Signal, ...] = tuple(self._signals)
        self.number = {s.name: i for i, s in enumerate(self.all)}

    def _add(self, name: str, unit: str, link: str, decimals: int) -> int:
        self._signals.append(Signal(name, unit, link, decimals))
        return len(self._signals) - 1

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Signal]:
        return iter(self.all)
