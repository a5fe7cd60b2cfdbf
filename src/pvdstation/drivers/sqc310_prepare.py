"""Preparing a layer in the SQC-310: template proved, material, film and layer written and read back, process selected.

The command sequence of station-and-sequence 3.2. Reads and writes only while the unit is stopped.
"""

from pvdstation.drivers import sqc310_template as template
from pvdstation.drivers.sqc310_talk import Declined, Refusal, Speaker, Talk
from pvdstation.drivers.sqc310_template import Part
from pvdstation.model.messages import LayerSetup
from pvdstation.model.station import Source, Station
from pvdstation.protocol.sqc310_commands import (
    Table,
    parse_bare,
    parse_bare_number,
    parse_pairs,
    read_parameters,
    select_process,
    write_parameters,
)
from pvdstation.protocol.sqc310_phases import Phase, phase_text


def prepare(speaker: Speaker, station: Station, setup: LayerSetup) -> Talk[str]:
    """Write and verify everything a layer needs and select its process; return what was done."""
    source = station.source[setup.source]
    yield from require_stopped(speaker)
    layer = yield from _find_layer(speaker, source.sqc.process)
    written = yield from _settle_material(speaker, station, source)
    for part in (*template.film_parts(station, source), *template.sensor_parts(station, source)):
        written += yield from _settle(speaker, part)
        yield from keep_fresh(speaker)
    written += yield from _settle(speaker, template.layer_part(station, layer, setup))
    yield from _compare_rest(speaker, station, layer)
    yield from select(speaker, source)
    speaker.was_reset = False  # everything the unit may have lost has been written or compared
    return f"process {source.sqc.process} selected, layer {layer}, {written} parameters written"


def show(speaker: Speaker, station: Station, setup: LayerSetup) -> Talk[str]:
    """Select the process whose film the stopped unit displays."""
    yield from require_stopped(speaker)
    source = station.source[setup.source]
    yield from select(speaker, source)
    speaker.was_reset = False
    return f"process {source.sqc.process} selected"


def require_stopped(speaker: Speaker) -> Talk[None]:
    """Look at the state. Raises Declined unless the unit is stopped."""
    state = yield from speaker.state()
    if state.phase != Phase.STOPPED:
        raise Declined(f"the unit is in {phase_text(state.phase)}; this needs it stopped")


def keep_fresh(speaker: Speaker) -> Talk[None]:
    """Read state and outputs, so that they stay fresh in a long action. Raises Declined when the unit has started."""
    yield from require_stopped(speaker)
    yield from speaker.outputs()


def select(speaker: Speaker, source: Source) -> Talk[None]:
    """Select a source's process and see that it is selected and stopped."""
    process = source.sqc.process
    yield from speaker.write(select_process(process))
    state = yield from speaker.state()
    if state.process != process or state.phase != Phase.STOPPED:
        raise Declined(f"process {state.process} in {phase_text(state.phase)} after selecting process {process}")


def _find_layer(speaker: Speaker, process: int) -> Talk[int]:
    """Return the pool number of the template's one layer."""
    table = Table.PROCESS
    yield from speaker.read(read_parameters(table, process, 1), lambda payload: parse_bare(payload, 1))
    for parameter in (2, 4):
        count = yield from _read_bare(speaker, table, process, parameter)
        template.compare(table, process, {parameter: str(count)}, {parameter: "1"})
    layer = yield from _read_bare(speaker, table, process, 3)
    if layer < 1:
        raise Declined(f"{template.name_of(table, process, 3)}: found {layer}, expected a layer number")
    return layer


def _read_bare(speaker: Speaker, table: Table, item: int, parameter: int) -> Talk[int]:
    message = read_parameters(table, item, parameter)
    return speaker.read(message, lambda payload: parse_bare_number(payload, parameter))


def _settle_material(speaker: Speaker, station: Station, source: Source) -> Talk[int]:
    """Bring density and Z-ratio to the station's values, one parameter per command; return how many were written."""
    table, item, written = Table.MATERIAL, source.sqc.material, 0
    for parameter, value in template.material_values(station, source).items():
        found = yield from _read_bare(speaker, table, item, parameter)
        if found != value:
            yield from speaker.write(write_parameters(table, item, [(parameter, value)]))
            found = yield from _read_bare(speaker, table, item, parameter)
            template.compare(table, item, {parameter: str(found)}, {parameter: str(value)})
            written += 1
    return written


def _read_part(speaker: Speaker, part: Part) -> Talk[dict[int, str]]:
    message = read_parameters(part.table, part.item, *part.reads)
    values = yield from speaker.read(message, lambda payload: parse_pairs(payload, part.reads))
    return dict(zip(part.reads, map(str, values), strict=True))


def _settle(speaker: Speaker, part: Part) -> Talk[int]:
    """Compare a table, write what differs and read it back; return how many parameters were written."""
    found = yield from _read_part(speaker, part)
    template.compare(part.table, part.item, found, part.fixed)
    differing = [(parameter, value) for parameter, value in part.written.items() if found[parameter] != str(value)]
    if differing:
        yield from speaker.write(write_parameters(part.table, part.item, differing))
        found = yield from _read_part(speaker, part)
        wanted = {parameter: str(value) for parameter, value in part.written.items()}
        template.compare(part.table, part.item, found, wanted | part.fixed)
    return len(differing)


def _compare_rest(speaker: Speaker, station: Station, layer: int) -> Talk[None]:
    """Compare the layer's other parameters with the fingerprint, status letters included."""
    expected = template.commissioned(station, Table.LAYER, layer)
    for parameters in template.LAYER_REST:
        wanted = {parameter: value for parameter, value in expected.items() if parameter in parameters}
        if wanted:
            found = yield from _read_portion(speaker, layer, parameters)
            template.compare(Table.LAYER, layer, found, wanted)
            yield from keep_fresh(speaker)


def _read_portion(speaker: Speaker, layer: int, parameters: tuple[int, ...]) -> Talk[dict[int, str]]:
    """Read parameters together, or one by one when the unit refuses; a refused one is its status letter."""
    try:
        return (yield from _read_part(speaker, Part(Table.LAYER, layer, parameters, {}, {})))
    except Refusal as refusal:
        if len(parameters) == 1:
            return {parameters[0]: refusal.status}
    singles: dict[int, str] = {}
    for parameter in parameters:
        singles.update((yield from _read_portion(speaker, layer, (parameter,))))
    return singles
