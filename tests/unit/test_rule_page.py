"""The reference of the rules says what the rules say; run as a program, this writes it anew."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from pvdstation.control.remedies import remedy_of
from pvdstation.control.rule_page import conditions, page
from pvdstation.control.rule_words import RULE_WORDS
from pvdstation.control.rules import INTERLOCKS, PERMISSIVES
from pvdstation.control.step_words import STEP_WORDS
from pvdstation.control.supervisor import CONTROL_CYCLE
from pvdstation.model.toml import load_station

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def printed() -> str:
    content = (files("pvdstation") / "stations" / "sim.toml").read_bytes()
    return page(load_station(content, "sim.toml"), tomllib.loads(content.decode()))


def test_the_reference_is_what_the_rules_print() -> None:
    assert REFERENCE.read_text("utf-8") == printed()


def test_every_rule_has_the_words_that_an_operator_needs() -> None:
    assert list(RULE_WORDS.keys() ^ {rule.name for rule in (*INTERLOCKS, CONTROL_CYCLE)}) == []
    assert not RULE_WORDS.keys() & STEP_WORDS.keys()
    for words in (*RULE_WORDS.values(), *STEP_WORDS.values()):
        assert words.priority in {"high", "medium", "low"}
        assert words.cause
        assert words.consequence
        assert words.response
        assert set(words.under) <= RULE_WORDS.keys()


def test_what_switches_off_at_once_is_urgent() -> None:
    assert {RULE_WORDS[rule.name].priority for rule in INTERLOCKS if rule.on_loss >= 3} == {"high"}


def test_only_the_rules_of_the_design_may_be_overridden() -> None:
    limits = {rule.name: rule.override for rule in (*PERMISSIVES.values(), *INTERLOCKS) if rule.override is not None}
    assert {name: (o.minutes, o.needs_cold, o.without_lithium) for name, o in limits.items()} == {
        "source_shutter": (5, True, False),
        "substrate_shutter": (5, True, False),
        "boat_resistance": (30, False, True),
        "watchdogs_armed": (30, False, True),
    }


@pytest.mark.parametrize("condition", conditions(), ids=lambda condition: condition.sentence)
def test_every_condition_says_how_to_bring_it_about_without_a_key_or_a_screen(condition) -> None:
    fix = remedy_of(condition).fix
    assert fix
    assert not any(word in fix.lower() for word in ("press ", "key 5", "screen", "click"))


if __name__ == "__main__":
    REFERENCE.write_text(printed(), "utf-8")
