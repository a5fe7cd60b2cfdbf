"""Asks every instrument of a station who it is, all links at once; builds no core and no scan, so nothing decides."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread

from pvdstation.assembly.building import drivers_of, instrument_of, line_of, real_wire
from pvdstation.assembly.preparation import mode_of
from pvdstation.assembly.served import Unserved, find_simulator
from pvdstation.assembly.sources import read_station
from pvdstation.assembly.vanishing import if_we_vanish
from pvdstation.assembly.world import open_world
from pvdstation.drivers.base import Board, Driver, Routine
from pvdstation.drivers.sqc310 import SqcDriver
from pvdstation.drivers.sqc310_survey import Found
from pvdstation.drivers.sqc310_talk import Declined
from pvdstation.model.clock import SECOND, Clock
from pvdstation.model.port_rules import unstable_ports
from pvdstation.model.ports import parse_port
from pvdstation.model.problems import Problem
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station, read_toml
from pvdstation.record.results import Mode, Named
from pvdstation.runtime.clock import RealClock
from pvdstation.runtime.probe import LATE, LinkProbe, Probed, Silence
from pvdstation.wires.base import Wire
from pvdstation.wires.link import Link
from pvdstation.wires.loopback import LiveLoopbackWire, SharedWorld
from pvdstation.wires.transcript import Lines, TranscriptWire

LONGEST_S = 15.0
"""How long all instruments together may take."""
_GRACE_S = 3.0  # for the exchange that is going on then
_NO_LINK = Probed("", "", "", None, 0, 0)
_DECIMALS_MS = 2
_COMPARED = re.compile(r"(A[245] |D)[0-9]+")
"""How the tables are addressed that ``[sqc.fingerprint]`` holds."""


@dataclass(frozen=True, slots=True)
class LinkFound:
    """One row of a probe."""

    link: str
    port: str
    line: str
    """Speed, data bits, parity and stop bits of a serial line: "19200 8N1"; else empty."""
    protocol: str
    told: Probed
    if_we_vanish: str
    if_we_vanish_s: float | None

    @property
    def has_link(self) -> bool:
        """Return whether there is anything to ask: a supply that only the SQC-310 drives has no link."""
        return bool(self.port)

    def as_json(self) -> dict[str, object]:
        """Return the entry of the JSON list ``links``; ``reachable`` is null where there is no link."""
        told = self.told
        trip_ms = None if told.round_trip_ms is None else round(told.round_trip_ms, _DECIMALS_MS)
        return {
            "link": self.link,
            "port": self.port,
            "line": self.line or None,
            "protocol": self.protocol,
            "reachable": not told.fault if self.has_link else None,
            "identity": told.identity,
            "round_trip_ms": trip_ms,
            "exchanges": told.exchanges,
            "misses": told.misses,
            "fault": told.fault,
            "write": told.write,
            "if_we_vanish": self.if_we_vanish,
            "if_we_vanish_s": self.if_we_vanish_s,
        }


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a whole station told."""

    station: Named
    mode: Mode
    links: tuple[LinkFound, ...]
    warnings: tuple[Problem, ...]
    survey: tuple[Found, ...] | None = None
    """Everything documented that the SQC-310 told; None when it was not asked for."""

    @property
    def fingerprint(self) -> dict[str, str]:
        """Return what ``[sqc.fingerprint]`` of this station would hold, as the unit is now."""
        return {found.asked: found.told for found in self.survey or () if _COMPARED.fullmatch(found.asked)}

    @property
    def unreachable(self) -> tuple[LinkFound, ...]:
        """Return the links behind which the station's instrument does not answer."""
        return tuple(found for found in self.links if found.told.fault)

    def as_json(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "outcome": "not reachable" if self.unreachable else "complete",
            "mode": self.mode,
            "station": self.station.as_json(),
            "links": [found.as_json() for found in self.links],
            "warnings": [warning.as_json() for warning in self.warnings],
            "errors": [_problem(found).as_json() for found in self.unreachable],
            **({} if self.survey is None else {"survey": [list(found) for found in self.survey]}),
        }


def probe(station: str | None, *, with_survey: bool = False, transcript: Lines | None = None) -> ProbeResult:
    """Ask every instrument of a station (packaged name or file). Raises Refused by the file, and NoSimulator."""
    survey: list[Found] = []
    source = read_station(station)
    loaded = load_station(source.content, source.file)
    drivers = _reading_drivers(loaded)
    clock = RealClock()
    world = open_world(read_toml(source.content, source.file).values, 1) if loaded.is_simulated else None
    shared = SharedWorld(world, clock) if world is not None else None
    also = {link: _survey_of(driver, survey) if with_survey else None for link, driver in drivers.items()}
    probes = {
        link: _probe_of(loaded, link, driver, clock, shared, also[link], transcript) for link, driver in drivers.items()
    }
    told = _all_at_once(probes, clock)
    rows = [*loaded.ports, *(f"supply{number}" for number, supply in loaded.supply.items() if not supply.has_link)]
    links = tuple(
        LinkFound(
            link, loaded.ports.get(link, ""), _line_words(loaded, link), loaded.protocols.get(link, ""),
            told.get(link, _NO_LINK), *if_we_vanish(loaded, link),
        )
        for link in rows
    )  # fmt: skip
    warnings = tuple(Problem(".".join(map(str, path)), what, write) for path, what, write in unstable_ports(loaded))
    simulator = find_simulator(loaded)
    if isinstance(simulator, Unserved):
        warnings = (simulator.problem, *warnings)
    mode = mode_of(loaded, simulator)
    told_all = tuple(survey) if with_survey else None
    return ProbeResult(Named(loaded.name, source.sha256), mode, links, warnings, told_all)


def _reading_drivers(station: Station) -> dict[str, Driver]:
    """Return the drivers of a station without what they would put right at a greeting: a relay that was left on."""
    sqc = station.sqc.model_copy(update={"shutter_relay": None})
    station = station.model_copy(update={"sqc": sqc})
    return drivers_of(station, Board(SignalMap(station)))


def _survey_of(driver: Driver, found: list[Found]) -> Callable[[], Routine] | None:
    """Return the routine that reads everything documented of an SQC-310; None for other instruments."""
    if not isinstance(driver, SqcDriver):
        return None

    def survey() -> Routine:
        try:
            found.extend((yield from driver.survey()))
        except Declined:
            return  # what is missing shows: a survey is whole or empty

    return survey


def _probe_of(
    station: Station,
    link: str,
    driver: Driver,
    clock: Clock,
    shared: SharedWorld | None,
    also: Callable[[], Routine] | None,
    transcript: Lines | None,
) -> LinkProbe:
    if shared is not None:
        wire: Wire = LiveLoopbackWire(shared, instrument_of(station, link), clock)
    else:
        wire = real_wire(station, link, clock)
    if transcript is not None:
        wire = TranscriptWire(wire, link, clock, transcript)
    return LinkProbe(Link(wire, driver.framer, clock), driver, _silence(station, link), also)


def _silence(station: Station, link: str) -> Silence:
    port, protocol = station.ports[link], station.protocols[link]
    line = _line_words(station, link)
    speed = f"baud rate and parity ({line} here)" if line else "address and, behind a device server, baud rate"
    return Silence(
        f"{port} can be opened, but nothing there answers {protocol}",
        f"{port} can be opened and something comes from there, but no answer in {protocol}",
        f"Check that it is switched on, the cable, {speed}, and which instrument hangs there.",
    )


def _line_words(station: Station, link: str) -> str:
    port = station.ports.get(link, "")
    return line_of(station, link).spelled if port and parse_port(port).is_serial_line else ""


def _all_at_once(probes: Mapping[str, LinkProbe], clock: Clock) -> dict[str, Probed]:
    """Return what every link told. Raises the first error that no link's result can hold."""
    deadline_ns = clock.now_ns() + round(LONGEST_S * SECOND)
    told: dict[str, Probed] = {}
    errors: list[BaseException] = []

    def ask(link: str) -> None:
        try:
            told[link] = probes[link].run(deadline_ns)
        except BaseException as error:  # noqa: BLE001 - the link's thread: its error becomes the command's
            errors.append(error)

    threads = [Thread(target=ask, args=(link,), name=f"probe {link}", daemon=True) for link in probes]
    for thread in threads:
        thread.start()
    end_s = time.monotonic() + LONGEST_S + _GRACE_S
    for thread in threads:
        thread.join(max(end_s - time.monotonic(), 0))
    if errors:
        raise errors[0]
    late = Probed("", LATE, "Check name, address and network of this port.", None, 0, 0)
    return {link: told.get(link, late) for link in probes}


def _problem(found: LinkFound) -> Problem:
    return Problem(found.link, found.told.fault, found.told.write)
