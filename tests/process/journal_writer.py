"""Writers of records that are killed, or whose files may not grow: ``journal_writer.py crash|limit FOLDER``.

Prints one JSON line per record: what its writer was told to be durable. Forks its writers, so that each costs
milliseconds and not an interpreter.
"""

import contextlib
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from pathlib import Path
from random import Random
from threading import Event as Flag

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from journal_bench import END, PERIOD_NS, SIGNALS, opening, scan

from pvdstation.record.journal import InlineJournal, ThreadedJournal

KILLS = 100
AT_ONCE = 4
EVENTS, FEW = 400, 2
"""After so many a writer comes to its end, and every fifth after few: some of those are killed there."""
LATEST = 3
"""The latest moment of a kill after the fork, in lives of a writer of few events."""
ENDED = -2
LIMIT_BYTES = 150_000
_ACK = struct.Struct("<i")


def begin(folder: Path, run: str, number: int):
    """Return a journal: every other one with a thread of its own."""
    if number % 2:
        return ThreadedJournal(folder, opening(run), SIGNALS)
    return InlineJournal(folder, opening(run, speed=1e9), SIGNALS, is_durable=True)


def write(journal, events: int, say) -> None:
    """Record scans, say what has become durable, and come to the end."""
    pause, said = Flag(), -1
    for number in range(1, 2 * events):
        journal.record(scan(number, number // 2) if number % 2 else scan(number))
        while number // 2 - journal.durable() > 3:  # no faster than the disk
            pause.wait(0.0005)
        if (durable := journal.durable()) != said:
            say(said := durable)
    journal.finish(2 * events * PERIOD_NS, END)
    say(ENDED)


def start(folder: Path, run: str, number: int) -> tuple[int, int]:
    """Fork a writer; return its id and the pipe on which it says what is durable."""
    mouth, ear = os.pipe()[::-1]
    pid = os.fork()
    if pid:
        os.close(mouth)
        return pid, ear
    try:
        events = EVENTS if number % 5 else FEW
        write(begin(folder, run, number), events, lambda event: os.write(mouth, _ACK.pack(event)))
    finally:
        os._exit(0)


def tell(record: dict) -> None:
    """Print a line."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def life_s(folder: Path, run: str) -> float:
    """Return how long a writer of few events lives on this computer."""
    began_s = time.monotonic()
    pid, ear = start(folder, run, 0)
    os.waitpid(pid, 0)
    os.close(ear)
    return time.monotonic() - began_s


def crash(folder: Path) -> None:
    """Kill writers at random moments, until so many were killed before they had ended by themselves."""
    chance, begun, killed, running = Random(4), 0, 0, []
    latest_s = LATEST * min(life_s(folder, f"unharmed-{number}") for number in range(3))
    while killed < KILLS or running:
        while killed < KILLS and len(running) < AT_ONCE:
            begun += 1
            pid, ear = start(folder, f"run-{begun:03}", begun)
            running.append((time.monotonic() + chance.uniform(0, latest_s), begun, pid, ear))
            running.sort()
        due_s, number, pid, ear = running.pop(0)
        select.select([], [], [], max(0.0, due_s - time.monotonic()))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        told = os.read(ear, 65536)  # the pipe holds them all
        os.close(ear)
        acks = [ack for (ack,) in _ACK.iter_unpack(told)]
        killed += os.WIFSIGNALED(status)
        tell({"run": f"run-{number:03}", "acks": acks, "killed": os.WIFSIGNALED(status)})


def limit(folder: Path) -> None:
    """Go on where no file may grow beyond a limit."""
    acks, segments = [], []
    journal = begin(folder, "limited", 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, resource.RLIM_INFINITY))
    with contextlib.suppress(OSError):
        for number in range(1, 601):
            journal.record(scan(number, number - 1))
            while number - 1 - journal.durable() > 3:
                Flag().wait(0.0005)
            acks.append(journal.durable())
            segments.append(journal.segment())
        journal.finish(601 * PERIOD_NS, END)
        acks.append(ENDED)
    tell({"run": "limited", "acks": acks, "segments": segments[-1]})


if __name__ == "__main__":
    {"crash": crash, "limit": limit}[sys.argv[1]](Path(sys.argv[2]))
