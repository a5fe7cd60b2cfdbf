"""Exit codes of the command line: design, section 9."""

import subprocess
import sys
from pathlib import Path

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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_output_that_is_full_is_told_in_one_sentence(options):
    command = [sys.executable, "-m", "pvdstation", "check", "wait 5 s", *options]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == ExitCode.INTERNAL
    assert ended.stderr.startswith("internal error (OSError); the details are in ")
    assert ended.stderr.count("\n") == 1
