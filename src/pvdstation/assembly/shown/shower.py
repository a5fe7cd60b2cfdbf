"""Builds snapshots: what does not change during a run once, the rest from each moment that is asked for."""

from collections.abc import Sequence

from pvdstation.assembly.about import About
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.shown.alarms import alarms, overrides, questions
from pvdstation.assembly.shown.cause import cause, is_safe
from pvdstation.assembly.shown.layers import layers
from pvdstation.assembly.shown.moment import Moment, moment_of
from pvdstation.assembly.shown.past import Past
from pvdstation.assembly.shown.plant import links, outputs, position_signals, positions, signals
from pvdstation.assembly.shown.sources import sources
from pvdstation.assembly.shown.steps import ahead, step_shown
from pvdstation.assembly.shown.to_go import run_to_go_s
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.effect_table import STARTS
from pvdstation.control.effects import Foretold, effects
from pvdstation.control.states import ENDED
from pvdstation.desk.snapshot import CauseShown, Snapshot, VerbShown
from pvdstation.drivers.base import Board
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Verb
from pvdstation.runtime.turn import LinkWorker


class Shower:
    """Shows one run. ``seen`` takes every scan, so that times are those of scans; ``shown`` builds a snapshot."""

    def __init__(
        self,
        prepared: Prepared,
        control: Control,
        board: Board,
        links: Sequence[LinkWorker],
        run: str,
        about: About,
        speed: float,
    ) -> None:
        """``run``: id of the record, empty without one; ``speed``: plant seconds in a second of wall time."""
        station = prepared.station
        self._control, self._board, self._links = control, board, tuple(links)
        self._positions = position_signals(station, board.signals)
        self._past = Past(control, self._positions)
        self._cause_wall: tuple[int, float] | None = None
        self.speed = speed
        """May be changed while the run goes on."""
        self._blank = Snapshot(
            station=station.name,
            is_simulated=prepared.mode == "simulated",
            speed=speed,
            now_ns=0,
            wall_s=0.0,
            state="",
            run=run,
            recipe=prepared.recipe.name,
            sample=", ".join(sample.name for sample in about.samples),
            operator=about.operator,
        )

    def seen(self, now_ns: int, decision: Decision) -> None:
        """Take a scan right after its decision; some microseconds."""
        self._past.take(now_ns, decision, self._board.readings)

    def shown(self, now_ns: int, decision: Decision, wall_s: float) -> Snapshot:
        """Return the moment after a scan; ``wall_s``: wall time now, s since 1970."""
        self.seen(now_ns, decision)
        m, past = moment_of(self._control, decision.state, self._board.readings, now_ns), self._past
        course, step = m.course, step_shown(m, past)
        return self._blank._replace(
            speed=self.speed,
            now_ns=now_ns,
            wall_s=wall_s,
            state=course.mode.value,
            since_ns=course.mode_since_ns,
            cause=self._cause(m, wall_s),
            is_safe=is_safe(m),
            done_s=past.done_s(course, now_ns),
            hold_ends_ns=course.hold_ends_ns,
            to_go_s=None if step is None else run_to_go_s(m, step.to_go_s),
            step=step,
            layers=layers(m),
            sources=sources(m),
            positions=positions(m, past, self._positions),
            ahead=ahead(m),
            verbs=_verbs(m),
            signals=signals(m),
            outputs=outputs(m),
            alarms=alarms(m),
            questions=questions(m),
            overrides=overrides(m),
            links=links(self._links),
        )

    def _cause(self, m: Moment, wall_s: float) -> CauseShown | None:
        """Return the cause; its wall time is reckoned once, when it is shown first."""
        trip = self._past.trip
        if trip is None:
            return None
        if self._cause_wall is None or self._cause_wall[0] != trip.at_ns:
            self._cause_wall = trip.at_ns, wall_s - (m.now_ns - trip.at_ns) / SECOND / self.speed
        return cause(m, self._past, self._cause_wall[1])


def _verbs(m: Moment) -> tuple[VerbShown, ...]:
    """Return what each verb would do. A start after the end of a run is the core's: it needs no clearing."""
    told = effects(m.control, m.state)
    if m.course.mode in ENDED:
        told = tuple(Foretold(Verb.START, STARTS) if one.verb is Verb.START else one for one in told)
    return tuple(VerbShown(one.verb.value, one.effect is not None, one.sentence) for one in told)
