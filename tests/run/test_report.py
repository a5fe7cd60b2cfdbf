"""The report of a run says what its record says: in HTML that needs nothing else, in Markdown, and beside another."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pvd_command import pvd
from station_bench import QUICK, station_with

from pvdstation.record.plan import steps_of
from pvdstation.record.report.compare import compare
from pvdstation.record.report.methods import methods
from pvdstation.record.report.recorded_station import recorded_station
from pvdstation.record.report.screen_curves import screen_curves
from pvdstation.record.report.telling import Told, tell
from pvdstation.record.report.writing import overview, report_of, report_of_two, written
from pvdstation.record.results import StepResult
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.usage import source_uses

RECIPE = "12 nm Zn at 0.5 nm/s, then N2 to 50 mbar for 5 s"
SAMPLE = "<script>alert(1)</script>\u202e|foil, S-017"
_VOID = {"meta", "br", "link", "img", "hr"}


def _record(folder: Path, seed: int, changes: dict[str, object], *faults: str) -> Path:
    station = folder / f"quick-{seed}.toml"
    station.write_bytes(station_with({**QUICK, **changes}))
    said = ("--operator", "A & B", "--sample", SAMPLE, "--h2o", "0.1", "--lot", "Zn=442, 99.99 %", "--note", "x\x07y")
    data = folder / str(seed)
    broken = [word for fault in faults for word in ("--fault", fault)]
    ended = pvd("dry-run", RECIPE, "--station", str(station), "--seed", str(seed), "--data", str(data), *said, *broken)
    assert ended.returncode in (0, 4), ended.stderr
    (path,) = data.glob("dry-runs/*.sqlite")
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _record(tmp_path_factory.mktemp("report"), 1, {})


@pytest.fixture(scope="module")
def told(path: Path) -> Told:
    return tell(RunFile(path))


@pytest.fixture(scope="module")
def page(told: Told) -> str:
    return written(report_of(told, is_drawn=True), ".html")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Return another run of the same recipe: other noise, another limit, and a supply that trips in the layer."""
    changes: dict[str, object] = {"limits.power_drift": "9 %"}
    return tell(RunFile(_record(tmp_path_factory.mktemp("other"), 2, changes, "t=62s supply.1 tripped")))


class Tags(HTMLParser):
    """Every tag is closed in its turn; every address is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "action", "data") and not value.startswith("#"):
                self.addresses.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()


def test_the_numbers_are_those_of_the_result(told: Told, path: Path) -> None:
    result = RunFile(path).end["result"]
    of = {step["do"]: step for step in result["steps"]}
    story = told.story.as_json()
    (layer,), (gas,) = story["layers"], story["gas"]
    assert story["verdict"] | {"trigger": ""} == {
        "outcome": "complete",
        "cause": "complete",
        "reason": result["reason"],
        "trigger": "",
        "safe": True,
        "in_step": "",
    }
    same = ("indicated_nm", "true_nm", "time_to_rate_s", "peak_power_w", "pressure_max_mbar", "ended_because")
    assert {name: layer[name] for name in same} == {name: of["deposit"][name] for name in same}
    for name in ("rate_mean_nm_s", "rate_sd_nm_s"):
        assert layer[name] == of["deposit"][name]
    for name in ("base_mbar", "start_mbar"):
        assert layer[name] == of["deposit"][f"pressure_{name}"]
    for name in ("reached_mbar", "held_s", "top_ups"):
        assert gas[name] == of["admit_gas"][name]
    assert gas["rise_mbar_s"] == of["isolate"]["rise_mbar_s"]
    assert gas["evacuated_to_mbar"] == of["evacuate"]["reached_mbar"]
    assert [line["text"] for line in story["steps"]] == [step["text"] for step in result["steps"]]


def test_the_layer_lies_between_opening_and_closing_of_the_shutter(told: Told) -> None:
    (layer,) = told.story.layers
    ((opened_s, closed_s),) = layer.open_s
    assert layer.begun_s < opened_s < closed_s < layer.ended_s
    assert (closed_s - opened_s) * layer.rate_mean_nm_s == pytest.approx(layer.indicated_nm, rel=0.03)
    assert layer.life_out_pct < layer.life_in_pct


def test_the_charge_is_the_ledgers(told: Told, path: Path) -> None:
    run = RunFile(path)
    steps = [StepResult(**step) for step in run.end["result"]["steps"]]
    (use,) = source_uses(recorded_station(run.station), steps_of(run.document(Entry.PLAN)), steps)
    assert told.story.layers[0].charge_used_mg == pytest.approx(use.used_mg, abs=0.01)


def test_the_page_is_whole_and_needs_nothing_else(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.addresses == []
    assert not {"script", "link", "iframe", "object", "img"} & tags.seen
    assert len(tags.ids) == len(set(tags.ids))
    assert "://" not in page


def test_what_a_person_typed_stays_text(page: str, told: Told) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩|foil" in page
    assert "A &amp; B" in page
    assert "x⟨U+0007⟩y" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", page)
    text = written(report_of(told, is_drawn=False), ".md")
    assert r"\<script\>alert(1)\</script\>⟨U+202E⟩\|foil" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) > 2 for row in rows)


def test_simulated_stands_on_page_print_and_pictures(page: str, told: Told) -> None:
    assert 'class="watermark"' in page
    assert "SIMULATED: the plant" in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 2
    assert all("SIMULATED" in picture for picture in pictures)
    assert "**SIMULATED:" in written(report_of(told, is_drawn=False), ".md")


def test_a_run_without_an_end_is_told_as_far_as_it_came(path: Path, told: Told, tmp_path: Path) -> None:
    (layer,) = told.story.layers
    cut = shutil.copy(path, tmp_path / "cut.sqlite")
    middle_ns = round((layer.open_s[0][0] + 12) * 1e9)
    with closing(sqlite3.connect(cut)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entry WHERE at_ns > ?", (middle_ns,))
        connection.execute("DELETE FROM scan WHERE at_ns > ?", (middle_ns,))
        connection.commit()
    story = tell(RunFile(cut)).story
    assert story.verdict.outcome == "interrupted"
    assert story.verdict.in_step == f"step {layer.step}, deposit 12 nm Zn at 0.5 nm/s"
    assert story.layers[0].indicated_nm == pytest.approx(6, abs=0.3)
    assert "the record ends in this layer" in story.layers[0].deviations[1]
    assert story.gas == ()
    assert "The run was interrupted in step" in methods(story)


def test_two_runs_part_where_the_supply_tripped(told: Told, other: Told) -> None:
    comparison = compare(told, other)
    assert comparison.recipe == ()
    assert [difference.what for difference in comparison.station] == ["limits.power_drift"]
    first = comparison.partings[0]
    tripped_s = other.story.first_out.came_s - other.story.layers[0].begun_s
    assert first.quantity in ("rate", "power", "open time")
    assert tripped_s - 5 < first.after_s < tripped_s + 12
    page = written(report_of_two(comparison, is_drawn=True), ".html")
    Tags().feed(page)
    assert "First significant deviation: Zn layer" in page
    assert page.count("<svg") == 1
    assert compare(told, told).partings == ()


def test_a_rate_while_gas_enters_is_said_to_be_none(told: Told) -> None:
    (picture,) = overview(told)
    assert "Gas that enters or leaves shifts a crystal's frequency" in picture.caption


def test_the_command_writes_a_new_file_or_says_why_not(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.md"
    assert pvd("runs", "report", str(path), "-o", str(file)).returncode == 0
    assert file.read_text("utf-8").startswith("# 12 nm Zn")
    again = pvd("runs", "report", str(path), "-o", str(file))
    assert (again.returncode, "exists" in again.stderr) == (2, True)
    assert pvd("runs", "report", str(path), "-o", str(file), "--force").returncode == 0
    assert pvd("runs", "report", str(path), "-o", "run.pdf").returncode == 2
    assert pvd("runs", "report", str(path), "-o", str(tmp_path / "drawn.md"), "--pictures").returncode == 0
    pictures = re.findall(r"\((drawn-.*\.svg)\)", (tmp_path / "drawn.md").read_text("utf-8"))
    assert (
        sorted(pictures)
        == sorted(found.name for found in tmp_path.glob("*.svg"))
        == ["drawn-layer-3.svg", "drawn-run.svg"]
    )
    assert (tmp_path / pictures[0]).read_text("utf-8").startswith("<svg xmlns:xlink=")
    said = json.loads(pvd("runs", "report", str(path), "--json").stdout)
    assert said["heading"]["run"] == path.stem
    assert list(tmp_path.glob("*.html")) == []
    assert said["methods"].startswith("The following describes a simulated run")


def test_a_sample_that_was_edited_is_said_first(path: Path, tmp_path: Path) -> None:
    edited = shutil.copy(path, tmp_path / "edited.sqlite")
    with closing(sqlite3.connect(edited)) as connection:
        connection.execute("DROP TRIGGER scan_is_not_changed")
        connection.execute("UPDATE scan SET at_ns = at_ns + 1 WHERE number = (SELECT MAX(number) FROM scan)")
        connection.commit()
    told = tell(RunFile(edited))
    page = report_of(told, is_drawn=False)
    assert not page.is_normal
    assert page.summary[0] == f"THE RECORD IS DAMAGED: {told.story.heading.flaws[0]}"
    assert any(": row " in flaw for flaw in told.story.heading.flaws)


def test_a_damaged_record_is_said_to_be_damaged(path: Path, tmp_path: Path) -> None:
    spoiled = shutil.copy(path, tmp_path / "spoiled.sqlite")
    with closing(sqlite3.connect(spoiled)) as connection:
        connection.execute("DROP TRIGGER scan_is_not_changed")
        connection.execute("UPDATE scan SET body = x'00' WHERE number = (SELECT MAX(number) FROM scan)")
        connection.commit()
    ended = pvd("runs", "report", str(spoiled), "--json")
    assert ended.returncode == 4
    assert "damaged" in json.loads(ended.stdout)["errors"][0]["what"]


def test_curves_for_a_screen_begin_at_nothing_where_the_shutter_opens_and_end_at_the_layer(path: Path):
    curves = {curve.name: curve for curve in screen_curves(RunFile(path), 500)}
    layer = next(layer for layer in tell(RunFile(path)).story.layers)
    grown = curves[f"thickness {layer.source}"]
    known = [(at, nm) for at, nm in zip(grown.at_s, grown.values, strict=True) if nm == nm]
    assert all(len(curve.at_s) == len(curve.values) <= 500 for curve in curves.values())
    assert known[0][1] == 0.0
    assert layer.begun_s < known[0][0] < known[-1][0] <= layer.ended_s
    assert known[-1][1] == pytest.approx(layer.indicated_nm, rel=0.05)
    assert {"rate Zn", "power Zn", "pressure"} <= set(curves)
    rate = curves[f"rate {layer.source}"]
    told = [at for at, nm_s in zip(rate.at_s, rate.values, strict=True) if nm_s == nm_s]
    assert told[-1] <= layer.ended_s < curves["pressure"].at_s[-1], "gas on a crystal is no rate"
