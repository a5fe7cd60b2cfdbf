"""The report of one run as a page: the outcome first, then layers, gas, alarms, pictures, procedure, proof."""

from collections.abc import Callable, Iterator, Sequence

from pvdstation.model.messages import EventKind
from pvdstation.record.report import wording
from pvdstation.record.report.layer_table import layer_tables
from pvdstation.record.report.methods import methods
from pvdstation.record.report.pages import Figure, Page, Paragraph, Section, Table
from pvdstation.record.report.story import GasStep, Heading, Intervention, Line, Story
from pvdstation.record.results import AlarmResult

_NOT_MEASURED = "–"


def run_page(story: Story, overview: Sequence[Figure] = (), details: Sequence[Figure] = ()) -> Page:
    """Return the page of a run, with pictures of the whole and of its layers where they were drawn."""
    heading, verdict = story.heading, story.verdict
    samples = wording.listed([sample.name or sample.id for sample in heading.samples])
    sections = [Section("Layers", tuple(layer_tables(story)))] if story.layers else []
    if story.gas:
        sections.append(Section("Gas", (_gas_table(story.gas),)))
    sections += [
        Section("Alarms and trips", (_alarms(story),)),
        *([Section("Acknowledged, shelved, overridden", (_done(story),))] if story.interventions else []),
        Section("Methods paragraph", (Paragraph(methods(story), "quote"),)),
        *([Section("The whole run", tuple(overview))] if overview else []),
        *([Section("Layers in detail", tuple(details))] if details else []),
        Section("Procedure", (_procedure(story.steps),)),
    ]
    if story.happenings:
        sections.append(Section("Requests, notes and links", (_happenings(story),)))
    sections.append(Section("Record", (_record(heading),)))
    return Page(
        title=heading.recipe.name,
        subtitle=" · ".join(part for part in (heading.run, samples, heading.station.name, heading.operator) if part),
        outcome=verdict.outcome,
        is_normal=verdict.outcome == "complete" and verdict.safe is True and not heading.flaws,
        is_simulated=heading.is_simulated,
        summary=tuple(_summary(story)),
        sections=tuple(sections),
    )


def _summary(story: Story) -> Iterator[str]:
    verdict = story.verdict
    if story.heading.flaws:
        yield f"THE RECORD IS DAMAGED: {story.heading.flaws[0]}"
    if verdict.outcome != "complete":
        where = f"{verdict.in_step}: " if verdict.in_step else ""
        yield f"{where}{verdict.reason}"
        yield f"Cause: {verdict.cause}"
        if verdict.trigger:
            yield f"Trigger: {verdict.trigger}"
        if story.first_out is not None:
            yield f"First out: {story.first_out.source}, at {wording.clock(story.first_out.came_s)}"
    grown = [
        f"{wording.thickness(layer.indicated_nm)} {layer.material}"
        for layer in story.layers
        if layer.open_s and layer.indicated_nm is not None
    ]
    yield f"Deposited: {wording.listed(grown)}" if grown else "Nothing was deposited"
    for gas in story.gas:
        if gas.reached_mbar is not None and gas.held_s is not None:
            yield f"{gas.gas} at {wording.pressure(gas.reached_mbar)} for {wording.spoken(gas.held_s)}"
    deviations = sum(len(layer.deviations) for layer in story.layers) + sum(len(gas.deviations) for gas in story.gas)
    trips = sum(alarm.kind == EventKind.TRIP for alarm in story.alarms)
    counts = [
        wording.counted(deviations, "deviation"),
        wording.counted(len(story.alarms) - trips, "alarm"),
        wording.counted(trips, "trip"),
    ]
    yield ", ".join(counts)
    safe = {True: "Safe state confirmed", False: "SAFE STATE NOT CONFIRMED", None: "No safe state is recorded"}
    yield f"{safe[verdict.safe]}; {wording.duration(story.heading.duration_s)} of plant time"


def _gas_table(steps: Sequence[GasStep]) -> Table:
    rows = [
        ("asked", [f"{wording.plain(g.target_mbar)} mbar for {wording.spoken(g.dwell_s)}" for g in steps]),
        ("mean of the dwell", [_or(g.reached_mbar, wording.pressure) for g in steps]),
        ("held", [_or(g.held_s, wording.duration) for g in steps]),
        ("filled in", [_or(g.fill_s, wording.duration) for g in steps]),
        ("topped up", [_NOT_MEASURED if g.top_ups is None else wording.counted(g.top_ups, "time") for g in steps]),
        ("rise of the isolated chamber", [_or(g.rise_mbar_s, lambda rise: f"{rise:.4f} mbar/s") for g in steps]),
        ("sources cooled before", [_or(g.cooled_s, wording.duration) for g in steps]),
        ("evacuated to", [_or(g.evacuated_to_mbar, wording.pressure) for g in steps]),
        ("evacuated in", [_or(g.evacuated_in_s, wording.duration) for g in steps]),
        ("ended", [f"{g.state}: {g.ended_because}" for g in steps]),
        ("deviations", ["; ".join(g.deviations) or "none" for g in steps]),
        ("alarms", [", ".join(dict.fromkeys(a.source for a in g.alarms)) or "none" for g in steps]),
    ]
    abnormal = frozenset(
        number
        for number, (name, cells) in enumerate(rows)
        if name in ("deviations", "alarms") and set(cells) != {"none"}
    )
    head = ("", *(f"step {g.step}: {g.gas}" for g in steps))
    return Table(head, tuple((name, *cells) for name, cells in rows), abnormal, "sheet")


def _or(value: float | None, write: Callable[[float], str]) -> str:
    return _NOT_MEASURED if value is None else write(value)


def _alarms(story: Story) -> Paragraph | Table:
    if not story.alarms:
        return Paragraph("None.")
    rows = tuple(_alarm(alarm, is_first=alarm is story.first_out) for alarm in story.alarms)
    trips = frozenset(number for number, alarm in enumerate(story.alarms) if alarm.kind == EventKind.TRIP)
    return Table(("came", "went", "acknowledged", "kind", "rule", "what"), rows, trips)


def _alarm(alarm: AlarmResult, *, is_first: bool) -> tuple[str, ...]:
    went = "stayed" if alarm.went_s is None else wording.clock(alarm.went_s)
    kind = f"{alarm.kind}, first out" if is_first else alarm.kind
    seen = "no" if alarm.acknowledged_s is None else f"{wording.clock(alarm.acknowledged_s)}, {alarm.acknowledged_by}"
    return (wording.clock(alarm.came_s), went, seen, kind, alarm.source, alarm.text)


def _done(story: Story) -> Table:
    rows = tuple(
        (
            wording.clock(one.at_s),
            one.what,
            one.of,
            one.who or "not stated",
            one.reason or "not stated",
            "" if one.minutes is None else f"{wording.plain(one.minutes)} min",
            _ended(one),
        )
        for one in story.interventions
    )
    overridden = frozenset(number for number, one in enumerate(story.interventions) if one.what == "overridden")
    return Table(("at", "what", "of", "by", "reason", "for", "ended"), rows, overridden)


def _ended(one: Intervention) -> str:
    if one.ended_s is not None:
        return f"{wording.clock(one.ended_s)}, {one.ended_because}"
    return "" if one.minutes is None else "stayed"


def _procedure(steps: Sequence[Line]) -> Table:
    rows = tuple(
        (
            str(line.index),
            line.text,
            line.because,
            wording.duration(line.estimate_s),
            _NOT_MEASURED if line.begun_s is None else wording.duration(line.duration_s),
            _NOT_MEASURED if line.begun_s is None else wording.clock(line.begun_s),
            line.ended_because if line.state == "complete" else f"{line.state} {line.ended_because}".strip(),
        )
        for line in steps
    )
    abnormal = frozenset(number for number, line in enumerate(steps) if line.state in ("stopped", "aborted"))
    return Table(("#", "step", "because", "estimate", "actual", "began", "ended"), rows, abnormal)


def _happenings(story: Story) -> Table:
    rows = tuple((wording.clock(h.at_s), h.kind, h.source, h.text) for h in story.happenings)
    lost = frozenset(number for number, h in enumerate(story.happenings) if h.kind in ("link lost", "gap"))
    return Table(("at", "kind", "who", "what"), rows, lost)


def _record(heading: Heading) -> Table:
    ppm = [f"{wording.plain(value)} ppm {name}" for value, name in ((heading.h2o_ppm, "H2O"), (heading.o2_ppm, "O2"))
           if value is not None]  # fmt: skip
    rows = [
        ("run", f"{heading.run} ({heading.kind}{', simulated' if heading.is_simulated else ''})"),
        ("started", heading.started),
        ("ended", heading.ended or _NOT_MEASURED),
        ("operator", heading.operator or "not stated"),
        *(("sample", ", ".join(part for part in (s.name, s.id, s.batch) if part)) for s in heading.samples),
        ("glovebox", ", ".join(ppm) or "not stated"),
        *((f"lot of {lot.of}", ", ".join(part for part in (lot.lot, lot.purity) if part)) for lot in heading.lots),
        *((("note", heading.note),) if heading.note else ()),
        ("recipe", heading.recipe.name),
        ("sha256", heading.recipe.sha256),
        ("station", heading.station.name),
        ("sha256", heading.station.sha256),
        ("seed", _NOT_MEASURED if heading.seed is None else str(heading.seed)),
        ("software", ", ".join(f"{name} {version}" for name, version in heading.software)),
        *((link, answer) for link, answer in heading.instruments),
        ("last row", str(heading.head_number)),
        ("sha256", heading.head_sha256),
        *((("files", str(heading.segments)),) if heading.segments > 1 else ()),
        ("hash chain", "; ".join(heading.flaws) or "every row is as it was written"),
        *((("remarks", "; ".join(heading.remarks)),) if heading.remarks else ()),
    ]
    return Table(("", ""), tuple(rows), kind="sheet")
