"""An override: one rule of the design, for its minutes, by name and reason; never another rule, never an old image."""

import math

import pytest
from control_bench import DEPOSIT_SCENE, DEPOSITING, EMPTY, FRAME, HEALTHY, LAYER, NOW_NS, SIGNALS, ZN_ON, Scene, view
from control_bench import outputs as levels
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdstation.control.arbiter import missing
from pvdstation.control.overrides import RULES, ended_because, made, refusal
from pvdstation.control.rules import PERMISSIVES
from pvdstation.control.supervisor import Watch, bind, watch
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Request, Verb
from pvdstation.model.signals import Quality

BOUND = bind(FRAME)
OVERRIDABLE = [name for name, limits in RULES.items() if limits is not None]
COLD = view(HEALTHY, levels())
MIN = 60 * SECOND


class WithoutLithium:
    """The same view of a station whose sources hold no lithium."""

    def __init__(self, v):
        self._v = v
        self.station = v.station.model_copy(update={"source": {"Zn": v.station.source["Zn"]}})

    def __getattr__(self, name):
        return getattr(self._v, name)


def asked(about: str, value=5.0, person: str = "A. Person", reason: str = "shutter test") -> Request:
    return Request(Verb.OVERRIDE, "desk", about, value, person, reason)


@pytest.mark.parametrize("rule", [name for name, limits in RULES.items() if limits is None])
def test_every_other_rule_is_absolute(rule) -> None:
    assert refusal(asked(rule), (), COLD) == f"{rule} is absolute: no override"


@pytest.mark.parametrize(("request_", "because"), [
    (asked("no_rule"), 'there is no rule "no_rule"'),
    (asked("source_shutter", person=" "), "it needs the name of a person and a reason"),
    (asked("source_shutter", reason=""), "it needs the name of a person and a reason"),
    (asked("source_shutter", reason="x" * 201), "at most 200 characters"),
    (asked("source_shutter", 5.1), "say for how many, more than 0 and at most 5"),
    (asked("source_shutter", -1.0), "say for how many"),
    (asked("source_shutter", math.nan), "say for how many"),
    (asked("source_shutter", math.inf), "say for how many"),
    (asked("source_shutter", "5"), "say for how many"),
    (asked("source_shutter", None), "say for how many"),
    (asked("source_shutter", 0), "source_shutter is not overridden"),
    (asked("boat_resistance"), "not with lithium mounted (source Li)"),
    (asked("watchdogs_armed", 30), "not with lithium mounted (source Li)"),
])  # fmt: skip
def test_what_is_not_in_order_is_refused_in_words(request_, because) -> None:
    assert because in refusal(request_, (), COLD)


def test_shutters_are_tried_only_with_all_sources_cold() -> None:
    assert refusal(asked("substrate_shutter"), (), COLD) == ""
    hot = refusal(asked("substrate_shutter"), (), view(HEALTHY, levels(), hot=(True, False)))
    assert hot == "needs all sources cold (Zn hot, not confirmed off, Li cold)"


def test_commissioning_is_for_stations_without_lithium() -> None:
    assert refusal(asked("boat_resistance", 30.0), (), WithoutLithium(COLD)) == ""
    assert "at most 30" in refusal(asked("boat_resistance", 31.0), (), WithoutLithium(COLD))


def test_it_ends_by_its_time_and_when_a_source_is_hot() -> None:
    (override,) = made(asked("source_shutter"), (), NOW_NS)
    assert (override.person, override.reason, override.until_ns) == ("A. Person", "shutter test", NOW_NS + 5 * MIN)
    assert ended_because(override, view(HEALTHY, levels(), now_ns=NOW_NS + 5 * MIN - 1)) == ""
    assert ended_because(override, view(HEALTHY, levels(), now_ns=NOW_NS + 5 * MIN)) == "its time is over"
    assert "all sources cold" in ended_because(override, view(HEALTHY, levels(), hot=(False, True)))


def test_a_new_one_takes_the_place_of_the_old_and_zero_minutes_end_it() -> None:
    once = made(asked("source_shutter", 1.0), (), NOW_NS)
    again = made(asked("source_shutter", 5.0), once, NOW_NS + SECOND)
    assert [o.until_ns for o in again] == [NOW_NS + SECOND + 5 * MIN]
    assert refusal(asked("source_shutter", 0), again, COLD) == ""
    assert made(asked("source_shutter", 0), again, NOW_NS) == ()


def test_an_overridden_rule_acts_at_the_instant_its_override_ends() -> None:
    ramp = Scene(LAYER._replace(is_first_ramp=True, is_exposed=False, is_regulating=False))
    on = levels(supply=ZN_ON["supply"], enable=(True, False))
    wrong = {**DEPOSITING, "substrate_shutter": 0, "source_shutter.Zn": 0, "sqc.phase": 7, "supply.1.current": 14.0,
             "supply.1.voltage": 14 * 4.6e-3 * 1.35, "sqc.output.1.power": 14.0}  # fmt: skip
    state, found = Watch(), []
    for k in range(4):
        v = view(wrong, on, now_ns=NOW_NS + k * SECOND // 4, counter=k + 1)
        over = frozenset({"boat_resistance"}) if k < 3 else frozenset()
        state, findings = watch(state, BOUND, v, ramp, over)
        found.append([f.rule.name for f in findings])
    assert found == [[], [], [], ["boat_resistance"]]


SPOILED = st.dictionaries(
    st.sampled_from([s.name for s in SIGNALS]), st.sampled_from([0.0, 1.0, 2.0, 14.0, 1e-3, 500.0, -1.0]), max_size=6
)
BAD = st.dictionaries(st.sampled_from([s.name for s in SIGNALS]), st.sampled_from(Quality), max_size=4)
OLD = st.dictionaries(st.sampled_from([s.name for s in SIGNALS]), st.floats(0, 20), max_size=4)


@settings(deadline=None, max_examples=60)
@given(SPOILED, BAD, OLD, st.sets(st.sampled_from(OVERRIDABLE), min_size=1), st.booleans(), st.booleans())
def test_an_override_never_weakens_another_rule(spoiled, bad, old, overridden, is_on, is_gas) -> None:
    over = frozenset(overridden)
    last = levels(**ZN_ON) if is_on else levels(gate=False, n2=is_gas)
    scene = DEPOSIT_SCENE if is_on else Scene(gas_target_mbar=500.0) if is_gas else EMPTY
    plain, weakened = Watch(), Watch()
    for k in (0, 1, 4, 50):
        v = view({**DEPOSITING, **spoiled}, last, bad=bad, age_s=old, now_ns=NOW_NS + k * SECOND // 4, counter=k)
        plain, findings = watch(plain, BOUND, v, scene)
        weakened, fewer = watch(weakened, BOUND, v, scene, over)
        assert [f for f in findings if f.rule.name not in over] == fewer
        for output, permissive in PERMISSIVES.items():
            if permissive.name not in over:
                assert missing(output, v, scene, over) == missing(output, v, scene)


@pytest.mark.parametrize("output", ["source_shutter", "substrate_shutter"])
def test_no_override_helps_an_image_that_was_never_read(output) -> None:
    unread = {s.name: Quality.NEVER for s in SIGNALS}
    refused = missing(output, view(HEALTHY, levels(), bad=unread), EMPTY, frozenset({output}))
    assert refused is not None
    assert [sentence for sentence, _ in refused.missing] == ["I/O and gauge readings fresh"]
    assert missing(output, COLD, EMPTY, frozenset({output})) is None
