"""Steps that move nothing: their clocks stand while the run does, a question waits for its answer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from control_bench import HEALTHY, NOW_NS, outputs, view

from pvdstation.control.steps.ask import Ask, Asking
from pvdstation.control.steps.base import Drive, StepLogic, Tick
from pvdstation.control.steps.wait import Note, Wait, WaitUntil
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, EventKind
from pvdstation.model.signals import Quality
from pvdstation.recipe import procedure as order

SCAN_NS = SECOND // 4
RUN, HOLD = Drive.RUN, Drive.HOLD
SURE = order.Question("sure", "Sure?", is_yes_no=True)


class Driven:
    """A step that is ticked scan by scan."""

    def __init__(self, step: StepLogic) -> None:
        self.step = step
        self.now_ns = NOW_NS
        self.values = dict(HEALTHY)
        self.bad: dict[str, Quality] = {}
        self.state = step.begin(self._view())
        self.said: list[str] = []

    def _view(self) -> View:
        return view(self.values, outputs(), now_ns=self.now_ns, bad=self.bad)

    def go(self, drive: Drive, seconds: float) -> Tick:
        """Tick for a time, or until the step is done or in trouble; return the last tick."""
        for _ in range(round(seconds / 0.25)):
            tick = self.step.tick(self.state, self._view(), drive)
            self.state = tick.state
            self.said += [tick.says.text] if tick.says is not None else []
            if tick.done or tick.trouble is not None:
                break
            self.now_ns += SCAN_NS
        return tick

    def answer(self, value: float | None) -> None:
        assert isinstance(self.step, Asking)
        self.state = self.step.answered(self.state, value)

    def reached(self, name: str) -> float | str:
        return self.step.values(self.state, self._view())[name]


def below(mbar: float, hold_s: float = 0.0, timeout_s: float = 20.0, otherwise: str = "hold") -> Driven:
    work = order.WaitUntil("pressure", 0.0, mbar, hold_s, timeout_s, otherwise, "late")  # type: ignore[arg-type]
    return Driven(WaitUntil(work))


# --- wait ---


@pytest.mark.parametrize("breaks", [[], [(RUN, 4), (HOLD, 500)], [(HOLD, 30), (RUN, 2), (HOLD, 30), (RUN, 3)]])
def test_a_wait_lasts_as_long_as_was_asked_however_long_the_run_stood(breaks: Sequence[tuple[Drive, float]]) -> None:
    wait = Driven(Wait(10))
    for drive, seconds in breaks:
        assert not wait.go(drive, seconds).done
    assert wait.go(RUN, 60).done == "time over"
    stood_s = sum(seconds for drive, seconds in breaks if drive is HOLD)
    assert (wait.now_ns - NOW_NS) / SECOND == pytest.approx(10 + stood_s, abs=0.25 * (len(breaks) + 1))
    assert wait.reached("waited_s") == pytest.approx(10, abs=0.25)


# --- wait until ---


def test_a_pressure_must_have_stayed_in_its_band_without_a_gap() -> None:
    wait = below(2e-6, hold_s=5)
    assert not wait.go(RUN, 4).done
    wait.values["chamber.full_range"] = 3e-6
    wait.go(RUN, 0.5)
    wait.values["chamber.full_range"] = 1e-6
    assert not wait.go(RUN, 4.75).done
    assert wait.go(RUN, 1).done == "pressure reached"
    assert wait.reached("reached_mbar") == 1e-6


def test_what_has_held_before_a_hold_does_not_count_after_it() -> None:
    wait = below(2e-6, hold_s=5)
    wait.go(RUN, 4)
    wait.go(HOLD, 60)
    assert not wait.go(RUN, 4.75).done
    assert wait.go(RUN, 1).done


def test_the_time_out_stands_while_the_run_does() -> None:
    wait = below(1e-7)
    wait.go(RUN, 15)
    assert wait.go(HOLD, 3600).trouble is None
    assert wait.go(RUN, 4).trouble is None
    trouble = wait.go(RUN, 4).trouble
    assert trouble is not None
    assert trouble[:2] == (ActionClass.HOLD, "wait_until")
    assert trouble.text == "pressure below 1e-7 mbar not reached within 20 s (1e-6 mbar)"


def test_a_hold_by_time_out_that_is_resumed_waits_for_the_whole_time_again() -> None:
    wait = below(1e-7)
    assert wait.go(RUN, 60).trouble is not None
    wait.go(HOLD, 100)
    assert wait.go(RUN, 19).trouble is None
    assert wait.go(RUN, 3).trouble is not None


def test_a_time_out_aborts_or_goes_on_as_the_recipe_says() -> None:
    trouble = below(1e-7, otherwise="abort").go(RUN, 60).trouble
    assert trouble is not None
    assert trouble.response is ActionClass.FAST_OFF
    assert below(1e-7, otherwise="continue").go(RUN, 60).done == "time-out: 1e-6 mbar"


def test_a_time_out_that_asks_goes_on_by_yes_holds_by_no_and_is_over_when_the_pressure_comes() -> None:
    yes, no, comes = (below(1e-7, otherwise="ask") for _ in range(3))
    for wait in (yes, no, comes):
        assert wait.go(RUN, 25).text == "answer to late"
        assert wait.said == ["pressure below 1e-7 mbar not reached within 20 s: go on all the same?"]
    yes.answer(1.0)
    assert yes.go(RUN, 1).done == "time-out: 1e-6 mbar, answered yes"
    no.answer(0.0)
    trouble = no.go(RUN, 1).trouble
    assert trouble is not None
    assert trouble.response is ActionClass.HOLD
    assert trouble.text.endswith("answered no")
    comes.values["chamber.full_range"] = 1e-8
    assert comes.go(RUN, 1).done == "pressure reached"


@pytest.mark.parametrize(
    ("bad", "band", "is_done"),
    [
        ({"chamber.full_range": Quality.SENSOR_FAULT}, (0.0, 1e-3), False),
        ({"chamber.full_range": Quality.UNDER_RANGE}, (0.0, 1e-3), True),
        ({"chamber.full_range": Quality.UNDER_RANGE}, (1e-9, 1e-3), False),  # it may be anything below
        ({"chamber.capacitance": Quality.COMM_FAULT}, (0.0, 1e-3), False),
    ],
)
def test_only_readings_that_prove_it_count(bad: dict[str, Quality], band: tuple[float, float], is_done: bool) -> None:
    wait = Driven(WaitUntil(order.WaitUntil("pressure", *band, 0.0, 5.0, "hold")))
    wait.bad = bad
    assert bool(wait.go(RUN, 3).done) is is_done


def test_above_two_millibar_the_capacitance_gauge_counts_and_the_fore_line_has_its_own() -> None:
    wait = Driven(WaitUntil(order.WaitUntil("pressure", 300.0, 500.0, 0.0, 5.0, "hold")))
    wait.values |= {"chamber.full_range": 20.0, "chamber.capacitance": 400.0}
    assert wait.go(RUN, 3).done
    fore = Driven(WaitUntil(order.WaitUntil("foreline", 0.05, 0.5, 0.0, 5.0, "hold")))
    assert fore.go(RUN, 3).done
    assert fore.reached("reached_mbar") == 0.1


def test_it_is_never_done_in_the_scan_in_which_it_begins() -> None:
    for step in (below(1.0), Driven(Note("golden"))):
        assert not step.go(RUN, 0.25).done
        assert step.go(RUN, 0.5).done


# --- ask, note ---


def test_a_question_is_asked_once_and_never_answers_itself() -> None:
    ask = Driven(Ask(replace(SURE, default=1.0)))
    assert not ask.go(RUN, 3600).done
    ask.go(HOLD, 5)
    ask.go(RUN, 5)
    assert ask.said == ["Sure?"]
    ask.answer(0.0)
    assert ask.go(RUN, 1).done == "answered no"
    assert (ask.reached("question"), ask.reached("answer")) == ("sure", 0.0)


def test_an_answer_that_comes_while_the_run_is_held_is_kept() -> None:
    ask = Driven(Ask(SURE))
    ask.go(RUN, 1)
    ask.go(HOLD, 1)
    ask.answer(1.0)
    assert ask.go(HOLD, 5).is_settled
    assert ask.go(RUN, 1).done == "answered yes"


@pytest.mark.parametrize("drive", [RUN, HOLD])
def test_where_nobody_can_answer_the_run_stops(drive: Drive) -> None:
    ask = Driven(Ask(SURE))
    ask.go(RUN, 1)
    ask.answer(None)
    trouble = ask.go(drive, 1).trouble
    assert trouble is not None
    assert trouble == (ActionClass.STOP, "no_answer", 'nobody can answer "Sure?" (sure)')


def test_a_note_is_said_once_as_a_note() -> None:
    note = Note("golden film")
    v = view(HEALTHY, outputs())
    assert note.tick(note.begin(v), v, HOLD).says is None
    tick = note.tick(note.begin(v), v, RUN)
    assert tick.says is not None
    assert tick.says[:2] == (EventKind.NOTE, "golden film")
    assert note.tick(tick.state, v, RUN).says is None


def test_what_moves_nothing_keeps_everything_off_and_the_gate_as_it_is() -> None:
    for step in (Wait(10), Ask(SURE), Note("x"), below(1e-9).step):
        for is_gate_open in (True, False):
            v = view(HEALTHY, outputs(gate=is_gate_open))
            wants = step.tick(step.begin(v), v, RUN).wants
            assert wants.gate is is_gate_open
            assert not any((wants.n2, wants.vent, wants.roughing, wants.substrate_shutter, *wants.source_shutter))
            assert not any(level.on for level in wants.supply)
