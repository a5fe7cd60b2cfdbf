"""The methods paragraph, word by word: what a paper needs, and nothing that the record does not have."""

from dataclasses import replace

from pvdstation.record.report.layer_table import layer_table
from pvdstation.record.report.methods import methods
from pvdstation.record.report.story import GasStep, Heading, Layer, Lot, SampleName, Story, Verdict
from pvdstation.record.results import Named

COMPLETE = Verdict("complete", "complete", "every step complete", "", True, "")
HEADING = Heading(
    run="20260314-091500-ab12",
    kind="run",
    is_simulated=False,
    recipe=Named("LZLN", "a" * 64),
    recipe_text="",
    station=Named("our station", "b" * 64),
    operator="M. Example",
    samples=(SampleName("Li_LZLN", "S-017", "B3"),),
    h2o_ppm=0.1,
    o2_ppm=0.05,
    lots=(Lot("Zn", "Z-442", "99.99 %"), Lot("N2", "", "99.999 %")),
    note="",
    software=(),
    instruments=(),
    seed=None,
    started="2026-03-14T09:15:00.000+00:00",
    ended=None,
    duration_s=3504.0,
    head_number=1,
    head_sha256="c" * 64,
    segments=1,
    flaws=(),
    remarks=(),
)
ZN = Layer(
    step=3,
    source="Zn",
    material="Zn",
    state="complete",
    ended_because="thickness reached",
    target_nm=300.0,
    asked_rate_nm_s=0.5,
    begun_s=800.0,
    ended_s=1850.0,
    indicated_nm=300.04,
    true_nm=None,
    rate_mean_nm_s=0.5006,
    rate_sd_nm_s=0.0057,
    rate_worst=0.02,
    open_s=((1216.25, 1815.25),),
    base_mbar=1.79e-6,
    start_mbar=1.35e-6,
    pressure_max_mbar=1.47e-6,
    peak_power_w=15.5,
    power_median_w=14.8,
    time_to_rate_s=39.0,
    boat=1,
    boat_material="W",
    purity_pct=99.9,
    density_g_cm3=7.04,
    z=0.514,
    rate_loop="sqc",
    sensor=1,
    tooling_pct=112.0,
    life_in_pct=100.0,
    life_out_pct=98.4,
    charge_used_mg=449.0,
    charge_mg=1500.0,
    deviations=(),
    alarms=(),
)
LI = replace(
    ZN, step=5, source="Li", material="Li", target_nm=100.0, indicated_nm=100.0, rate_mean_nm_s=0.4996,
    rate_sd_nm_s=0.0112, base_mbar=7.9e-7, pressure_max_mbar=9.0e-7, boat=2, boat_material="Ta", sensor=2,
    tooling_pct=114.0,
)  # fmt: skip
N2 = GasStep(
    step=8,
    gas="N2",
    state="complete",
    ended_because="dwell over",
    purity_pct=99.99,
    target_mbar=500.0,
    reached_mbar=496.48,
    begun_s=3032.0,
    ended_s=3304.0,
    fill_s=91.5,
    dwell_s=180.0,
    held_s=180.0,
    top_ups=1,
    rise_mbar_s=0.0018,
    cooled_s=600.0,
    evacuated_to_mbar=9.37e-4,
    evacuated_in_s=194.75,
    deviations=(),
    alarms=(),
)


def story(
    *layers: Layer, gas: tuple[GasStep, ...] = (), heading: Heading = HEADING, verdict: Verdict = COMPLETE
) -> Story:
    return Story(heading, verdict, "Ar", layers, gas, (), (), None, (), 1.8e-6)


def test_two_sources_at_once_are_one_layer() -> None:
    text = methods(story(ZN, replace(LI, step=ZN.step)))
    assert text.startswith("A layer of Zn together with Li was deposited onto sample")
    assert "one after the other" not in text


def test_a_rate_that_was_ramped_is_told_with_its_ramps() -> None:
    text = methods(story(replace(ZN, asked_rate_nm_s=0.2, ramps=((20.0, 0.5),))))
    assert "set to 0.2 nm/s, from 20 nm on 0.5 nm/s)" in text


def test_one_layer() -> None:
    assert methods(story(ZN)) == (
        "A layer of Zn was deposited onto sample Li_LZLN (S-017, batch B3) by thermal evaporation from a resistively "
        "heated boat inside an argon-filled glovebox (0.1 ppm H2O and 0.05 ppm O2). Zn (99.99 %, lot Z-442) was "
        "evaporated from a tungsten boat. Rate and thickness were measured with a 6 MHz quartz crystal, a tooling "
        "factor of 112 % and an INFICON SQC-310 deposition controller, which also controlled the evaporation rate. A "
        "shutter in front of the substrate stayed closed until the set rate was reached. 300.0 nm of Zn were "
        "deposited at 0.501 ± 0.006 nm/s (mean ± standard deviation; set to 0.5 nm/s), with a base pressure of "
        "1.8 × 10⁻⁶ mbar and at most 1.5 × 10⁻⁶ mbar during the deposition."
    )


def test_two_layers_and_gas() -> None:
    assert methods(story(ZN, LI, gas=(N2,), heading=replace(HEADING, is_simulated=True))) == (
        "The following describes a simulated run; no film was made. Layers of Zn and Li were deposited one after the "
        "other, without breaking the vacuum, onto sample Li_LZLN (S-017, batch B3) by thermal evaporation from "
        "resistively heated boats inside an argon-filled glovebox (0.1 ppm H2O and 0.05 ppm O2). Zn (99.99 %, lot "
        "Z-442) was evaporated from a tungsten boat and Li (99.9 %) from a tantalum boat. Rate and thickness were "
        "measured with 6 MHz quartz crystals, tooling factors of 112 % (Zn) and 114 % (Li) and an INFICON SQC-310 "
        "deposition controller, which also controlled the evaporation rate. A shutter in front of the substrate stayed "
        "closed until the set rate was reached. 300.0 nm of Zn were deposited at 0.501 ± 0.006 nm/s (mean ± standard "
        "deviation; set to 0.5 nm/s), with a base pressure of 1.8 × 10⁻⁶ mbar and at most 1.5 × 10⁻⁶ mbar during the "
        "deposition. 100.0 nm of Li were deposited at 0.500 ± 0.011 nm/s (mean ± standard deviation; set to 0.5 nm/s), "
        "with a base pressure of 7.9 × 10⁻⁷ mbar and at most 9.0 × 10⁻⁷ mbar during the deposition. After the sources "
        "had cooled for 10 min, the chamber was isolated from its pump and filled with N2 (99.999 %) to 500 mbar "
        "within 1 min 32 s. A mean pressure of 496.5 mbar was held for 3 min, with one refill; the chamber was then "
        "evacuated to 9.4 × 10⁻⁴ mbar within 3 min 15 s."
    )


def test_an_aborted_run_names_what_was_not_done_and_invents_nothing() -> None:
    aborted = Verdict("aborted", "interlock", "water: lost", "", True, "step 2, condition Zn")
    none = {"open_s": (), "indicated_nm": None, "rate_mean_nm_s": None, "state": "not started"}
    nothing = replace(HEADING, samples=(), lots=(), h2o_ppm=None, o2_ppm=None)
    assert methods(story(replace(ZN, **none), heading=nothing, verdict=aborted)) == (
        "No film was deposited. The run was aborted in step 2, condition Zn (water: lost)."
    )
    later = Verdict("aborted", "interlock", "water: lost", "", True, "step 4, condition Li")
    said = methods(story(replace(ZN, base_mbar=None), replace(LI, **none), heading=nothing, verdict=later))
    assert said.startswith(
        "A layer of Zn was deposited by thermal evaporation from a resistively heated boat inside an argon-filled "
        "glovebox. Zn (99.9 %) was evaporated from a tungsten boat."
    )
    assert said.endswith(
        "(mean ± standard deviation; set to 0.5 nm/s), with at most 1.5 × 10⁻⁶ mbar during the deposition. Li was not "
        "deposited. The run was aborted in step 4, condition Li (water: lost)."
    )


def test_a_short_film_is_called_short() -> None:
    short = replace(ZN, indicated_nm=142.67, state="stopped", deviations=("film short: 142.7 nm instead of 300 nm",))
    stopped = Verdict("stopped", "interlock", "crystal: lost", "", True, "step 3, deposit 300 nm Zn at 0.5 nm/s")
    said = methods(story(short, verdict=stopped))
    assert "142.7 nm of Zn were deposited at" in said
    assert said.endswith(
        "This is less than the intended 300 nm. The run was stopped in step 3, deposit 300 nm Zn at 0.5 nm/s (crystal: "
        "lost)."
    )
    missed = Verdict("stopped", "target missed", "step 3: 142.7 nm instead of 300 nm", "", True, "")
    assert methods(story(short, verdict=missed)).endswith("This is less than the intended 300 nm.")


def test_refills_are_counted_and_an_unfinished_gas_step_is_said() -> None:
    assert "was held for 3 min, with 2 refills;" in methods(story(ZN, gas=(replace(N2, top_ups=2),)))
    assert "was held for 3 min; the chamber" in methods(story(ZN, gas=(replace(N2, top_ups=0),)))
    unfinished = replace(N2, reached_mbar=None, held_s=None, cooled_s=None)
    assert methods(story(ZN, gas=(unfinished,))).endswith(
        "The chamber was isolated from its pump; the step with N2 (99.999 %) was not completed."
    )


def test_only_the_sqc310_is_said_to_control_what_it_controls() -> None:
    assert "which also controlled" not in methods(story(replace(ZN, rate_loop="host")))


def test_what_marks_a_film_stands_in_the_table_of_layers_and_is_abnormal() -> None:
    remark = "spit of 0.4 nm Zn at 12.3 nm"
    marked = layer_table([replace(ZN, remarks=(remark,))], is_simulated=False)
    (row,) = (number for number, cells in enumerate(marked.rows) if cells[0] == "remarks")
    assert marked.rows[row][1] == remark
    assert row in marked.abnormal
    assert "remarks" not in [cells[0] for cells in layer_table([ZN], is_simulated=False).rows]
