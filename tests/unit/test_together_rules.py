"""Rules while two sources are evaporated together: each looks at both, and one source alone still at one."""

import math

import pytest
from control_bench import DEPOSITING, FRAME, HEALTHY, LAYER, STATION, ZN_ON, outputs, view

from pvdstation.control.arbiter import missing
from pvdstation.control.layer_setups import layers_of
from pvdstation.control.rules import INTERLOCKS
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.triggers import trigger_of
from pvdstation.model.messages import LayerSetup, SupplyLevel
from pvdstation.model.signals import Quality
from pvdstation.recipe.procedure import Condition, Deposit, MeltIn, Together

BOTH_ON = {
    **ZN_ON,
    "supply": (SupplyLevel(on=True, current_a=0.0, foldback=True),) * 2,
    "enable": (True, True),
    "source_shutter": (True, True),
}
BOTH: dict[str, float] = {
    **DEPOSITING,
    "source_shutter.Li": 1,
    "enable.2.open": 0,
    "supply.2.current": 28.0,
    "supply.2.voltage": 0.46,
    "supply.2.mode": 2,
    "sqc.process": 3,
    "sqc.output.2.power": 28.0,
}
LI = LAYER._replace(source=1, set_rate_nm_s=0.2, rate_nm_s=0.2, resistance_ohm=0.46 / 28, power_w=0.46 * 28)
SCENE = Scene(LAYER, others=(LI,))
RULES = {rule.name: rule for rule in INTERLOCKS}


def lost(values: dict[str, float], scene: Scene = SCENE, **spoilt: object) -> set[str]:
    v = view(values, outputs(**BOTH_ON), **spoilt)  # type: ignore[arg-type]
    return {name for name, rule in RULES.items() if rule.needed(v, scene) and not rule.holds(v, scene)}


def with_lithium(**changes: object) -> Scene:
    return Scene(LAYER, others=(LI._replace(**changes),))


def test_two_healthy_sources_lose_nothing() -> None:
    assert lost(BOTH) == set()


@pytest.mark.parametrize(
    ("scene", "rules"),
    [
        (with_lithium(rate_nm_s=0.2 * 1.06), {"rate_attention"}),
        (with_lithium(rate_nm_s=0.2 * 0.75), {"rate_attention", "rate_alert", "rate_alarm"}),
        (with_lithium(rate_nm_s=math.nan), {"rate_known"}),
        (with_lithium(power_w=0.46 * 28 * 1.1), {"power_drift"}),
        (with_lithium(resistance_ohm=0.46 / 28 * 1.2), {"boat_resistance_drift"}),
    ],
)
def test_the_second_layer_is_judged_like_the_first(scene: Scene, rules: set[str]) -> None:
    assert rules <= lost(BOTH, scene)


def test_the_second_crystal_is_judged_and_named() -> None:
    spoilt = {**BOTH, "sensor.2.status": 0}
    assert "crystal" in lost(spoilt)
    v = view(spoilt, outputs(**BOTH_ON))
    assert dict(trigger_of("crystal", v, SCENE))["signal"] == "sensor.2.status"
    assert "crystal 2 failed" in RULES["crystal"].shows(v)
    assert "crystal_still" in lost(BOTH, bad={"sensor.2.frequency": Quality.UNCERTAIN})
    assert "rate_fresh" in lost(BOTH, age_s={"sensor.2.frequency": 2.0})


def test_the_rate_that_is_furthest_off_is_named() -> None:
    v = view(BOTH, outputs(**BOTH_ON))
    assert dict(trigger_of("rate_alarm", v, with_lithium(rate_nm_s=0.1)))["signal"] == "sqc.output.2.rate"
    assert dict(trigger_of("rate_alarm", v, SCENE._replace(layer=LAYER._replace(rate_nm_s=0.1))))["signal"] == (
        "sqc.output.1.rate"
    )


def test_the_unit_must_not_regulate_behind_one_closed_shutter() -> None:
    assert "source_shutter_open" in lost({**BOTH, "source_shutter.Li": 0})
    v = view({**BOTH, "source_shutter.Li": 0}, outputs(**{**BOTH_ON, "substrate_shutter": False}))
    refusal = missing("substrate_shutter", v, SCENE)
    assert refusal is not None
    assert "source shutter" in str(refusal)


def test_the_other_source_may_carry_current_only_when_it_is_of_the_layer() -> None:
    values = {**HEALTHY, "supply.2.current": 28.0, "supply.2.mode": 2}
    v = view(values, outputs())
    alone, together = missing("supply", v, Scene(LAYER)), missing("supply", v, SCENE)
    assert alone is not None
    assert "other sources confirmed off" in str(alone)
    assert together is None


def test_each_of_both_supplies_must_be_armed() -> None:
    refusal = missing("supply", view({**HEALTHY, "supply.2.armed": 0}, outputs()), SCENE)
    assert refusal is not None
    assert "supply armed" in str(refusal)


@pytest.mark.parametrize(("source", "volt", "holds"), [(0, 0.0644, True), (1, 0.1176, True), (1, 0.25, False)])
def test_each_boat_is_known_by_its_own_cold_resistance(source: int, volt: float, holds: bool) -> None:
    number = source + 1
    values = {**BOTH, "supply.1.current": 5.0, "supply.2.current": 5.0}
    values |= {f"supply.{number}.current": 14.0, f"supply.{number}.voltage": volt}

    def ramping(layer: Layer) -> Layer:
        return layer._replace(is_first_ramp=True, is_exposed=False, is_regulating=False)

    found = lost(values, Scene(ramping(LAYER), others=(ramping(LI),)))
    assert ("boat_resistance" in found) is not holds


# --- what the SQC-310 is told ---


def deposit(**changes: object) -> Deposit:
    plain: dict[str, object] = {
        "source": "Zn", "material": "Zn", "thickness_nm": 200.0, "rate_nm_s": 0.4, "capture_within_pct": 10.0,
        "capture_hold_s": 5.0, "capture_timeout_s": 180.0, "capture_otherwise": "hold",
    }  # fmt: skip
    return Deposit(**{**plain, **changes})  # type: ignore[arg-type]


def test_each_layer_has_a_backstop_behind_pre_coat_and_holds() -> None:
    work = deposit(others=(Together("Li", 0.1),), pre_coat_s=100.0)
    condition = Condition("Zn", 0.4, 200.0, work.others)
    expected = (LayerSetup("Zn", 0.4, 384.0), LayerSetup("Li", 0.1, 96.0))  # 60 s, a hold of 300 s, the pre-coat
    assert layers_of(condition, work, STATION) == expected
    assert layers_of(work, None, STATION) == expected


def test_a_blind_loop_behind_a_melt_in_would_rise_by_little_and_end_soon() -> None:
    (setup,) = layers_of(MeltIn("Zn", 25.0, 60.0, 60.0, 40.0, 60.0, 100.0), None, STATION)
    assert (setup.rate_nm_s, setup.thickness_nm) == (0.01, 1.0)
    assert setup.profile == (25.0, 60.0, 60.0, 40.0, 60.0, 130.0), "its own soak is longer: it is stopped in it"
    assert FRAME.by_name["Zn"].source.conditioned(setup.profile).condition.total_s == 310.0
