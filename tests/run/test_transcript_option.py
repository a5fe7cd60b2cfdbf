"""``--transcript``: every byte of every link in a file, and a run that is the same with and without it."""

import json
import re
from pathlib import Path

import pytest
from pvd_command import Ended, pvd

from pvdstation.protocol import sqc310

DEV_FULL = Path("/dev/full")
RUN = ("dry-run", "5 nm Zn at 0.5 nm/s", "--no-record", "--json", "--fault", "t=5s estop pressed")
LINKS = {"io", "supply1", "supply2", "sqc", "gauges", "turbo"}
LINE = re.compile(r" *(\d+\.\d{6}) (\w+) +([-><]) (.+)")


def result_of(done: Ended) -> dict:
    assert done.returncode == 4, done.stderr
    return json.loads(done.stdout) | {"wall_s": 0}


@pytest.fixture(scope="module")
def result() -> dict:
    return result_of(pvd(*RUN))


def test_every_byte_is_written_down_and_nothing_else_changes(result: dict, tmp_path: Path) -> None:
    file = tmp_path / "bytes.txt"
    done = pvd(*RUN, "--transcript", str(file))
    assert result_of(done) == result
    assert done.stderr == f"transcript: {file}\n"
    lines = [LINE.fullmatch(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {line[2] for line in lines if line[3] == ">"} == LINKS == {line[2] for line in lines if line[3] == "<"}
    times = [float(line[1]) for line in lines if line[2] == "sqc"]
    assert times == sorted(times)
    assert times[-1] <= result["plant_s"] + 1
    sent = b"".join(bytes.fromhex(line[4].partition("|")[0]) for line in lines if line.group(2, 3) == ("sqc", ">"))
    frames = sqc310.CommandFramer().feed(sent)
    assert sqc310.decode_command(frames[0]).message == "@"  # who are you


@pytest.mark.skipif(not DEV_FULL.exists(), reason="needs a file that is always full")
def test_a_full_disk_ends_the_transcript_and_not_the_run(result: dict) -> None:
    done = pvd(*RUN, "--transcript", str(DEV_FULL))
    assert result_of(done) == result
    assert done.stderr == "transcript: /dev/full, not complete: No space left on device\n"


@pytest.mark.parametrize("command", [RUN, ("run", RUN[1], "--speed", "1000", "--json"), ("probe", "--json")])
def test_a_file_that_cannot_be_written_is_refused_before_anything_starts(tmp_path: Path, command: tuple) -> None:
    done = pvd(*command, "--transcript", str(tmp_path / "nowhere" / "bytes.txt"))
    (error,) = json.loads(done.stdout)["errors"]
    assert (done.returncode, error["where"]) == (2, "--transcript")
    assert "there is no folder" in error["what"]
