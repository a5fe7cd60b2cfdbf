"""What a person types at the start of a run: understood, or refused with a sentence."""

import pytest
from control_bench import STATION

from pvdstation.assembly.about import Lot, Said, SampleName


def test_everything_that_can_be_said_is_understood() -> None:
    said = Said(" Mia ", ["Li_LZLN", "b, S-2", "c, S-3, B7"], 0.1, 0.0, ["Zn=lot 442, 99.99 %", "N2 = G-1"], " note ")
    about, problems = said.understood(STATION)
    assert problems == []
    assert about.operator == "Mia"
    assert about.samples == (SampleName("Li_LZLN"), SampleName("b", "S-2"), SampleName("c", "S-3", "B7"))
    assert (about.h2o_ppm, about.o2_ppm) == (0.1, 0.0)
    assert about.lots == {"Zn": Lot("442", "99.99 %"), "N2": Lot("G-1", "")}
    assert about.note == "note"


def test_the_operator_is_the_login_name_unless_somebody_is_named(monkeypatch) -> None:
    monkeypatch.setenv("LOGNAME", "ben")
    assert Said().understood(STATION)[0].operator == "ben"
    assert Said("").understood(STATION)[0].operator == ""


@pytest.mark.parametrize(
    ("said", "option", "words"),
    [
        (Said(samples=[", S-2"]), "--sample", "begins without a name"),
        (Said(samples=["a, b, c, d"]), "--sample", "has 4 parts"),
        (Said(samples=["x" * 300]), "--sample", "more than 200 characters"),
        (Said(h2o_ppm=-0.1), "--h2o", "no amount in ppm"),
        (Said(o2_ppm=float("nan")), "--o2", "no amount in ppm"),
        (Said(lots=["lot 442"]), "--lot", "whose lot"),
        (Said(lots=["Au=1"]), "--lot", 'no "Au" in this station'),
        (Said(note="x" * 3000), "--note", "more than 2000 characters"),
    ],
)
def test_what_cannot_be_understood_is_refused(said, option, words) -> None:
    (problem,) = said.understood(STATION)[1]
    assert problem.where == option
    assert words in problem.what
    assert problem.write
