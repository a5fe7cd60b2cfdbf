"""Preparing a layer in the SQC-310: template proved, material, film and layer written and read back, process selected.

The command sequence of station-and-sequence 3.2. Reads and writes only while the unit is stopped.
"""

from pvdstation.drivers import sqc310_template as template
from pvdstation.drivers.sqc310_job import Job
from pvdstation.drivers.sqc310_job import Part as JobPart
from pvdstation.drivers.sqc310_survey import read_raw
from pvdstation.drivers.sqc310_talk import Declined, Speaker, Talk
from pvdstation.drivers.sqc310_template import Part
from pvdstation.model.station import Source, Station
from pvdstation.protocol.sqc310_commands import (
    parse_bare,
    parse_bare_number,
    read_parameters,
    select_process,
    write_parameters,
)
from pvdstation.protocol.sqc310_parameters import Table
from pvdstation.protocol.sqc310_phases import Phase


def prepare(speaker: Speaker, station: Station, job: Job) -> Talk[str]:
    """Write and verify everything a job needs and select its process; return what was done."""
    yield from require_stopped(speaker)
    layers = yield from _find_layers(speaker, job)
    written = 0
    for part, layer in zip(job.parts, layers, strict=True):
        written += yield from _prepare_layer(speaker, station, part, layer)
    yield from select(speaker, job.process)
    speaker.was_reset = False  # everything the unit may have lost has been written or compared
    noun = "layer" if len(layers) == 1 else "layers"
    numbers = " and ".join(map(str, layers))
    return f"process {job.process} selected, {noun} {numbers}, {written} parameters written"


def _prepare_layer(speaker: Speaker, station: Station, part: JobPart, layer: int) -> Talk[int]:
    """Bring material, film and layer of one source to their values; return how many parameters were written."""
    setup, source = part
    written = yield from _settle_material(speaker, station, source)
    for table in (*template.film_parts(station, source), *template.sensor_parts(station, source)):
        written += yield from _settle(speaker, table)
        yield from keep_fresh(speaker)
    written += yield from _settle(speaker, template.layer_part(station, layer, setup))
    yield from _compare_rest(speaker, station, layer)
    return written


def compare_again(speaker: Speaker, station: Station, job: Job) -> Talk[None]:
    """Read all of it once more, right before the start, and write nothing: the panel and a second host may have."""
    layers = yield from _find_layers(speaker, job)
    for (setup, source), layer in zip(job.parts, layers, strict=True):
        table, item = Table.MATERIAL, source.sqc.material
        for parameter, value in template.material_values(station, source).items():
            found = yield from _read_bare(speaker, table, item, parameter)
            template.compare(table, item, {parameter: str(found)}, {parameter: str(value)})
        parts = (*template.film_parts(station, source), *template.sensor_parts(station, source))
        for part in (*parts, template.layer_part(station, layer, setup)):
            wanted = {parameter: str(value) for parameter, value in part.written.items()}
            template.compare(part.table, part.item, (yield from _read_part(speaker, part)), wanted | part.fixed)
            yield from keep_fresh(speaker)
        yield from _compare_rest(speaker, station, layer)


def show(speaker: Speaker, job: Job) -> Talk[str]:
    """Select the process whose film the stopped unit displays."""
    yield from require_stopped(speaker)
    yield from select(speaker, job.process)
    speaker.was_reset = False
    return f"process {job.process} selected"


def require_stopped(speaker: Speaker) -> Talk[None]:
    """Look at the state. Raises Declined unless the unit is stopped."""
    state = yield from speaker.state()
    if state.phase != Phase.STOPPED:
        raise Declined(f"the unit is in {speaker.told(state.phase)}; this needs it stopped")


def keep_fresh(speaker: Speaker) -> Talk[None]:
    """Read state and outputs, so that they stay fresh in a long action. Raises Declined when the unit has started."""
    yield from require_stopped(speaker)
    yield from speaker.outputs()


def select(speaker: Speaker, process: int) -> Talk[None]:
    """Select a process and see that it is selected and stopped."""
    yield from speaker.write(select_process(process))
    state = yield from speaker.state()
    if state.process != process or state.phase != Phase.STOPPED:
        raise Declined(f"process {state.process} in {speaker.told(state.phase)} after selecting process {process}")


def _find_layers(speaker: Speaker, job: Job) -> Talk[tuple[int, ...]]:
    """Return the pool numbers of the template's layers; a co-deposited set counts once (P1B p. 86)."""
    table, process = Table.PROCESS, job.process
    yield from speaker.read(read_parameters(table, process, 1), lambda payload: parse_bare(payload, 1))
    for parameter, expected in ((2, 1), (4, len(job.parts))):
        count = yield from _read_bare(speaker, table, process, parameter)
        template.compare(table, process, {parameter: str(count)}, {parameter: str(expected)})
    first = yield from _read_bare(speaker, table, process, 3)
    if job.layers is not None:  # the link to the co-deposits is not documented: the station file names them
        template.compare(table, process, {3: str(first)}, {3: str(min(job.layers))})
        return job.layers
    if first < 1:
        raise Declined(f"{template.name_of(table, process, 3)}: found {first}, expected a layer number")
    return (first,)


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
    values = yield from speaker.parameters(part.table, part.item, part.reads)
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
            found = yield from read_raw(speaker, Table.LAYER, layer, parameters)
            template.compare(Table.LAYER, layer, found, wanted)
            yield from keep_fresh(speaker)
