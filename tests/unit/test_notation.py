"""The notation: cutting, reading, and writing back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.materials import MATERIALS
from pvdstation.recipe.notation import cut, read_phrase
from pvdstation.recipe.steps import (
    STEP,
    AdmitGasStep,
    AnyStep,
    AskStep,
    ConditionStep,
    CoolStep,
    DepositStep,
    EvacuateStep,
    LeakTestStep,
    NoteStep,
    PumpDownStep,
    VentStep,
    WaitStep,
    WaitUntilStep,
)
from pvdstation.recipe.writing import text_of


def steps_of(text: str) -> list[AnyStep]:
    readings = [read_phrase(phrase) for phrase in cut(text)]
    assert [r.wrong for r in readings] == [[]] * len(readings)
    return [STEP.validate_python(r.fields) for r in readings]


def layer(material: str, thickness: float, rate: float | None = None, boat: int | None = None) -> DepositStep:
    return DepositStep(do="deposit", material=material, thickness=f"{thickness!r} nm",
                       rate=None if rate is None else f"{rate!r} nm/s", boat=boat)  # fmt: skip


def test_the_papers_sentence() -> None:
    assert steps_of("300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min") == [
        layer("Zn", 300.0, 0.5),
        layer("Li", 100.0),
        AdmitGasStep(do="admit_gas", gas="N2", pressure="500 mbar", dwell="180 s"),
    ]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("3 kÅ Ag @ 5 Å/s", layer("Ag", 300.0, 0.5)),
        ("3 kA ag AT 5 A/s", layer("Ag", 300.0, 0.5)),
        ("3000 angstrom Zn at 5 angstrom/s", layer("Zn", 300.0, 0.5)),
        ("0.3 um Zn at 0.5 nm/s", layer("Zn", 300.0, 0.5)),
        ("0.3 µm Zn at 0.5 nm/s", layer("Zn", 300.0, 0.5)),
        ("0.3 \u03bcm Zn at 5 \u212b/s", layer("Zn", 300.0, 0.5)),
        ("300nm Zn at 0.5nm/s", layer("Zn", 300.0, 0.5)),
        ("300 nm Zn at 0.5 nm/s from boat 1", layer("Zn", 300.0, 0.5, 1)),
        ("300 nm Zn from boat 1 at 0.5 nm/s", layer("Zn", 300.0, 0.5, 1)),
        ("pump to 2e-6 mbar within 2 h", PumpDownStep(do="pump_down", pressure="2e-6 mbar", timeout="2 h")),
        ("Pump down to 2e-4 Pa", PumpDownStep(do="pump_down", pressure="2e-4 Pa")),
        ("cool to 60 °C", CoolStep(do="cool", temperature="60 °C")),
        ("evacuate", EvacuateStep(do="evacuate")),
        ("evacuate to 1e-3 mbar", EvacuateStep(do="evacuate", pressure="1e-3 mbar")),
        ("N2 to 375 Torr for 180 s", AdmitGasStep(do="admit_gas", gas="N2", pressure="375 Torr", dwell="3 min")),
        ("n2 to 50 kPa for 0.05 h", AdmitGasStep(do="admit_gas", gas="n2", pressure="500 mbar", dwell="180 s")),
    ],
)
def test_one_phrase(text: str, step: AnyStep) -> None:
    assert steps_of(text) == [step]


@pytest.mark.parametrize("separator", [", then ", "; ", ", ", "\n", "\r\n", " then ", " THEN ", ";;\n,", ", then\n"])
def test_separators(separator: str) -> None:
    assert steps_of(f"3 nm Zn at 1 nm/s{separator}4 nm Li") == [layer("Zn", 3.0, 1.0), layer("Li", 4.0)]


def test_brackets_and_quotes_are_not_cut() -> None:
    text = 'repeat 3 times (20 nm Zn at 0.5 nm/s, then 10 nm Li); ask "a, then b; c" yes/no, 5 nm Zn'
    assert [p.text for p in cut(text)] == [
        "repeat 3 times (20 nm Zn at 0.5 nm/s, then 10 nm Li)",
        'ask "a, then b; c" yes/no',
        "5 nm Zn",
    ]


@given(st.text(max_size=120))
def test_every_phrase_is_found_where_it_says(text: str) -> None:
    for phrase in cut(text):
        assert text[phrase.start :].startswith(phrase.text)
        assert phrase.text == phrase.text.strip()


@given(st.text(alphabet='0123456789.e+-nmZLiat@/s ,;(){}"Å°%tobrfwhincpuld', max_size=80))
def test_any_text_is_read_or_explained(text: str) -> None:
    for phrase in cut(text):
        reading = read_phrase(phrase)
        assert reading.fields or reading.wrong
        for wrong in reading.wrong:
            assert phrase.start <= wrong.start < wrong.end <= phrase.start + len(phrase.text)
            assert "token" not in wrong.what.lower().replace(phrase.text.lower(), "")
            assert wrong.write


@pytest.mark.parametrize(
    ("text", "characters", "what", "write"),
    [
        ("300 Zn at 0.5 nm/s", "300", "a thickness needs a unit", '"300 nm Zn at 0.5 nm/s"'),
        ("3 apples", "3 apples", "neither a thickness nor a material", "300 nm Zn"),
        ("300 nm", "300 nm", "which material", '"300 nm Zn at 0.5 nm/s"'),
        ("300", "300", "which material", '"300 nm Zn at 0.5 nm/s"'),
        ("300 nm Zn foil", "foil", '"foil" is not understood after "Zn"', "Remove"),
        ("300 nm Zn at 1 nm/s at 2 nm/s", "2 nm/s", "twice", "one"),
        ("300 nm Zn from boat 1.5", "1.5", "number of a boat", "boat 1"),
        ("N2 to 500 mbar", "N2 to 500 mbar", "for how long", '"N2 to 500 mbar for 3 min"'),
        ("Zn 300 nm", "300", 'after "Zn"', "300 nm Zn"),
        ("N2 to", "N2 to", "ends too early", "N2 to 500 mbar"),
        ("hello world", "world", "not understood", "Steps read"),
        ("§$", "§$", "not understood", "Steps read"),
    ],
)
def test_a_wrong_phrase_gets_a_sentence(text: str, characters: str, what: str, write: str) -> None:
    start = len("5 nm Zn; ")
    (wrong,) = read_phrase(cut(f"5 nm Zn; {text}")[1]).wrong
    assert (wrong.start, wrong.end) == (
        start + text.rindex(characters),
        start + text.rindex(characters) + len(characters),
    )
    assert what in wrong.what
    assert write in wrong.write


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("leak test 5 min below 1e-5 mbar/s", {"do": "leak_test", "time": "5 min", "below": "1e-5 mbar/s"}),
        (
            "300 nm Zn at 0.1 nm/s ramp at 50 nm to 0.5 nm/s over 30 s",
            {
                "do": "deposit", "material": "Zn", "thickness": "300 nm", "rate": "0.1 nm/s",
                "ramps": [{"at": "50 nm", "to": "0.5 nm/s", "over": "30 s"}],
            },
        ),
        (
            "200 nm Zn at 0.4 nm/s with Li at 0.1 nm/s",
            {
                "do": "deposit", "material": "Zn", "thickness": "200 nm", "rate": "0.4 nm/s",
                "with": [{"material": "Li", "rate": "0.1 nm/s"}],
            },
        ),
        (
            "0.05 mAh/cm2 Li at 0.5 nm/s",
            {"do": "deposit", "material": "Li", "thickness": "0.05 mAh/cm2", "rate": "0.5 nm/s"},
        ),
        ("Li at 0.5 nm/s for 200 s", {"do": "deposit", "material": "Li", "rate": "0.5 nm/s", "time": "200 s"}),
        ("100 nm Li for 200 s", {"do": "deposit", "material": "Li", "thickness": "100 nm", "time": "200 s"}),
        (
            "300 nm Zn at 0.5 nm/s after 60 s pre-coat",
            {"do": "deposit", "material": "Zn", "thickness": "300 nm", "rate": "0.5 nm/s", "pre_coat": "60 s"},
        ),
        ("condition Li", {"do": "condition", "material": "Li"}),
        ("wait 10 min", {"do": "wait", "time": "10 min"}),
        (
            "wait until pressure below 5e-7 mbar for 60 s within 1 h else hold",
            {
                "do": "wait_until", "of": "pressure", "below": "5e-7 mbar", "for": "60 s", "timeout": "1 h",
                "otherwise": "hold",
            },
        ),
        (
            "wait until fore-line between 1e-2 mbar and 1 mbar within 10 min",
            {"do": "wait_until", "of": "foreline", "above": "1e-2 mbar", "below": "1 mbar", "timeout": "10 min"},
        ),
        (
            'ask "Is the red-brown colour visible?" yes/no',
            {"do": "ask", "text": "Is the red-brown colour visible?", "answer": "yes/no"},
        ),
        (
            'ask "Mass, then?" 10 mg to 500 mg default 20 mg as mass',
            {
                "do": "ask", "text": "Mass, then?", "answer": "number", "min": 10.0, "max": 500.0, "unit": "mg",
                "default": 20.0, "id": "mass",
            },
        ),
        ('note "golden"', {"do": "note", "text": "golden"}),
        ("vent with Ar", {"do": "vent", "gas": "Ar"}),
        ("{li_thickness} Li", {"do": "deposit", "material": "Li", "thickness": "{li_thickness}"}),
        ('recipe "lizn.toml"', {"do": "recipe", "file": "lizn.toml"}),
    ],
)  # fmt: skip
def test_every_other_kind_of_phrase(text: str, fields: dict[str, object]) -> None:
    (phrase,) = cut(text)
    assert read_phrase(phrase) == (fields, read_phrase(phrase).spans, [], [])


def test_a_repeat_gives_its_phrases_with_their_places() -> None:
    text = "5 nm Zn at 1 nm/s; repeat 3 times (20 nm Zn at 0.5 nm/s, then 10 nm Li)"
    reading = read_phrase(cut(text)[1])
    assert reading.fields["times"] == 3
    assert [phrase.text for phrase in reading.inner] == ["20 nm Zn at 0.5 nm/s", "10 nm Li"]
    assert all(text[phrase.start :].startswith(phrase.text) for phrase in reading.inner)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("repeat (5 nm Zn)", "how many times is missing"),
        ("repeat twice (5 nm Zn)", '"twice" is not how many times'),
        ("repeat 3 times 5 nm Zn", "stands in brackets"),
        ("repeat 3 times ()", "nothing in the brackets"),
        ("repeat 3 times (5 nm Zn at 1 nm/s", "the bracket that opens here is never closed"),
        ("repeat 3 times (repeat 2 times (wait 5 s), wait 1 s", "the bracket that opens here is never closed"),
        ("repeat 3 times (wait 5 s) slowly", '"slowly" is not understood after the closing bracket'),
        ("200 nm Zn at 0.4 nm/s with Li", "does not say at what rate"),
        ("wait until pressure below 1e-6 mbar", "for how long at most"),
        ("Zn at 0.5 nm/s", "does not say how much"),
        ('ask "Sure?" yes/no default perhaps', "neither yes nor no"),
        ('ask "Mass?" 1 mg to 2 g', '"g" is not the unit of this question'),
        ("300 nm Zn at 0.5 nm/s for 60 s for 70 s", "the time stands twice"),
        ("{d}", "which material"),
    ],
)
def test_what_is_missing_in_other_phrases_gets_a_sentence(text: str, what: str) -> None:
    (phrase,) = cut(text)
    wrong = read_phrase(phrase).wrong
    assert what in wrong[0].what
    assert wrong[0].write


def test_a_phrase_longer_than_a_line_is_refused() -> None:
    (wrong,) = read_phrase(cut("300 nm Zn" + "n" * 300)[0]).wrong
    assert "longer than 200" in wrong.what


POSITIVE = st.floats(min_value=1e-9, max_value=1e5, allow_subnormal=False)
TIMES = st.one_of(st.integers(60, 3600).map(float), st.floats(min_value=60, max_value=3600))
LAYERS = st.builds(
    layer, st.sampled_from(list(MATERIALS)), POSITIVE, st.none() | POSITIVE, st.none() | st.integers(1, 4)
)  # fmt: skip
GASES = st.builds(
    lambda p, t: AdmitGasStep(do="admit_gas", gas="N2", pressure=f"{p!r} mbar", dwell=f"{t!r} s"), POSITIVE, TIMES
)
PUMPS = st.builds(
    lambda p, t: PumpDownStep(do="pump_down", pressure=f"{p!r} mbar", timeout=None if t is None else f"{t!r} s"),
    POSITIVE, st.none() | TIMES,
)  # fmt: skip
COOLS = st.builds(lambda t: CoolStep(do="cool", temperature=f"{t!r} °C"), st.floats(min_value=0.1, max_value=2000))
EVACUATIONS = st.builds(
    lambda p: EvacuateStep(do="evacuate", pressure=None if p is None else f"{p!r} mbar"), st.none() | POSITIVE
)

AMOUNTS = st.builds(
    lambda number, unit: f"{number!r} {unit}", POSITIVE, st.sampled_from(["nm", "µg/cm2", "µmol/cm2", "mAh/cm2"])
)
RICH_LAYERS = st.builds(
    lambda amount, rate, ramp, other, coat: DepositStep.model_validate({
        "do": "deposit", "material": "Zn", "thickness": amount, "rate": f"{rate!r} nm/s",
        "ramps": [] if ramp is None else [{"at": f"{ramp!r} nm", "to": "1 nm/s", "over": "30 s"}],
        "with": [] if other is None else [{"material": "Li", "rate": f"{other!r} nm/s"}],
        "pre_coat": None if coat is None else f"{coat!r} s",
    }),
    AMOUNTS, POSITIVE, st.none() | POSITIVE, st.none() | POSITIVE, st.none() | st.floats(min_value=60, max_value=600),
)  # fmt: skip
TIMED_LAYERS = st.builds(
    lambda rate, time: DepositStep(do="deposit", material="Li", rate=f"{rate!r} nm/s", time=f"{time!r} s"),
    POSITIVE, TIMES,
)  # fmt: skip
UNTILS = st.builds(
    lambda of, low, hold, otherwise: WaitUntilStep.model_validate({
        "do": "wait_until", "of": of, "below": f"{low!r} mbar", "for": f"{hold!r} s", "timeout": "1 h",
        "otherwise": otherwise,
    }),
    st.sampled_from(["pressure", "foreline"]), POSITIVE, st.none().map(lambda _: 0.0) | TIMES,
    st.sampled_from(["hold", "abort", "continue", "ask"]),
)  # fmt: skip
SENTENCES = st.text(st.characters(categories=("L", "Nd", "P"), exclude_characters='"'), min_size=1, max_size=40)
OTHERS = st.one_of(
    st.builds(lambda text: NoteStep(do="note", text=text), SENTENCES),
    st.builds(lambda text, yes: AskStep(do="ask", text=text, default=yes), SENTENCES, st.none() | st.booleans()),
    st.builds(lambda t: WaitStep(do="wait", time=f"{t!r} s"), TIMES),
    st.builds(lambda t, b: LeakTestStep(do="leak_test", time=f"{t!r} s", below=f"{b!r} mbar/s"), TIMES, POSITIVE),
    st.just(VentStep(do="vent", gas="Ar")),
    st.just(ConditionStep(do="condition", material="Zn")),
)


@given(
    st.lists(
        RICH_LAYERS | TIMED_LAYERS | UNTILS | OTHERS | LAYERS | GASES | PUMPS | COOLS | EVACUATIONS,
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([", ", "; then "]),
)
def test_what_is_written_is_read_back_the_same(steps: list[AnyStep], separator: str) -> None:
    assert steps_of(separator.join(text_of(step) for step in steps)) == steps


def test_the_writing_is_the_labs() -> None:
    assert [
        text_of(s) for s in steps_of("3 kÅ zn @ 5 Å/s; N2 to 0.5 bar for 180 s; pump to 2e-6 mbar within 7200 s")
    ] == [
        "300 nm Zn at 0.5 nm/s",
        "N2 to 500 mbar for 3 min",
        "pump to 2e-6 mbar within 2 h",
    ]
