"""Faults as text: what is read, and every problem of everything that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plant_bench import station_values

from pvdsim.faults.catalogue import KINDS, faults_help, written
from pvdsim.faults.grammar import Spec, read_faults
from pvdsim.faults.places import Place
from pvdsim.world import World, open_world
from pvdstation.model.clock import SECOND
from pvdstation.model.problems import Problem, Refused


@pytest.fixture(scope="module")
def world() -> World:
    return open_world(station_values(), 1)


@pytest.fixture(scope="module")
def places(world: World) -> dict[str, Place]:
    return dict(world.faults.places)


def read(text: str, places: dict[str, Place], now_ns: int = 0) -> Spec:
    (spec,) = read_faults([text], places, now_ns)
    return spec


def problems(places: dict[str, Place], *texts: str, now_ns: int = 0) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        read_faults(texts, places, now_ns)
    return refused.value.problems


def test_a_fault_has_a_time_a_component_and_a_kind(places: dict[str, Place]) -> None:
    spec = read("t=600s crystal.1 fail", places)
    assert (spec.at_ns, spec.for_ns, spec.place.name, spec.kind.word) == (600 * SECOND, None, "crystal.1", "fail")


@pytest.mark.parametrize(
    "text",
    [
        "t=10min for 5s sqc lost 50%",
        "t=10 min for 5 s sqc lost 50 %",
        "  t=10min   for 5s  SQC  Lost  50% ",
        "t=600s for 5000ms sqc lost 50%",
    ],
)
def test_spaces_case_and_units_do_not_matter(text: str, places: dict[str, Place]) -> None:
    spec = read(text, places)
    assert (spec.at_ns, spec.for_ns, spec.values["share"]) == (600 * SECOND, 5 * SECOND, 50.0)


def test_what_is_not_said_has_its_default(places: dict[str, Place]) -> None:
    assert read("t=0s sqc lost", places).values == {"share": 100.0}
    assert read("t=0s supply.1 tripped", places).values == {"protection": "ovp"}


def test_parameters_are_told_apart_by_their_units(places: dict[str, Place]) -> None:
    assert read("t=0s sqc late 20% 0.5s", places).values == read("t=0s sqc late 0.5s 20%", places).values


def test_a_unit_of_two_words_is_one(places: dict[str, Place]) -> None:
    assert read("t=0s chamber leak 1e-2 mbar L/s", places).values == {"flow": 0.01}
    assert read("t=0s chamber leak 1e-2mbar L/s", places).values == {"flow": 0.01}


def test_answers_are_counted_and_chosen_by_their_question(places: dict[str, Place]) -> None:
    assert read("t=0s once sqc lost on U0", places).values == {"on": b"U0", "share": 100.0, "count": 1.0}
    assert read('t=0s 3 times supply.1 lost on "OUTP 1"', places).values["on"] == b"OUTP 1"
    assert read("t=0s once io lost on 0x0f0200", places).values["on"] == b"\x0f\x02\x00"


def test_now_is_a_time(places: dict[str, Place]) -> None:
    assert read("t=now io silent", places, now_ns=5 * SECOND).at_ns is None


def test_every_kind_can_be_written_as_the_catalogue_writes_it(places: dict[str, Place]) -> None:
    example = {"TIME": "1 s", "PERCENTAGE": "10 %", "CURRENT": "5 A", "RESISTANCE": "20 mΩ", "MASS": "1 mg"}
    example |= {"ABSOLUTE_TEMPERATURE": "700 K", "FREQUENCY": "10 Hz", "FREQUENCY_DRIFT": "1 Hz/s"}
    example |= {"GAS_FLOW": "1 mbar L/s"}
    for kind in KINDS:
        place = next(place for place in places.values() if kind.family in place.families)
        words = [word.strip("[]").split("|")[0] for word in written(kind).split()]
        text = " ".join(["t=1s", place.name, *(example.get(word, word) for word in words)])
        spec = read(text, places)
        assert spec.kind is kind
        assert set(spec.values) == {parameter.name for parameter in kind.parameters}


def test_the_help_names_every_kind_and_fits_a_terminal() -> None:
    text = faults_help()
    assert all(kind.word in text and kind.sentence in text for kind in KINDS)
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize(
    ("text", "what", "write"),
    [
        ("", "there is nothing", 'Write for example "t=600s crystal.1 fail".'),
        ("crystal.1 fail", '"crystal.1" is not the time of the fault', 'Write for example "t=600s crystal.1 fail".'),
        ("10s crystal.1 fail", '"10s" is not the time of the fault', 'Write for example "t=10s crystal.1 fail".'),
        ("t=60 crystal.1 fail", '"60" is not a time: it needs a unit', 'Write for example "60 s".'),
        ("t=-5s crystal.1 fail", '"-5s" is not between 0 and 30 days', 'Write for example "600 s".'),
        ("t=5s sqk lost", 'the station has no component "sqk"', "Did you mean sqc?"),
        ("t=5s crystal.1 fial", 'crystal.1 has no fault "fial"', "Did you mean fail?"),
        ("t=5s crystal.1 dead", 'crystal.1 has no fault "dead"', "Did you mean fail?"),
        ("t=5s boat.1", "what is wrong with boat.1 is missing", "Write one of open, short, drifting [RESISTANCE]."),
        ("t=5s shutter.1 slow", '"slow" needs its travel', 'Write "slow TIME".'),
        ("t=5s shutter.1 slow 3 mbar", '"3 mbar" is not a time: mbar is a unit of pressure',
         'Write for example "3 min".'),
        ("t=5s supply.1 tripped ovq", '"ovq" is no word of "tripped"',
         'Write "tripped [ovp|otp|foldback|ac]" (did you mean ovp?).'),
        ("t=5s for 3s supply.1 tripped", '"tripped" happens at one moment and does not last', 'Leave "for" out.'),
        ("t=5s once water lost", '"lost" is no fault of answers, so there is nothing to count',
         'Write "for TIME", or neither.'),
        ("t=5s water lost once", '"once" stands in the wrong place',
         'It comes after the time: "t=600s for 5s …", "t=600s once …", "t=600s 3 times …".'),
        ("t=5s for 0s sqc lost", '"for 0 s" is no time', 'Write for example "for 5s".'),
        ("t=5s 0 times sqc lost", '"0 times" is not 1 to 1000 times', 'Write "3 times".'),
        ("t=5s sqc lost 120%", '"120%" is out of range for the share', "Write at least 0 % and at most 100 %."),
        ("t=5s sqc lost on", 'after "on" stands one text', 'Write for example "on U0" or on "OUTP 1".'),
        ("t=5s sqc lost on 0xf", '"0xf" is no row of bytes', 'Write two digits each, for example "0x0f0200".'),
        ("t=5s water lost on U0", '"lost" is no fault of answers', 'Leave "on" out.'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_write(text: str, what: str, write: str, places: dict[str, Place]) -> None:
    (problem,) = problems(places, text)
    assert (problem.what, problem.write) == (what, write)


def test_every_problem_of_every_fault_comes_at_once(places: dict[str, Place]) -> None:
    found = problems(places, "t=60 crystal.1 fial", "t=5s sqc lost", "t=5s sqk lost")
    assert [problem.where for problem in found] == ['fault "t=60 crystal.1 fial"'] * 2 + ['fault "t=5s sqk lost"']


def test_a_time_that_is_past_is_refused(places: dict[str, Place]) -> None:
    (problem,) = problems(places, "t=3s sqc lost", now_ns=4 * SECOND)
    assert problem.what == "t=3s is past: plant time is 4 s"


def test_one_refused_fault_refuses_all(world: World) -> None:
    with pytest.raises(Refused):
        world.faults.add("t=5s sqc lost", "t=5s sqc lots")
    assert world.faults.specs == []


def is_read_or_refused_in_words(text: str) -> bool:
    places = {"sqc": Place("sqc", ("link", "sqc"), "sqc")}
    try:
        read_faults([text], places, 0)
    except Refused as refused:
        return all(problem.what and problem.write for problem in refused.problems)
    return True


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    assert is_read_or_refused_in_words(text)


_WORDS = [
    "t=5s",
    "t=",
    "for",
    "once",
    "3",
    "times",
    "sqc",
    "lost",
    "late",
    "0.5s",
    "50%",
    "on",
    "U0",
    "mbar",
    "L/s",
    '"',
]


@given(st.lists(st.sampled_from(_WORDS), max_size=9))
def test_no_row_of_its_own_words_does_more_than_be_refused(words: list[str]) -> None:
    assert is_read_or_refused_in_words(" ".join(words))
