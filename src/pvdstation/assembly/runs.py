"""Runs a prepared recipe on a simulated station and returns what came out."""

from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple, TextIO

from pvdstation.assembly.breaking import break_world
from pvdstation.assembly.building import Bench, Plan, build, close_station, open_station
from pvdstation.assembly.event_lines import EventFile
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.served import Served, Unserved
from pvdstation.assembly.trace import Trace
from pvdstation.assembly.watching import Follower, Nobody, Sampler, Sinks
from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Request, Verb
from pvdstation.model.problems import Problem
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import planned_steps
from pvdstation.record.results import Outcome, RunResult
from pvdstation.runtime.outcome import RunOutcome
from pvdstation.wires.transcript import Lines

NO_LIVE = Problem(
    "the station",
    "until the core process and the guardian exist, live stations are refused: nothing would make this station safe "
    "if this process died",
    'Use a station whose ports all begin with "sim:"; "pvd check" takes live stations too.',
)
LONGEST_TRANSITION_NS = 2 * 3600 * SECOND
"""How long a dry run may be on its way to "held", "stopped" or "aborted"; every time-out of a step is shorter."""
_GOES_ON = frozenset({"", "starting", "running", "completing", "complete", "stopped", "aborted"})
_OUTCOMES: dict[str, Outcome] = {
    "complete": "complete",
    "stopped": "stopped",
    "aborted": "aborted",
    "aborting": "aborted",  # given up: the safe state was not confirmed
}


class Way(NamedTuple):
    """How a run goes through time, and who can answer when it is held."""

    speed: float | None = None  # None: as fast as it computes; 1: the real clock; else paced
    is_attended: bool = False  # False: a run that comes to "held" is stopped


FASTEST = Way()


class Execution(NamedTuple):
    """The result, and the samples when they were asked for."""

    result: RunResult
    trace: Trace | None


def execute(
    prepared: Prepared,
    seed: int,
    way: Way = FASTEST,
    *,
    follower: Follower | None = None,
    events: TextIO | None = None,
    with_trace: bool = False,
    faults: Sequence[str] = (),
    transcript: Lines | None = None,
) -> Execution:
    """Run to the end. Refuses live stations. Raises Refused by faults, NoSimulator, and OSError by the events' file."""
    if prepared.mode == "live":
        return Execution(prepared.refuse([why_live(prepared)], seed), None)
    began_s = perf_counter()
    running = _Running(prepared, seed, way, follower or Nobody(), events, faults, transcript, with_trace=with_trace)
    try:
        outcome = running.bench.run.run()
        return Execution(running.result(outcome, perf_counter() - began_s), running.trace)
    finally:
        running.close()


def why_live(prepared: Prepared) -> Problem:
    """Return why a station is not simulated, in the words of the simulator that it names, if it names one."""
    return prepared.simulator.problem if isinstance(prepared.simulator, Unserved) else NO_LIVE


class _Running:
    """One run with everything that watches it."""

    def __init__(
        self,
        prepared: Prepared,
        seed: int,
        way: Way,
        follower: Follower,
        events: TextIO | None,
        faults: Sequence[str],
        transcript: Lines | None,
        *,
        with_trace: bool,
    ) -> None:
        world, board = open_station(prepared, seed, way.speed)
        break_world(world, faults)
        self._world = world
        self._prepared = prepared
        self._seed = prepared.simulator.seed if isinstance(prepared.simulator, Served) else seed
        self._way = way
        self._follower = follower
        self._stuck = ("", 0)  # state that is to be left, and since when, ns
        self._gathering = Gathering(planned_steps(prepared.checked.procedure), world.truth)
        self.trace = Trace(prepared.station, board.signals, world.truth) if with_trace else None
        self._sampler = Sampler(self.trace, board.readings) if self.trace else None
        sinks = Sinks(self._gathering, follower, EventFile(events) if events else None)
        self._absent = sinks.absent
        plan = Plan(self._seed, (sinks,), self._scanned, transcript)
        self.bench: Bench = build(prepared, world, board, plan, way.speed)

    def close(self) -> None:
        """Leave the plant to itself where it is in another process."""
        close_station(self._world)

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        del decision
        if self._sampler is not None:
            self._sampler.take(now_ns)
        follower, gathering = self._follower, self._gathering
        follower.moved(now_ns, gathering.current)
        verb = follower.asked()
        if verb is not None:
            self.bench.scan.request(Request(verb, "operator"))
        if not self._way.is_attended and gathering.state not in _GOES_ON:
            self._act_for_nobody(now_ns)
        if follower.gives_up() or (not gathering.has_begun and self._absent.is_too_long(now_ns)):
            self.bench.run.stop_now()

    def _act_for_nobody(self, now_ns: int) -> None:
        """Stop a run that is held where nobody can resume, and end one that comes to no end."""
        state = self._gathering.state
        if state != self._stuck[0]:
            self._stuck = (state, now_ns)
            if state == "held":
                self.bench.scan.request(Request(Verb.STOP, "dry run, where nobody can resume"))
        elif now_ns - self._stuck[1] > LONGEST_TRANSITION_NS:
            self.bench.run.stop_now()

    def result(self, outcome: RunOutcome, wall_s: float) -> RunResult:
        """Return the result of the run, which has ended."""
        prepared, gathering = self._prepared, self._gathering
        if self.trace is not None:
            self.trace.bands = gathering.bands(outcome.now_ns)
        gave_up = not outcome.ended and self._follower.gives_up()
        lost = {} if gathering.has_begun else {name: link.fault for name, link in outcome.links.items() if link.fault}
        unreached = "; ".join(f"{name} is not reached: {fault}" for name, fault in lost.items())
        reason = gathering.reason or ("ended by the operator" if gave_up else unreached or "it did not end")
        return RunResult(
            outcome=_OUTCOMES.get(gathering.state, "stopped") if outcome.ended else "stopped",
            reason=reason,
            mode=prepared.mode,
            safe=gathering.safe if outcome.ended else None,
            run=None,
            recipe=prepared.recipe,
            station=prepared.station_named,
            seed=self._seed,
            plant_s=outcome.now_ns / SECOND,
            wall_s=wall_s,
            steps=gathering.steps(outcome.now_ns),
            alarms=gathering.alarms(),
            by_operator=gave_up or gathering.cause == "operator",
            unreachable=tuple(lost),
        )
