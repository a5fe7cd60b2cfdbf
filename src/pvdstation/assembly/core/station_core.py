"""The core of one station: idle or in a run until it is told to end. All but ``_read`` is the scan's thread."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path

from pvdstation.assembly.about import About
from pvdstation.assembly.building import Plan, build, close_station, open_station
from pvdstation.assembly.core.hours import Hours
from pvdstation.assembly.core.log import Log
from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.notifying import Notifier
from pvdstation.assembly.core.readying import NOT_REACHABLE, Beforehand, Ready, Unfit, ready, unfit_by, without_recipe
from pvdstation.assembly.core.session import Session
from pvdstation.assembly.core.starts import Starts
from pvdstation.assembly.core.way import Tell, free_way, way_of
from pvdstation.assembly.guarding import Guardian
from pvdstation.assembly.interrupted import clear, in_the_way
from pvdstation.assembly.runs import Running, Wishes
from pvdstation.assembly.served import Served
from pvdstation.assembly.shown import Shower
from pvdstation.assembly.world import NoSimulator
from pvdstation.control.decision import Decision
from pvdstation.control.states import Mode
from pvdstation.desk.asked import Asked
from pvdstation.desk.server import Server
from pvdstation.desk.start import Start
from pvdstation.desk.talk import QUIT, SPEED
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Problem
from pvdstation.model.problems import Refused as RefusedInput
from pvdstation.model.station import Station
from pvdstation.recipe.procedure import Procedure
from pvdstation.wires.transcript import SharedText

_UNSAFE = "off is not confirmed: this core goes on trying; its alarms say what is missing"
Begun = Callable[[str], None]


def nothing_to_do(station: Station) -> Procedure:
    """Return the procedure of a station that is idle."""
    del station
    return Procedure("idle", "idle", 1, "", ())


class StationCore:
    """One station: its desk, its bench, and at most one run at a time."""

    def __init__(self, where: Where, desk: Server, log: Log, tell: Tell) -> None:
        """Raises Refused by the station file."""
        self._where = where
        self._desk = desk
        self._log = log
        self._tell = tell
        self._idle = without_recipe("idle", where, nothing_to_do)
        self._hours = Hours(self._idle.station)
        self._notifier = Notifier(self._idle.station.notify, self._idle.station.name, log)
        self._session: Session | None = None
        self._running: Running | None = None
        self._whose = ""  # the client that asked for the run
        self._run = ""  # its id; empty: it is not recorded, or there is none
        self._is_untold = False  # how it has ended
        self._starts = Starts(desk, log, self._read)
        self._next: Ready | None = None
        self._is_over = False

    @property
    def station(self) -> Station:
        """Return the station."""
        return self._idle.station

    def told_to_end(self) -> None:
        """Take a signal: a controlled stop, an abort when it takes too long, then the end."""
        self._hours.told_to_end()

    # --- the life of the core ---

    def live(self, first: Start | None, begun: Begun) -> None:
        """Begin with a run, if one is given, and go on until the end. ``begun`` is told once, with the run's id.

        Raises Unfit when the first run cannot begin, or the station cannot be reached the first time.
        """
        if first is not None:
            self._begin(ready(first, self._where), begun)
        else:
            self._rest(begun)
        while not self._is_over:
            following, self._next = self._next, None
            if following is None:
                self._rest(None)
                continue
            try:
                self._begin(following, self._starts.accept)
            except Unfit as unfit:
                self._starts.refuse(unfit)

    def _rest(self, begun: Begun | None) -> None:
        """Watch the station, with everything off, until a run is to begin."""
        idle = self._idle
        try:
            world, board = open_station(idle, 1, 1)
        except (NoSimulator, RefusedInput) as error:
            self._cannot_rest(error, begun)
            return
        found = in_the_way(self._where.data, idle.station.name)
        begins = Mode.INTERRUPTED if found is not None and not found.is_running else Mode.IDLE
        try:
            plan = Plan(1, (self._log,), self._scanned, begins=begins, lingers=True)
            bench = build(idle, world, board, plan, 1)
            shows = Shower(idle, bench.control, board, bench.workers, "", About(), 1)
            self._session = Session(self._desk, bench, shows, self._takes, self._log)
            bench.scan.look_first(self._look)
            if begun is not None:
                begun("")
            bench.run.run()
        finally:
            self._leave_session("the core is busy with a start; ask again")
            close_station(world)

    def _cannot_rest(self, error: NoSimulator | RefusedInput, begun: Begun | None) -> None:
        """Refuse to begin, or wait a little where the plant has gone since."""
        problems = error.problems if isinstance(error, RefusedInput) else [Problem("simulator", str(error))]
        if begun is not None:
            raise Unfit(problems, NOT_REACHABLE)
        self._log.line(f"the station cannot be watched: {problems[0].what}")
        for asked in self._desk.asked():
            if not self._takes(asked):
                self._desk.answer(asked, refused=problems[0].what)
        self._look_after()
        time.sleep(0.2)

    def _begin(self, wanted: Ready, begun: Begun) -> None:
        """Run what is ready until its end and on, until another run is to begin. Raises Unfit."""
        guardian = None
        with ExitStack() as outputs:
            try:
                wanted, told = free_way(wanted, self._tell)
                guardian = self._guard(wanted)
                running = self._made(wanted, outputs.enter_context(self._transcript(wanted)))
            except (RefusedInput, NoSimulator, OSError) as error:
                if guardian is not None:
                    guardian.end()  # nothing was told to any instrument; a guardian that is only dropped kills the core
                raise unfit_by(error) from None
            self._go(running, wanted, guardian, lambda run: begun("\n".join((run, *told))))

    def _made(self, wanted: Ready, transcript: SharedText | None) -> Running:
        start = wanted.start
        wishes = Wishes(
            faults=start.faults,
            transcript=transcript,
            recording=wanted.recording,
            answering=Beforehand(wanted.answers),
            oversee=self._scanned,
        )
        return Running(wanted.prepared, start.seed, way_of(wanted), wishes)

    def _go(self, running: Running, wanted: Ready, guardian: Guardian | None, begun: Begun) -> None:
        about = wanted.recording.about if wanted.recording else About()
        bench = running.bench
        shows = Shower(
            wanted.prepared, bench.control, bench.board, bench.workers, running.run, about, wanted.start.speed
        )
        self._running, self._run, self._is_untold = running, running.run, True
        self._session = Session(self._desk, bench, shows, self._takes, self._log)
        self._session.guardian = guardian
        bench.scan.look_first(self._look)
        self._log.line(f"run {running.run}: {wanted.prepared.recipe.name}, asked for by {self._whose or 'its starter'}")
        begun(running.run)
        try:
            outcome = bench.run.run()
            running.settle()
            if running.result is None:  # its instruments were never reached
                running.result = running.finish(outcome, running.lasted_s)
            self._tell_end(running)
        except BaseException as error:
            running.fail(error, running.lasted_s)
            raise
        finally:
            self._running = None
            self._leave_session("the run has ended")
            running.close()

    def _leave_session(self, why: str) -> None:
        if self._session is not None:
            self._session.end(why)
            self._session = None

    def _guard(self, wanted: Ready) -> Guardian | None:
        """Start the guardian where the plant's time is ours. Raises Refused when there is none."""
        is_served = isinstance(wanted.prepared.simulator, Served)
        if wanted.prepared.mode != "live" and not (is_served and wanted.start.speed == 1):
            return None
        guardian = Guardian(wanted.prepared.station, self._where.data / "guardian.log")
        guardian.start()
        return guardian

    @staticmethod
    def _transcript(wanted: Ready) -> AbstractContextManager[SharedText | None]:
        file = wanted.start.transcript
        if not file:
            return nullcontext()
        return closing(SharedText(Path(file).open("w", encoding="utf-8", newline="\n", buffering=1)))

    # --- one scan ---

    def _look(self) -> None:
        """Before every scan: requests, a start that is ready, signals, and clients that have gone."""
        if self._session is not None:
            self._session.before()
        self._look_after()

    def _look_after(self) -> None:
        self._log.lines(self._desk.notes())
        if (wanted := self._starts.next()) is not None:
            self._begin_next(wanted)
        verb = self._hours.due(is_active=self._is_active, clients=self._desk.clients)
        if verb == QUIT:
            self._end()
        elif verb is not None and self._session is not None:
            self._session.demand(Verb(verb), self._hours.why)

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        session, running = self._session, self._running
        if session is None:
            return
        if running is not None and running.is_left:  # no step has begun, and closing the links may take too long
            session.dismiss()
        session.after(now_ns, decision)
        if decision.events:
            self._notifier.take(self._run, decision.events)
            if running is not None and running.is_over:
                self._log.take(decision.events)
        if running is not None and running.result is not None and self._is_untold:
            session.show(now_ns)
            self._tell_end(running)

    def _tell_end(self, running: Running) -> None:
        if running.result is not None and self._is_untold:
            self._desk.tell_end(self._run, running.result.as_json())
            result = running.result
            self._log.line(f"run {self._run}: {result.outcome}, {result.reason}")
            self._notifier.tell_end(self._run, result.outcome, result.reason, is_safe=result.safe)
            self._run, self._is_untold = "", False

    @property
    def _is_active(self) -> bool:
        return self._running is not None and self._running.result is None

    @property
    def _is_unsafe(self) -> bool:
        """Return whether a run has been given up, and its guardian is all that stands behind the orders."""
        session = self._session
        return session is not None and session.guardian is not None and not (self._is_active or session.is_at_rest)

    # --- what the core is asked for, and not the run ---

    def _takes(self, asked: Asked) -> bool:
        """Take a request that is not the run's; return whether it was one."""
        match asked.ask.verb:
            case Verb.STOP | Verb.ABORT:
                return self._starts.end_by(asked)
            case Verb.CLEAR:
                return self._clear_interrupted(asked)
            case Verb.START:
                self._starts.ask(asked, self._why_no_start())
            case verb if verb == QUIT:
                refused = self._why_stay()
                self._desk.answer(asked, refused=refused)
                if not refused:
                    self._end()
            case verb if verb == SPEED:
                self._desk.answer(asked, refused=self._set_speed(asked.ask.value))
            case _:
                return False
        return True

    def _why_no_start(self) -> str:
        """Return why nothing may begin now; empty when something may."""
        if self._is_active:
            return f"run {self._run} is active, asked for by {self._whose or 'its starter'}"
        return _UNSAFE if self._is_unsafe else ""

    def _read(self, start: Start) -> Ready:
        """Return what begins. Raises Unfit, also for a changed station file: other ports are held than it names."""
        wanted = ready(start, self._where)
        if wanted.prepared.station_named.sha256 != self._idle.station_named.sha256:
            what = "the station file has changed since this core has read it"
            write = 'End the core with "pvd quit"; the next start reads the file anew.'
            raise Unfit([Problem("--station", what, write)])
        return wanted

    def _begin_next(self, wanted: Ready) -> None:
        if self._is_unsafe:
            self._starts.refuse(Unfit([Problem("the station", _UNSAFE)]))
            return
        self._next, self._whose = wanted, self._starts.whose
        self._stop_scanning()

    def _clear_interrupted(self, asked: Asked) -> bool:
        """Keep that a person has taken note of an interrupted run; return whether the request ends here, refused."""
        found = in_the_way(self._where.data, self.station.name) if self._running is None else None
        if found is None or found.is_running:
            return False
        try:
            clear(found.path.stem, str(self._where.data), asked.ask.person or asked.client, asked.ask.reason)
        except RefusedInput as refusal:
            self._desk.answer(asked, refused=refusal.problems[0].what)
            return True
        return False

    def _set_speed(self, value: float | str | None) -> str:
        """Change the pace of a simulated run; return why it cannot be changed."""
        if self._session is None or not self._is_active:
            return "no run is active"
        try:
            return self._session.go_at(float(value if value is not None else "nan"))
        except ValueError:
            return f"{value} is not a number"

    def _why_stay(self) -> str:
        """Return why the core may not end now; empty when it may."""
        if self._is_active:
            return f"run {self._run} is active: stop it first"
        if self._is_unsafe:
            return _UNSAFE
        decision = self._session.decision if self._session else None
        if self._idle.mode == "live" and decision is not None:
            hot = [
                name
                for name, source in zip(self._idle.station.source, decision.state.sources, strict=True)
                if source.is_hot
            ]
            if hot:
                return f"{', '.join(hot)} may be hot: the core of a live station stays until every source is cold"
        return ""

    def _end(self) -> None:
        self._is_over = True
        self._stop_scanning()

    def _stop_scanning(self) -> None:
        """Let the bench go; where off is not confirmed its guardian stays, and acts when this process has ended."""
        session = self._session
        if session is not None:
            if session.is_at_rest:
                session.dismiss()
            session.bench.run.stop_now()
