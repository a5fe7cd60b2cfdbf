"""The command of the station file: a real one, which writes down what it was told."""

import os
import select
import sys
from importlib.resources import files
from itertools import count

import pytest

from pvdstation.assembly.core.log import Log
from pvdstation.assembly.core.notifying import APART_S, MOST_AT_ONCE, Notifier
from pvdstation.model.messages import Event, EventKind
from pvdstation.model.toml import load_station

SCRIPT = """
import os, sys
told = "".join(f"{key}={value}|" for key, value in sorted(os.environ.items()) if key.startswith("PVD_"))
print(os.getcwd() + "|" + " ".join(sys.argv[2:]) + "|" + told, file=open(sys.argv[1], "w"))
"""


class Told:
    """A named pipe that the command writes into, and the notifier that starts it."""

    def __init__(self, folder, *words):
        self.pipe, script, self.folder = folder / "told", folder / "tell.py", folder
        script.write_text(SCRIPT)
        os.mkfifo(self.pipe)
        self._reader = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)  # a pipe that is never at its end
        self.now_s = 1000.0
        command = [sys.executable, str(script), str(self.pipe), *words]
        self.notifier = Notifier(command, "our station", Log(folder), lambda: self.now_s)

    def line(self):
        assert select.select([self._reader], [], [], 20)[0], "nobody was told"
        return os.read(self._reader, 65536).decode().strip()

    def close(self):
        for child in self.notifier._children:
            child.wait(20)
        os.close(self._reader)


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.delenv("PVD_DATA")
    one = Told(tmp_path, "a b", "$HOME; rm x")
    yield one
    one.close()


NUMBERS = count(1)


def alarm(name="water_flow", state="came", kind=EventKind.TRIP):
    values = (("state", state), ("priority", "high"))
    return Event(next(NUMBERS), 0, kind, name, "cooling water flows: lost", values)


def test_an_alarm_is_told_in_the_environment_and_the_words_stay_those_of_the_file(told):
    told.notifier.take("run-1", [alarm(kind=EventKind.RUN), alarm(state="gone"), alarm(), alarm("second")])
    assert told.line() == (
        "/|a b $HOME; rm x|PVD_EVENT=alarm|PVD_PRIORITY=high|PVD_RULE=water_flow|PVD_RUN=run-1|"
        "PVD_STATION=our station|PVD_TEXT=water_flow: cooling water flows: lost|"
    )
    assert len(told.notifier._children) == 1  # the first one is the cause


def test_what_comes_soon_after_an_alarm_is_not_told_and_what_comes_later_is(told):
    told.notifier.take("run-1", [alarm()])
    told.line()
    told.now_s += APART_S
    told.notifier.take("run-1", [alarm("second")])
    told.now_s += 1
    told.notifier.take("run-1", [alarm("third")])
    assert "PVD_RULE=third" in told.line()


@pytest.mark.parametrize(("is_safe", "word"), [(True, "yes"), (False, "no"), (None, "unknown")])
def test_an_end_is_told_with_whether_off_is_confirmed(is_safe, word, told):
    told.notifier.tell_end("run-1", "aborted", "water_flow", is_safe=is_safe)
    assert told.line() == (
        f"/|a b $HOME; rm x|PVD_EVENT=end|PVD_OUTCOME=aborted|PVD_RUN=run-1|PVD_SAFE={word}|"
        "PVD_STATION=our station|PVD_TEXT=aborted: water_flow|"
    )


def test_a_command_that_cannot_be_started_or_never_ends_stops_nothing_and_stands_in_the_log(tmp_path):
    missing = Notifier([str(tmp_path / "none")], "s", Log(tmp_path))
    missing.tell_end("run-1", "complete", "done", is_safe=True)
    slow = Notifier(["sleep", "60"], "s", Log(tmp_path))
    for _ in range(MOST_AT_ONCE + 1):
        slow.tell_end("run-1", "complete", "done", is_safe=True)
    assert len(slow._children) == MOST_AT_ONCE
    for child in slow._children:
        child.kill()
        child.wait()
    log = (tmp_path / "core.log").read_text()
    assert "the command of notify cannot be started" in log
    assert f"not notified of complete: done: {MOST_AT_ONCE} earlier commands have not ended" in log


def test_without_a_command_nobody_is_told(tmp_path):
    Notifier(None, "s", Log(tmp_path)).take("run-1", [alarm()])
    Notifier(None, "s", Log(tmp_path)).tell_end("run-1", "complete", "done", is_safe=True)
    assert list(tmp_path.iterdir()) == []


def test_the_line_of_the_example_is_a_command():
    text = files("pvdstation.stations").joinpath("example.toml").read_text(encoding="utf-8")
    assert load_station(text.encode(), "example.toml").notify is None
    given = load_station(text.replace("# notify = ", "notify = ").encode(), "example.toml")
    assert given.notify == ["/usr/local/bin/tell-me"]
