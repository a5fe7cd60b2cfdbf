"""What a station file must get right about its ports, and what it had better."""

from collections.abc import Iterator

from pvdstation.model.ports import STABLE_NAME, Port, PortError, parse_port, unstable_name
from pvdstation.model.positions import Path
from pvdstation.model.station import Station

Contradiction = tuple[Path, str, str]
"""Where, what is wrong, what to write instead."""


def ports_are_spelled(station: Station) -> Iterator[Contradiction]:
    """Refuse text that names no port."""
    for link, text in station.ports.items():
        if not text and link.startswith("supply"):
            continue  # a supply without a port is refused by its dialect
        try:
            parse_port(text)
        except PortError as error:
            yield _path(link), error.what, error.write


def ports_have_one_owner(station: Station) -> Iterator[Contradiction]:
    """Refuse two links on one port, however it is spelled."""
    owners: dict[str, str] = {}
    for link, port in _parsed(station):
        if port.target in owners:
            what = f'the port "{port.text}" belongs to {owners[port.target]} already'
            yield _path(link), what, "One link owns one port."
        owners.setdefault(port.target, link)


def ports_are_of_one_kind(station: Station) -> Iterator[Contradiction]:
    """Refuse simulated ports beside real ones, and what only belongs to either."""
    if station.is_simulated:
        if station.simulator is not None:
            what = 'ports "sim:" are simulated in this process, so no simulator is asked for them'
            yield ("simulator",), what, "Remove this key, or write the ports that pvd-sim serve shows."
        return
    simulated = [link for link, port in station.ports.items() if port.startswith("sim:")]
    if simulated:
        what = f"simulated ports ({', '.join(simulated)}) stand beside real ones: a station never mixes them"
        yield _path(simulated[0]), what, "Make all ports real, or all simulated."
    if station.simulation is not None:
        yield ("simulation",), "[simulation] describes a plant, but a port is real", "Remove the table [simulation]."


def unstable_ports(station: Station) -> Iterator[Contradiction]:
    """Return the ports whose names may mean another instrument after a restart: for a warning, not a refusal."""
    for link, port in _parsed(station):
        if why := unstable_name(port):
            yield _path(link), why, STABLE_NAME


def _parsed(station: Station) -> Iterator[tuple[str, Port]]:
    for link, text in station.ports.items():
        try:
            yield link, parse_port(text)
        except PortError:
            continue


def _path(link: str) -> Path:
    number = link.removeprefix("supply")
    return (link, "port") if number == link else ("supply", number, "port")
