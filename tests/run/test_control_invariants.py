"""Random requests on random images, from any moment of a good run: what must never happen does not (safety 0.11).

The images are those of a run on the bytes of the simulated station; hypothesis spoils them (values, qualities, ages,
frozen or lost links), jumps in time and asks for anything. Every scan is checked.
"""

import math
from typing import Any, NamedTuple

import pytest
from hand_bench import Hands, by_hand, for_s, is_at, reads
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from interlock_cases import HOST
from station_bench import QUICK, StationBench

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

RECIPE = "10 nm Zn at 0.5 nm/s, then N2 to 50 mbar for 10 s"
GOES_ON = (Mode.RUNNING, Mode.PAUSING)
SAFE = frozenset({Mode.ABORTING, Mode.ABORTED, Mode.STOPPED, Mode.COMPLETE, Mode.IDLE, Mode.STARTING})
WILD = (0.0, 1.0, 2.0, 3.0, -1.0, math.nan, 13.0, 22.0, 50.0, 500.0, 1200.0, 1e-5, 2e-4, 5e6, 6e6, 1e-300, math.inf)
OFF_A = 1.0
OUTPUTS = (
    "backing pump", "turbo", "roughing valve", "fore-line valve", "HV gate", "N2 valve", "vent valve",
    "substrate shutter", "source shutter Zn", "source shutter Li", "source Zn", "source Li", "nothing",
)  # fmt: skip
LEVELS = ("open", "closed", "run", "stop", "off", 0.0, 20.0, 45.0, math.nan)
WARM_HANDS = (
    Hands()
    .set("HV gate", "open", for_s(2, is_at("foreline_valve", 1)))
    .set("source Zn", 45.0, for_s(10, reads("chamber.full_range", 0, 2e-6)))
    .set("source shutter Zn", "open", reads("supply.1.current", 30, 46))
    .set("substrate shutter", "open", for_s(45, reads("supply.1.current", 44, 46)))
    .set("source Zn", "off", for_s(2, is_at("substrate_shutter", 1)))
    .set("substrate shutter", "closed")
    .set("source shutter Zn", "closed")
    .set("HV gate", "closed")
    .set("vent valve", "open", for_s(310, is_at("gate", 0)))
    .set("vent valve", "closed", for_s(1, is_at("vent_valve", 1)))
    .stop(for_s(1, is_at("vent_valve", 0)))
)


class Moment(NamedTuple):
    """What the core had and was given at one scan of the good run."""

    state: State
    image: Image
    now_ns: int


class Course:
    """A good run, scan by scan."""

    def __init__(self, name: str) -> None:
        if name == "by hand":
            bench = by_hand(WARM_HANDS, HOST)
        else:
            bench = StationBench(RECIPE, QUICK if name == "sim" else HOST, name=name)
        self.moments: list[Moment] = []
        core, moments = bench.scan._core, self.moments

        class Watched:
            def start(self, now_ns: int) -> Any:
                return core.start(now_ns)

            def step(self, state: Any, image: Image, requests: tuple[Request, ...], now_ns: int) -> Decision:
                moments.append(Moment(state, image, now_ns))
                return core.step(state, image, requests, now_ns)

        bench.scan._core = Watched()
        bench.run()
        assert bench.state == ("stopped" if name == "by hand" else "complete")
        self.core = core
        self.stages = sorted({(m.state.course.step, m.state.course.stage) for m in moments})
        self.by_stage = {
            stage: [k for k, m in enumerate(moments) if (m.state.course.step, m.state.course.stage) == stage]
            for stage in self.stages
        }


@pytest.fixture(scope="module", params=["sim", "sim-host-loop", "by hand"])
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
        assert not (new.n2 and any(source.is_hot for source in self.state.sources))

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


def test_no_request_on_no_image_breaks_an_invariant(good_run: Course) -> None:
    machine = type("ControlOnSpoiltImages", (Control_,), {"course": good_run})
    case = machine.TestCase
    case.settings = settings(
        max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case("runTest").runTest()
