"""Runs a prepared recipe on a simulated station and returns what came out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread
from time import perf_counter
from typing import NamedTuple, TextIO

from pvdstation.assembly.answering import Answering, GivenAnswers
from pvdstation.assembly.breaking import break_world
from pvdstation.assembly.building import Bench, Plan, build, close_station, open_station
from pvdstation.assembly.ending import Ending, ending_of, left_off
from pvdstation.assembly.event_lines import EventFile
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.recording import Record, Recording
from pvdstation.assembly.served import Served, Unserved
from pvdstation.assembly.trace import Trace
from pvdstation.assembly.watching import NOBODY, Follower, Sampler, Sinks
from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Request, Verb
from pvdstation.model.problems import Problem
from pvdstation.model.signals import Reading
from pvdstation.record.cause import Cause
from pvdstation.record.gathering import Gathering
from pvdstation.record.results import RunResult
from pvdstation.runtime.outcome import RunOutcome
from pvdstation.runtime.sinks import NoJournal
from pvdstation.wires.transcript import Lines

NO_LIVE = Problem(
    "the station",
    "real instruments are driven by the core process only: nothing would make this station safe if this process died",
    'Write "pvd run RECIPE --station FILE --live"; "pvd check" touches no instrument.',
)
LONGEST_TRANSITION_NS = 2 * 3600 * SECOND
"""How long a dry run may be on its way to "held", "stopped" or "aborted"; every time-out of a step is shorter."""
_GOES_ON = frozenset({"", "starting", "running", "completing", "complete", "stopped", "aborted"})


class Way(NamedTuple):
    """How a run goes through time, and who can answer when it is held."""

    speed: float | None = None  # None: as fast as it computes; 1: the real clock; else paced
    is_attended: bool = False  # False: a run that comes to "held" is stopped
    is_core: bool = False  # in a core process, whose guardian switches real instruments off if it dies


FASTEST = Way()


Observe = Callable[[Sequence[Reading]], None]
Oversee = Callable[[int, Decision], None]


class Wishes(NamedTuple):
    """What is asked for beside the run itself."""

    follower: Follower = NOBODY
    events: TextIO | None = None
    with_trace: bool = False
    faults: Sequence[str] = ()
    transcript: Lines | None = None
    recording: Recording | None = None
    """None: nothing is kept."""
    answering: Answering | None = None
    """Who answers questions; None: their defaults, else nobody."""
    observe: Observe | None = None
    """Sees every scan's readings."""
    oversee: Oversee | None = None
    """Sees every scan's decision, and makes the scan linger after the end of the run until it stops it."""


NO_WISHES = Wishes()


class Execution(NamedTuple):
    """The result, and the samples when they were asked for."""

    result: RunResult
    trace: Trace | None


def execute(prepared: Prepared, seed: int, way: Way = FASTEST, wishes: Wishes = NO_WISHES) -> Execution:
    """Run to the end. Refuses live stations but in a core process.

    Raises Refused by faults and a record that cannot be begun, NoSimulator, and OSError by the events' file.
    """
    if prepared.mode == "live" and not way.is_core:
        return Execution(prepared.refuse([why_live(prepared)], seed), None)
    began_s = perf_counter()
    running = Running(prepared, seed, way, wishes)
    try:
        outcome = running.bench.run.run()
        return Execution(running.finish(outcome, perf_counter() - began_s), running.trace)
    except BaseException as error:  # the record gets its end whenever this process can still write it
        running.fail(error, perf_counter() - began_s)
        raise
    finally:
        running.close()


def why_live(prepared: Prepared) -> Problem:
    """Return why a station is not simulated, in the words of the simulator that it names, if it names one."""
    return prepared.simulator.problem if isinstance(prepared.simulator, Unserved) else NO_LIVE


class Running:
    """One run with everything that watches it. Raises what ``execute`` raises."""

    def __init__(self, prepared: Prepared, seed: int, way: Way, wishes: Wishes) -> None:
        world, board = open_station(prepared, seed, way.speed)
        break_world(world, wishes.faults)
        self._world = world
        self._prepared = prepared
        self._seed = prepared.simulator.seed if isinstance(prepared.simulator, Served) else seed
        self._way = way
        self._follower = wishes.follower
        self._began_s = perf_counter()
        self.result: RunResult | None = None
        """Of a run that has come to its end."""
        self.is_left = False
        """No instrument is waited for any more, and no step has begun."""
        self._closing: Thread | None = None  # writes the record's end
        self._is_ending = False
        self._stuck = ("", 0)  # state that is to be left, and since when, ns
        self._now_ns = 0
        self._gathering = Gathering(prepared.planned, world.truth)
        self.trace = Trace(prepared.station, board.signals, world.truth) if wishes.with_trace else None
        self._sampler = Sampler(self.trace, board.readings) if self.trace else None
        sinks = Sinks(self._gathering, self._follower, EventFile(wishes.events) if wishes.events else None)
        self._absent = sinks.absent
        recording = wishes.recording
        self._record = Record(recording, prepared, self._seed, way.speed, board) if recording else None
        journal = self._record.journal if self._record else None
        self._answering = wishes.answering or GivenAnswers()
        self._observe, self._readings = wishes.observe, board.readings
        self._oversee = wishes.oversee
        lingers = wishes.oversee is not None
        plan = Plan(self._seed, (sinks, self._answering), self._scanned, wishes.transcript, journal, lingers=lingers)
        try:
            self.bench: Bench = build(prepared, world, board, plan, way.speed)
        except BaseException as error:
            self.fail(error, 0.0)
            self.close()
            raise

    def close(self) -> None:
        """Leave the plant to itself where it is in another process."""
        close_station(self._world)

    @property
    def run(self) -> str:
        """Return the id of the run's record; empty when nothing is kept."""
        return self._record.run if self._record else ""

    @property
    def is_over(self) -> bool:
        """Return whether it has come to its end, so that its record takes nothing more."""
        return self._is_ending

    @property
    def lasted_s(self) -> float:
        """Return for how long it has gone on, s of wall time."""
        return perf_counter() - self._began_s

    @property
    def gathering(self) -> Gathering:
        """Return what the events have told so far."""
        return self._gathering

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        if not self._is_ending:
            self._watched(now_ns)
        if self._oversee is not None:
            if decision.ended and not self._is_ending:
                self._end(now_ns, decision)
            self._oversee(now_ns, decision)

    def _end(self, now_ns: int, decision: Decision) -> None:
        """Make the result of a run that lingers; nothing that comes later belongs to it.

        On the real clock the scan goes on while the record is closed: a disk may not answer for a minute, and a scan
        that waits for it is a dead core to the guardian.
        """
        self._is_ending = True
        self.bench.scan.keep_in(NoJournal())
        result, ending = self._ended(RunOutcome(True, 0, 0, now_ns, decision, {}), self.lasted_s)  # noqa: FBT003 - ended
        if self._way.speed == 1:
            self._closing = Thread(target=self._close_record, args=(result, ending), name="record's end", daemon=True)
            self._closing.start()
        else:
            self._close_record(result, ending)

    def _close_record(self, result: RunResult, ending: Ending) -> None:
        try:
            result = self._recorded(result, ending)
        finally:
            self.result = result

    def settle(self) -> None:
        """Wait until the record of a run that has ended is closed."""
        if self._closing is not None:
            self._closing.join()

    def _watched(self, now_ns: int) -> None:
        self._now_ns = now_ns
        if self._record is not None:
            self._record.watch()
        if self._sampler is not None:
            self._sampler.take(now_ns)
        if self._observe is not None:
            self._observe(self._readings)
        follower, gathering = self._follower, self._gathering
        follower.moved(now_ns, gathering.current)
        verb = follower.asked()
        if verb is not None:
            self.bench.scan.request(Request(verb, "operator"))
        answer = self._answering.due()
        if answer is not None:
            self.bench.scan.request(answer)
        if not self._way.is_attended and gathering.state not in _GOES_ON:
            self._act_for_nobody(now_ns)
        self.is_left = not gathering.has_begun and self._absent.is_too_long(now_ns)
        if follower.gives_up() or self.is_left:
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

    def finish(self, outcome: RunOutcome, wall_s: float) -> RunResult:
        """Return the result of the run, which has ended; its record has its end."""
        return self._recorded(*self._ended(outcome, wall_s))

    def _ended(self, outcome: RunOutcome, wall_s: float) -> tuple[RunResult, Ending]:
        gathering = self._gathering
        if self.trace is not None:
            self.trace.bands = gathering.bands(outcome.now_ns)
        gave_up = not outcome.ended and self._follower.gives_up()
        lost = {} if gathering.has_begun else {name: link.fault for name, link in outcome.links.items() if link.fault}
        steps = gathering.steps(outcome.now_ns)
        if outcome.ended:
            ending = ending_of(gathering, self._prepared.planned, steps)
        else:
            ending = left_off(gathering, lost, gave_up=gave_up)
        result = self._result(ending, wall_s, is_safe=gathering.safe if outcome.ended else None)
        return replace(result, unreachable=tuple(lost)), ending

    def fail(self, error: BaseException, wall_s: float) -> None:
        """Write into the record that the program has failed, unless the run had ended before."""
        self.settle()
        if self.result is not None:
            return
        ending = Ending("aborted", Cause.INTERNAL_ERROR, f"internal error ({type(error).__name__}): {error}")
        self._recorded(self._result(ending, wall_s, is_safe=None), ending)

    def _result(self, ending: Ending, wall_s: float, *, is_safe: bool | None) -> RunResult:
        prepared, gathering = self._prepared, self._gathering
        return RunResult(
            outcome=ending.outcome,
            reason=ending.reason,
            mode=prepared.mode,
            safe=is_safe,
            run=self._record.run if self._record else None,
            recipe=prepared.recipe,
            station=prepared.station_named,
            seed=self._seed,
            plant_s=self._now_ns / SECOND,
            wall_s=wall_s,
            steps=gathering.steps(self._now_ns),
            alarms=gathering.alarms(),
            cause=ending.cause,
            trigger=ending.trigger,
            by_operator=ending.cause is Cause.OPERATOR,
        )

    def _recorded(self, result: RunResult, ending: Ending) -> RunResult:
        """Give the record its end; return the result with what went wrong with that."""
        fault = self._record.finish(self._now_ns, ending, result) if self._record else None
        return result if fault is None else replace(result, record_fault=fault)
