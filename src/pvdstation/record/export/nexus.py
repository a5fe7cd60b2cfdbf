"""A run as HDF5 in NeXus form: base classes NXentry, NXlog, NXsensor, NXactuator, NXsample, NXprocess, NXdata, NXnote.

Names of fields: NeXus definitions v2026.01 (manual.nexusformat.org). What the base classes have no field for is in
NXcollection (steps, events, notices) or NXparameters. Numbers of a quality are flags as in the CF conventions
(``flag_values``, ``flag_meanings``).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import h5py

from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Position, SupplyMode
from pvdstation.record.export.naming import StationNames
from pvdstation.record.export.nexus_logs import actuator_logs, sensor_logs
from pvdstation.record.export.nexus_writing import Value, fill, flags, group, identifier, log, note, quality_log
from pvdstation.record.export.story import Story, identities
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.weighed import lots_of

_POSITIONS = ("shutter", "gate", "valve")
_MEASUREMENTS = {"V": "voltage", "A": "current", "mbar": "pressure"}  # the definition's own words
_PLOTS = {"rate": "rate", "thickness": "thickness"}  # group and signal; the first is the default plot
_GAUGES = ("chamber.full_range", "chamber.capacitance", "foreline.pirani")


def write_nexus(record: RunFile, path: Path) -> None:
    """Write the file. Raises OSError."""
    story, names = Story(record), StationNames(record.station)
    with h5py.File(path, "w") as file:
        _root(file, record)
        entry = group(file, "entry", "NXentry", default="data")
        _describe(entry, record, story)
        _people_and_samples(entry, record, story)
        _process(entry, record, story)
        _instrument(entry, record, story, names)
        _plots(entry, record, names)
        _tables(entry, record, story)


def _root(file: h5py.File, record: RunFile) -> None:
    file.attrs.update(
        NX_class="NXroot",
        default="entry",
        file_name=f"{record.run}.nxs",
        file_time=datetime.now(UTC).isoformat(timespec="seconds"),
        creator="pvdstation",
        creator_version=_version(record),
        h5py_version=h5py.version.version,
        HDF5_Version=h5py.version.hdf5_version,
    )


def _describe(entry: h5py.Group, record: RunFile, story: Story) -> None:
    entry.attrs["simulated"] = story.is_simulated
    fill(
        entry,
        title=story.title,
        entry_identifier=record.run,
        experiment_description=f"Physical vapour deposition; outcome: {story.outcome} ({story.reason})",
        start_time=story.wall.at(0),
        end_time=story.wall.at(story.ended_ns),
        duration=(round(story.ended_ns / SECOND), "s"),
        program_name="pvdstation",
    )
    entry["program_name"].attrs["version"] = _version(record)
    end = record.end or {}
    outcome = group(entry, "outcome", "NXparameters")
    fill(outcome, outcome=story.outcome, cause=story.cause, reason=story.reason, safe=str(end.get("safe")))
    note(entry, "notes", json.dumps(end, ensure_ascii=False).encode(), "application/json", "the end as recorded")


def _people_and_samples(entry: h5py.Group, record: RunFile, story: Story) -> None:
    about = record.document(Entry.ABOUT)
    fill(group(entry, "user", "NXuser"), name=about.get("operator", ""), role="operator")
    for number, sample in enumerate(about.get("samples", ()), start=1):
        made = group(entry, f"sample_{number}", "NXsample")
        fill(
            made,
            name=sample.get("name", ""),
            identifier_sample=sample.get("id", ""),
            description=f"batch {sample.get('batch', '')}",
            type="simulated data" if story.is_simulated else "sample",
        )
    glovebox = about.get("glovebox", {})
    typed = {
        name: (glovebox[f"{name}_ppm"], "ppm") for name in ("h2o", "o2") if glovebox.get(f"{name}_ppm") is not None
    }
    fill(group(entry, "glovebox", "NXparameters"), **typed)
    lots = lots_of(record)
    words = {identifier(name): f"lot {lot.get('lot', '')}, {lot.get('purity', '')}" for name, lot in lots.items()}
    fill(group(entry, "lots", "NXparameters"), **words)
    fill(group(entry, "remarks", "NXnote"), type="text/plain", data=about.get("note", ""))


def _process(entry: h5py.Group, record: RunFile, story: Story) -> None:
    process = group(entry, "process", "NXprocess")
    fill(process, program="pvdstation", version=_version(record), date=story.wall.at(0), sequence_index=1)
    for number, (name, content) in enumerate((("recipe", record.recipe), ("station", record.station)), start=1):
        named = record.genesis[name]
        made = note(process, name, content, "text/plain", f"{name} file as it was read")
        fill(made, file_name=named["name"], checksum=named["sha256"], algorithm="SHA-256", sequence_index=number)
    plan = json.dumps(story.plan, ensure_ascii=False).encode()
    note(process, "procedure", plan, "application/json", "the expanded procedure")
    ledger = json.dumps(record.document(Entry.LEDGER), ensure_ascii=False).encode()
    note(process, "ledger", ledger, "application/json", "crystals, charges and tooling as known at the start")
    software = {identifier(name): str(version) for name, version in record.genesis["software"].items()}
    number, head = record.head()
    fill(group(process, "software", "NXparameters"), **software)
    source = group(process, "record", "NXparameters")
    fill(source, run=record.run, rows=number, last_hash=head.hex(), algorithm="SHA-256", mode=record.genesis["mode"])


def _instrument(entry: h5py.Group, record: RunFile, story: Story, names: StationNames) -> None:
    instrument = group(entry, "instrument", "NXinstrument")
    fill(instrument, name=names.name)
    instruments = identities(record)
    for link, words in instruments.items():
        fill(group(instrument, f"link_{identifier(link)}", "NXfabrication"), model=words)
    start = story.wall.at(0)
    for signal, samples in zip(record.signals, sensor_logs(record), strict=True):
        sensor = group(instrument, identifier(signal.name), "NXsensor")
        fill(sensor, name=signal.name, short_name=names.words(signal), model=instruments.get(signal.link, ""))
        if signal.unit in _MEASUREMENTS:
            fill(sensor, measurement=_MEASUREMENTS[signal.unit])
        made = log(sensor, "value_log", samples, signal.unit, start)
        quality_log(sensor, samples, made["time"])
        if signal.name.endswith(".mode") and signal.name.startswith("supply."):
            flags(made["value"], SupplyMode)
        elif any(word in signal.name for word in _POSITIONS):
            flags(made["value"], Position)
    for title, unit, levels in actuator_logs(record, names):
        actuator = group(instrument, identifier(title), "NXactuator")
        fill(actuator, name=title)
        log(actuator, "output_log", levels, unit, start)


def _plots(entry: h5py.Group, record: RunFile, names: StationNames) -> None:
    """One value per scan, NaN where it is not good: plots of several signals need one common axis."""
    outputs = {name: facts.output for name, facts in names.sources.items()}
    wanted = {
        title: {f"{title}_{name}": f"sqc.output.{number}.{what}" for name, number in outputs.items()}
        for title, what in _PLOTS.items()
    }
    wanted["pressure"] = {identifier(name): name for name in _GAUGES if name in record.number}
    for place, (title, signals) in enumerate(wanted.items()):
        _plot(entry, "data" if place == 0 else title, title, signals, record)


def _plot(entry: h5py.Group, name: str, title: str, signals: Mapping[str, str], record: RunFile) -> None:
    fields = [identifier(field) for field in signals]
    data = group(entry, name, "NXdata", signal=fields[0], axes=["time"], time_indices=0)
    if fields[1:]:
        data.attrs["auxiliary_signals"] = fields[1:]
    samples = record.samples(list(signals.values()))
    unit = record.signals[record.number[next(iter(signals.values()))]].unit
    fill(data, title=title, time=(samples.at_s, "s"))
    for field, signal, column in zip(fields, signals.values(), samples.values, strict=True):
        fill(data, **{field: (column, unit)})
        data[field].attrs["long_name"] = f"{signal} ({unit})"


def _tables(entry: h5py.Group, record: RunFile, story: Story) -> None:
    chapters = [chapter for chapter in story.chapters if chapter.start_s is not None]
    table = group(entry, "steps", "NXcollection")
    columns: dict[str, Value] = {
        "number": [chapter.step.index for chapter in chapters],
        "kind": [chapter.step.do for chapter in chapters],
        "text": [chapter.step.text for chapter in chapters],
        "state": [chapter.result.state for chapter in chapters],
        "ended_because": [chapter.result.ended_because for chapter in chapters],
        "start": ([chapter.start_s or 0.0 for chapter in chapters], "s"),
        "end": ([chapter.end_s or 0.0 for chapter in chapters], "s"),
    }
    fill(table, **columns)
    events = list(record.events())
    columns = {
        "time": ([event.at_ns / SECOND for event in events], "s"),
        "number": [event.number for event in events],
        "kind": [event.kind.value for event in events],
        "source": [event.source for event in events],
        "text": [event.text for event in events],
        "values": [_values(event.values) for event in events],
    }
    fill(group(entry, "events", "NXcollection"), **columns)
    notices = list(record.notices())
    columns = {
        "time": ([said.at_ns / SECOND for said in notices], "s"),
        "link": [said.link for said in notices],
        "text": [said.text for said in notices],
    }
    fill(group(entry, "notices", "NXcollection"), **columns)


def _values(values: Sequence[tuple[str, float | str]]) -> str:
    """Return an event's values as JSON; NaN and infinity, which JSON does not have, as words."""
    finite = {
        name: value if not isinstance(value, float) or abs(value) < float("inf") else str(value)
        for name, value in values
    }
    return json.dumps(finite, ensure_ascii=False) if finite else ""


def _version(record: RunFile) -> str:
    return str(record.genesis["software"]["pvdstation"])
