"""Every fault of the library: what the operator sees, which action follows, how soon the true current is zero.

Recipe, drivers, core and bytes are those of a dry run; the fault is one line of text. Beside what each row states,
every run ends, nothing that may not be repeated is, the safe state is confirmed or expressly not, and no reading with
good quality differs from the truth because of a link.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest
from station_bench import OFF_A, QUICK, StationBench

from pvdsim.faults.catalogue import KINDS
from pvdsim.instruments.gauge_heads import full_range, pirani
from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind
from pvdstation.model.signals import Position, Quality
from pvdstation.model.simulation import Replies
from pvdstation.protocol import modbus, sqc310

FILM = "10 nm Zn at 0.5 nm/s"  # opens at 51.5 s, closes after 71 s
THICK = "20 nm Zn at 0.5 nm/s"  # closes after 91 s
GAS = "N2 to 50 mbar for 10 s"  # isolates at 30 s, fills from 42 s to 52 s, evacuates from 62 s
EVACUATES_WITHIN = {FILM: "30 s", THICK: "30 s", GAS: "4 min"}
UNSEEN = ""
ENERGY = ("io", "sqc", "supply.1")
TOLD_WITHIN_S = 65.0
"""OFF NOT CONFIRMED: 10 s without a rate, the hold of 10 s, then 30 s to confirm the stop and 20 s to abort."""


class Row(NamedTuple):
    """One fault: when and what; the first alarm or trip and words of it; classes; the end; zero current within, s."""

    fault: str
    sees: str = UNSEEN
    words: str = ""
    first: str = ""  # class of what is seen first
    most: str = ""  # highest class that moved the run
    ends: str = "complete"  # "aborting": given up, OFF NOT CONFIRMED
    off_s: float | None = None  # None: nothing has to go off, or it stays on to the end of the layer
    recipe: str = FILM

    @property
    def name(self) -> str:
        return f"{self.fault.partition(' ')[2]} @ {self.fault.partition(' ')[0]}"


def unseen(*faults: str) -> list[Row]:
    """Faults that cost nothing but a repeated question."""
    return [Row(fault) for fault in faults]


def dead(link: str, sees: str, words: str, first: str, most: str, ends: str, off_s: float) -> list[Row]:
    """Everything that leaves a link without good answers for good, and the restart that takes too long."""
    kinds = (
        ("lost", "late 0.5s", "merged", "corrupted", "silent") if link in ENERGY else ("lost", "corrupted", "silent")
    )
    return [Row(f"t=55s {link} {kind}", sees, words, first, most, ends, off_s) for kind in kinds]


LINKS = [
    *unseen(*(f"t=55s once {link} {kind}" for link in ("io", "sqc", "supply.1", "gauges", "turbo")
              for kind in ("lost", "late 1s", "merged", "corrupted"))),
    *unseen(*(f"t=55s {link} garbage" for link in ("io", "sqc", "supply.1", "gauges", "turbo"))),
    *unseen(*(f"t=55s {link} {kind}" for link in ("io", "gauges", "turbo")
              for kind in ("late 0.1s", "split", "duplicated"))),
    *unseen("t=55s io duplicated 2s", "t=55s sqc split 0.5ms", "t=55s for 1s sqc duplicated", "t=55s supply.1 split"),
    *unseen("t=55s gauges reset", "t=55s turbo reset"),
    *dead("io", "io_link", "I/O readings fresh", "C3", "C3", "aborting", 2.5),
    *dead("sqc", "rate_fresh", "SQC-310: no fresh rate for", "C1", "C3", "aborting", 13.0),
    # its enable contact is read back open; its current is told as not measured
    *dead("supply.1", "supply_link", "supply 1: no fresh reading for", "C3", "C3", "aborted", 3.0),
    *dead("gauges", "gauges", "gauges good, fresh", "C1", "C2", "stopped", 20.0),
    *dead("turbo", "turbo_at_speed", "turbo: no answer", "C3", "C3", "aborted", 5.0),
    # slow, not silent: the link is named, and not what it seems to say of rate and supply
    Row("t=55s sqc late 0.1s", "rate_known", "SQC-310: too few readings of crystal 1", "C1", "C2", "stopped", 30.0),
    Row("t=55s sqc late 0.25s", "rate_fresh", "SQC-310: no fresh rate for", "C1", "C2", "stopped", 30.0),
    Row("t=55s supply.1 late 0.1s", "supply_link", "supply 1: no fresh reading for 3", "C3", "C3", "aborted", 5.0),
    Row("t=55s supply.1 late 0.25s", "supply_link", "supply 1: no fresh reading for", "C3", "C3", "aborted", 4.0),
    # a link that comes back: nothing resumes by itself
    Row("t=55s for 5s io silent", "io_link", "I/O readings fresh", "C3", "C3", "aborted", 2.5),
    Row("t=55s for 5s sqc silent", "rate_fresh", "rate younger", "C1", "C2", "stopped", 30.0),
    Row("t=55s for 5s supply.1 silent", "supply_link", "supply readings fresh", "C3", "C3", "aborted", 3.0),
    Row("t=55s for 5s gauges silent", "gauges", "gauges good, fresh", "C1", "C2", "stopped", 20.0),
    Row("t=55s for 5s turbo silent", "turbo_at_speed", "turbo at speed", "C3", "C3", "aborted", 5.0),
    Row("t=55s for 30s io silent", "io_link", "I/O: no answer", "C3", "C3", "aborted", 2.5),
    Row("t=55s for 30s sqc silent", "rate_fresh", "no fresh rate", "C1", "C2", "stopped", 13.0),
    Row("t=55s for 30s supply.1 silent", "supply_link", "no fresh reading", "C3", "C3", "aborted", 3.0),
    Row("t=55s for 30s gauges silent", "gauges", "gauges good, fresh", "C1", "C2", "stopped", 20.0),
    Row("t=55s for 30s turbo silent", "turbo_at_speed", "turbo: no answer", "C3", "C3", "aborted", 5.0),
    # while nothing regulates yet: the process is stopped at once and conditioned again from 0
    Row("t=20s for 5s sqc silent", "sqc_link", "SQC-310: no answer", "C1", "C2", "stopped", 3.5),
    Row("t=20s for 5s gauges silent", "gauges", "gauges good, fresh", "C1", "C2", "stopped", 4.0),
    # while an instrument is prepared: nothing has been energised, nothing is tried again
    Row("t=5s for 5s sqc silent", "condition", "SQC-310: no answer", "C1", "C2", "stopped", 0.0),
    Row("t=2s for 5s supply.1 silent", "condition", "supply 1: no answer", "C1", "C2", "stopped", 0.0),
    # a power cycle switches off what the instrument drives
    Row("t=55s io reset", "io_watchdog", "", "C3", "C3", "aborted", 1.5),
    Row("t=55s for 5s io reset", "io_link", "I/O readings fresh", "C3", "C3", "aborted", 1.5),
    Row("t=55s sqc reset", "sqc_reset", "has not been restarted", "C0", "C2", "stopped", 1.5),
    Row("t=55s for 5s sqc reset", "supply_state", "constant current", "C3", "C3", "aborted", 1.5),
    Row("t=55s supply.1 reset", "supply_state", "constant current", "C3", "C3", "aborted", 1.5),
    Row("t=55s for 5s supply.1 reset", "supply_link", "supply readings fresh", "C3", "C3", "aborted", 1.5),
    Row("t=55s for 5s turbo reset", "turbo_at_speed", "turbo at speed", "C3", "C3", "aborted", 5.0),
    # answers that are lost where a second command would do harm (P07, P08)
    Row("t=0s once sqc lost on U0"),
    Row("t=0s once sqc lost on U5"),
    Row("t=0s once sqc merged on U0"),
    Row("t=0s once io lost on 0x0f0200"),
    Row("t=42s once io lost on 0x0f0200", recipe=GAS),
    Row("t=42s for 2s io lost on 0x0f0200", recipe=GAS),
]  # fmt: skip

POWER = [
    Row("t=55s power dip", "io_link", "I/O readings fresh", "C3", "C3", "aborted", 1.5),
    Row("t=55s for 5s power dip", "io_link", "I/O readings fresh", "C3", "C3", "aborted", 1.5),
    Row("t=45s power dip", "io_link", "I/O readings fresh", "C3", "C3", "aborted", recipe=GAS),
]

SUPPLIES = [
    Row("t=55s supply.1 local", "supply_state", "no fault, no error", "C3", "C3", "aborted", 4.0),
    Row("t=55s supply.1 tripped ovp", "supply_state", "no fault", "C3", "C3", "aborted", 1.5),
    Row("t=55s supply.1 tripped otp", "supply_state", "no fault", "C3", "C3", "aborted", 1.5),
    Row("t=55s supply.1 watchdog", "supply_state", "no fault", "C3", "C3", "aborted", 1.5),
    # seen when the SQC-310 asks for less: the enable contact ends it
    Row("t=65s supply.1 ignores_off", "supply_agrees", "what was asked for", "C3", "C3", "aborted", 20.0),
    # nothing that the program can reach ends this: it never says safe
    Row("t=55s supply.1 welded", "uncommanded_energy", "no current without a command", "C4", "C4", "aborting"),
]

GAUGES = [
    Row("t=5s gauge.full_range frozen", "gauges", "gauges good", "C1", "C2", "stopped", 80.0, THICK),
    Row("t=45s gauge.capacitance frozen", "n2_slope", "rises 0 mbar/s", "C1", "C2", "stopped", recipe=GAS),
    Row("t=43s gauge.capacitance wrong 50%", "n2_slope", "flow or gauge is wrong", "C1", "C2", "stopped", recipe=GAS),
    Row("t=35s gauge.capacitance sensor_error", "isolate", "capacitance gauge: no good reading", "C1", "C2", "stopped",
        recipe=GAS),
    # it says "at least the top of the range"
    Row("t=55s gauge.full_range out_of_range over", "film_pressure", "enough for a film", "C1", "C3", "aborted", 3.0),
    Row("t=55s gauge.full_range out_of_range under"),  # an upper bound is good enough for vacuum
    Row("t=55s gauge.full_range sensor_error", "gauges", "gauges good", "C1", "C2", "stopped", 20.0),
    Row("t=55s gauge.capacitance sensor_error off", "gauges", "gauges good", "C1", "C2", "stopped", 20.0),
    Row("t=45s gauge.capacitance sensor_error", "n2_valve", "all conditions of the N2 valve", "C0", "C2", "stopped",
        recipe=GAS),
    Row("t=55s gauge.full_range wrong 300%"),  # nothing else measures high vacuum
    Row("t=55s gauge.full_range wrong 10000%", "film_pressure", "low enough for a film", "C1", "C3", "aborted", 3.0),
    Row("t=55s gauges unit pa", "film_pressure", "low enough for a film", "C1", "C3", "aborted", 3.0),
]  # fmt: skip

SOURCES = [
    Row("t=55s boat.1 open", "boat_open", "boat 1 takes no current", "C3", "C3", "aborted", 0.5),
    Row("t=20s boat.1 open", "boat_open", "boat 1 takes no current", "C3", "C3", "aborted", 0.5),
    Row("t=10s boat.1 short", "boat_resistance", "as at commissioning", "C3", "C3", "aborted", 3.5),
    Row("t=20s boat.1 short", "boat_short", "far below what it was", "C3", "C3", "aborted", 2.5),
    Row("t=45s boat.1 short", "boat_short", "far below what it was", "C3", "C3", "aborted", 2.5),
    Row("t=53s boat.1 short", "boat_short", "far below what it was", "C3", "C3", "aborted", 2.5),
    Row("t=53s boat.1 drifting", "boat_resistance_drift", "near the layer's median", "C3", "C3", "aborted", 6.0),
    Row("t=30s boat.1 drifting", "power_ceiling", "power below", "C3", "C3", "aborted", 12.0),
    Row("t=70s boat.1 drifting", "boat_resistance_drift", "near the layer's median", "C3", "C3", "aborted", 4.0, THICK),
    Row("t=52s source.Zn spitting 5s", "rate_alarm", "within the alarm band", "C1", "C2", "stopped", 35.0, THICK),
    Row("t=52s source.Zn spitting 1s", "spitting", "Zn: 3 spits in 60 s", "C0", "C2", "stopped", 35.0, THICK),
    Row("t=55s source.Zn depleted", "rate_drop", "44.8 % while it had its rate", "C1", "C2", "stopped", 30.0),
    Row("t=0s source.Zn depleted 2mg", "loop_stuck", "Zn: power 51.6 %", "C2", "C2", "stopped", 54.0),
    Row("t=0s source.Zn oxidised", "condition", "no rate at soak power", "C1", "C2", "stopped", 40.0),
    Row("t=0s source.Zn wetting 55s", "condition", "no rate at soak power", "C1", "C2", "stopped", 40.0),
    Row("t=52s source.Zn wetting 3s", "rate_drop", "rate has not dropped", "C1", "C2", "stopped", 30.0),
    Row("t=55s crystal.1 fail", "crystal", "crystal 1 failed: shutters closed", "C1", "C2", "stopped", 2.0),
    Row("t=30s crystal.1 fail", "crystal", "crystal 1 failed: shutters closed", "C1", "C2", "stopped", 2.0),
    Row("t=0s crystal.1 fail", "crystal", "crystal 1 failed: shutters closed", "C1", "C2", "stopped"),
    Row("t=55s crystal.1 stuck", "crystal_still", "crystal 1 stands at 5999", "C1", "C2", "stopped", 3.5),
    Row("t=20s crystal.1 stuck", "crystal_still", "crystal 1 stands at", "C1", "C2", "stopped", 16.5),  # at soak 2
    Row("t=55s crystal.1 jump 20kHz", "crystal", "crystal active", "C1", "C2", "stopped", 2.0),
    Row("t=60s crystal.1 jump -1kHz", "crystal_jump", "has jumped", "C1", "C2", "stopped", 30.0),
    Row("t=55s crystal.1 noisy 30Hz", "crystal_quality", "scatters by", "C0", "C2", "stopped", 40.0),
    Row("t=55s crystal.1 noisy 5Hz", "crystal_quality", "scatters by", "C0", ""),  # the film is right
    Row("t=55s crystal.1 drift 5Hz/s"),  # like film: only a second crystal could tell
]

PARTS = [
    Row("t=55s shutter.substrate stuck", "shutter_closes", "shutters follow a closing", "C3", "C3", "aborting", 21.0),
    Row("t=45s shutter.substrate stuck", "shutter_opens", "shutters follow an opening", "C1", "C2", "stopped", 33.0),
    Row("t=10s shutter.1 stuck", "shutter_opens", "shutters follow an opening", "C1", "C2", "stopped", 30.0),
    Row("t=10s shutter.1 slow 5s", "shutter_opens", "shutters follow an opening", "C1", "C3", "aborted", 30.0),
    Row("t=55s shutter.substrate switch_lost open", "shutter_opens", "moving", "C1", "C2", "stopped", 28.0),
    Row("t=55s shutter.substrate switch_lost closed", "shutter_closes", "moving", "C3", "C3", "aborting", 21.0),
    Row("t=55s shutter.substrate switch_stuck closed", "shutter_opens", "fault", "C1", "C2", "stopped", 28.0),
    Row("t=1s gate stuck", "gate", "did not open in time", "C1", "C2", "stopped"),
    Row("t=1s gate slow 8s", "gate", "did not open in time", "C1", "C2", "stopped"),
    Row("t=30s valve.n2 stuck", "n2_no_rise", "no gas, or the valve is stuck", "C1", "C2", "stopped", recipe=GAS),
    # nothing that the program can reach ends this either
    Row("t=45s valve.n2 stuck", "n2_closed", "N2 valve closed when told to be", "C3", "C3", "aborting", recipe=GAS),
    Row("t=60s valve.foreline stuck", "roughing_valve", "fore-line valve confirmed closed", "C1", "C2", "stopped",
        recipe=GAS),
    Row("t=55s turbo error", "turbo_at_speed", "turbo at speed", "C3", "C3", "aborted", 4.0),
    Row("t=55s backing_pump off", "backing_pump", "backing pump runs", "C1", "C2", "stopped", 25.0),
    Row("t=70s backing_pump off", "backing_pump", "backing pump runs", "C1", "C2", "stopped", recipe=GAS),
    Row("t=55s water lost", "water_flow", "cooling water flows", "C3", "C3", "aborted", 3.0),
    Row("t=55s for 0.5s water lost"),  # a bubble
    Row("t=55s air lost", "compressed_air", "compressed air present", "C3", "C3", "aborting", 2.0),
    Row("t=55s for 5s air lost", "compressed_air", "compressed air present", "C3", "C3", "aborted", 2.0),
    Row("t=45s air lost", "compressed_air", "compressed air present", "C1", "C2", "stopped", recipe=GAS),
    Row("t=55s door open", "door", "door closed", "C4", "C4", "aborted", 1.5),
    Row("t=55s estop pressed", "e_stop", "E-stop chain healthy", "C4", "C4", "aborted", 1.5),
    Row("t=44s over_pressure tripped", "n2_valve", "conditions of the N2 valve", "C0", "C2", "stopped", recipe=GAS),
    Row("t=55s chamber leak 1e-2 mbar L/s", "film_pressure", "low enough for a film", "C1", "C2", "stopped", 30.0),
    Row("t=55s chamber leak 1 mbar L/s", "film_pressure", "low enough for a film", "C1", "C3", "aborted", 3.0),
    Row("t=33s chamber leak 20 mbar L/s", "isolate", "rising", "C1", "C2", "stopped", recipe=GAS),
    Row("t=43s n2 empty", "n2_no_rise", "no gas", "C1", "C2", "stopped", recipe=GAS),
]  # fmt: skip

ROWS = [*LINKS, *POWER, *SUPPLIES, *GAUGES, *SOURCES, *PARTS]


class Watched(StationBench):
    """A station bench that hears every byte a driver sends, and compares good readings with the truth."""

    def __init__(self, recipe: str) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.untrue: list[str] = []
        self._truths: dict[str, Callable[[], tuple[float, float]]] = {}
        self._seen: dict[str, deque[tuple[int, float, float]]] = {}
        self._compared: dict[str, int] = {}
        super().__init__(recipe, QUICK | {"defaults.evacuate_timeout": EVACUATES_WITHIN[recipe]})
        world = self.world.inner
        receive = world.receive

        def hear(name: str, data: bytes, now_ns: int) -> Replies:
            self.sent.append((name, data))
            return receive(name, data, now_ns)

        world.receive = hear  # type: ignore[method-assign]
        self._truths = self._true_values()
        self._seen = {name: deque(maxlen=7) for name in self._truths}

    def _true_values(self) -> Mapping[str, Callable[[], tuple[float, float]]]:
        """Return, by signal, the true value with the tolerance of its instrument."""
        plant, boat, sqc = self.plant, self.plant.boats[1], self.instrument("sqc")
        contact = plant.contact

        def position(prefix: str) -> Callable[[], tuple[float, float]]:
            def where() -> tuple[float, float]:
                is_open, is_closed = contact(f"{prefix} open"), contact(f"{prefix} closed")
                return (Position.OPEN if is_open else Position.CLOSED if is_closed else Position.MOVING), 0.0

            return where

        def near(truth: Callable[[], float], share: float, rest: float) -> Callable[[], tuple[float, float]]:
            return lambda: (truth(), share * abs(truth()) + rest)

        return {
            "chamber.full_range": near(lambda: full_range(plant.chamber_mbar, plant.argon_fraction), 0.2, 0.0),
            "chamber.capacitance": near(lambda: plant.chamber_mbar, 0.0, 0.4),
            "foreline.pirani": near(lambda: pirani(plant.foreline_mbar, plant.argon_fraction), 0.2, 0.0),
            "supply.1.current": near(lambda: boat.current_a, 0.0, 0.05),
            "supply.1.voltage": near(lambda: boat.voltage_v, 0.0, 0.005),
            "sensor.1.frequency": near(lambda: sqc.crystals[1].frequency_hz, 0.0, 0.01),
            "sqc.phase": near(lambda: float(sqc.sequence.phase), 0.0, 0.0),
            "sqc.output.1.power": near(lambda: plant.analogue[1], 0.0, 0.01),
            "turbo.speed": near(lambda: plant.turbo_hz, 0.0, 1.0),
            "source_shutter.Zn": position("sh1"),
            "substrate_shutter": position("substrate"),
            "gate": position("gate"),
            "n2_valve": position("N2"),
        }

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        super()._scanned(now_ns, decision)
        for name, truth in self._truths.items():
            seen = self._seen[name]
            seen.append((now_ns, *truth()))
            self._compare(name, seen)

    def _compare(self, name: str, seen: deque[tuple[int, float, float]]) -> None:
        """The value was true some time in the second before its last byte arrived, or moved through it.

        A second and a scan: the truth is known at scans, and a reply that is a second late was true just before one.
        """
        reading = self.reading(name)
        if reading.counter == self._compared.get(name):
            return
        self._compared[name] = reading.counter
        if reading.quality is not Quality.GOOD or reading.value != reading.value or reading.value == Position.MOVING:
            return
        near = [
            (value - tolerance, value + tolerance)
            for at_ns, value, tolerance in seen
            if -5 * SECOND // 4 <= at_ns - reading.at_ns <= SECOND // 4
        ]
        if near and not min(low for low, _ in near) <= reading.value <= max(high for _, high in near):
            self.untrue.append(f"{name} = {reading.value:g} at {reading.at_ns / SECOND} s, true {near}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_is_seen_acted_upon_and_ends_where_it_should(row: Row) -> None:
    bench = Watched(row.recipe)
    bench.world.inner.faults.add(row.fault)
    began_ns = bench.world.inner.faults.due_ns
    bench.run()

    assert bench.state == row.ends, bench.verdict
    seen = bench.of_kind(EventKind.ALARM, EventKind.TRIP)
    if row.sees is UNSEEN:
        come = [event for event in seen if ("state", "gone") not in event.values]
        assert [str(event) for event in come if dict(event.values).get("class") != "C0"] == []
    else:
        assert (seen[0].source, dict(seen[0].values)["class"]) == (row.sees, row.first)
        assert row.words in seen[0].text
        trips = [dict(event.values)["class"] for event in bench.of_kind(EventKind.TRIP)]
        assert max(trips, default="") == row.most

    confirmed = row.ends != "aborting"
    assert bench.verdict["safe"] == float(confirmed)
    told = [event.at_ns for event in seen if "OFF NOT CONFIRMED" in event.text]
    gone = [event.text for event in seen if event.source == "safe_state"][-1:] == ["gone: off is confirmed"]
    assert confirmed != bool(told) or gone  # gone: a link came back after it had been said
    assert not any(re.search(r"\b(nan|inf)\b|NOT CONFIRMED: $", event.text) for event in seen)
    if told:
        assert (told[0] - began_ns) / SECOND <= TOLD_WITHIN_S
    last = bench.samples[-1]
    if confirmed:
        assert max(last.currents) < OFF_A
        assert last.positions["substrate shutter"] == last.positions["N2"] == last.positions["vent"] == 0.0
    if row.off_s is not None:
        flowing = [sample.now_ns for sample in bench.samples if max(sample.currents) >= OFF_A]
        assert not flowing or (flowing[-1] - began_ns) / SECOND <= row.off_s

    assert not any("internal error" in notice.text for notice in bench.notices)
    assert_nothing_is_repeated(bench)
    if row in LINKS:
        assert bench.untrue == []


def assert_nothing_is_repeated(bench: Watched) -> None:
    """What starts, ends, clears or opens was sent at most once for each time it was asked for."""

    def asked(text: str) -> int:
        return sum(event.text.startswith(f"{text}: asked") for event in bench.events)

    sent = bench.sent
    commands = {text: wire_of(text) for text in ("U0", "U5")}
    assert sum(data == commands["U0"] for _, data in sent) <= asked("sqc_start")
    assert sum(data == commands["U5"] for _, data in sent) <= asked("sqc_end_layer")
    assert sum(b"OUTP:PROT:CLE" in data for _, data in sent) <= asked("supply_arm")
    opened = sum(event.source == "n2" and event.text == "on" for event in bench.of_kind(EventKind.OUTPUT))
    assert openings_sent(bench) <= opened


def wire_of(text: str) -> bytes:
    return sqc310.encode_command(text)


def openings_sent(bench: Watched) -> int:
    """Count the writes to the coupler that take the N2 valve from closed to open."""
    mask = 1 << bench.prepared.station.io.do.index("N2")
    framer, was_open, count = modbus.TcpFramer(), False, 0
    for name, data in bench.sent:
        for frame in framer.feed(data) if name == "io" else ():
            call = modbus.receive(frame).call
            if call is not None and call.function == modbus.WRITE_COILS:
                count += bool(call.bits & mask) and not was_open
                was_open = bool(call.bits & mask)
    return count


def test_every_kind_of_fault_has_its_row() -> None:
    world = Watched(FILM).world.inner
    world.faults.add(*(row.fault for row in ROWS))
    used = {(spec.kind.family, spec.kind.word) for spec in world.faults.specs}
    assert used == {(kind.family, kind.word) for kind in KINDS}


def test_the_same_faults_with_the_same_seed_give_the_same_run() -> None:
    texts = ("t=52s sqc lost 5%", "t=52s gauges corrupted 10%", "t=53s source.Zn spitting 3s", "t=54s boat.1 drifting")
    first, second = Watched(FILM), Watched(FILM)
    for bench, listed in ((first, texts), (second, texts)):
        bench.world.inner.faults.add(*listed)
        bench.run()
    assert first.events == second.events
    assert first.sent == second.sent


def test_another_fault_changes_nothing_in_the_draws_of_the_first() -> None:
    def bursts(*texts: str) -> list[float]:
        bench = Watched(FILM)
        bench.world.inner.faults.add(*texts)
        films = []
        for now_s in range(50, 62):
            bench.world.inner.advance_to(now_s * SECOND)
            films.append(bench.plant.beams[0].film_nm)
        return films

    assert bursts("t=52s source.Zn spitting 3s") == bursts("t=51s turbo garbage", "t=52s source.Zn spitting 3s")
