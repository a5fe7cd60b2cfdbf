"""The transcript: what passed a wire, when, and in which direction, as text."""

from io import StringIO
from threading import Thread

import pytest
from wire_bench import MS, stepped_loopback

from pvdstation.model.clock import SECOND
from pvdstation.wires.base import WireLost
from pvdstation.wires.transcript import SharedText, TranscriptWire


@pytest.fixture
def stand(tmp_path):
    stand = stepped_loopback(tmp_path)
    stand.text = StringIO()
    stand.wire = TranscriptWire(stand.wire, "sqc", stand.clock, stand.text)
    return stand


def test_bytes_are_written_down_with_time_direction_hex_and_text(stand):
    stand.far.script = [(30 * MS, b"\x16%A6.65\xff")]
    stand.wire.open()
    stand.wire.write(b"\x16!@O7", 2 * SECOND)
    assert stand.wire.read(2 * SECOND) == b"\x16%A6.65\xff"
    assert stand.wire.read(2 * SECOND) == b""
    stand.wire.close()
    assert stand.text.getvalue().splitlines() == [
        "     1.000000 sqc      - opened",
        "     1.000000 sqc      > 16 21 40 4F 37  |.!@O7|",
        "     1.030000 sqc      < 16 25 41 36 2E 36 35 FF  |.%A6.65.|",
        "     2.000000 sqc      - closed",
    ]


def test_a_loss_is_written_down_and_goes_on_to_the_link(stand):
    with pytest.raises(WireLost, match="closed"):
        stand.wire.write(b"?", SECOND)
    with pytest.raises(WireLost, match="closed"):
        stand.wire.read(SECOND)
    sent, *lost = stand.text.getvalue().splitlines()
    assert sent.endswith("> 3F  |?|")
    assert [line.split(" - ")[1] for line in lost] == ["lost: the port of far is closed"] * 2


def test_a_port_that_does_not_open_is_written_down(stand):
    wire = TranscriptWire(stand.missing, "sqc", stand.clock, stand.text)
    with pytest.raises(WireLost):
        wire.open()
    assert "- not opened: the simulated station has no instrument nobody" in stand.text.getvalue()


def test_a_text_that_cannot_be_written_does_not_hold_up_the_link(stand):
    class Full(StringIO):
        def write(self, line):
            raise OSError(28, "No space left on device")

    stand.far.script = [(30 * MS, b"answer")]
    wire = TranscriptWire(stand.wire, "sqc", stand.clock, Full())
    wire.open()
    wire.write(b"?", 2 * SECOND)
    assert wire.read(2 * SECOND) == b"answer"
    assert "No space left" in wire.fault


def test_a_closed_text_does_not_hold_up_the_link(stand):
    stand.text.close()
    stand.wire.open()
    assert stand.wire.fault


def test_lines_of_several_threads_stay_whole(tmp_path):
    file = tmp_path / "bytes.txt"
    text = SharedText(file.open("w", buffering=1))
    lines = [f"{number} {'x' * 99}\n" for number in range(4)]
    threads = [Thread(target=lambda line=line: [text.write(line) for _ in range(300)]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text.close()
    assert sorted(file.read_text().splitlines(keepends=True)) == sorted(lines * 300)
    assert text.fault == ""


def test_a_shared_text_says_why_it_has_ended():
    class Full(StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

    text = SharedText(Full())
    text.close()
    assert text.fault == "No space left on device"
