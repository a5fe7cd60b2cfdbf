"""The loader: values, places, and refusal before anything can be exhausted."""

import contextlib
import time
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Table, Text
from pvdstation.model.toml import DEEPEST, LARGEST_BYTES, load_station, problems_of, read_toml

SIM = files("pvdstation").joinpath("stations", "sim.toml").read_bytes()


def refusal(data: bytes) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        read_toml(data, "x.toml")
    return refused.value.problems


def station_refusal(old: str, new: str) -> list[Problem]:
    assert old.encode() in SIM
    with pytest.raises(Refused) as refused:
        load_station(SIM.replace(old.encode(), new.encode(), 1), "sim.toml")
    return refused.value.problems


def test_values_are_those_of_the_file() -> None:
    assert read_toml(b'a.b = "\xc3\x85"\n[[t]]\nx = [1, 2.5]\n', "x").values == {
        "a": {"b": "Å"},
        "t": [{"x": [1, 2.5]}],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"a = " + b"[" * 100_000,
        b"a = " + b"[" * 100_000 + b"]" * 100_000,
        b"a = " + b"{b = " * 20_000 + b"1" + b"}" * 20_000,
        b"a." * 100_000 + b"b = 1",
        b"[" + b"a." * 100_000 + b"b]",
        b"x" * 10_000_000,
        b"\n" * 50_000_000,
        b'"""' * 80_000,
        b"'" * 250_000,
        b"a" * 250_000,
        b"a = 9" + b"9" * 5000,
    ],
    ids=["open", "nested", "inline", "dotted", "header", "10 MB", "50 MB", "quotes", "ticks", "word", "digits"],
)
def test_hostile_files_are_refused_at_once(data: bytes) -> None:
    start = time.perf_counter()
    assert len(refusal(data)) == 1
    assert time.perf_counter() - start < 1


def test_the_largest_size_and_depth_are_allowed() -> None:
    read_toml(b"#" * LARGEST_BYTES, "x")
    read_toml(b"a = " + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1), "x")
    read_toml(b'a = "' + b"[" * 1000 + b'"\n# ' + b"[" * 1000, "x")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "+nan", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_refused_with_their_place(text: str) -> None:
    (problem,) = refusal(f"[t]\nä.b = {text}\n".replace("ä", '"ä"').encode())
    assert (problem.where, problem.line, problem.column) == ("t.ä.b", 2, 9)


@pytest.mark.parametrize(
    "data",
    [b'a = "x\x00"', b'a = "\\u001b[2J"', 'a = "\u202e"'.encode(), b'"a\\u200b" = 1', b"a = '\x1b[2J'", b"\xff\xfe"],
)
def test_bytes_that_would_act_on_a_terminal_are_refused(data: bytes) -> None:
    (problem,) = refusal(data)
    assert "\x1b" not in problem.what
    assert problem.line == 1


def test_a_key_that_stands_twice_is_refused_with_both_places() -> None:
    (problem,) = refusal(b"a = 1\n[t]\nb = 1\nc = 2\nb = 3\n")
    assert (problem.where, problem.line, problem.column) == ("t.b", 5, 1)
    assert "first in line 3, again in line 5" in problem.what


def test_a_table_that_stands_twice_is_refused() -> None:
    (problem,) = refusal(b"[t]\nb = 1\n[t]\nc = 2\n")
    assert "first in line 1, again in line 3" in problem.what


def test_a_syntax_error_has_its_line_and_column() -> None:
    (problem,) = refusal(b'a = 1\nb = "x\n')
    assert (problem.line, problem.column) == (2, 7)
    assert problem.source_line == 'b = "x'


def test_columns_count_characters() -> None:
    document = read_toml('t = { "Å µ" = 1, b = "2" } # ü\n'.encode(), "x")
    spot = document.spot(("t", "b"))
    assert spot is not None
    assert document.lines[0][spot.column - 1 :][: spot.span] == '"2"'


def test_places_of_arrays_of_tables_and_dotted_keys() -> None:
    text = 'a.b.c = 1\n[[s]]\nx = 1\n[[s]]\n[s.t]\ny = [1, { z = "q" }]\n[[s.u]]\nv = 1\n[[s.u]]\nv = 2\n'
    document = read_toml(text.encode(), "x")
    assert document.spot(("a", "b", "c")) == (1, 9, 1)
    assert document.spot(("s", 0, "x")) == (3, 5, 1)
    assert document.spot(("s", 1, "t", "y", 1, "z")) == (6, 15, 3)
    assert document.spot(("s", 1, "u", 1, "v")) == (10, 5, 1)
    assert document.spot(("s", 1, "missing")) == (4, 3, 1)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(read_toml(data, "x").values, dict)


@given(st.text(alphabet="ab.=[]{}\"'\n# 1,\\e-+", max_size=60))
def test_any_toml_like_text_is_read_or_refused_and_can_be_placed(text: str) -> None:
    try:
        document = read_toml(text.encode(), "x")
    except Refused:
        return
    assert all(document.spot((key,)) is not None for key in document.values)


class Inner(Table):
    known: int
    word: Text = ""


class Outer(Table):
    inner: Inner
    named: dict[str, Inner]


def test_any_model_gets_its_problems_placed_all_at_once() -> None:
    document = read_toml(b"[inner]\nwrod = 'x'\n[named.a]\nknown = 'x'\n", "f.toml")
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(document.values)
    found = problems_of(error.value, document, model=Outer)
    assert [(p.where, p.line, p.column) for p in found] == [
        ("inner.known", 1, 2),
        ("inner.wrod", 2, 1),
        ("named.a.known", 4, 9),
    ]
    assert found[1].write == 'Did you mean "word"?'


def test_a_prefix_places_problems_of_a_part() -> None:
    document = read_toml(b"[deep.inner]\nknown = 'x'\n", "f.toml")
    with pytest.raises(ValidationError) as error:
        Inner.model_validate(document.at(("deep", "inner")))
    (problem,) = problems_of(error.value, document, ("deep", "inner"))
    assert (problem.where, problem.line, problem.column) == ("deep.inner.known", 2, 9)


def test_the_packaged_station_loads_and_knows_its_file() -> None:
    station = load_station(SIM, "sim.toml")
    assert station.is_simulated
    assert station.file == "sim.toml"
    assert len(station.sha256) == 64
    assert station.gas["N2"].max == 800.0


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "write"),
    [
        ("boat = 2\n", "boat = 1\n", "source.Li.boat", "belongs to Zn", "its own"),
        ("boat = 2\n", "boat = 3\n", "source.Li.boat", "[supply.3]", "1, 2"),
        ("sensors = [2]", "sensors = [4]", "source.Li.sqc.sensors", "[sensor.4]", "1, 2"),
        ('max = "800 mbar"', 'max = "9 bar"', "gas.N2.max", "at most 0.8 bar", "0.8 bar"),
        ('ceiling = "900 mbar"', 'ceiling = "700 mbar"', "gas.N2.max", "above ceiling", "700 mbar"),
        ('max_power = "51.6 %"', 'max_power = "30 %"', "source.Zn.condition.ramp2", "above max_power", "30 %"),
        ('guardian = "2 s"', 'guardian = "1.2 s"', "limits.guardian", "limits.lease = 1.5 s", "1.5 s"),
        ('hold = "300 s"', "hold = 300", "limits.hold", "bare number", '"300 s"'),
        ('hold = "300 s"', 'hold = "1 h"', "limits.hold", "at most", "0.166667 h"),
        ("baud = 19200", "baud = 19201", "sqc.baud", "is not one of", "19200"),
        ("channels = 2", "channels = 2\nchanels = 2", "sqc.chanels", "unknown key", '"channels"'),
        ('port = "sim:io"', 'port = "tcp://h:1"', "sqc.port", "never mixes", "all ports"),
        ('port = "sim:io"', 'port = "sim:sqc"', "io.port", "belongs to sqc", "one port"),
        ('rate_loop = "sqc"', 'rate_loop = "host"', "source.Zn.rate_loop", '"digital"', '"analogue"'),
        ('cool_down = "10 min"', 'cool_down = "1 min"', "source.Zn.cool_down", "at least 5 min", "5 min"),
        ('"N2", "vent"', '"N3", "vent"', "io.do", 'called "N2"', "wiring"),
    ],
)  # fmt: skip
def test_a_wrong_station_is_refused_with_its_place(old: str, new: str, where: str, what: str, write: str) -> None:
    problem = next(p for p in station_refusal(old, new) if p.where == where)
    assert what in problem.what
    assert write in problem.write
    assert problem.line is not None
    assert problem.source_line


def test_several_problems_of_a_station_are_reported_together() -> None:
    data = SIM
    for line in (b"baud = 19200", b'pressure = "1003 mbar"', b"boat = 1\n"):
        data = data.replace(line, b"", 1)
    with pytest.raises(Refused) as refused:
        load_station(data, "sim.toml")
    assert [p.where for p in refused.value.problems] == ["sqc.baud", "source.Zn.boat", "glovebox.pressure"]


def test_simulation_is_refused_beside_real_ports() -> None:
    data = SIM
    for link in ("sqc", "supply1", "supply2", "io", "gauges", "turbo"):
        data = data.replace(f'"sim:{link}"'.encode(), f'"tcp://{link}:1"'.encode())
    with pytest.raises(Refused) as refused:
        load_station(data + b'\n[simulation.x]\ny = "1 s"\n', "real.toml")
    assert [p.where for p in refused.value.problems] == ["simulation"]
