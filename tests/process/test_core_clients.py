"""The commands that talk to a core: what they ask, what they print, when they come back, and with which exit code."""

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from pvd_command import pvd

from pvdstation.assembly.core.meeting import Where, address
from pvdstation.cli.changes import changes
from pvdstation.desk.asked import Asked
from pvdstation.desk.client import Client
from pvdstation.desk.line import Line
from pvdstation.desk.server import MOST_CALLERS, Server
from pvdstation.desk.snapshot import LayerShown, LinkShown, PositionShown, QuestionShown, Snapshot
from pvdstation.desk.talk import VERSION, Hello, Refused
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.record.cause import Cause
from pvdstation.record.results import RunResult

RUN = "20260314-091500-a3f2"
MASS = QuestionShown("mass", "Mass?", "10 to 500 mg", "mg", 10.0, 500.0)
SHOWN = Snapshot("sim", True, 1.0, 60 * SECOND, 0.0, "running", run=RUN, recipe="Zn", questions=(MASS,))


def result(outcome: str = "stopped", cause: Cause = Cause.OPERATOR, *, safe: bool = True) -> dict:
    by_operator = cause is Cause.OPERATOR
    ended = RunResult(
        outcome, "why", "simulated", safe, RUN, None, None, 1, 61.0, 61.0, cause=cause, by_operator=by_operator
    )
    return ended.as_json()


def event(number: int, text: str, kind: EventKind = EventKind.RUN, **values: str) -> Event:
    return Event(number, number * SECOND, kind, "run", text, tuple(values.items()))


Reply = Callable[["Core", Asked], None]


class Core:
    """A core that does what a test says."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.asked: list[tuple] = []
        self.replies: dict[str, Reply] = {}
        self._is_over = False
        self._thread = Thread(target=self._serve)
        self.open()

    def open(self) -> None:
        self.server = Server(address(self.where), "sim", lambda _: None)
        self.server.start()

    def start(self) -> None:
        self.server.publish(SHOWN, [event(1, "running"), event(2, "pause: accepted", EventKind.REQUEST)])
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_over:
            if self.server.arrived.wait(0.02):
                for asked in self.server.asked():
                    ask = asked.ask
                    self.asked.append((ask.verb, ask.about, ask.value, ask.person, ask.reason))
                    reply = self.replies.get(ask.verb)
                    reply(self, asked) if reply else self.server.answer(asked, text=f"{ask.verb}: accepted")

    def ends(self, asked: Asked, document: dict) -> None:
        """Accept, and be in the state that was asked for a little later."""
        self.server.answer(asked, text=f"{asked.ask.verb}: accepted")
        events = [event(3, f"{asked.ask.verb}: accepted", EventKind.REQUEST), event(4, document["outcome"])]
        self.server.publish(SHOWN._replace(state=document["outcome"]), events)
        self.server.tell_end(RUN, document)

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        self.server.close()


@pytest.fixture
def data(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory() as short:  # a socket's path has 108 bytes
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield str(tmp_path)


@pytest.fixture
def core(data):
    core = Core(Where(Path(data)))
    core.start()
    yield core
    core.close()


def test_where_no_core_runs_a_status_says_so_and_everything_else_is_refused(data) -> None:
    assert pvd("status", "--data", data) == (0, "no core runs for this station\n", "")
    assert json.loads(pvd("status", "--data", data, "--json").stdout)["state"] == "no core"
    for command in (["hold"], ["stop"], ["abort", "--no-wait"], ["attach"], ["clear"], ["quit"], ["answer", "a", "1"]):
        refused = pvd(*command, "--data", data)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "no core runs for this station" in refused.stderr


def test_a_status_is_plain_lines_or_the_snapshot(core, data) -> None:
    assert f"Run: {RUN}." in pvd("status", "--data", data).stdout.splitlines()
    assert Snapshot.of_json(json.loads(pvd("status", "--data", data, "--json").stdout)) == SHOWN


def test_what_changes_is_told_and_nothing_else() -> None:
    layer = LayerShown("Zn", "Zn", 30.0, 0.5, 0.51, 2.9, "SQC-310")
    shutter = PositionShown("N2 valve", "closed")
    before = SHOWN._replace(layers=(layer,), positions=(shutter,), links=(LinkShown("io", False, "", 3.0),))
    assert changes(None, before) == []
    assert changes(before, before._replace(now_ns=0, layers=(layer._replace(grown_nm=2.95, rate_nm_s=0.4),))) == []
    after = before._replace(
        layers=(layer._replace(grown_nm=3.1),),
        positions=(shutter._replace(position="open"),),
        links=(LinkShown("io", True, "no answer", math.nan),),
        in_charge="ui 7",
    )
    assert changes(before, after) == [
        "io: lost: no answer",
        "N2 valve: open",
        "Zn: 3.1 of 30.0 nm at 0.51 nm/s",
        "ui 7 is in charge",
    ]
    assert changes(after, before)[0] == "io: answers again"
    assert changes(before, after._replace(run="another")) == ["io: lost: no answer", "ui 7 is in charge"]


def test_a_request_is_asked_with_all_that_belongs_to_it(core, data) -> None:
    assert pvd("hold", "--data", data) == (0, "hold: accepted\n", "")
    pvd("shelve", "crystal_life", "60", "--who", "Mia", "--why", "changed later", "--data", data)
    pvd("override", "boat_resistance", "30", "--who", "Mia", "--why", "new boat", "--data", data)
    accepted = json.loads(pvd("clear", "--by", "Mia", "--data", data, "--json").stdout)
    assert (accepted["outcome"], accepted["verb"]) == ("accepted", "clear")
    assert core.asked == [
        ("hold", "", None, "", ""),
        ("shelve", "crystal_life", 60.0, "Mia", "changed later"),
        ("override", "boat_resistance", 30.0, "Mia", "new boat"),
        ("clear", "", None, "Mia", ""),
    ]


def test_a_refusal_is_shown_line_by_line(core, data) -> None:
    text = "resume is refused\n  ✗ chamber below 1e-5 mbar  2e-3 mbar  pump down\n  Rule vacuum."
    core.replies["resume"] = lambda core, asked: core.server.reply(asked, Refused(asked.ask.id, text))
    refused = pvd("resume", "--data", data)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "✗ chamber below 1e-5 mbar  2e-3 mbar  pump down\n" in refused.stderr


def test_who_is_in_charge_is_named_and_charge_is_taken_only_when_that_is_asked_for(core, data) -> None:
    with Client(address(core.where), "ui") as ui:
        ui.take_charge()
        refused = pvd("skip", "--data", data)
        assert (refused.returncode, core.asked) == (2, [])
        assert f"{ui.label} is in charge. Add --take-charge" in refused.stderr
        assert pvd("stop", "--no-wait", "--data", data).returncode == 0
        assert pvd("skip", "--take-charge", "--data", data).returncode == 0
    assert [asked[0] for asked in core.asked] == ["stop", "skip"]


def test_an_answer_is_read_as_its_question_wants_it(core, data) -> None:
    for value, words in (("much", '"much" is no number'), ("5 mg", "5 does not answer it")):
        refused = pvd("answer", "mass", value, "--data", data)
        assert (refused.returncode, words in refused.stderr) == (2, True)
    assert 'no question "colour" is open; open: mass' in pvd("answer", "colour", "yes", "--data", data).stderr
    assert pvd("answer", "mass", "20 mg", "--data", data).returncode == 0
    assert [asked[:3] for asked in core.asked] == [("answer", "mass", 20.0)]


@pytest.mark.parametrize(("verb", "safe", "code"), [("stop", True, 0), ("abort", False, 5)])
def test_an_end_comes_back_when_the_state_is_reached(core, data, verb, safe, code) -> None:
    outcome = "stopped" if verb == "stop" else "aborted"
    core.replies[verb] = lambda core, asked: core.ends(asked, result(outcome, safe=safe))
    ended = pvd(verb, "--why", "wrong sample", "--data", data)
    assert ended.returncode == code
    assert ended.stdout.splitlines()[:2] == [f"0:00:03  run: {verb}: accepted", f"0:00:04  run: {outcome}, "[:-2]]
    assert ("SAFE STATE NOT CONFIRMED" in ended.stdout) is not safe
    assert core.asked[0][4] == "wrong sample"


def test_stop_is_taken_from_another_version_and_nobody_is_waited_for(core, data, monkeypatch) -> None:
    monkeypatch.setattr("pvdstation.desk.client.VERSION", 99)
    ended = pvd("stop", "--data", data)
    assert (ended.returncode, ended.stdout) == (0, "stop: accepted\n")
    assert "speaks version" in ended.stderr
    assert pvd("hold", "--data", data).returncode == 2
    assert [asked[0] for asked in core.asked] == ["stop"]


def test_an_attached_terminal_gets_the_run_s_lines_result_and_exit_code(core, data) -> None:
    core.server.publish(SHOWN, [event(3, "Mass?", EventKind.QUESTION, id="mass", answer="10 to 500 mg")])
    tripped = result("aborted", Cause.INTERLOCK)
    Thread(target=lambda: (until_watched(core), core.server.tell_end(RUN, tripped))).start()
    followed = pvd("attach", "--data", data, "--json")
    assert (followed.returncode, json.loads(followed.stdout)) == (4, tripped)
    assert '>> Mass? [10 to 500 mg]: "pvd answer mass VALUE"' in followed.stderr
    assert pvd("attach", "--data", data, "--json") == followed  # who comes late hears the same
    core.server.publish(SHOWN._replace(run="", state="idle"))
    none = pvd("attach", "--data", data)
    assert (none.returncode, none.stdout) == (2, "")
    assert "no run is on" in none.stderr


def until_watched(core: Core) -> None:
    """Wait until somebody has said hello."""
    while not any(caller.is_watching for caller in tuple(core.server._reception.callers.values())):
        core.server.arrived.wait(0.01)


def test_a_client_that_was_dropped_comes_again_and_repeats_nothing(core, data) -> None:
    def crowd() -> None:
        until_watched(core)
        lines = []
        for number in range(MOST_CALLERS):
            lines.append(Line(address(core.where), 5.0))
            lines[-1].send(Hello(VERSION, "another", number, watch=False))
            lines[-1].receive()
        for line in lines:
            line.close()
        while core.server.clients > 1:
            core.server.arrived.wait(0.01)
        until_watched(core)
        core.server.publish(SHOWN, [event(5, "stopping")])
        core.server.tell_end(RUN, result())

    Thread(target=crowd).start()
    followed = pvd("attach", "--data", data)
    assert followed.returncode == 3
    assert [line for line in followed.stdout.splitlines() if line.startswith(("0:", ">>"))] == [
        "0:00:01  run: running",
        "0:00:02  run: pause: accepted",
        ">> connected again: there are too many clients",
        ">> 2 events were not heard; the record has them",
        "0:00:05  run: stopping",
    ]


def test_a_core_that_dies_leaves_no_confirmed_safe_state(core, data) -> None:
    def died() -> None:
        until_watched(core)
        core.server.close("killed")

    Thread(target=died).start()
    lost = pvd("attach", "--data", data, "--json")
    document = json.loads(lost.stdout)
    assert (lost.returncode, document["outcome"], document["safe"], document["run"]) == (5, "unknown", None, RUN)
    assert "is no longer followed: killed; nobody runs this station" in lost.stderr


def test_quit_comes_back_when_the_core_has_ended(core, data) -> None:
    def end(core: Core, asked: Asked) -> None:
        core.server.answer(asked)
        Thread(target=core.server.close).start()

    core.replies["quit"] = end
    assert pvd("quit", "--data", data) == (0, "the core has ended\n", "")
