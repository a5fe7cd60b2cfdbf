"""A recipe that begins with a minus is a recipe, not an option."""

import typer
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.cli.arguments import TAKES_VALUE, shield, wants_json
from pvdstation.cli.commands import app


def test_a_recipe_with_a_leading_minus_goes_behind_the_options():
    assert shield(["dry-run", "-300 nm Zn at 0.5 nm/s"]) == ["dry-run", "--", "-300 nm Zn at 0.5 nm/s"]
    assert shield(["dry-run", "-300 nm Zn", "--json"]) == ["dry-run", "--json", "--", "-300 nm Zn"]
    assert shield(["dry-run", "--json", "-.5 nm Zn"]) == ["dry-run", "--json", "--", "-.5 nm Zn"]
    assert shield(["check", "-3"]) == ["check", "--", "-3"]


def test_options_stay_options():
    words = ["run", "--speed=20", "--station", "my station.toml", "recipes/LZLN.toml", "--plot=my file.png", "--help"]
    assert shield(words) == words


def test_the_word_after_an_option_with_a_value_is_its_value():
    assert shield(["dry-run", "--seed", "-3", "x"]) == ["dry-run", "--seed", "-3", "x"]


def test_what_stands_behind_two_minuses_stays_behind():
    assert shield(["check", "--json", "--", "--json"]) == ["check", "--json", "--", "--json"]
    assert not wants_json(["check", "--", "--json"])
    assert wants_json(["check", "-3 nm", "--json"])


def test_every_option_with_a_value_is_known():
    assert set(_taking(typer.main.get_command(app))) == TAKES_VALUE


def _taking(command):
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.is_flag:
            yield from parameter.opts
    for inner in getattr(command, "commands", {}).values():
        yield from _taking(inner)


@given(st.lists(st.text(max_size=6).filter(lambda word: word not in TAKES_VALUE), max_size=6))
def test_no_word_is_lost_and_none_is_made_up(words):
    shielded = shield(words)
    assert sorted(shielded) in (sorted(words), sorted([*words, "--"]))
