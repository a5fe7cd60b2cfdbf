"""Running a layer in the SQC-310: start, prove the template, end the layer, stop, read the output as zero.

Nothing that starts or ends is sent twice: a lost answer is settled by looking at the state (safety D 4, 5).
"""

from contextlib import suppress

from pvdstation.drivers.sqc310_job import Job
from pvdstation.drivers.sqc310_prepare import compare_again, require_stopped
from pvdstation.drivers.sqc310_talk import Declined, Silent, Speaker, Talk
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310_commands import (
    FORCE_FINAL_THICKNESS,
    START_PROCESS,
    STOP_PROCESS,
)
from pvdstation.protocol.sqc310_parameters import Table
from pvdstation.protocol.sqc310_phases import Phase

MANUAL_START_NS = 2 * SECOND
END_NS = 2 * SECOND
SETTLE_NS = 300 * MILLISECOND
"""How long a stopped unit may still show its old phase: a little more than one measuring period."""
_IN_USE = {Table.SENSOR_FLAGS: ("sensor", 6), Table.SOURCE_FLAGS: ("output", 1)}
_ENDED = (Phase.FEED_RAMP, Phase.FEED_SOAK, Phase.IDLE_RAMP, Phase.STOPPED)


def start(speaker: Speaker, station: Station, job: Job, deadline_ns: int) -> Talk[str]:
    """Compare everything again, start the selected process, at most once, and see that it runs."""
    process = yield from _require_selected(speaker, job.process)
    yield from compare_again(speaker, station, job)
    if speaker.was_reset:
        raise Declined("not started: the unit has been reset since the layer was prepared")
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
        raise Declined(f"process {process} was told to start and is still stopped")
    return f"process {seen.process} {how}"


def _require_selected(speaker: Speaker, process: int) -> Talk[int]:
    """Return the selected process. Raises Declined unless it is the expected one and the unit is stopped."""
    yield from require_stopped(speaker)
    state = yield from speaker.state()
    if state.process != process:
        raise Declined(f"process {state.process} is selected, expected {process}")
    return state.process


def prove(speaker: Speaker, station: Station, job: Job) -> Talk[str]:
    """See that the running process drives the job's outputs with the job's crystals, and nothing else."""
    process = job.process
    state = yield from speaker.await_state(lambda now: now.phase != Phase.MANUAL_START, MANUAL_START_NS)
    if state is None:
        raise Silent("the state cannot be read")
    if state.phase == Phase.MANUAL_START:
        raise Declined(f"process {process} waits for a manual start: set its start mode to Auto")
    if state.phase == Phase.STOPPED:
        raise Declined(f"process {process} has stopped")
    if (state.process, state.layer) != (process, 1):
        raise Declined(f"process {state.process}, layer {state.layer} runs, expected process {process}, layer 1")
    if state.mode == 0:
        raise Declined("the unit is in manual control, expected automatic")
    yield from _prove_outputs(speaker, job.outputs)
    for sensor in station.sensor:
        yield from _prove_use(speaker, Table.SENSOR_FLAGS, sensor, is_used=sensor in job.sensors)
    for output in job.outputs:
        yield from _prove_use(speaker, Table.SOURCE_FLAGS, output, is_used=True)
    return f"process {process} drives {_counted('output', job.outputs)} with {_counted('sensor', job.sensors)}"


def _counted(noun: str, numbers: list[int]) -> str:
    return f"{noun}{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}"


def _prove_outputs(speaker: Speaker, outputs: list[int]) -> Talk[None]:
    reading = yield from speaker.outputs()
    used = [number for number, one in enumerate(reading.outputs, start=1) if one is not None]
    if used != outputs:
        shown = ", ".join(map(str, used)) or "none"
        raise Declined(f"the layer uses output {shown}, expected {', '.join(map(str, outputs))}")


def _prove_use(speaker: Speaker, table: Table, item: int, *, is_used: bool) -> Talk[None]:
    noun, parameter = _IN_USE[table]
    flags = yield from speaker.parameters(table, item, (parameter,))
    if bool(flags[0]) != is_used:
        raise Declined(
            f"{noun} {item} is {'' if flags[0] else 'not '}in use, expected {'' if is_used else 'not '}in use"
        )


def end_layer(speaker: Speaker) -> Talk[str]:
    """Force final thickness, only while depositing, and see that the layer ends."""
    state = yield from speaker.state()
    if state.phase not in (Phase.DEPOSIT, Phase.RATE_RAMP):
        raise Declined(f"the unit is in {speaker.told(state.phase)}, not depositing")
    with suppress(Silent):  # the state below tells whether it was done
        yield from speaker.act(FORCE_FINAL_THICKNESS)
    seen = yield from speaker.await_state(lambda now: now.phase in _ENDED, END_NS)
    if seen is None:
        raise Silent("the end of the layer was not answered and the state cannot be read")
    if seen.phase not in _ENDED:
        raise Declined(
            f"the unit is still in {speaker.told(seen.phase)} {END_NS // SECOND} s after the end of the layer"
        )
    return speaker.told(seen.phase)


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
    raise Declined(f"the unit is still in {speaker.told(seen.phase)} after the stop")


def zero(speaker: Speaker, job: Job) -> Talk[str]:
    """Read the job's outputs as 0.00 %."""
    for output in job.outputs:
        power_pct = yield from speaker.power(output)
        if power_pct != 0.0:
            raise Declined(f"output {output} is at {power_pct:.2f} %, expected 0.00 %")
    return f"{_counted('output', job.outputs)} {'reads' if len(job.outputs) == 1 else 'read'} 0.00 %"
