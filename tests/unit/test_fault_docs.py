"""The reference says what the catalogue says."""

from pathlib import Path

from pvdsim.faults.catalogue import faults_help

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"


def test_the_reference_holds_the_help_word_for_word() -> None:
    assert faults_help().strip() in REFERENCE.read_text("utf-8")
