"""Tells the story of a run from its record alone, whether it came to its end or was interrupted."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Notice
from pvdstation.model.station import Station
from pvdstation.record.bodies import fields_of
from pvdstation.record.cause import Cause
from pvdstation.record.gathering import Band, Gathering
from pvdstation.record.links import link_words
from pvdstation.record.plan import PlannedStep, steps_of
from pvdstation.record.report.curves import Curves, read_curves
from pvdstation.record.report.gas_steps import gas_steps
from pvdstation.record.report.interventions import interventions
from pvdstation.record.report.layers import layers_of
from pvdstation.record.report.recorded_station import recorded_station
from pvdstation.record.report.story import Happening, Heading, Line, Lot, SampleName, Story, Verdict
from pvdstation.record.report.together import with_truth
from pvdstation.record.results import AlarmResult, Named, StepResult
from pvdstation.record.run_entry import NOT_ENDED
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.verification import verify
from pvdstation.record.weighed import charges_mg, lots_of

_GREETING = "answers: "
_TOLD = frozenset({EventKind.REQUEST, EventKind.NOTE, EventKind.QUESTION})


class Told(NamedTuple):
    """A story and what its plots are drawn from."""

    story: Story
    curves: Curves
    bands: tuple[Band, ...]
    plan: tuple[PlannedStep, ...]
    station_values: Mapping[str, Any]  # of the station file, as they were written


class Record(NamedTuple):
    """What a record holds, but for its samples."""

    station: Station
    plan: tuple[PlannedStep, ...]
    steps: tuple[StepResult, ...]
    bands: Mapping[int, Band]  # by step number
    alarms: tuple[AlarmResult, ...]
    events: tuple[Event, ...]
    last_s: float
    charges_mg: Mapping[str, float] = {}  # by source, at the start; of boats that the ledger counts

    def step(self, index: int) -> StepResult:
        """Return the result of a step by its number."""
        return next(step for step in self.steps if step.index == index)


def tell(run: RunFile) -> Told:
    """Read a run and tell it. Raises Refused by what is no record, or has a station file that nobody can read."""
    station = recorded_station(run.station)
    curves = read_curves(run, station)
    end, events, notices = run.end, tuple(run.events()), tuple(run.notices())
    last_ns = max((row.at_ns for row in run.rows()), default=0)
    last_ns = max(last_ns, round(curves.at_s[-1] * SECOND) if len(curves.at_s) else 0)
    plan = steps_of(run.document(Entry.PLAN))
    gathering = Gathering(plan)
    gathering.take(events)
    steps = _with_truth(gathering.steps(last_ns), end)
    bands = gathering.bands(last_ns)
    by_number = {band.number: band for band in bands}
    charges = charges_mg(run.document(Entry.LEDGER))
    record = Record(station, plan, steps, by_number, gathering.alarms(), events, last_ns / SECOND, charges)
    verdict = _verdict(end, steps)
    story = Story(
        heading=_heading(run, end, notices, last_ns / SECOND),
        verdict=verdict,
        glovebox_gas=station.glovebox.gas,
        layers=layers_of(record, curves),
        gas=gas_steps(record),
        steps=tuple(_line(step, record) for step in plan),
        alarms=record.alarms,
        first_out=_first_out(record.alarms, gathering.cause),
        happenings=_happenings(run, events, notices),
        interventions=interventions(events),
        pumped_to_mbar=next((s.reached_mbar for s in steps if s.do == "pump_down" and s.reached_mbar), None),
    )
    return Told(story, curves, bands, plan, tomllib.loads(run.station.decode()))


def _with_truth(steps: Sequence[StepResult], end: Mapping[str, Any] | None) -> tuple[StepResult, ...]:
    """Put in what only the simulated plant knows: it stands in the result, not in the events."""
    recorded = ((end or {}).get("result") or {}).get("steps", ())
    results = {step["index"]: step for step in recorded}
    return tuple(with_truth(step, results.get(step.index, {})) for step in steps)


def _verdict(end: Mapping[str, Any] | None, steps: Sequence[StepResult]) -> Verdict:
    ended = next((step for step in steps if step.state in ("stopped", "aborted")), None)
    in_step = "" if ended is None else f"step {ended.index}, {ended.text}"
    if end is None:
        return Verdict("interrupted", Cause.INTERRUPTED.value, NOT_ENDED, "", None, in_step)
    trigger = ", ".join(f"{name} {value}" for name, value in _flat(end.get("trigger") or {}))
    return Verdict(end["outcome"], end["cause"], end["reason"], trigger, end["safe"], in_step)


def _flat(fields: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value)
        elif value is not None:
            yield name, value


def _heading(run: RunFile, end: Mapping[str, Any] | None, notices: Sequence[Notice], last_s: float) -> Heading:
    genesis, about = run.genesis, run.document(Entry.ABOUT)
    number, digest = run.head()
    examined = verify(run.path)
    glovebox = about.get("glovebox") or {}
    return Heading(
        run=run.run,
        kind=genesis.get("kind", "run"),
        is_simulated=genesis["mode"] != "live",
        recipe=_named(genesis["recipe"]),
        recipe_text=run.recipe.decode("utf-8", errors="replace"),
        station=_named(genesis["station"]),
        operator=about.get("operator") or "",
        samples=tuple(
            SampleName(*(str(sample.get(key) or "") for key in ("name", "id", "batch")))
            for sample in about.get("samples") or ()
        ),
        h2o_ppm=glovebox.get("h2o_ppm"),
        o2_ppm=glovebox.get("o2_ppm"),
        lots=tuple(
            Lot(of, str(lot.get("lot") or ""), str(lot.get("purity") or "")) for of, lot in lots_of(run).items()
        ),
        note=str(about.get("note") or ""),
        software=tuple((name, str(version)) for name, version in genesis.get("software", {}).items()),
        instruments=_instruments(notices),
        seed=genesis.get("seed"),
        started=genesis["started"],
        ended=(end or {}).get("ended"),
        duration_s=last_s,
        head_number=number,
        head_sha256=digest.hex(),
        segments=len(run.segments),
        flaws=tuple(str(flaw) for flaw in examined.flaws),
        remarks=(*examined.remarks, *link_words(run, is_ended=end is not None)),
    )


def _named(fields: Mapping[str, str]) -> Named:
    return Named(fields["name"], fields["sha256"])


def _instruments(notices: Sequence[Notice]) -> tuple[tuple[str, str], ...]:
    greeted = {n.link: n.text.removeprefix(_GREETING) for n in notices if n.text.startswith(_GREETING)}
    return tuple(greeted.items())


def _line(step: PlannedStep, record: Record) -> Line:
    result, band = record.step(step.index), record.bands.get(step.index)
    return Line(
        index=step.index,
        do=step.do,
        text=step.text,
        because=step.because,
        implied=step.implied,
        estimate_s=step.estimate_s,
        state=result.state,
        ended_because=result.ended_because,
        begun_s=None if band is None else band.start_s,
        duration_s=result.duration_s,
    )


def _first_out(alarms: Sequence[AlarmResult], cause: str) -> AlarmResult | None:
    """Return the trip that the run ended by; None where it ended by something else. A trip that was resumed is none."""
    tripped = [alarm for alarm in alarms if alarm.kind == EventKind.TRIP and alarm.source == cause]
    return tripped[-1] if tripped else None


def _happenings(run: RunFile, events: Sequence[Event], notices: Sequence[Notice]) -> tuple[Happening, ...]:
    told = [Happening(e.at_ns / SECOND, e.kind.value, e.source, e.text) for e in events if e.kind in _TOLD]
    told += [
        Happening(n.at_ns / SECOND, "link lost" if n.is_lost else "link", n.link, n.text)
        for n in notices
        if n.is_lost or not n.text.startswith(_GREETING)
    ]
    told += [
        Happening(row.at_ns / SECOND, "gap", "journal", f"{fields_of(row.body)['dropped']} scans were not kept")
        for row in run.rows(Entry.GAP)
    ]
    return tuple(sorted(told, key=lambda happening: happening.at_s))
