"""The log of a core: nobody who has something to say waits for the disk."""

import os
from pathlib import Path

import pytest

from pvdstation.assembly.core.log import MOST_WAITING, NAME, Log

MANY = MOST_WAITING + 200  # no more than a pipe holds


def said(folder: Path) -> list[str]:
    return [line.partition(" ")[2] for line in (folder / NAME).read_text().splitlines()]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="stands for a disk that does not answer")
def test_a_disk_that_does_not_answer_keeps_no_scan_waiting(tmp_path) -> None:
    os.mkfifo(tmp_path / NAME)  # opening it waits for the other end
    log = Log(tmp_path)
    with log.beside():
        for number in range(MANY):
            log.line(f"line {number}")
        other_end = os.open(tmp_path / NAME, os.O_RDWR)
    assert os.read(other_end, 1_000_000).endswith(f" line {MANY - 1}\n".encode())
    os.close(other_end)


def test_what_was_said_last_is_there_at_the_end(tmp_path) -> None:
    log = Log(tmp_path)
    log.line("first")
    assert said(tmp_path) == ["first"]
    with log.beside():
        log.lines(["a", "b", "b", "b", "c"])
    log.line("last")
    assert said(tmp_path) == ["first", "a", "b (3 times)", "c", "last"]
