"""What ``[io]`` and ``[gauges]`` must not contradict: modules large enough, a watchdog that exists, roles once each."""

from collections.abc import Iterator

from pvdstation.model.positions import Path
from pvdstation.model.station import Station
from pvdstation.model.switchgear_table import SIMULATED_PROOF, Io
from pvdstation.model.vacuum_tables import ROLES

Found = Iterator[tuple[Path, str, str]]
ADAM_CHANNELS = {"adam-6050": (12, 6), "adam-6060": (6, 6)}
"""Inputs and outputs of one module (digital I/O reference 4)."""
_OLD_UNITS = ("mbar", "Torr", "Pa")
_OLD_FAMILIES = ("TPG 2", "VGC4")
_WAGO_ONLY = 'Remove it, or write map = "generic".'


def io_fits_its_map(station: Station) -> Found:
    """Yield what does not fit the modules that ``map`` names."""
    io = station.io
    if io.map == "generic" and io.addresses is None:
        what = "a generic map needs the addresses of inputs, outputs and read-back"
        yield ("io", "addresses"), what, "Write addresses = { inputs = 0, inputs_per_unit = 8, … }."
    if io.map != "generic" and io.addresses is not None:
        yield ("io", "addresses"), f'map = "{io.map}" has its own addresses', _WAGO_ONLY
    if io.map == "wago" and io.units > 1:
        yield ("io", "units"), "a WAGO coupler is one unit, whatever modules it has", "Write units = 1."
    for key, names, room in (("di", io.di, _room(io)[0]), ("do", io.do, _room(io)[1])):
        if len(names) > room:
            what = f"{len(names)} names do not fit: {io.units} × {io.map} has room for {room}"
            yield ("io", key), what, "Write how many modules there are: units = …"


def outputs_drop_without_us(station: Station) -> Found:
    """Yield what leaves it open who switches the outputs off when nobody is in control."""
    io = station.io
    if io.map == "wago":
        for key, given in (("registers", io.registers), ("external_watchdog", io.external_watchdog)):
            if given:
                yield ("io", key), "the coupler's own watchdog is armed and read back by the program", _WAGO_ONLY
        return
    if io.map == "generic" and io.external_watchdog is None:
        what = "nothing says which external watchdog switches the outputs off when the program is gone"
        yield ("io", "external_watchdog"), what, 'Write external_watchdog = { what = "…", proved = "2026-05-01" }.'
    elif not io.registers and io.external_watchdog is None:
        what = "the module's host watchdog is set by its own tool: nothing here says that it was"
        yield ("io", "registers"), what, "Name registers to be read back, or an external_watchdog with its proof."
    proof = io.external_watchdog
    is_real = not (io.port.startswith("sim:") or station.simulator)  # one that names a simulator never runs live
    if proof is not None and proof.proved == SIMULATED_PROOF and is_real:
        what = "a real watchdog is proved by pulling the cable, not by simulation"
        yield ("io", "external_watchdog", "proved"), what, "Write the day on which the outputs were seen to drop."


def gauges_are_there_once(station: Station) -> Found:
    """Yield roles without a gauge or with two, and units that a controller does not know."""
    tables = station.gauge_tables
    for role in ROLES:
        links = [link for link, table in tables.items() if role in table.channels]
        if not links:
            yield ("gauges", role), f"no channel is the {role} gauge", f"Write {role} = 1, or whichever it is."
        for link in links[1:]:
            yield (link, role), f"{links[0]} has the {role} gauge already", "Remove one of the two."
    for link, table in tables.items():
        numbers = list(table.channels.values())
        if len(set(numbers)) < len(numbers):
            yield (link,), "one channel stands for two gauges", "Give each gauge its own channel."
        if table.model is not None and table.model.startswith(_OLD_FAMILIES) and table.unit not in _OLD_UNITS:
            what = f"{table.model} does not know {table.unit}"
            yield (link, "unit"), what, f"Write one of {', '.join(_OLD_UNITS)}."


def _room(io: Io) -> tuple[int, int]:
    if io.map == "wago":
        return 512, 512  # 250 modules on a coupler; the file takes no more than 64 names
    if io.map == "generic":
        per_unit = (io.addresses.inputs_per_unit, io.addresses.outputs_per_unit) if io.addresses else (64, 64)
    else:
        per_unit = ADAM_CHANNELS[io.map]
    return per_unit[0] * io.units, per_unit[1] * io.units
