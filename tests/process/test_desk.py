"""The desk with real sockets: who may ask, who is slowed down, who is dropped, and that the core never waits."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread

import pytest

from pvdstation.desk import door
from pvdstation.desk.client import Client, ask_urgently
from pvdstation.desk.door import Door
from pvdstation.desk.frames import OUT_BYTES, Deframer
from pvdstation.desk.line import DeskError, Gone, NoAnswer, NobodyThere, OtherVersion
from pvdstation.desk.pipe import PipeDoor, knock_at_pipe
from pvdstation.desk.place import DoorError, address_of, runtime_folder
from pvdstation.desk.server import MOST_CALLERS, Server
from pvdstation.desk.snapshot import SignalShown, Snapshot
from pvdstation.desk.talk import (
    VERSION,
    Accepted,
    Ask,
    Ended,
    Events,
    Goodbye,
    Hello,
    InCharge,
    Refused,
    Welcome,
    say,
    told,
)
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.model.signals import Quality

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the desk's socket is a Unix socket")
PATIENCE_S = 10.0
SIGNALS = tuple(SignalShown(f"signal.{n}", "mbar", 3, n / 7, Quality.GOOD, 0.1) for n in range(100))
SHOWN = Snapshot("sim", is_simulated=True, speed=1.0, now_ns=0, wall_s=0.0, state="running", run="r1", signals=SIGNALS)
STOP = b'\x00\x00\x00\x0e{"say":"stop"}'
ABORT = b'\x00\x00\x00\x0f{"say":"abort"}'


def event(number: int, text: str = "something") -> Event:
    return Event(number, number, EventKind.NOTE, "desk", text)


class Core:
    """A core that accepts whatever it is asked for, as soon as it is asked."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.taken: list[tuple[str, str]] = []
        self.errors: list[BaseException] = []
        self.is_over = False
        self.thread = Thread(target=self._scan)

    def _scan(self) -> None:
        while not self.is_over:
            if self.server.arrived.wait(0.05):
                for asked in self.server.asked():
                    self.taken.append((asked.client, asked.ask.verb))
                    self.server.answer(asked, text=f"{asked.ask.verb} it is")

    def verbs(self) -> list[str]:
        return [verb for _, verb in self.taken]


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as made:  # shorter than tmp_path: a socket's path has 108 bytes
        os.chmod(made, 0o700)
        yield Path(made)


@pytest.fixture
def core(folder):
    errors: list[BaseException] = []
    server = Server(folder / "a.sock", "sim", errors.append, patience_s=1.0)
    made = Core(server)
    server.start()
    made.thread.start()
    yield made
    made.is_over = True
    made.thread.join()
    server.close()
    assert not errors


@pytest.fixture
def address(core, folder):
    return folder / "a.sock"


class Raw:
    """A client that is none of ours."""

    def __init__(self, address: Path, connected: socket.socket | None = None) -> None:
        self.socket = connected or socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE_S)
        if connected is None:
            self.socket.connect(str(address))
        self._held = Deframer(OUT_BYTES)

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def next(self):
        """Return the next message; None when the core has ended the connection."""
        while (payload := self._held.take()) is None:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._held.feed(data)
        return told(payload)

    def until(self, kind):
        while not isinstance(message := self.next(), kind):
            assert message is not None
        return message


def until(holds, patience_s: float = PATIENCE_S):
    """Look again and again until something holds."""
    end_s = time.monotonic() + patience_s
    while not (found := holds()):
        assert time.monotonic() < end_s, "it never came"
        select.select([], [], [], 0.005)
    return found


def news_of(client: Client, kind):
    while not isinstance(message := client.news(PATIENCE_S), kind):
        assert message is not None
    return message


def test_a_client_asks_and_sees_the_newest_snapshot_and_every_event(core, address):
    core.server.publish(SHOWN, [event(1)])
    with Client(address, "ui") as client:
        assert (client.station, client.label, client.in_charge) == ("sim", f"ui {os.getpid()}", "")
        assert news_of(client, Events) == Events("r1", (event(1),))
        assert news_of(client, Snapshot) == SHOWN
        assert client.ask("hold", reason="a look") == Accepted(1, "hold it is")
        assert client.is_in_charge
        for number in range(2, 400):
            core.server.publish(SHOWN._replace(now_ns=number), [event(number)])
        numbers: list[int] = []
        while len(numbers) < 398:
            numbers += [told_event.number for told_event in news_of(client, Events).events]
        assert numbers == list(range(2, 400))
        newest = SHOWN._replace(now_ns=399, in_charge=client.label)
        until(lambda: client.news(PATIENCE_S) == newest)
        assert client.news(0.0) is None


def test_charge_is_taken_over_visibly_and_is_free_when_its_client_goes(core, address):
    with Client(address, "ui", watch=False) as first, Raw(address) as second:
        assert isinstance(first.ask("hold"), Accepted)
        second.socket.sendall(say(Hello(VERSION, "other")))
        assert second.until(Welcome).in_charge == first.label
        second.socket.sendall(say(Ask(1, "pause")))
        assert second.until(Refused) == Refused(1, f"{first.label} is in charge: take charge first")
        second.socket.sendall(_take(2, "Eva"))
        assert second.until(InCharge) == InCharge(f"other {os.getpid()}")
        assert second.until(Accepted).id == 2
        assert news_of(first, InCharge) == InCharge(f"{first.label}")
        assert news_of(first, InCharge).client.startswith("other")
        assert isinstance(first.ask("pause"), Refused)
        assert isinstance(first.ask("stop"), Accepted)
    until(lambda: not core.server.in_charge and not core.server.clients)
    assert core.verbs() == ["hold", "stop"]
    notes = core.server.notes()
    assert f"other {os.getpid()} took charge for Eva from {first.label}" in notes
    assert notes[-1] == f"other {os.getpid()} is no longer in charge"


def _take(number: int, person: str) -> bytes:
    payload = json.dumps({"say": "take_charge", "id": number, "person": person}).encode()
    return len(payload).to_bytes(4, "big") + payload


def test_ten_thousand_requests_are_read_at_twenty_a_second_and_another_client_stops_at_once(core, address):
    with Raw(address) as flooder:
        flooder.socket.sendall(say(Hello(VERSION, "flood", watch=False)))
        began_s = time.monotonic()
        flood = Thread(target=_pour, args=(flooder.socket, say(Ask(1, "ack")) * 10_000))
        flood.start()
        until(lambda: len(core.taken) >= 19)
        asked_s = time.monotonic()
        assert isinstance(ask_urgently(address, Verb.STOP, "pvd"), Accepted)
        assert time.monotonic() - asked_s < 0.5
        assert (f"pvd {os.getpid()}", "stop") in core.taken
        until(lambda: core.verbs().count("ack") > 20)
        assert time.monotonic() - began_s >= 1.0
        until(lambda: time.monotonic() - began_s > 1.5)
        read = core.verbs().count("ack")
        assert read <= 20 * (1 + int(time.monotonic() - began_s))
        flooder.socket.shutdown(socket.SHUT_RDWR)
        flood.join()
    until(lambda: not core.server.clients)


def _pour(into: socket.socket, data: bytes) -> None:
    try:
        into.sendall(data)
    except OSError:
        return


def test_a_client_that_stops_reading_is_dropped_and_publishing_never_waits(core, address):
    with Raw(address) as stalled, Client(address, "ui") as client:
        stalled.socket.sendall(say(Hello(VERSION, "stalled")))
        stalled.until(Welcome)
        took_s: list[float] = []
        number = 0
        seen: list[int] = []
        while not any("stalled" in note for note in core.server.notes()):
            number += 1
            began_s = time.perf_counter()
            core.server.publish(SHOWN._replace(now_ns=number), [event(number, "x" * 500)] * 4)
            took_s.append(time.perf_counter() - began_s)
            seen += [told_event.number for told_event in news_of(client, Events).events]
            assert number < 50_000
        assert max(took_s) < 0.2  # a scan has 0.25 s, and this computer other things to do
        assert sorted(took_s)[len(took_s) // 2] < 0.001
        assert sorted(seen) == seen
        assert core.server.clients == 1
    until(lambda: not core.server.clients)


def test_what_is_too_long_for_a_frame_is_cut_and_the_desk_goes_on(folder):
    problems = tuple({"where": f"step {n}", "what": "x" * 200} for n in range(6000))
    errors: list[BaseException] = []
    server = Server(folder / "a.sock", "sim", errors.append)
    server.start()
    try:
        with Client(folder / "a.sock", "ui") as client:
            answers: list[Accepted | Refused] = []
            asking = Thread(target=lambda: answers.append(client.ask("pause")))
            asking.start()
            assert server.arrived.wait(PATIENCE_S)
            (asked,) = server.asked()
            server.reply(asked, Refused(asked.ask.id, "6000 problems", problems, 6))
            asking.join(PATIENCE_S)
            assert answers == [Refused(1, "6000 problems", (), 6)]
            server.tell_end("r1", {"outcome": "stopped", "safe": True, "alarms": list(problems)})
            told_last = [client.news(PATIENCE_S), client.news(PATIENCE_S)][-1]  # who is in charge comes first
            assert told_last == Ended("r1", {"outcome": "stopped", "safe": True, "alarms": []})
        assert [note for note in server.notes() if "cut" in note]
        assert errors == []
    finally:
        server.close()


def test_snapshots_alone_do_not_pile_up_for_a_client_that_does_not_read(core, address):
    with Raw(address) as stalled:
        stalled.socket.sendall(say(Hello(VERSION, "stalled")))
        stalled.until(Welcome)
        for number in range(60):
            core.server.publish(SHOWN._replace(now_ns=number))
            until(lambda: not core.server._snapshots)
        caller = core.server._reception.callers[1]
        assert len(caller.outbox._newest) < 20_000
        assert not caller.outbox._ordered
        taken = [stalled.next()["now_ns"]]
        while taken[-1] < 59:
            taken.append(stalled.next()["now_ns"])
        assert taken == sorted(set(taken))
        assert len(taken) < 50  # what had not begun to be sent gave way to the newest


@pytest.mark.parametrize("start", [b"", say(Hello(VERSION, "bad", watch=False))], ids=["no hello", "hello"])
def test_a_header_of_100_mb_ends_the_connection_with_a_sentence(core, address, start):
    with Raw(address) as bad:
        bad.socket.sendall(start + (100_000_000).to_bytes(4, "big"))
        assert "100000000 bytes" in _last(bad).text
    assert "100000000 bytes" in "".join(core.server.notes())


@pytest.mark.parametrize("payload", [b"NaN", b"[]", b"\xff", b'{"say":"ask","id":1,"verb":"explode"}'])
def test_what_is_no_message_ends_the_connection_with_a_sentence(core, address, payload):
    with Raw(address) as bad:
        bad.socket.sendall(len(payload).to_bytes(4, "big") + payload)
        assert _last(bad).text


def _last(raw: Raw):
    message = None
    while (after := raw.next()) is not None:
        message = after
    return message


def test_a_client_of_another_version_can_stop_and_abort_and_nothing_else(core, address):
    with Raw(address) as other:
        other.socket.sendall(say(Hello(VERSION + 1, "new")))
        assert other.next() == Welcome(VERSION, "sim", f"new {os.getpid()}", "")
        other.socket.sendall(say(Ask(1, "hold")))
        assert "only stop and abort" in other.until(Refused).text
        core.server.publish(SHOWN, [event(1)])
        other.socket.sendall(STOP + ABORT)
        assert [other.next(), other.next()] == [Accepted(0, "stop it is"), Accepted(0, "abort it is")]
    assert core.verbs() == ["stop", "abort"]


def test_stop_needs_no_hello(core, address):
    with Raw(address) as bare:
        bare.socket.sendall(say(Ask(4, "resume")) + STOP)
        assert bare.next() == Refused(4, "say hello first")
        assert bare.next() == Accepted(0, "stop it is")


def test_a_core_of_another_version_is_told_by_its_own_name_and_can_be_stopped(folder):
    heard: list[bytes] = []
    welcome = b'{"say":"welcome","version":9,"colour":"blue"}'
    strange = b'{"say":"weather","wind":3}'

    def be_later() -> None:
        for _ in range(2):
            select.select([listening], [], [], PATIENCE_S)
            with listening.accept() as connected:
                connected.settimeout(PATIENCE_S)
                heard.append(connected.recv(65536))
                if b'"stop"' not in heard[-1]:
                    select.select([connected], [], [], 0.2)
                with suppress(OSError):  # a client of another version hangs up at the first word
                    for payload in (welcome, strange, b'{"say":"accepted","id":1,"text":"stopping"}'):
                        connected.sendall(len(payload).to_bytes(4, "big") + payload)
                    while connected.recv(65536):
                        pass

    listening = Door(folder / "b.sock")
    later = Thread(target=be_later)
    later.start()
    with pytest.raises(OtherVersion, match="speaks version 9, this program 1"):
        Client(folder / "b.sock", "ui")
    assert ask_urgently(folder / "b.sock", Verb.STOP, "ui") == Accepted(1, "stopping")
    later.join()
    listening.close()


def test_ends_are_told_in_words_and_a_client_connects_again(folder):
    address = folder / "a.sock"
    with pytest.raises(NobodyThere, match="nobody runs this station"):
        Client(address, "ui")
    first = Server(address, "sim", pytest.fail)
    first.start()
    client = Client(address, "ui")
    with pytest.raises(NoAnswer, match=r"has not answered to hold within 0\.2 s"):
        client.ask("hold", timeout_s=0.2)  # nobody takes it
    assert [asked.ask.verb for asked in first.asked()] == ["hold"]
    first.close("the core has ended: SIGTERM")
    with pytest.raises(Gone, match="SIGTERM"):
        news_of(client, Snapshot)
    with pytest.raises(Gone, match="SIGTERM"):
        client.ask("hold")
    with pytest.raises(NobodyThere):
        client.reconnect()
    second = Server(address, "sim", pytest.fail)
    second.start()
    client.reconnect()
    second.publish(SHOWN)
    assert news_of(client, Snapshot) == SHOWN
    client.close()
    second.close()
    assert not address.exists()


def test_one_more_client_than_there_is_room_for_makes_the_quietest_go(core, address):
    with ExitStack() as stack:
        crowd = [stack.enter_context(Raw(address)) for _ in range(MOST_CALLERS + 5)]
        assert crowd[0].next().text == "there are too many clients"
        assert isinstance(ask_urgently(address, Verb.ABORT, "pvd"), Accepted)
        assert core.server.clients <= MOST_CALLERS


HOLDER = """
import sys
from pathlib import Path
from pvdstation.desk.pipe import PipeDoor, knock_at_pipe
from pvdstation.desk.place import DoorError, address_of, runtime_folder
from pvdstation.desk.server import Server
server = Server(Path(sys.argv[1]), "sim", print)
server.start()
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_socket_of_a_live_core_is_refused_and_that_of_a_killed_one_replaced(folder):
    address = folder / "a.sock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "ready\n"
    with pytest.raises(DoorError, match="another core runs this station already"):
        Server(address, "sim", pytest.fail)
    with Client(address, "ui") as client:
        assert client.station == "sim"
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        with pytest.raises(Gone, match="has ended"):
            client.news(PATIENCE_S)
    assert address.is_socket()
    with pytest.raises(NobodyThere):
        Client(address, "ui")
    server = Server(address, "sim", pytest.fail)
    server.start()
    Client(address, "ui").close()
    server.close()


def test_a_door_that_cannot_be_opened_is_told_in_words(folder):
    (folder / "a.sock").mkdir()
    (folder / "b.lock").symlink_to(folder / "elsewhere")
    with pytest.raises(DoorError, match="cannot be made"):
        Door(folder / "a.sock")
    with pytest.raises(DoorError, match="cannot be opened"):
        Door(folder / "b.sock")
    with pytest.raises(DoorError, match="is too long"):
        Door(folder / ("c" * 100))


def test_the_folder_of_sockets_is_ours_closed_to_others_and_no_link(folder, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert runtime_folder() == folder / "pvdstation"
    assert (folder / "pvdstation").stat().st_mode & 0o777 == 0o700
    one, two = (address_of(folder, station) for station in ("sim", folder / "lab.toml"))
    assert one != two == address_of(folder, folder / "." / "lab.toml")
    (folder / "pvdstation").chmod(0o755)
    with pytest.raises(DoorError, match="closed to others"):
        runtime_folder()
    (folder / "pvdstation").rmdir()
    (folder / "elsewhere").mkdir(mode=0o700)
    (folder / "pvdstation").symlink_to(folder / "elsewhere")
    with pytest.raises(DoorError, match="is not a folder of this user"):
        runtime_folder()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert runtime_folder() == folder / f"pvdstation-{os.getuid()}"


def test_a_process_of_another_user_is_refused(core, address, monkeypatch):
    with Raw(address) as client:
        until(lambda: core.server.clients == 1)
        monkeypatch.setattr(door.os, "geteuid", lambda: os.getuid() + 1)
        with pytest.raises(DoorError, match="belongs to another user"):
            door.refuse_strangers(client.socket)
        monkeypatch.undo()
    with pytest.raises(DeskError, match="cannot be used"):
        Client(address.parent / "nowhere" / "a.sock", "ui")


def test_what_windows_does_by_a_named_pipe_works_by_the_same_library_over_a_socket_here(folder):
    address = folder / "pipe.sock"
    server = Server(PipeDoor(address), "sim", pytest.fail)
    server.start()
    with pytest.raises(DoorError, match="another core runs this station already"):
        PipeDoor(address)
    with Raw(address, knock_at_pipe(address, PATIENCE_S)) as first, Raw(address, knock_at_pipe(address, 1.0)) as bare:
        first.socket.sendall(say(Hello(VERSION, "ui")))
        assert first.until(Welcome).station == "sim"
        long = "x" * 300_000
        server.publish(SHOWN, [event(1, long)])
        assert first.until(Events).events[0].text == long
        bare.socket.sendall(STOP)
        asked = until(server.asked)[0]
        server.answer(asked, text="stopping")
        assert bare.next() == Accepted(0, "stopping")
        bare.socket.close()
        until(lambda: server.clients == 1)
        server.close("the core has ended")
        assert first.until(Goodbye).text == "the core has ended"
        assert first.next() is None
