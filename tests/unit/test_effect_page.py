"""The reference of states and verbs says what the tables say; run as a program, this writes it anew."""

from pathlib import Path
from string import Formatter

import pytest

from pvdstation.control.effect_page import page
from pvdstation.control.effect_table import ABORTS, TABLE
from pvdstation.control.effects import VERBS
from pvdstation.control.states import PARKED, Cue
from pvdstation.model.messages import Verb
from pvdstation.recipe.procedure import KINDS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "states.md"
DEFERRED = "waits for "


def rows_of(kind: str) -> list[str]:
    """Return the situations of a kind of step."""
    names = {"condition": ("condition", "melt-in"), "deposit": ("deposit", "co-deposit")}.get(kind, (kind,))
    return [row for row in TABLE if any(row == name or row.startswith((f"{name} ", f"{name},")) for name in names)]


def test_the_reference_is_what_the_tables_print() -> None:
    assert REFERENCE.read_text("utf-8") == page()


@pytest.mark.parametrize("kind", sorted(set(KINDS.values())))
def test_every_kind_of_step_says_what_each_verb_does(kind: str) -> None:
    wanted = {Verb.RESUME, Verb.STOP} | (set() if kind == "finish" else {Verb.PAUSE, Verb.HOLD})
    assert rows_of(kind)
    for row in rows_of(kind):
        assert set(TABLE[row]) == wanted


@pytest.mark.parametrize("kind", sorted(set(KINDS.values()) - {"finish"}))
def test_a_pause_waits_where_the_engine_lets_it_wait(kind: str) -> None:
    waits = {TABLE[row][Verb.PAUSE].then.startswith(DEFERRED) for row in rows_of(kind)}
    assert waits == {kind not in PARKED}


def test_every_verb_that_moves_the_run_is_foretold() -> None:
    assert {verb.value for verb in VERBS} == {cue.value for cue in Cue if cue is not Cue.SETTLED} | {"skip"}


def test_every_word_has_only_numbers_that_are_filled_in() -> None:
    effects = [ABORTS, *(effect for row in TABLE.values() for effect in row.values())]
    fields = {name for effect in effects for word in effect for _, name, _, _ in Formatter().parse(word) if name}
    assert fields == {"hold", "hold_cold", "ramp"}


if __name__ == "__main__":
    REFERENCE.write_text(page(), "utf-8")
