"""The checker: implied steps, order, limits, time, charge and crystals, against the packaged station."""

import time
from importlib.resources import files
from pathlib import Path

import pytest

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.recipe.check import Checked, check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.procedure import AdmitGas, Cool, Deposit, Evacuate, PumpDown

SIM = files("pvdstation").joinpath("stations", "sim.toml").read_bytes()
STATION = load_station(SIM, "sim.toml")
HOST_LOOP = load_station(
    files("pvdstation").joinpath("stations", "sim-host-loop.toml").read_bytes(), "sim-host-loop.toml"
)
RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
PAPER_RECIPES = ("li-thickness-series", "lizn", "ln", "lzln")
PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"


def check(source: str | bytes, station: Station = STATION) -> Checked:
    return check_recipe(load_recipe(source, "mine.toml"), station)


def problems(source: str | bytes, station: Station = STATION) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        check(source, station)
    return refused.value.problems


def kinds(checked: Checked) -> list[str]:
    return [step.do for step in checked.procedure.steps]


def file_of(*steps: str, head: str = "") -> bytes:
    return f'name = "t"\nsteps = [{", ".join(steps)}]\n{head}'.encode()


def stay(pressure: str = "500 mbar", more: str = "") -> str:
    return f'{{ do = "admit_gas", gas = "N2", pressure = "{pressure}", dwell = "3 min", then = "stay"{more} }}'


@pytest.mark.parametrize("band", ['within = "50 %", hold = "3 s"', 'within = "20 %", hold = "60 s"'])
def test_a_rate_alarm_that_is_as_good_as_off_is_warned_of(band: str) -> None:
    usual = b'rate_alarm = { within = "20 %", hold = "3 s" }'
    assert usual in SIM
    wide = load_station(SIM.replace(usual, f"rate_alarm = {{ {band} }}".encode()), "wide.toml")
    (warning,) = check("5 nm Zn at 0.5 nm/s", wide).warnings
    assert warning.where == "limits.rate_alarm"
    assert "as good as off" in warning.what


def test_the_papers_sentence_becomes_the_ten_steps() -> None:
    steps = check(PAPER).procedure.steps
    assert [(s.index, s.do, s.because, s.implied, s.unit) for s in steps] == [
        (1, "pump_down", "station default", True, 1),
        (2, "condition", "before layer", True, 2),
        (3, "deposit", "recipe", False, 2),
        (4, "condition", "before layer", True, 3),
        (5, "deposit", "recipe", False, 3),
        (6, "cool", "before gas", True, 4),
        (7, "isolate", "before gas", True, 5),
        (8, "admit_gas", "recipe", False, 6),
        (9, "evacuate", "ends reaction", True, 6),
        (10, "finish", "end", True, 7),
    ]
    assert steps[0].work == PumpDown(2e-6, 60.0, 7200.0)
    assert steps[2].work == Deposit("Zn", "Zn", 300.0, 0.5, 10.0, 5.0, 180.0, "hold")
    assert steps[4].work == Deposit("Li", "Li", 100.0, 0.5, 10.0, 5.0, 180.0, "hold")
    assert steps[5].work == Cool(("Zn", "Li"), (600.0, 600.0))
    assert steps[7].work == AdmitGas("N2", 500.0, 180.0)
    assert steps[8].work == Evacuate(1e-3, 900.0)


def test_estimates_of_the_papers_sentence_are_the_published_table() -> None:
    checked = check(PAPER)
    table = [785, 360, 666, 300, 258, 600, 12, 271, 205, 5]
    assert [step.estimate_s for step in checked.procedure.steps] == pytest.approx(table, abs=1.0)
    assert checked.total_s / 60 == pytest.approx(58, abs=0.5)


def test_an_air_vented_chamber_takes_an_hour_longer() -> None:
    airy = load_station(SIM.replace(b'outgassing_1h = "4e-9', b'outgassing_1h = "2e-8'), "airy.toml")
    assert check(PAPER, airy).procedure.steps[0].estimate_s / 60 == pytest.approx(62, abs=1)


def test_texts_and_limits_are_what_a_person_reads_first() -> None:
    checked = check(PAPER)
    assert [step.text for step in checked.procedure.steps] == [
        "pump down to 2e-6 mbar",
        "condition Zn (boat 1, W): 60 s → 26 %, 60 s, 60 s → 42 %, 180 s",
        "deposit 300 nm Zn at 0.5 nm/s",
        "condition Li (boat 2, Ta): 60 s → 17 %, 60 s, 60 s → 27 %, 120 s",
        "deposit 100 nm Li at 0.5 nm/s",
        "cool Zn and Li",
        "isolate the pump: HV gate closed",
        "N2 to 500 mbar for 3 min",
        "evacuate to 1e-3 mbar",
        "finish: safe state, under vacuum, gate open, pumps running",
    ]
    assert checked.limits_used == (
        "time-out 2 h", "max 52 % = 52 A", "rate ± 10 %, 211 µg/cm², 10 min, 0.173 mAh/cm²", "max 34 % = 34 A",
            "rate ± 10 %, 5.3 µg/cm², 3 min 20 s, 0.0205 mAh/cm²",
        "off for Zn 10 min, Li 10 min", "rise < 0.05 mbar/s", "stop 600 mbar, slope 20 mbar/s", "time-out 15 min", "",
    )  # fmt: skip


def test_charge_and_crystals_of_the_papers_sentence() -> None:
    checked = check(PAPER)
    assert [(u.source, u.needed_mg, u.available_mg) for u in checked.charges] == [
        ("Zn", pytest.approx(450, abs=2), 1500.0),
        ("Li", pytest.approx(13, abs=0.1), 100.0),
    ]
    assert [(u.sensor, u.before_pct, u.after_pct) for u in checked.crystals] == [
        (1, 100.0, pytest.approx(98.3, abs=0.06)),
        (2, 100.0, pytest.approx(99.95, abs=0.006)),
    ]


@pytest.mark.parametrize("file", RECIPES, ids=lambda f: f.name)
def test_every_shipped_recipe_loads_and_checks(file: Path) -> None:
    def beside(name: str) -> bytes:
        return file.with_name(name).read_bytes()

    station = HOST_LOOP if file.stem == "rate-ramp" else STATION
    checked = check_recipe(load_recipe(file.read_bytes(), file.name, read=beside), station)
    assert checked.warnings == ()
    if file.stem in PAPER_RECIPES:
        assert checked.procedure.steps[0].because == "requires"
        assert checked.recipe.source == "doi:10.1039/d4ta06366j"


def test_the_shipped_dual_layer_is_the_papers_sentence() -> None:
    (file,) = [file for file in RECIPES if file.name == "lzln.toml"]
    shipped = check_recipe(load_recipe(file.read_bytes(), file.name), STATION).procedure
    assert [s.work for s in shipped.steps] == [s.work for s in check(PAPER).procedure.steps]
    assert (shipped.recipe_id, shipped.version) == ("LZLN", 1)


def test_the_same_source_twice_needs_nothing_between() -> None:
    assert kinds(check("10 nm Zn at 0.5 nm/s; 10 nm Zn")) == [
        "pump_down", "condition", "deposit", "condition", "deposit", "finish",
    ]  # fmt: skip


def test_a_layer_after_gas_is_pumped_down_for_again() -> None:
    checked = check("10 nm Li at 0.5 nm/s; N2 to 100 mbar for 1 min; 10 nm Li; N2 to 100 mbar for 1 min")
    assert kinds(checked) == [
        "pump_down", "condition", "deposit", "cool", "isolate", "admit_gas", "evacuate",
        "pump_down", "condition", "deposit", "cool", "isolate", "admit_gas", "evacuate", "finish",
    ]  # fmt: skip
    assert checked.procedure.steps[7].because == "before layer"
    assert checked.procedure.steps[7].work == PumpDown(2e-6, 60.0, 7200.0)


def test_gas_twice_needs_no_second_cool_down() -> None:
    assert kinds(check("N2 to 100 mbar for 1 min; N2 to 200 mbar for 1 min")) == [
        "pump_down", "cool", "isolate", "admit_gas", "evacuate", "isolate", "admit_gas", "evacuate", "finish",
    ]  # fmt: skip


def test_what_the_recipe_says_itself_is_not_inserted_again() -> None:
    checked = check(
        "pump to 1e-6 mbar within 3 h; 10 nm Li at 0.5 nm/s; cool to 60 °C; N2 to 100 mbar for 1 min; evacuate"
    )
    assert kinds(checked) == [
        "pump_down", "condition", "deposit", "cool", "isolate", "admit_gas", "evacuate", "finish",
    ]  # fmt: skip
    assert [s.because for s in checked.procedure.steps if s.do in {"pump_down", "cool", "evacuate"}] == ["recipe"] * 3
    assert checked.procedure.steps[0].work == PumpDown(1e-6, 60.0, 10800.0)
    assert checked.procedure.steps[5].unit == checked.procedure.steps[6].unit


def test_a_cool_down_of_the_recipe_may_be_longer() -> None:
    checked = check(file_of('"10 nm Li at 0.5 nm/s"', stay(more=', cool_down = "20 min"')))
    assert checked.procedure.steps[3].work == Cool(("Zn", "Li"), (1200.0, 1200.0))
    again = check(file_of('"10 nm Li at 0.5 nm/s"', '"cool to 60 °C"', stay(more=', cool_down = "20 min"')))
    assert [s.work for s in again.procedure.steps if s.do == "cool"][1] == Cool(("Zn", "Li"), (1200.0, 1200.0))


def test_gas_that_stays_is_pumped_out_by_a_pump_down_of_the_recipe() -> None:
    checked = check(file_of('"10 nm Li at 0.5 nm/s"', stay(), '"pump to 2e-6 mbar"', '"10 nm Li"'))
    assert kinds(checked)[5:] == ["admit_gas", "evacuate", "pump_down", "condition", "deposit", "finish"]


def test_gas_that_stays_to_the_end_is_warned_of() -> None:
    checked = check(file_of(stay()))
    assert kinds(checked)[-2:] == ["admit_gas", "finish"]
    assert "500 mbar N2" in checked.warnings[0].what


def test_the_captures_wishes_complete_the_stations() -> None:
    step = '{ do = "deposit", material = "Zn", thickness = "9 nm", rate = "1 nm/s", capture = { for = "8 s" } }'
    assert check(file_of(step)).procedure.steps[2].work == Deposit("Zn", "Zn", 9.0, 1.0, 10.0, 8.0, 180.0, "hold")


def test_a_letter_for_angstrom_is_noted() -> None:
    checked = check("3000 A Zn at 5 A/s; 10 nm Zn at 5 Å/s; cool to 60 °C")
    assert [note.what for note in checked.notes] == [
        '"3000 A" was read as 3000 Å (300 nm)',
        '"5 A/s" was read as 5 Å/s (0.5 nm/s)',
        "no thermocouple: cold means 10 min of confirmed off",
    ]


BAD = [
    ("300 nmm Zn at 0.5 nm/s", "step 1 (deposit), thickness", 'unknown unit "nmm"', "did you mean nm?"),
    ("300 nm Unobtainium at 0.5 nm/s", "step 1 (deposit), material", "not a material", "Zn"),
    ("300 Zn at 0.5 nm/s", "step 1 (deposit), thickness", "needs a unit", "300 nm Zn"),
    ("-300 nm Zn at 0.5 nm/s", "step 1 (deposit), thickness", "not more than 0", "300 nm"),
    ("300 nm Zn", "step 1 (deposit)", "has no rate", "300 nm Zn at 0.5 nm/s"),
    ("300 nm Ag at 0.5 nm/s", "step 1 (deposit), material", "no source of Ag", "Zn, Li"),
    ("300 nm Zn at 2 nm/s", "step 1 (deposit), rate", "source.Zn.max_rate", "at most 1 nm/s"),
    ("9 nm Zn at 0.001 nm/s", "step 1 (deposit), rate", "too slow", "0.01 nm/s"),
    ("300 nm Zn at 0.5 nm/s from boat 2", "step 1 (deposit), boat", "boat 2 holds Li", "boat 1"),
    ("3000 nm Zn at 1 nm/s", "step 1 (deposit), thickness", "boat 1 holds 1500 mg", "less"),
    ("N2 to 5 bar for 3 min", "step 1 (admit_gas), pressure",
     '"5 bar" is 5000 mbar; this station admits N2 up to 800 mbar absolute (station file sim.toml, gas.N2.max)',
     "Write a pressure of at most 800 mbar."),
    ("N2 to 1 mbar for 3 min", "step 1 (admit_gas), pressure", "gas.N2.no_rise", "at least 5 mbar"),
    ("Ar to 500 mbar for 3 min", "step 1 (admit_gas), gas", "no gas Ar", "N2"),
    ("pump to 1 mbar", "step 1 (pump_down), pressure", "limits.crossover", "5e-2 mbar"),
    ("pump to 1e-4 mbar; 9 nm Zn at 1 nm/s", "step 2 (deposit)", "a layer needs 1e-5 mbar", "pump to 1e-5 mbar"),
    ("cool to 30 °C", "step 1 (cool), temperature", "cannot be promised", "60 °C"),
    ("evacuate", "step 1 (evacuate)", "no gas to evacuate", "Remove"),
    (file_of(stay(more=', cool_down = "1 min"')), "step 1 (admit_gas), cool_down", "source.Zn.cool_down", "10 min"),
    (file_of(stay(more=', cool_down = "1 min"')), "step 1 (admit_gas), cool_down", "below 5 min", "10 min"),
    (file_of(stay(), '"9 nm Li at 1 nm/s"'), "step 2 (deposit)",
     'Li would be evaporated into 500 mbar N2: step 1 says  then = "stay".', '"pump to 2e-6 mbar"'),
    (file_of(stay(), '"N2 to 9 mbar for 9 s"'), "step 2 (admit_gas)", "N2 would be admitted into 500 mbar N2", "pump"),
    (file_of('"9 nm Zn at 1 nm/s"', head='[requires]\nbase_pressure = "1e-4 mbar"'), "requires.base_pressure",
     "limits.start_pressure", "1e-5 mbar"),
    (file_of('"pump to 5e-6 mbar"', '"9 nm Zn at 1 nm/s"', head='[requires]\nbase_pressure = "1e-6 mbar"'),
     "step 2 (deposit)", "requires.base_pressure", "1e-6 mbar"),
    (file_of('"9 nm Zn at 1 nm/s"', head='[requires]\nmaterials = ["Ag"]'), "requires.materials.0", "no source of Ag",
     "Zn, Li"),
    (file_of('"9 nm Zn at 1 nm/s"', head='[requires]\ngas = ["H2"]'), "requires.gas.0", "no gas H2", "N2"),
    ("; ".join(["cool to 60 °C"] * 1000), "the recipe", "1001 steps", "1000"),
    ("N2 to 9 mbar for 23 h; N2 to 9 mbar for 23 h; N2 to 9 mbar for 23 h", "the recipe", "steps and 69 h", "48 h"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "where", "what", "write"), BAD)
def test_bad_recipes_are_refused_with_what_and_what_to_write(
    source: str | bytes, where: str, what: str, write: str
) -> None:
    (problem,) = problems(source)
    assert problem.where == where
    assert what in problem.what
    assert write in problem.write


def test_writing_limits_and_order_are_reported_together_in_the_order_of_the_text() -> None:
    found = problems(
        b"""name = "mine"
[[steps]]
do = "deposit"
material = "Zn"
thickness = "100 nmm"
[[steps]]
do = "admit_gas"
gas = "N2"
pressure = "5 bar"
dwell = "3 min"
then = "stay"
[[steps]]
do = "deposit"
material = "Li"
thickness = "100 nm"
rate = "0.5 nm/s"
"""
    )
    assert [(p.file, p.line, p.column, p.where) for p in found] == [
        ("mine.toml", 5, 13, "step 1 (deposit), thickness"),
        ("mine.toml", 9, 12, "step 2 (admit_gas), pressure"),
        ("mine.toml", 12, 3, "step 3 (deposit)"),
    ]


def test_a_step_that_could_not_be_read_causes_no_second_complaint() -> None:
    assert len(problems("300 nmm Zn at 0.5 nm/s, then 100 nm Li")) == 1
    assert len(problems(file_of(stay(), '"pump to 2e-6 mbr"', '"9 nm Li at 1 nm/s"'))) == 1
    assert len(problems(file_of(stay("500 mbr"), '"evacuate"'))) == 1


def test_lower_limits_of_the_station_refuse_what_was_allowed() -> None:
    strict = load_station(SIM.replace(b'max = "800 mbar"', b'max = "400 mbar"'), "strict.toml")
    (problem,) = problems(PAPER, strict)
    assert "station file strict.toml, gas.N2.max" in problem.what


def shared_crystal() -> Station:
    return load_station(SIM.replace(b"sensors = [2]", b"sensors = [1]"), "shared.toml")


def test_a_shared_crystal_that_would_read_wrongly_is_warned_of() -> None:
    checked = check("300 nm Zn at 0.5 nm/s; 100 nm Li", shared_crystal())
    (warning,) = checked.warnings
    assert "crystal 1 would read Li with z = 5.9 over 0.29 µm Zn: 95.9 nm shown for 100 nm" in warning.what
    assert "set z = 0.514 for Li" in warning.write


def test_crystals_of_their_own_are_not_warned_of() -> None:
    assert check(PAPER).warnings == ()


def test_a_crystal_near_its_end_is_warned_of_and_beyond_it_refused() -> None:
    recipe = load_recipe("300 nm Zn at 0.5 nm/s")
    assert "38 % life left" in check_recipe(recipe, STATION, {1: 40.1}).warnings[0].what.replace("only ", "")
    with pytest.raises(Refused) as refused:
        check_recipe(recipe, STATION, {1: 1.0})
    assert "crystal 1 would be used up" in refused.value.problems[0].what


def test_a_dwell_too_short_for_a_top_up_is_warned_of() -> None:
    (warning,) = check("N2 to 50 mbar for 7 s").warnings
    assert "the gas cools and sinks by up to 2.2 %, to 48.9 mbar" in warning.what
    assert "at least 8 s" in warning.write
    assert check("N2 to 50 mbar for 8 s").warnings == ()


def test_a_pressure_that_takes_longer_than_the_time_out_is_warned_of() -> None:
    (warning,) = check("pump to 1e-7 mbar within 10 min").warnings
    assert "the time-out is 10 min" in warning.what


def test_thousand_steps_are_checked_within_a_second() -> None:
    text = "; ".join(["1 nm Zn at 0.5 nm/s", "1 nm Li"] * 240)
    start = time.perf_counter()
    found = problems(text, shared_crystal())
    assert time.perf_counter() - start < 1
    assert "962 steps" in found[0].what


def deposits(source: str | bytes) -> list[Deposit]:
    return [step.work for step in check(source).procedure.steps if isinstance(step.work, Deposit)]


@pytest.mark.parametrize(
    ("source", "thickness_nm", "rate_nm_s", "note"),
    [
        ("Li at 0.5 nm/s for 200 s", 100.0, 0.5, '"200 s" makes 100 nm'),
        ("100 nm Li for 200 s", 100.0, 0.5, '"200 s" makes 0.5 nm/s'),
        ("0.05 mAh/cm2 Li at 0.5 nm/s", 244.27, 0.5, '"0.05 mAh/cm2" is 244.3 nm at 0.53 g/cm3'),
        ("5.3 µg/cm2 Li at 0.5 nm/s", 100.0, 0.5, '"5.3 µg/cm2" is 100 nm at 0.53 g/cm3'),
    ],
)
def test_any_two_of_thickness_rate_and_time_give_the_third_which_is_shown(
    source: str, thickness_nm: float, rate_nm_s: float, note: str
) -> None:
    (work,) = deposits(source)
    assert work.thickness_nm == pytest.approx(thickness_nm, rel=1e-4)
    assert work.rate_nm_s == pytest.approx(rate_nm_s)
    assert note in [found.what for found in check(source).notes]


def test_a_layer_for_a_time_takes_the_rate_of_the_layer_before() -> None:
    assert [work.thickness_nm for work in deposits("30 nm Zn at 0.2 nm/s, then Li for 60 s")] == [30.0, 12.0]


def test_rounds_stand_in_the_texts_of_the_steps() -> None:
    texts = [s.text for s in check("repeat 2 times (20 nm Zn at 0.5 nm/s, 10 nm Li)").procedure.steps if not s.implied]
    assert texts[0] == "deposit 20 nm Zn at 0.5 nm/s (round 1 of 2)"
    assert len(texts) == 4


def test_a_rate_ramp_on_the_sqc_310_is_refused_with_one_sentence() -> None:
    found = [p.what for p in problems("300 nm Zn at 0.1 nm/s ramp at 50 nm to 0.5 nm/s over 30 s")]
    assert "duration of its rate ramp has no documented parameter" in found[-1]


def test_a_rate_ramp_is_accepted_where_our_own_loop_can_follow_it() -> None:
    steps = check("300 nm Zn at 0.1 nm/s ramp at 50 nm to 0.5 nm/s over 30 s", HOST_LOOP).procedure.steps
    (work,) = (step.work for step in steps if isinstance(step.work, Deposit))
    assert [(ramp.at_nm, ramp.to_nm_s, ramp.over_s) for ramp in work.ramps] == [(50.0, 0.5, 30.0)]


@pytest.mark.parametrize(
    ("keys", "field", "what", "write"),
    [
        ('ramp2 = { power = "60 %", time = "60 s" }', "ramp2", "above max_power = 51.6 %", "at most 51.6 %"),
        ('ramp1 = { power = "25.8 %", time = "1 s" }', "ramp1", "25.8 A in 1 s", "at least"),
        ('ramp1 = { power = "45 %", time = "60 s" }', "ramp1", "above ramp 2 (41.7 %)", "a smaller power"),
        ('soak1 = "1.5 s"', "soak1", "1.5 s is too fine: the SQC-310 takes steps of 1 s", "Write 2 s"),
    ],
)  # fmt: skip
def test_what_nothing_can_follow_of_a_melt_in_is_refused(keys: str, field: str, what: str, write: str) -> None:
    found = problems(f'name = "melt"\n[[steps]]\ndo = "condition"\nmaterial = "Zn"\n{keys}\n'.encode())[0]
    assert what in found.what
    assert write in found.write
    assert field in found.where


def test_charge_and_life_that_somebody_has_counted_come_before_the_station_files() -> None:
    recipe = load_recipe("300 nm Zn at 0.5 nm/s")
    with pytest.raises(Refused) as refused:
        check_recipe(recipe, STATION, charge_mg={"Zn": 100.0})
    assert "boat 1 holds 100 mg (the source ledger" in refused.value.problems[0].what
    assert check_recipe(recipe, STATION, life_pct={1: 90.0}).crystals[0].before_pct == 90.0
