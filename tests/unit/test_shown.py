"""What a person sees of a run, at each moment of a short one: question, layer, hold, lost link, and idle again."""

import json
import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from station_bench import EXPOSED, StationBench, asks, during, in_state, prepared

from pvdstation.assembly.about import About, SampleName
from pvdstation.assembly.shown import Shower
from pvdstation.assembly.shown.layers import layers
from pvdstation.assembly.shown.moment import Moment, moment_of
from pvdstation.assembly.shown.past import Past
from pvdstation.assembly.shown.steps import step_shown
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.state import Course
from pvdstation.control.states import Mode
from pvdstation.desk.snapshot import PositionShown, Snapshot, SourceShown, VerbShown
from pvdstation.drivers.base import Board
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Image, Request, Verb
from pvdstation.model.signals import Quality, SignalMap
from pvdstation.recipe.by_hand import by_hand_procedure

WALL_S = 1_700_000_000.0
SPEED = 60.0
RECIPE = 'ask "Is the boat full?" yes/no, then 6 nm Zn at 0.5 nm/s'


class ShownBench(StationBench):
    """A run of which every scan is shown."""

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        script = (
            (during("ask", after_s=2.0), lambda bench: bench.scan.request(_yes(bench))),
            (EXPOSED, asks(Verb.HOLD)),
            (in_state("held", 2.0), asks(Verb.RESUME)),
            (EXPOSED, lambda bench: bench.cut("supply1")),
        )
        super().__init__(RECIPE, script=script)
        about = About("Ada", (SampleName("Li_17"), SampleName("Li_18", "x")))
        workers = self.stepped._workers
        self.shower = Shower(self.prepared, self.core, self.board, workers, "run-7", about, SPEED)

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        super()._scanned(now_ns, decision)
        self.shown.append(self.shower.shown(now_ns, decision, WALL_S + now_ns / SECOND / SPEED))

    def first_shown(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        return next(shown for shown in self.shown if holds(shown))

    def last_shown(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        return next(shown for shown in reversed(self.shown) if holds(shown))

    def cleared(self) -> Snapshot:
        """Return what is shown after the run has been cleared."""
        now_ns = self.shown[-1].now_ns + SECOND // 4
        image = Image(tuple(self.board.readings), ())
        decision = self.core.step(self.memory, image, (Request(Verb.CLEAR, "operator"),), now_ns)
        return self.shower.shown(now_ns, decision, WALL_S)


def _yes(bench: StationBench) -> Request:
    asked = dict(bench.first(EventKind.QUESTION).values)
    return Request(Verb.ANSWER, "operator", str(asked["id"]), 1.0)


@pytest.fixture(scope="module")
def bench() -> ShownBench:
    run = ShownBench()
    run.run()
    return run


def _is_in(stage: str, state: str = "running") -> Callable[[Snapshot], bool]:
    return lambda shown: shown.state == state and shown.step is not None and shown.step.stage == stage


def _source(shown: Snapshot, name: str) -> SourceShown:
    return next(source for source in shown.sources if source.name == name)


def _position(shown: Snapshot, name: str) -> PositionShown:
    return next(position for position in shown.positions if position.name == name)


def _verb(shown: Snapshot, verb: Verb) -> VerbShown:
    return next(one for one in shown.verbs if one.verb == verb.value)


# --- the run as a whole ---


def test_every_moment_survives_the_wire_and_fits_into_a_frame(bench: ShownBench) -> None:
    for shown in bench.shown[::8]:
        text = json.dumps(shown.as_json(), allow_nan=False)
        assert len(text) < 64 * 1024
        assert json.dumps(Snapshot.of_json(json.loads(text)).as_json()) == text


def test_the_head_says_what_runs_for_whom(bench: ShownBench) -> None:
    shown = bench.shown[-1]
    assert (shown.run, shown.recipe, shown.sample, shown.operator) == ("run-7", RECIPE, "Li_17, Li_18", "Ada")
    assert shown.is_simulated
    assert (shown.speed, shown.done_s) == (SPEED, shown.now_ns / SECOND)


def test_what_has_never_been_read_is_unknown_and_never_0(bench: ShownBench) -> None:
    first = bench.shown[0]
    zinc = _source(first, "Zn")
    for number in (zinc.current_a, zinc.voltage_v, zinc.power_w, zinc.resistance_mohm, zinc.rate_nm_s, zinc.life_pct):
        assert math.isnan(number)
    assert {position.position for position in first.positions} == {"unknown"}
    never = [signal for signal in first.signals if signal.quality is Quality.NEVER]
    assert never
    assert all(math.isnan(signal.value) and math.isnan(signal.age_s) for signal in never)
    assert all(math.isnan(link.round_trip_ms) and not link.is_lost for link in first.links)
    assert first.step is not None
    assert first.step.waits_for == "station ready: I/O watchdog armed"


def test_a_source_whose_past_nobody_knows_is_taken_as_hot(bench: ShownBench) -> None:
    assert _source(bench.shown[1], "Li").warmth.startswith("unknown: taken as hot for another ")


# --- a question ---


def test_a_question_waits_with_what_answers_it(bench: ShownBench) -> None:
    shown = bench.first_shown(lambda shown: bool(shown.questions))
    (question,) = shown.questions
    assert (question.text, question.kind, question.is_yes_no) == ("Is the boat full?", "yes or no", True)
    assert shown.step is not None
    assert shown.step.waits_for == f"answer to {question.id}: Is the boat full? (yes or no)"
    assert shown.step.to_go_s is None
    assert shown.to_go_s == sum(step.estimate_s for step in bench.core.steps[1:])
    assert _verb(shown, Verb.SKIP).is_allowed
    assert not bench.first_shown(_is_in("soak 1")).questions


# --- a layer ---


def test_the_heated_source_says_how_long_until_its_soak_ends(bench: ShownBench) -> None:
    shown = bench.first_shown(_is_in("ramp 2"))
    assert shown.step is not None
    assert shown.step.to_go_s == pytest.approx(6 + 16, abs=0.5)
    assert shown.step.waits_for == "ramp 2: Zn 25.8 %, 22 s to the end of soak 2"
    (layer,) = shown.layers
    assert (layer.target_nm, layer.set_nm_s, layer.grown_nm) == (6.0, 0.5, 0.0)


def test_a_running_layer_says_what_it_waits_for_and_how_long(bench: ShownBench) -> None:
    shown = bench.last_shown(_is_in("deposit"))
    step, (layer,) = shown.step, shown.layers
    assert step is not None
    assert (step.number, step.of, step.text) == (4, len(bench.core.steps), "deposit 6 nm Zn at 0.5 nm/s")
    left_nm = layer.target_nm - layer.grown_nm
    assert step.waits_for.startswith(f"thickness 6 nm: {layer.grown_nm:.1f} nm, {left_nm:.1f} nm to go, ")
    assert step.since_ns < shown.now_ns
    assert step.to_go_s == pytest.approx(left_nm / layer.rate_nm_s + 12 + 3)  # idle ramp, confirmed
    assert shown.to_go_s == pytest.approx(step.to_go_s + bench.core.steps[4].estimate_s)
    assert (layer.source, layer.material, layer.owner) == ("Zn", "Zn", "SQC-310")
    assert layer.rate_nm_s == pytest.approx(0.5, rel=0.1)
    assert shown.ahead[0].startswith("5 finish")
    assert _position(shown, "substrate shutter").position == "open"
    assert _position(shown, "turbo").position == "1000 Hz"
    assert _position(shown, "backing pump").position == "running"


def test_the_film_only_grows(bench: ShownBench) -> None:
    grown = [layer.grown_nm for shown in bench.shown if shown.step and shown.step.number == 4 for layer in shown.layers]
    assert grown[0] == 0.0
    assert all(later >= before - 0.1 for before, later in pairwise(grown))


def test_a_source_that_is_on_shows_what_flows_and_what_may(bench: ShownBench) -> None:
    zinc = _source(bench.last_shown(_is_in("deposit")), "Zn")
    assert zinc.is_on
    assert zinc.warmth == "on: hot"
    assert zinc.power_w == pytest.approx(zinc.voltage_v * zinc.current_a)
    assert zinc.resistance_mohm == pytest.approx(1000 * zinc.voltage_v / zinc.current_a)
    assert zinc.current_a == pytest.approx(zinc.drive_pct, abs=1.0)  # 100 % = 100 A
    assert zinc.limit_a == pytest.approx(51.6)


def test_a_shutter_says_since_when_it_is_where_it_is(bench: ShownBench) -> None:
    shown = bench.first_shown(_is_in("deposit"))
    since_ns = _position(shown, "substrate shutter").since_ns
    assert since_ns is not None
    assert 0 <= shown.now_ns - since_ns < SECOND
    assert _position(shown, "N2 valve") == PositionShown("N2 valve", "closed", None)  # as it was found


def test_an_output_that_may_not_move_says_why(bench: ShownBench) -> None:
    shown = bench.first_shown(_is_in("deposit"))
    outputs = {output.name: output for output in shown.outputs}
    assert outputs["substrate shutter"].level == "open"
    assert outputs["N2 valve"].refused.startswith("Open N2 valve: refused, ")
    assert outputs["N2 valve"].rule == "n2_valve"
    assert outputs["N2 valve"].override_min is None


# --- held ---


def test_a_hold_says_what_was_done_and_when_it_becomes_a_stop(bench: ShownBench) -> None:
    shown = bench.last_shown(lambda shown: shown.state == "held")
    cause = shown.cause
    assert cause is not None
    assert (cause.rule, cause.text) == ("operator", "hold by operator")
    assert any(line.startswith("substrate shutter closed CONFIRMED 0.") for line in cause.done)
    assert "supply 1 (Zn) stays on" in cause.done
    assert cause.done[-1] == f"film at {shown.layers[0].grown_nm:.1f} nm of 6.0, held"
    assert shown.hold_ends_ns is not None
    assert shown.now_ns < shown.hold_ends_ns <= shown.now_ns + 10 * SECOND
    assert shown.step is not None
    assert shown.step.waits_for == "a person: resume or stop"
    assert (shown.step.to_go_s, shown.to_go_s, shown.is_safe) == (None, None, None)
    assert _verb(shown, Verb.RESUME).is_allowed


def test_a_resume_takes_the_cause_away(bench: ShownBench) -> None:
    assert bench.last_shown(_is_in("deposit")).cause is None


# --- tripped ---


def _is_aborting(shown: Snapshot) -> bool:
    return shown.state == "aborting"


def test_a_trip_names_its_first_cause_and_what_is_not_read_back_yet(bench: ShownBench) -> None:
    shown = bench.first_shown(_is_aborting)
    cause = shown.cause
    assert cause is not None
    assert (cause.rule, cause.at_ns) == ("supply_link", shown.now_ns)
    assert cause.text.startswith("supply readings fresh: lost")
    not_confirmed = "shutters closed NOT CONFIRMED (source shutter Zn closed, substrate shutter closed)"
    assert not_confirmed in cause.done
    assert "N2 valve closed CONFIRMED" in cause.done
    assert cause.fix.startswith("Look at power, cable and port of the instrument. Zn is hot, not confirmed off.")
    assert shown.is_safe is False


def test_a_trip_ends_with_everything_read_back_and_the_film_that_is_left(bench: ShownBench) -> None:
    shown, tripped = bench.shown[-1], bench.first_shown(_is_aborting)
    cause = shown.cause
    assert (shown.state, shown.is_safe, shown.step) == ("aborted", True, None)
    assert cause is not None
    assert not [line for line in cause.done if "NOT CONFIRMED" in line]
    assert any(line.startswith("shutters closed CONFIRMED 0.") for line in cause.done)
    assert "(supply 1 not measured, enable contact open)" in cause.done[0]
    film_nm = dict(bench.of_kind(EventKind.STEP)[-1].values)["indicated_nm"]
    assert cause.done[-1] == f"film at {film_nm:.1f} nm of 6.0, interrupted"
    assert cause.wall_s == pytest.approx(WALL_S + tripped.now_ns / SECOND / SPEED)
    assert cause.fix.endswith("Clear the run.")
    assert _verb(shown, Verb.START).is_allowed, "the core takes a start after an end without a clearing"
    assert math.isnan(_source(shown, "Zn").current_a)


def test_an_alarm_says_who_knows_and_what_to_do(bench: ShownBench) -> None:
    alarm = next(alarm for alarm in bench.shown[-1].alarms if alarm.name == "supply_link")
    assert (alarm.priority, alarm.state, alarm.by) == ("high", "latched", "")
    assert alarm.fix == "look at power, cable and port of the instrument"
    assert alarm.cause == "a supply does not answer"
    assert (alarm.shelf_min, alarm.override_min) == (None, None)


def test_a_lost_link_says_why(bench: ShownBench) -> None:
    links = {link.name: link for link in bench.shown[-1].links}
    assert links["supply1"].is_lost
    assert links["supply1"].text == "no answer to 3 questions in a row"
    assert not links["supply2"].is_lost
    assert links["supply2"].round_trip_ms == pytest.approx(10.0)


def test_after_a_clear_the_station_is_idle_and_still_safe(bench: ShownBench) -> None:
    shown = bench.cleared()
    assert (shown.state, shown.step, shown.cause, shown.ahead, shown.layers) == ("idle", None, None, (), ())
    assert (shown.is_safe, shown.done_s, shown.to_go_s) == (True, 0.0, None)
    assert _verb(shown, Verb.START).is_allowed


# --- without a run ---


def _began(recipe: str, do: str) -> Moment:
    """Return the moment at which a step has just begun, with nothing read."""
    ready = prepared(recipe, {})
    board = Board(SignalMap(ready.station))
    core = Control(ready.station, board.signals, ready.checked.procedure)
    state, now_ns = core.start(0), 5 * SECOND
    place = next(place for place, step in enumerate(core.steps) if step.do == do)
    step_state = core.logic[place].begin(moment_of(core, state, board.readings, now_ns).v)
    course = Course(Mode.RUNNING, 0, is_started=True, step=place, step_state=step_state, step_began_ns=now_ns)
    return moment_of(core, state._replace(course=course), board.readings, now_ns + SECOND)


@pytest.mark.parametrize("do", ["condition", "deposit"])
def test_a_co_deposition_has_a_layer_for_each_source(do: str) -> None:
    zinc, lithium = layers(_began("20 nm Zn at 0.4 nm/s with Li at 0.1 nm/s", do))
    assert (zinc.source, zinc.target_nm, zinc.set_nm_s) == ("Zn", 20.0, 0.4)
    assert (lithium.source, lithium.target_nm, lithium.set_nm_s) == ("Li", pytest.approx(5.0), 0.1)
    assert math.isnan(lithium.rate_nm_s)
    assert lithium.grown_nm == 0.0


WAITS = {
    "pump_down": ("pump to 1e-6 mbar", "turbo", None),
    "leak_test": ("leak test 5 min below 1e-5 mbar/s", "", None),
    "wait": ("wait 10 min", "", 600.0),
    "wait_until": ("wait until pressure below 5e-7 mbar for 60 s within 1 h", "", None),
    "cool": ("300 nm Zn at 0.5 nm/s, then N2 to 500 mbar for 3 min", "", None),
    "isolate": ("300 nm Zn at 0.5 nm/s, then N2 to 500 mbar for 3 min", "", None),
    "admit_gas": ("300 nm Zn at 0.5 nm/s, then N2 to 500 mbar for 3 min", "fill", None),
    "evacuate": ("300 nm Zn at 0.5 nm/s, then N2 to 500 mbar for 3 min", "turbo", None),
    "vent": ("vent with Ar", "", None),
    "note": ('note "red"', "", None),
    "finish": ("wait 1 s", "", None),
}


@pytest.mark.parametrize("do", WAITS)
def test_every_kind_of_step_can_be_shown_with_nothing_read(do: str) -> None:
    recipe, stage, to_go_s = WAITS[do]
    m = _began(recipe, do)
    shown = step_shown(m, Past(m.control, {}))
    assert shown is not None
    assert shown.stage == stage
    assert "nan" not in shown.waits_for
    if to_go_s is not None:
        assert shown.to_go_s == pytest.approx(to_go_s)
    assert shown.to_go_s is None or math.isfinite(shown.to_go_s)


def test_work_by_hand_has_no_end_and_can_be_set() -> None:
    ready = prepared("wait 1 s", {})
    board = Board(SignalMap(ready.station))
    core = Control(ready.station, board.signals, by_hand_procedure(ready.station))
    state = core.start(0)
    v = moment_of(core, state, board.readings, 0).v
    course = Course(Mode.RUNNING, 0, is_started=True, step_state=core.logic[0].begin(v))
    decision = Decision(state._replace(course=course), state.last, (), (), ended=False)
    shown = Shower(ready, core, board, (), "", About(), 1.0).shown(SECOND, decision, WALL_S)
    assert shown.step is not None
    assert (shown.step.do, shown.step.to_go_s, shown.to_go_s) == ("by_hand", None, None)
    assert next(output for output in shown.outputs if output.name == "N2 valve").choices == ("closed", "open")
