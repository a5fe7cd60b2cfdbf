"""Running a layer in the SQC-310: start, prove the template, end the layer, stop, read the output as zero.

Nothing that starts or ends is sent twice: a lost answer is settled by looking at the state (safety D 4, 5).
"""

from contextlib import suppress

from pvdstation.drivers.sqc310_prepare import require_stopped
from pvdstation.drivers.sqc310_talk import Declined, Silent, Speaker, Talk
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.station import Source, Station
from pvdstation.protocol.sqc310_commands import (
    FORCE_FINAL_THICKNESS,
    START_PROCESS,
    STOP_PROCESS,
    Table,
    parse_pairs,
    read_parameters,
)
from pvdstation.protocol.sqc310_phases import Phase, phase_text

MANUAL_START_NS = 2 * SECOND
END_NS = 2 * SECOND
SETTLE_NS = 300 * MILLISECOND
"""How long a stopped unit may still show its old phase: a little more than one measuring period."""
_IN_USE = {Table.SENSOR_FLAGS: ("sensor", 6), Table.SOURCE_FLAGS: ("output", 1)}
_ENDED = (Phase.FEED_RAMP, Phase.FEED_SOAK, Phase.IDLE_RAMP, Phase.STOPPED)


def start(speaker: Speaker, station: Station, source: Source, deadline_ns: int) -> Talk[str]:
    """Start the selected process, at most once, and see that it runs."""
    state = yield from require_stopped_with(speaker, source)
    if speaker.at_ns > deadline_ns:
        raise Declined("not started: the dead-line is over")
    try:
        yield from speaker.act(START_PROCESS)
        how = "started"
    except Silent:
        how = "started, though the answer was lost"
    longest_ns = to_ns(station.sqc.action_deadline)
    seen = yield from speaker.await_state(lambda now: now.phase != Phase.STOPPED, longest_ns)
    if seen is None:
        raise Silent("the start was not answered and the state cannot be read: whether it runs is unknown")
    if seen.phase == Phase.STOPPED:
        raise Declined(f"process {state} was told to start and is still stopped")
    return f"process {seen.process} {how}"


def require_stopped_with(speaker: Speaker, source: Source) -> Talk[int]:
    """Return the selected process. Raises Declined unless it is this source's and the unit is stopped."""
    yield from require_stopped(speaker)
    state = yield from speaker.state()
    if state.process != source.sqc.process:
        raise Declined(f"process {state.process} is selected, expected {source.sqc.process}")
    return state.process


def prove(speaker: Speaker, station: Station, source: Source) -> Talk[str]:
    """See that the running process drives this source's output with this source's crystals, and nothing else."""
    place = source.sqc
    state = yield from speaker.await_state(lambda now: now.phase != Phase.MANUAL_START, MANUAL_START_NS)
    if state is None:
        raise Silent("the state cannot be read")
    if state.phase == Phase.MANUAL_START:
        raise Declined(f"process {place.process} waits for a manual start: set its start mode to Auto")
    if state.phase == Phase.STOPPED:
        raise Declined(f"process {place.process} has stopped")
    if (state.process, state.layer) != (place.process, 1):
        raise Declined(f"process {state.process}, layer {state.layer} runs, expected process {place.process}, layer 1")
    if state.mode == 0:
        raise Declined("the unit is in manual control, expected automatic")
    yield from _prove_outputs(speaker, place.output)
    for sensor in station.sensor:
        yield from _prove_use(speaker, Table.SENSOR_FLAGS, sensor, is_used=sensor in place.sensors)
    yield from _prove_use(speaker, Table.SOURCE_FLAGS, place.output, is_used=True)
    return f"process {place.process} drives output {place.output} with sensor {place.sensors[0]}"


def _prove_outputs(speaker: Speaker, output: int) -> Talk[None]:
    reading = yield from speaker.outputs()
    used = [number for number, one in enumerate(reading.outputs, start=1) if one is not None]
    if used != [output]:
        shown = ", ".join(map(str, used)) or "none"
        raise Declined(f"the layer uses output {shown}, expected {output}")


def _prove_use(speaker: Speaker, table: Table, item: int, *, is_used: bool) -> Talk[None]:
    noun, parameter = _IN_USE[table]
    message = read_parameters(table, item, parameter)
    flags = yield from speaker.read(message, lambda payload: parse_pairs(payload, (parameter,)))
    if bool(flags[0]) != is_used:
        raise Declined(
            f"{noun} {item} is {'' if flags[0] else 'not '}in use, expected {'' if is_used else 'not '}in use"
        )


def end_layer(speaker: Speaker) -> Talk[str]:
    """Force final thickness, only while depositing, and see that the layer ends."""
    state = yield from speaker.state()
    if state.phase not in (Phase.DEPOSIT, Phase.RATE_RAMP):
        raise Declined(f"the unit is in {phase_text(state.phase)}, not depositing")
    with suppress(Silent):  # the state below tells whether it was done
        yield from speaker.act(FORCE_FINAL_THICKNESS)
    seen = yield from speaker.await_state(lambda now: now.phase in _ENDED, END_NS)
    if seen is None:
        raise Silent("the end of the layer was not answered and the state cannot be read")
    if seen.phase not in _ENDED:
        raise Declined(f"the unit is still in {phase_text(seen.phase)} {END_NS // SECOND} s after the end of the layer")
    return phase_text(seen.phase)


def stop(speaker: Speaker, station: Station) -> Talk[str]:
    """Stop the process; sent again only when the unit has been seen running after it."""
    begun_ns = 0
    longest_ns = to_ns(station.sqc.action_deadline)
    is_due = True
    while True:
        if is_due:
            with suppress(Declined):  # lost or refused: the state below tells
                yield from speaker.act(STOP_PROCESS)
            begun_ns = begun_ns or speaker.at_ns
        seen = yield from speaker.await_state(lambda now: now.phase == Phase.STOPPED, SETTLE_NS)
        if seen is not None and seen.phase == Phase.STOPPED:
            return "stopped"
        if speaker.at_ns - begun_ns >= longest_ns:
            break
        is_due = seen is not None
    if seen is None:
        raise Silent("the stop was not answered and the state cannot be read")
    raise Declined(f"the unit is still in {phase_text(seen.phase)} after the stop")


def zero(speaker: Speaker, source: Source) -> Talk[str]:
    """Read the source's output as 0.00 %."""
    power_pct = yield from speaker.power(source.sqc.output)
    if power_pct != 0.0:
        raise Declined(f"output {source.sqc.output} is at {power_pct:.2f} %, expected 0.00 %")
    return f"output {source.sqc.output} reads 0.00 %"
