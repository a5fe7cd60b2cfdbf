"""``pvd probe`` on simulated stations in this process: every instrument is named, and nothing is written."""

import json
import re
from importlib.resources import files

import pytest

from pvdstation.assembly import probing
from pvdstation.assembly.vanishing import if_we_vanish
from pvdstation.assembly.world import open_world
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.probe_command import run_probe
from pvdstation.cli.streams import Streams
from pvdstation.model.toml import load_station, read_toml
from pvdstation.protocol import modbus, sqc310, supply, supply_gen, turbo, vacuum
from pvdstation.protocol.sqc310_commands import Remote, remote_relay

SIM = files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8")
READS = {1, 2, 3, 4}
"""Modbus functions that read."""


def gen(text: str) -> str:
    """Return the station with a legacy supply at boat 1."""
    head, rest = text.split("[supply.1]", 1)
    table, rest = rest.split("[supply.2]", 1)
    table = table.replace('model = "GH10-100"', 'dialect = "gen"\nmodel = "GEN10-100"\naddress = 6\nbaud = 19200')
    table = re.sub(r"foldback = .*\n", "", table.replace('watchdog = "4 s"', 'watchdog = "none"'))
    return f"{head}[supply.1]{table}[supply.2]{rest}"


def unlinked(text: str) -> str:
    """Return the station with a supply at boat 1 that only the SQC-310 drives."""
    text = gen(text)
    head, rest = text.split("[supply.1]", 1)
    table, rest = rest.split("[supply.2]", 1)
    table = re.sub(r"(port|model|address|baud) = .*\n", "", table).replace('"gen"', '"none"')
    table = f'\ndialect = "none"\n{re.sub(r"dialect = .*", "", table)}'
    return f"{head}[supply.1]{table}[supply.2]{rest}"


def with_relay(text: str) -> str:
    return text.replace('port = "sim:sqc"', 'port = "sim:sqc"\nshutter_relay = 5')


class Overheard:
    """The simulated world, with every byte that goes to an instrument kept."""

    def __init__(self, world) -> None:
        self._world = world
        self.names = world.names
        self.heard: dict[str, bytes] = dict.fromkeys(world.names, b"")

    def receive(self, name, data, now_ns):
        self.heard[name] += data
        return self._world.receive(name, data, now_ns)

    def collect(self, name):
        return self._world.collect(name)

    def advance_to(self, now_ns):
        self._world.advance_to(now_ns)


@pytest.fixture
def overhear(monkeypatch):
    """Listen to the worlds that a probe opens."""
    worlds = []

    def opened(values, seed):
        world = open_world(values, seed)
        if values["sqc"].get("shutter_relay"):
            world.receive("sqc", sqc310.encode_command(remote_relay(5, Remote.ON)), 0)
            assert world.instruments["sqc"].relays.is_on(5)
        worlds.append((world, Overheard(world)))
        return worlds[-1][1]

    monkeypatch.setattr(probing, "open_world", opened)
    return worlds


@pytest.fixture
def station(tmp_path):
    def written(text: str) -> str:
        file = tmp_path / "station.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return written


def is_read(link: str, heard: bytes) -> bool:
    """Return whether bytes hold questions only, as the manual of the instrument reads them."""
    if link == "sqc":
        frames = sqc310.CommandFramer().feed(heard)
        words = [sqc310.decode_command(frame).message for frame in frames]
        return bool(words) and all(re.fullmatch(r"@|J|[K-Q]\d+|PA.*|[A-Z]+\d* ?\d*\?.*", word) for word in words)
    if link == "io":
        frames = modbus.TcpFramer().feed(heard)
        return bool(frames) and all(frame[7] in READS for frame in frames)
    if link == "gauges":
        words = set(re.split(rb"[\x05\x03\r\n]+", heard)) - {b""}
        return bool(words) and all(re.fullmatch(rb"AYT|PNR|TID|UNI|ERR|PRX|PR\d", word) for word in words)
    if link == "turbo":
        frames = turbo.TelegramFramer().feed(heard)
        return bool(frames) and all(turbo.decode(frame).data == turbo.ASK for frame in frames)
    words = re.split(rb"[\r\n]+", heard.strip())
    return len(words) > 3 and all(word.partition(b"$")[0].endswith(b"?") or word[:4] == b"ADR " for word in words)


def test_the_check_of_the_bytes_knows_a_write():
    assert not is_read("sqc", sqc310.encode_command("U1"))
    assert not is_read("sqc", sqc310.encode_command(remote_relay(5, Remote.UNLOCK)))
    assert not is_read("io", modbus.Host(1).ask(modbus.Call(modbus.WRITE_COILS, 0x200, 12, 0)).frame)
    assert not is_read("gauges", b"UNI,1\r")
    on = turbo.Telegram(1, turbo.COMMAND, 23, "111111")
    assert not is_read("turbo", turbo.encode(on))
    assert not is_read("supply1", supply.line("*IDN?") * 4 + supply.line("OUTP 0"))
    assert not is_read("supply1", supply_gen.line("IDN?") * 4 + supply_gen.line("OUT 0"))
    assert is_read("gauges", vacuum.ETX + b"AYT\r\x05")


@pytest.mark.parametrize("change", [str, gen, unlinked, with_relay])
def test_nothing_but_questions_reaches_the_instruments(overhear, station, change):
    result = probing.probe(station(change(SIM)))
    assert not result.unreachable
    ((world, overheard),) = overhear
    assert {name for name, heard in overheard.heard.items() if not is_read(name, heard)} == set()
    if change is with_relay:
        assert world.instruments["sqc"].relays.is_on(5)  # left as it was found


def test_a_survey_reads_and_gives_the_fingerprint_of_the_file(overhear, station, capsys):
    assert run_probe(Streams(), station(SIM), with_survey=True) is ExitCode.COMPLETE
    ((_, overheard),) = overhear
    assert is_read("sqc", overheard.heard["sqc"])
    head, fingerprint = capsys.readouterr().out.split("[sqc.fingerprint]")
    assert "HA1" in head
    values = read_toml(SIM.encode(), "sim.toml").values["sqc"]["fingerprint"]
    shown = dict(re.findall(r'^"(.+)" = "(.+)"$', fingerprint, re.MULTILINE))
    assert shown == values


def test_every_link_has_identity_time_and_what_follows(capsys):
    assert run_probe(Streams(json=True), None) is ExitCode.COMPLETE
    told = json.loads(capsys.readouterr().out)
    assert (told["outcome"], told["mode"], told["errors"]) == ("complete", "simulated", [])
    links = {entry["link"]: entry for entry in told["links"]}
    assert list(links) == ["sqc", "supply1", "supply2", "io", "gauges", "turbo"]
    assert all(entry["reachable"] and entry["identity"] for entry in links.values())
    assert {name: entry["if_we_vanish_s"] for name, entry in links.items()} == {
        "sqc": None, "supply1": 4.0, "supply2": 4.0, "io": 3.0, "gauges": None, "turbo": None,
    }  # fmt: skip
    assert 2.0 <= links["io"]["round_trip_ms"] < 200.0
    assert 10.0 <= links["supply1"]["round_trip_ms"] < 200.0
    assert 20.0 <= links["turbo"]["round_trip_ms"] < 200.0


def test_a_supply_without_a_link_is_shown_and_not_counted(station, capsys):
    assert run_probe(Streams(), station(unlinked(SIM))) is ExitCode.COMPLETE
    out = capsys.readouterr().out
    assert "driven by the SQC-310 only" in out
    assert "5 of 5 instruments answer; no output was written" in out
    assert "the I/O opens its enable contact" in " ".join(out.split())


def test_a_piped_table_has_no_colour_and_says_simulated(tmp_path, capsys):
    transcript = tmp_path / "bytes.txt"
    run_probe(Streams(), "sim-host-loop", str(transcript))
    out, err = capsys.readouterr()
    assert err == f"transcript: {transcript}\n"
    assert {line.split()[1] for line in transcript.read_text(encoding="utf-8").splitlines() if " < " in line} == {
        "sqc", "supply1", "supply2", "io", "gauges", "turbo",
    }  # fmt: skip
    assert "\x1b" not in out
    assert "(SIMULATED)" in out


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (SIM.replace('"beacon"', '"bacon"'), "bacon"),
        (SIM.replace('"sh1 open"', '"sh1 opened"'), "sh1 open"),
        (SIM.replace('port = "sim:io"', 'port = "tcp://127.0.0.1:502"'), "never mixes"),
        ("", "missing"),
    ],
)
def test_a_bad_station_file_is_refused(station, capsys, broken, words):
    assert run_probe(Streams(json=True), station(broken)) is ExitCode.REFUSED
    shown = capsys.readouterr()
    assert words in " ".join(f"{shown.out} {shown.err}".split())
    assert json.loads(shown.out)["outcome"] == "refused"


def test_an_instrument_that_falls_silent_is_named(monkeypatch, capsys):
    def opened(values, seed):
        world = open_world(values, seed)
        world.add_faults("t=0s turbo silent")
        return world

    monkeypatch.setattr(probing, "open_world", opened)
    assert run_probe(Streams(), None) is ExitCode.NOT_REACHABLE
    out = " ".join(capsys.readouterr().out.split())
    assert "turbo: sim:turbo can be opened, but nothing there answers pfeiffer-turbo. Check" in out
    assert "5 of 6 instruments answer" in out


def test_what_follows_is_that_of_the_file():
    values = read_toml(SIM.encode(), "sim.toml").values
    assert values["io"]["watchdog"] == "3 s"
    loaded = load_station(gen(SIM).replace('watchdog = "3 s"', 'watchdog = "2.5 s"').encode(), "gen.toml")
    assert if_we_vanish(loaded, "io")[1] == 2.5
    assert if_we_vanish(loaded, "supply1") == (
        "no watchdog of its own: the I/O opens its enable contact after 2.5 s",
        2.5,
    )
