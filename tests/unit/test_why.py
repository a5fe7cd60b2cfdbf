"""Why can't I: each answer has every condition with its live value, the needed one, and what to do."""

import re

import pytest
from control_bench import DEPOSIT_SCENE, DEPOSITING, EMPTY, HEALTHY, LAYER, ZN_ON, Scene, outputs, view

from pvdstation.control.rules import PERMISSIVES
from pvdstation.control.sources import SourceState
from pvdstation.control.states import Cue, Mode
from pvdstation.control.why import NEEDED_BY, permissive_of, why_output, why_step, why_verb

GAS = Scene(gas_target_mbar=500.0)
SOAK = Scene(LAYER._replace(is_exposed=False, is_captured=False))
ISOLATED = outputs(gate=False)
ROUGHING = {**HEALTHY, "gate": 0, "foreline_valve": 0}
COVERED = {**DEPOSITING, "substrate_shutter": 0}
BEHIND = outputs(**{**ZN_ON, "substrate_shutter": False})

# output, image, last outputs, scene; what is spoiled; what is missing, live, needed
ANSWERS = [
    ("n2", {**HEALTHY, "gate": 0}, ISOLATED, GAS, {"gate": 1}, "HV gate confirmed closed", "open", "closed"),
    ("n2", {**HEALTHY, "gate": 0}, ISOLATED, GAS, {"door_closed": 0}, "door closed", "no", "yes"),
    ("n2", {**HEALTHY, "gate": 0}, ISOLATED, GAS, {"door_closed": 0.5}, "door closed", "no", "yes"),
    ("supply", HEALTHY, outputs(), SOAK, {"water_flow": 0}, "cooling water flows", "no", "yes"),
    ("supply", HEALTHY, outputs(), SOAK, {"turbo.speed": 700}, "turbo at speed and without error", "700 Hz",
     "≥ 800 Hz, no error"),
    ("supply", HEALTHY, outputs(), SOAK, {"supply.2.current": 2.0}, "other sources confirmed off",
     "Zn 0 A, Li 2 A", "off, ≤ 1 A"),
    ("gate", {**HEALTHY, "gate": 0}, ISOLATED, EMPTY, {"foreline.pirani": 2.0},
     "fore-line pressure good and below the start limit", "2 mbar", "≤ 1 mbar"),
    ("gate", {**HEALTHY, "gate": 0}, ISOLATED, EMPTY, {"chamber.full_range": 0.2},
     "chamber below the crossover pressure on both gauges", "0.2 mbar (full range), 0.05 mbar (capacitance)",
     "full range ≤ 0.05 mbar, capacitance < 2 mbar"),
    ("roughing", ROUGHING, outputs(gate=False, foreline=False), EMPTY, {"backing_running": 0}, "backing pump runs",
     "no", "yes"),
    ("roughing", ROUGHING, outputs(gate=False, foreline=False), EMPTY, {"foreline_valve": 2},
     "fore-line valve confirmed closed", "moving", "closed"),
    ("source_shutter", HEALTHY, outputs(), SOAK, {"sqc.phase": 0, "vent_valve": 1}, "vent valve confirmed closed",
     "open", "closed"),
    ("substrate_shutter", COVERED, BEHIND, DEPOSIT_SCENE, {"chamber.full_range": 8e-5},
     "pressure good and low enough for a film on both gauges", "8e-05 mbar (full range), 0.05 mbar (capacitance)",
     "full range ≤ 5e-05 mbar, capacitance < 2 mbar"),
    ("vent", {**HEALTHY, "gate": 0}, ISOLATED, GAS, {"n2_valve": 1}, "N2 valve confirmed closed", "open", "closed"),
    ("vent", {**HEALTHY, "gate": 0}, ISOLATED, GAS, {"chamber.capacitance": 1002.0},
     "chamber at least 2 mbar below the glovebox", "1002 mbar", "< 1001 mbar"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "ready", "last", "scene", "spoiled", "missing", "live", "needed"), ANSWERS)
def test_an_answer_names_exactly_what_is_missing(output, ready, last, scene, spoiled, missing, live, needed) -> None:
    assert why_output(output, view(ready, last), scene).is_allowed
    why = why_output(output, view({**ready, **spoiled}, last), scene)
    assert [(line.condition, line.live, line.needed) for line in why.missing] == [(missing, live, needed)]
    assert why.missing[0].fix
    assert len(why.lines) == len(PERMISSIVES[output].start) + 1
    assert missing in why.sentence
    values = dict(why.values())
    assert (values["missing"], values["missing_1"], values["live_1"], values["needed_1"]) == (
        1.0,
        missing,
        live,
        needed,
    )
    assert values["absolute"] == float(PERMISSIVES[output].override is None)


def test_the_whole_answer_reads_as_a_person_needs_it() -> None:
    v = view({**HEALTHY, "gate": 1}, outputs(gate=True), hot=(False, True))
    v.sources = (v.sources[0], SourceState(is_hot=True, off_since_ns=v.now_ns - 350_000_000_000))
    heading, gate, hot, met, rule = why_output("N2 valve", v, GAS).text.splitlines()
    assert heading == "Open N2 valve: refused, 2 of 12 conditions missing"
    assert re.split(r" {2,}", gate)[1:] == [
        "✗ HV gate confirmed closed", "open", "close the HV gate and wait for both switches",
    ]  # fmt: skip
    assert re.split(r" {2,}", hot)[1:] == [
        "✗ all sources cold", "Zn cold, Li hot for another 4 min 10 s",
        "wait: the time runs while every source is confirmed off",
    ]  # fmt: skip
    assert gate.index("close the") == hot.index("wait:")
    assert met.startswith(
        "  ✓ I/O and gauge readings fresh · roughing valve confirmed closed · all sources confirmed off"
    )
    assert met.count(" · ") == 9
    assert rule == "  Rule n2_valve (PM6), absolute: no override."


def test_an_output_is_known_by_its_name_its_rule_and_as_events_call_it() -> None:
    names = ["supply", "source_output", "supply 2", "source shutter Zn", "N2 valve", "HV gate"]
    assert [permissive_of(name).output for name in names] == ["supply"] * 3 + ["source_shutter", "n2", "gate"]
    with pytest.raises(KeyError, match="there is no output 'n3'"):
        permissive_of("n3")


def test_a_valve_that_an_interlock_keeps_closed_says_so() -> None:
    why = why_output("n2", view({**HEALTHY, "gate": 0}, ISOLATED), GAS, closed=frozenset({"n2"}))
    assert [line.condition for line in why.missing] == ["not closed by an interlock that acted"]


def test_a_step_asks_for_what_its_first_outputs_need() -> None:
    why = why_step("condition", view({**HEALTHY, "door_closed": 0}, outputs()), SOAK)
    assert (why.action, [line.condition for line in why.missing]) == ("Step condition", ["door closed"])
    both = why_step("deposit", view({**COVERED, "door_closed": 0}, BEHIND), DEPOSIT_SCENE)
    assert [line.condition for line in both.missing] == ["door closed"]
    assert both.rule == "source_shutter, substrate_shutter"
    assert why_step("wait", view({**HEALTHY, "door_closed": 0}, outputs()), EMPTY).is_allowed


def test_every_output_that_a_step_needs_has_a_rule() -> None:
    assert {name for names in NEEDED_BY.values() for name in names} <= PERMISSIVES.keys()


@pytest.mark.parametrize("cue", [cue for cue in Cue if cue is not Cue.SETTLED])
def test_a_verb_says_in_which_states_it_is_possible(cue) -> None:
    for mode in Mode:
        why = why_verb(cue, mode)
        state = why.lines[0]
        assert state.live == mode.value
        assert state.is_met == (mode.value in state.needed.split(" or "))
        assert why.is_allowed == state.is_met
    assert not why_verb(Cue.RESUME, Mode.HELD, "not good again: door closed").is_allowed
