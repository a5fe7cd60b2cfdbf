"""Exit codes of the command line: design, section 9."""

import pytest

from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.record.results import RunResult

CASES = [
    ("complete", True, False, ExitCode.COMPLETE),
    ("complete", False, False, ExitCode.NOT_SAFE),
    ("complete", None, False, ExitCode.NOT_SAFE),
    ("refused", None, False, ExitCode.REFUSED),
    ("stopped", True, True, ExitCode.OPERATOR),
    ("stopped", None, True, ExitCode.OPERATOR),  # a dry run that was ended at once
    ("stopped", False, True, ExitCode.NOT_SAFE),
    ("stopped", True, False, ExitCode.TRIPPED),
    ("aborted", True, True, ExitCode.OPERATOR),
    ("aborted", True, False, ExitCode.TRIPPED),
    ("aborted", False, False, ExitCode.NOT_SAFE),
    ("aborted", None, False, ExitCode.NOT_SAFE),
]


@pytest.mark.parametrize(("outcome", "safe", "by_operator", "code"), CASES)
def test_every_end_has_its_exit_code(outcome, safe, by_operator, code):
    result = RunResult(outcome, "", "simulated", safe, None, None, None, 1, 0.0, 0.0, by_operator=by_operator)
    assert exit_code(result) is code


def test_the_numbers_are_those_of_the_design():
    assert [int(code) for code in ExitCode] == [0, 2, 3, 4, 5, 6, 70]
