"""How refusals read: recipe examples, section 4."""

from pvdstation.cli.refusals import refusal_text
from pvdstation.model.problems import Problem

FILE = "recipes/mine.toml"


def test_problems_of_a_file_stand_together_with_their_places():
    text = refusal_text(
        [
            Problem(
                "step 2 (deposit), thickness",
                '"100 nmm" is not a thickness: unknown unit "nmm"',
                'Write for example "100 nm" (did you mean nm?).',
                FILE,
                14,
                8,
            ),
            Problem("step 4 (deposit)", "Li would be evaporated into 500 mbar N2", "Remove it.", FILE, 25),
        ],
        width=100,
    )
    assert text == (
        "recipes/mine.toml: 2 problems, nothing was started\n"
        "\n"
        "  line 14, column 8, step 2 (deposit), thickness\n"
        '    "100 nmm" is not a thickness: unknown unit "nmm".\n'
        '    Write for example "100 nm" (did you mean nm?).\n'
        "\n"
        "  line 25, step 4 (deposit)\n"
        "    Li would be evaporated into 500 mbar N2.\n"
        "    Remove it."
    )


def test_a_problem_of_the_notation_is_pointed_at():
    problem = Problem(
        "the recipe",
        "a thickness needs a unit",
        'Write for example "300 nm Zn at 0.5 nm/s".',
        line=None,
        column=1,
        source_line="300 Zn at 0.5 nm/s",
        span=3,
    )
    assert refusal_text([problem], width=100) == (
        "the recipe, column 1\n"
        "    300 Zn at 0.5 nm/s\n"
        '    ^^^ a thickness needs a unit. Write for example "300 nm Zn at 0.5 nm/s".'
    )


def test_the_caret_stays_under_its_word_in_a_long_line():
    before = "300 nm Zn at 0.5 nm/s, then " * 20
    line = before + "100 nmm Li" + " then 5 nm Zn" * 20
    problem = Problem("the recipe", "unknown unit", "", column=len(before) + 5, source_line=line, span=3)
    _, shown, pointer, *_ = refusal_text([problem], width=60).splitlines()
    start = pointer.index("^")
    assert shown[start : start + 3] == "nmm"
    assert len(shown) <= 60


def test_a_long_sentence_is_wrapped_below_the_caret():
    problem = Problem("the recipe", "word " * 30, "write " * 10, column=12, source_line="300 nm Zn, 3 apples", span=8)
    assert all(len(line) <= 60 for line in refusal_text([problem], width=60).splitlines())


def test_a_wide_character_before_the_place_moves_the_caret_with_it():
    problem = Problem("the recipe", "no", "", column=4, source_line="３ nm", span=2)
    _, shown, pointer = refusal_text([problem], width=80).splitlines()
    assert shown == "    ３ nm"
    assert pointer.startswith(" " * (4 + 4))


def test_a_column_past_the_end_of_the_line_points_behind_it():
    problem = Problem("the recipe", "something is missing here", "", column=99, source_line="300 nm", span=1)
    assert "^ something is missing here." in refusal_text([problem], width=80)
