"""Ctrl+C and SIGTERM end a dry run, a real process: no traceback, the promised exit code, and a result."""

import json
import signal
import subprocess
import sys

import pytest

RECIPE = "300 nm Zn at 0.5 nm/s"


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pvdstation", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def read_until(process: subprocess.Popen[str], words: str, stream: str = "stdout") -> str:
    seen = ""
    for line in getattr(process, stream):
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} never came; {seen!r}")


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    assert "KeyboardInterrupt" not in out + err
    return process.returncode, out


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_dry_run_ends_at_once_and_says_how_far_it_came(asked):
    process = start("dry-run", RECIPE)
    read_until(process, "SIMULATED")
    process.send_signal(asked)
    code, out = end(process)
    assert code == 3
    assert "STOPPED: ended by the operator · ended before a safe state was reached" in out
    assert "not started" in out


def test_a_dry_run_that_is_ended_gives_its_json(tmp_path):
    events = tmp_path / "events.fifo"
    process = start("dry-run", RECIPE, "--json", "--events", str(events))
    while not events.exists() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    code, out = end(process)
    document = json.loads(out)
    assert (code, document["outcome"], document["safe"]) == (3, "stopped", None)
    assert document["steps"][-1]["state"] == "not started"
