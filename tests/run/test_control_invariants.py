"""Random requests on random images, from any moment of a good run: what must never happen does not (safety 0.11).

The images are those of a run on the bytes of the simulated station; hypothesis spoils them (values, qualities, ages,
frozen or lost links), jumps in time and asks for anything. Every scan is checked.
"""

import math
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from invariant_courses import Course

from pvdstation.control.arbiter import missing
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.knobs import knobs_of
from pvdstation.control.overrides import names
from pvdstation.control.state import State
from pvdstation.control.states import NEXT, Mode
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionKind, ActionResult, EventKind, Image, Outputs, Request, Verb
from pvdstation.model.signals import Position, Quality, Reading

GOES_ON = (Mode.RUNNING, Mode.PAUSING)
SAFE = frozenset({Mode.ABORTING, Mode.ABORTED, Mode.STOPPED, Mode.COMPLETE, Mode.IDLE, Mode.STARTING})
WILD = (0.0, 1.0, 2.0, 3.0, -1.0, math.nan, 13.0, 22.0, 50.0, 500.0, 1200.0, 1e-5, 2e-4, 5e6, 6e6, 1e-300, math.inf)
OFF_A = 1.0
OUTPUTS = (
    "backing pump", "turbo", "roughing valve", "fore-line valve", "HV gate", "N2 valve", "vent valve",
    "substrate shutter", "source shutter Zn", "source shutter Li", "source Zn", "source Li", "nothing",
)  # fmt: skip
MOVES = (Verb.HOLD, Verb.RESUME, Verb.PAUSE, Verb.STOP, Verb.ABORT, Verb.CLEAR, Verb.START, Verb.SKIP)
RISES_IN = {
    "supply": {"condition", "deposit", "by_hand"},
    "source shutter": {"condition", "deposit", "by_hand"},
    "substrate shutter": {"deposit", "by_hand"},
    "N2 valve": {"admit_gas", "by_hand"},
    "vent valve": {"vent", "by_hand"},
}
"""In which kinds of step something may be switched on or opened."""
OLDEST_NS = 1_600_000_000  # of the image that keeps a source on: 1 s, and what a scan may be late
LEVELS = ("open", "closed", "run", "stop", "off", 0.0, 20.0, 45.0, math.nan)


@pytest.fixture(scope="module", params=["sim", "sim-host-loop", "day", "by hand"])
def good_run(request: pytest.FixtureRequest) -> Course:
    return Course(request.param)


class Control_(RuleBasedStateMachine):  # noqa: N801 - hypothesis shows its name
    """The core, stepped on spoilt images."""

    course: Course

    @initialize(share=st.floats(0, 1), stage=st.integers(0, 10_000))
    def begin(self, share: float, stage: int) -> None:
        course = self.course
        places = course.by_stage[course.stages[stage % len(course.stages)]]
        self.place = places[int(share * (len(places) - 1))]
        self.skew_ns = 0
        self.spoilt: dict[int, tuple[int, float, Quality, bool]] = {}
        self.counter = 10_000_000
        self.state = course.moments[self.place].state
        self.before: State = self.state
        self.decision: Decision | None = None
        self.results: tuple[ActionResult, ...] = ()
        self.durable = self.state.number
        self.durable_then = self.durable
        self.asked: list[Request] = []
        self.tripped_a: tuple[float, ...] | None = None
        self.scans = 0

    # --- what is done to it ---

    @rule(signal=st.integers(0, 10_000), value=st.sampled_from(WILD), quality=st.sampled_from(list(Quality)),
          scans=st.integers(1, 60), is_old=st.booleans())  # fmt: skip
    def spoil(self, signal: int, value: float, quality: Quality, scans: int, is_old: bool) -> None:
        number = signal % len(self.core.frame.signals)
        if not self.core.frame.signals.all[number].name.startswith("journal"):
            self.spoilt[number] = (self.scans + scans, value, quality, is_old)

    @rule(link=st.sampled_from(["io", "sqc", "supply1", "gauges", "turbo"]), scans=st.integers(1, 120))
    def lose(self, link: str, scans: int) -> None:
        for number, signal in enumerate(self.core.frame.signals.all):
            if signal.link == link:
                self.spoilt[number] = (self.scans + scans, math.nan, Quality.COMM_FAULT, False)

    @rule(verb=st.sampled_from(list(Verb)),
          about=st.sampled_from(["", "boat_resistance", "source_shutter", "n2_valve"]),
          value=st.sampled_from([None, 1.0, 5.0, math.nan, "because"]))  # fmt: skip
    def ask(self, verb: Verb, about: str, value: float | str | None) -> None:
        self.asked.append(Request(verb, "somebody", about, value, "Mia", "because"))
        self.scan()

    @rule(wishes=st.lists(st.tuples(st.sampled_from(OUTPUTS), st.sampled_from(LEVELS)), min_size=1, max_size=4))
    def set_by_hand(self, wishes: list[tuple[str, float | str]]) -> None:
        self.asked += [Request(Verb.SET, "somebody", about, value) for about, value in wishes]
        self.scan()

    @rule(verbs=st.lists(st.sampled_from(MOVES), min_size=2, max_size=4))
    def ask_all_at_once(self, verbs: list[Verb]) -> None:
        self.asked += [Request(verb, "somebody") for verb in verbs]
        self.scan()

    @rule(scans=st.sampled_from([1, 4, 16, 60]))
    def hold_and_resume(self, scans: int) -> None:
        for verb, following in ((Verb.HOLD, scans), (Verb.RESUME, 20)):
            self.asked.append(Request(verb, "somebody"))
            self.go_on(1 + following, is_durable=True, ends_well=True)

    @rule(seconds=st.sampled_from([0.25, 1.0, 12.0, 400.0]))
    def jump(self, seconds: float) -> None:
        self.skew_ns += round(seconds * SECOND)

    @rule(scans=st.integers(1, 40), is_durable=st.booleans(), ends_well=st.booleans())
    def go_on(self, scans: int, is_durable: bool, ends_well: bool) -> None:
        for _ in range(scans):
            self.scan(is_durable=is_durable, ends_well=ends_well)

    @precondition(lambda self: bool(self.spoilt))
    @rule()
    def heal(self) -> None:
        self.spoilt.clear()

    # --- one scan ---

    @property
    def core(self) -> Control:
        return self.course.core

    def scan(self, *, is_durable: bool = True, ends_well: bool = True) -> None:
        moments = self.course.moments
        self.place = min(self.place + 1, len(moments) - 1)
        self.scans += 1
        if self.place == len(moments) - 1:
            self.skew_ns += SECOND // 4
        now_ns = moments[self.place].now_ns + self.skew_ns
        self.before, requests = self.state, tuple(self.asked)
        self.asked.clear()
        self.durable_then = self.durable
        image = Image(self.readings(now_ns), self.results)
        self.decision = self.core.step(self.state, image, requests, now_ns)
        self.state = self.decision.state
        if is_durable:
            self.durable = self.state.number
        self.results = tuple(ActionResult(a.number, ends_well, "", now_ns) for a in self.decision.actions)
        self.check(image, requests, now_ns)

    def readings(self, now_ns: int) -> tuple[Reading, ...]:
        signals = self.core.frame.signals
        found = [r._replace(at_ns=r.at_ns + self.skew_ns) for r in self.course.moments[self.place].image.readings]
        for number, (until, value, quality, is_old) in list(self.spoilt.items()):
            if until < self.scans:
                del self.spoilt[number]
            elif is_old:
                found[number] = found[number]._replace(at_ns=found[number].at_ns - 12 * SECOND)
            else:
                self.counter += 1
                found[number] = Reading(value, quality, found[number].at_ns, self.counter)
        found[signals.journal_durable] = Reading(float(self.durable), Quality.GOOD, now_ns, self.counter)
        return tuple(found)

    # --- what must hold ---

    def check(self, image: Image, requests: tuple[Request, ...], now_ns: int) -> None:
        assert self.decision is not None
        mode, old, new = self.state.course.mode, self.before.last, self.decision.outputs
        self.nothing_energises_outside_of_a_run(mode, old, new)
        self.set_points_are_in_range(mode, old, new)
        self.gas_and_energy_never_meet(new)
        self.intents_come_first(old, new)
        self.what_rises_has_its_permissive(image, old, new, now_ns)
        self.what_rises_belongs_to_its_step(image, old, new)
        self.a_source_is_on_by_a_fresh_image(image, new, now_ns)
        self.energy_falls_after_a_trip(mode, new)
        self.safe_is_read_back(image)
        self.requests_are_answered(requests)
        self.events_are_gap_free(now_ns)
        self.only_the_table_moves(mode)
        energised = any(level.on for level in new.supply) or new.n2 or new.vent or new.substrate_shutter
        assert not energised or new.until_ns > now_ns

    def nothing_energises_outside_of_a_run(self, mode: Mode, old: Outputs, new: Outputs) -> None:
        rises = [
            *(b.on and not a.on for a, b in zip(old.supply, new.supply, strict=True)),
            *(b and not a for a, b in zip(old.enable, new.enable, strict=True)),
            *(b and not a for a, b in zip(old.source_shutter, new.source_shutter, strict=True)),
            new.substrate_shutter and not old.substrate_shutter,
            new.n2 and not old.n2,
            new.vent and not old.vent,
        ]
        assert mode in GOES_ON or not any(rises), mode
        assert mode not in SAFE or not any(level.on for level in new.supply), mode
        assert mode in GOES_ON or not (new.substrate_shutter or new.n2 or new.vent), mode

    def set_points_are_in_range(self, mode: Mode, old: Outputs, new: Outputs) -> None:
        station = self.core.frame.station
        for number, a, b in zip(station.supply, old.supply, new.supply, strict=True):
            supply = station.supply[number]
            assert 0 <= b.current_a <= supply.full_scale
            elapsed_s = max(station.scan_period, 1.0)  # a jump in time is at most a second of ramp
            assert b.current_a <= a.current_a + supply.ramp_host * elapsed_s + 1e-9
            assert mode in GOES_ON or b.current_a <= a.current_a + 1e-9

    def gas_and_energy_never_meet(self, new: Outputs) -> None:
        is_energised = any(level.on for level in new.supply)
        assert not (is_energised and (new.n2 or new.vent))
        assert not (new.n2 and (new.gate or new.roughing or new.vent))
        assert not (new.vent and (new.gate or new.roughing))
        assert not (new.backing_stop and (new.roughing or new.foreline))
        assert not (new.roughing and (new.foreline or new.gate))
        assert not (new.gate and new.roughing)
        assert not ((new.n2 or new.vent) and any(source.is_hot for source in self.state.sources))

    def intents_come_first(self, old: Outputs, new: Outputs) -> None:
        rising = {
            "substrate shutter": new.substrate_shutter and not old.substrate_shutter,
            "N2 valve": new.n2 and not old.n2,
            **{
                f"supply {number}": b.on and not a.on
                for number, a, b in zip(self.core.frame.station.supply, old.supply, new.supply, strict=True)
            },
        }
        numbers = {intent.output: intent.number for intent in self.before.intents}
        for name, rises in rising.items():
            if rises:
                assert numbers.get(name, 2**62) <= self.durable_then, name
        assert self.decision is not None
        for action in self.decision.actions:
            if action.kind is ActionKind.SQC_START:
                assert action.number <= self.durable_then
                assert self.state.course.mode in GOES_ON

    def what_rises_has_its_permissive(self, image: Image, old: Outputs, new: Outputs, now_ns: int) -> None:
        state, before = self.state, self.before
        v = View(
            self.core.frame, image.readings, old, state.sources, now_ns, since_gas=before.since_gas,
            low_since_ns=before.low_since_ns, result=None, gas_target_mbar=before.gas_target_mbar,
        )  # fmt: skip
        for rule_, knob_rises in (
            *((knob.rule, bool(knob.level(new)) and not knob.level(old)) for knob in knobs_of(self.core.frame)),
            *(("supply", b.on and not a.on) for a, b in zip(old.supply, new.supply, strict=True)),
            ("turbo_stop", new.turbo is False and old.turbo is not False),
        ):
            assert not knob_rises or missing(rule_, v, state.scene, names(before.overrides)) is None, rule_

    def what_rises_belongs_to_its_step(self, image: Image, old: Outputs, new: Outputs) -> None:
        """Whatever the rules say: by the step, and by what the switches read."""
        step, signals = self.core.procedure.steps[self.state.course.step], self.core.frame.signals
        shutters, contacts = [*signals.source_shutter, signals.substrate_shutter], [signals.e_stop_ok, signals.water]
        closed = {
            "supply": [*shutters, signals.n2, signals.vent],
            "N2 valve": [signals.gate, signals.roughing, signals.substrate_shutter, signals.vent],
            "vent valve": [signals.gate, signals.roughing, signals.substrate_shutter, signals.n2],
        }
        well = {"supply": [*contacts, signals.door_closed, signals.gate]}
        for name in rising(old, new):
            assert step.do in RISES_IN[name], (name, step.do)
            for value, numbers in ((0, closed.get(name, ())), (1, well.get(name, ()))):
                for read in (image.readings[number] for number in numbers):
                    assert (read.value, read.quality) == (value, Quality.GOOD), name

    def a_source_is_on_by_a_fresh_image(self, image: Image, new: Outputs, now_ns: int) -> None:
        step, signals = self.core.procedure.steps[self.state.course.step], self.core.frame.signals
        on = [level.on for level in new.supply]
        assert all(enable or not is_on for is_on, enable in zip(on, new.enable, strict=True))
        assert not any(on) or now_ns - image.readings[signals.e_stop_ok].at_ns <= OLDEST_NS
        assert sum(on) <= (1 + len(getattr(step.work, "others", ())) if step.do != "by_hand" else len(on))

    def energy_falls_after_a_trip(self, mode: Mode, new: Outputs) -> None:
        amperes = tuple(level.current_a if level.on else 0.0 for level in new.supply)
        if mode in {Mode.ABORTING, Mode.ABORTED}:
            assert self.tripped_a is None or all(a <= b for a, b in zip(amperes, self.tripped_a, strict=True))
            self.tripped_a = amperes
        else:
            self.tripped_a = None

    def safe_is_read_back(self, image: Image) -> None:
        assert self.decision is not None
        said = [event for event in self.decision.events if dict(event.values).get("safe") == 1.0]
        if not said:
            return
        signals, readings = self.core.frame.signals, image.readings
        closed = [*signals.source_shutter, signals.substrate_shutter, signals.n2, signals.vent, signals.roughing]
        for number in closed:
            assert (readings[number].value, readings[number].quality) == (Position.CLOSED, Quality.GOOD)
        for number, supply in signals.supply.items():
            current, contact = readings[supply.current], readings[signals.enable_open[number]]
            is_off = current.quality is Quality.GOOD and current.value < OFF_A
            assert is_off or (contact.quality is Quality.GOOD and contact.value == 1)

    def requests_are_answered(self, requests: tuple[Request, ...]) -> None:
        assert self.decision is not None
        answers = [event for event in self.decision.events if event.kind is EventKind.REQUEST]
        assert len(answers) == len(requests)
        for request, answer in zip(requests, answers, strict=True):
            accepted = f"{request.verb}: accepted" in answer.text or ": accepted" in answer.text
            assert accepted or ": refused, " in answer.text
            assert accepted or len(answer.text.partition(": refused, ")[2]) > 3

    def events_are_gap_free(self, now_ns: int) -> None:
        assert self.decision is not None
        first = self.before.number + 1
        assert [e.number for e in self.decision.events] == list(range(first, first + len(self.decision.events)))
        assert all(event.at_ns == now_ns for event in self.decision.events)

    def only_the_table_moves(self, mode: Mode) -> None:
        reachable, todo = {self.before.course.mode}, [self.before.course.mode]
        for _ in range(4):  # a person and a rule can both move the run in one scan
            todo = [to for (at, _), to in NEXT.items() if at in todo and to not in reachable]
            reachable.update(todo)
        assert mode in reachable

    @invariant()
    def memory_stays_small(self) -> None:
        if self.decision is not None:
            assert len(self.state.intents) <= 16
            assert len(self.state.refusals) <= 32
            assert len(self.state.overrides) <= 16


def rising(old: Outputs, new: Outputs) -> Iterator[str]:
    """Yield what is switched on or opened."""
    yield from ("supply" for a, b in zip(old.supply, new.supply, strict=True) if b.on and not a.on)
    opened = zip(old.source_shutter, new.source_shutter, strict=True)
    yield from ("source shutter" for a, b in opened if b and not a)
    for name in ("substrate_shutter", "n2", "vent"):
        if getattr(new, name) and not getattr(old, name):
            yield {"substrate_shutter": "substrate shutter", "n2": "N2 valve", "vent": "vent valve"}[name]


def test_no_request_on_no_image_breaks_an_invariant(good_run: Course) -> None:
    machine = type("ControlOnSpoiltImages", (Control_,), {"course": good_run})
    case = machine.TestCase
    case.settings = settings(
        max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case("runTest").runTest()
