"""Questions and their answers: what is understood, what is refused and how, and who answers in a dry run."""

from importlib.resources import files

import pytest

from pvdstation.assembly.answering import OPTION, GivenAnswers, given_answers, read_answers
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.cli.prompt import Prompt
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.model.problems import Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.procedure import Procedure, Question
from pvdstation.recipe.questions import answer_text, kind_text, questions_of, read_answer, unfit
from pvdstation.record.bodies import document as document_bytes
from pvdstation.record.bodies import fields_of
from pvdstation.record.plan import plan_document, procedure_of

COLOUR = Question("colour", "Red-brown?", is_yes_no=True)
MASS = Question("mass", "Mass?", is_yes_no=False, answer_unit="mg", least=10.0, most=500.0, default=20.0)
ANY = Question("n", "How many?", is_yes_no=False)
RECIPE = (
    'ask "Red-brown?" yes/no as colour, then ask "Mass?" 10 mg to 500 mg default 20 mg as mass, '
    "then wait until pressure below 5e-7 mbar within 1 h else ask"
)


@pytest.fixture(scope="module")
def station() -> Station:
    return load_station(files("pvdstation").joinpath("stations", "sim.toml").read_bytes(), "sim.toml")


@pytest.fixture(scope="module")
def procedure(station: Station) -> Procedure:
    return check_recipe(load_recipe(RECIPE), station).procedure


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [(COLOUR, "yes", 1.0), (COLOUR, " NO ", 0.0), (COLOUR, "True", 1.0), (MASS, "20 mg", 20.0), (MASS, "1e2", 100.0),
     (MASS, "10mg", 10.0), (ANY, "-3.5", -3.5)],
)  # fmt: skip
def test_answers_are_read_as_people_write_them(question: Question, text: str, value: float) -> None:
    assert read_answer(question, text) == value


@pytest.mark.parametrize(
    ("question", "text", "sentence"),
    [
        (COLOUR, "maybe", '"maybe" does not answer it: write yes or no'),
        (MASS, "5 mg", "5 does not answer it: write 10 to 500 mg"),
        (MASS, "20 g", '"20 g" is no number: write 10 to 500 mg'),
        (MASS, "nan", "nan is no number: write 10 to 500 mg"),
        (ANY, "", '"" is no number: write a number'),
    ],
)
def test_what_does_not_answer_is_refused_with_what_would(question: Question, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as wrong:
        read_answer(question, text)
    assert str(wrong.value) == sentence


@pytest.mark.parametrize("value", ["yes", None, 0.5, 2.0, float("inf")])
def test_the_engine_takes_nothing_but_one_and_nought_for_yes_and_no(value: float | str | None) -> None:
    assert unfit(COLOUR, value)
    assert not unfit(COLOUR, 1.0)
    assert not unfit(COLOUR, 0.0)


def test_limits_read_as_sentences() -> None:
    at_least = Question("n", "?", is_yes_no=False, answer_unit="nm", least=3.0)
    at_most = Question("n", "?", is_yes_no=False, most=3.0)
    unit = Question("n", "?", is_yes_no=False, answer_unit="nm")
    texts = [kind_text(question) for question in (COLOUR, MASS, ANY, at_least, at_most, unit)]
    assert texts == ["yes or no", "10 to 500 mg", "a number", "at least 3 nm", "at most 3", "a number of nm"]
    assert (answer_text(COLOUR, 0.0), answer_text(MASS, 20.0)) == ("no", "20 mg")


# --- of a recipe ---


def test_a_procedure_that_asks_comes_back_from_its_record_as_it_was(procedure: Procedure) -> None:
    document = fields_of(document_bytes(plan_document(procedure)))
    assert procedure_of(document) == procedure


def test_every_question_of_a_procedure_has_an_id_that_of_a_time_out_too(procedure: Procedure) -> None:
    assert {name: q.text for name, q in questions_of(procedure).items()} == {
        "colour": "Red-brown?",
        "mass": "Mass?",
        "wait3": "pressure below 5e-7 mbar not reached within 1 h: go on all the same?",
    }


def test_two_questions_with_one_id_are_refused_the_rounds_of_one_are_not(station: Station) -> None:
    with pytest.raises(Refused) as refused:
        check_recipe(load_recipe('ask "A?" yes/no as x, then ask "B?" yes/no as x'), station)
    assert refused.value.problems[0].what == '"x" is already the id of the question "A?"'
    check_recipe(load_recipe('repeat 2 times (ask "A?" yes/no as x)'), station)


@pytest.mark.parametrize(
    ("recipe", "what"),
    [
        ('ask "Mass?" 10 mg to 5 mg', "no number is between 10 and 5"),
        ('ask "Mass?" 10 mg to 50 mg default 60 mg', "the default 60 is not within its limits"),
    ],
)
def test_a_question_that_nothing_answers_is_refused(station: Station, recipe: str, what: str) -> None:
    with pytest.raises(Refused) as refused:
        check_recipe(load_recipe(recipe), station)
    assert [problem.what for problem in refused.value.problems] == [what]


def test_answers_before_the_run_are_all_read_and_everything_wrong_is_told_at_once(procedure: Procedure) -> None:
    assert read_answers(procedure, ["colour=yes", " mass = 30 mg"]) == ({"colour": 1.0, "mass": 30.0}, [])
    _, problems = read_answers(procedure, ["color=yes", "mass=5", "colour", "wait3=no", "wait3=yes"])
    assert [problem.what for problem in problems] == [
        'this recipe has no question "color"',
        "mass: 5 does not answer it: write 10 to 500 mg",
        '"colour" is not an answer',
        '"wait3" is answered twice',
    ]
    assert problems[0].write == "It asks colour, mass, wait3."


def test_a_dry_run_answers_by_what_was_given_else_by_the_default_else_says_that_nobody_can() -> None:
    answers = GivenAnswers({"mass": 30.0})
    values = [(("id", "mass"), ("default", 20.0)), (("id", "other"), ("default", 1.0)), (("id", "colour"),)]
    answers.take([Event(n, 0, EventKind.QUESTION, "step 1", "?", v) for n, v in enumerate(values)])
    given = [answers.due() for _ in range(4)]
    assert [(r.about, r.value) if r else None for r in given] == [
        ("mass", 30.0),
        ("other", 1.0),
        ("colour", None),
        None,
    ]
    assert {r.verb for r in given if r} == {Verb.ANSWER}


def test_what_was_given_before_a_run_is_not_asked_for(procedure: Procedure) -> None:
    said: list[str] = []
    prompt = Prompt(procedure, said.append, given={"colour": 1.0})
    for number, question in ((1, "colour"), (2, "mass")):
        prompt.take([Event(number, 0, EventKind.QUESTION, f"step {number}", "?", (("id", question),))])
        answer = prompt.due()
        assert answer is not None
        assert (answer.client, answer.value) == ((OPTION, 1.0) if number == 1 else ("no terminal", None))
    assert [text.partition(" ")[0] for text in said] == ["Mass?", "nobody"]


@pytest.mark.parametrize(("name", "wrong"), [("sim", []), ("example", [OPTION])])
def test_only_a_simulated_station_takes_answers_beforehand(name: str, wrong: list[str]) -> None:
    prepared = prepare('ask "Red-brown?" yes/no as colour', name)
    assert isinstance(prepared, Prepared)
    answers, problems = given_answers(prepared, ["colour=yes"])
    assert [problem.where for problem in problems] == wrong
    assert answers == ({} if wrong else {"colour": 1.0})
    assert given_answers(prepared, []) == ({}, [])
