"""Durations and pressures as people read them."""

import pytest
from rich.table import Table
from rich.text import Text

from pvdstation.cli.streams import Streams
from pvdstation.cli.wording import brief, duration, pressure


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (12.4, "12 s"),
        (59.6, "1 min 00 s"),
        (666.0, "11 min 06 s"),
        (3599.7, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.0, "12 s"), (205.0, "3.5 min"), (360.0, "6 min"), (785.0, "13 min"), (7200.0, "2 h 00 min")],
)
def test_estimates(seconds, text):
    assert brief(seconds) == text


@pytest.mark.parametrize(("mbar", "text"), [(500.26, "500.3 mbar"), (1.94e-6, "1.9e-6 mbar"), (0.05, "5.0e-2 mbar")])
def test_pressures(mbar, text):
    assert pressure(mbar) == text


def test_what_somebody_else_wrote_cannot_steer_the_terminal(capsys):
    streams, text = Streams(), "S\x1b]0;t\x07\u202e1\rX"
    table = Table(box=None)
    table.add_column("sample")
    table.add_row(Text(text))
    streams.show(Text(f"operator {text}\nnext"), table)
    streams.note(text)
    out, err = capsys.readouterr()
    assert out.startswith("operator S⟨U+001B⟩]0;t⟨U+202E⟩1X\nnext\n")  # rich itself drops BEL and CR
    assert not set(out + err) & set("\x1b\x07\u202e\r")
