"""A run as a NOMAD archive: ``ThermalEvaporation`` of the plug-in nomad-material-processing (1.0).

Numbers are in the units that the schema states for each quantity; times count in seconds from the start of the step.
Thickness, tooling, crystal life and shutters have no place there: they are in the comments and in the HDF5 export.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pvdstation.model.clock import to_ns
from pvdstation.model.materials import find_material
from pvdstation.record.export.naming import SourceFacts, StationNames
from pvdstation.record.export.nomad_series import StepSeries, flux_of, series_of, tidy
from pvdstation.record.export.story import Story, identities
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.weighed import charges_mg, lots_of

DEFINITION = "nomad_material_processing.vapor_deposition.pvd.thermal.ThermalEvaporation"
_COMPONENT = "nomad.datamodel.metainfo.basesections.v1.PureSubstanceComponent"
_KG_PER_MG = 1e-6
_PA_PER_MBAR = 100.0
_GASES = {"N2": 28.014, "Ar": 39.948}
"""Molar masses of gases, g/mol: IUPAC abridged standard atomic weights."""

Fields = dict[str, Any]


def write_nomad(record: RunFile, path: Path) -> None:
    """Write the archive as JSON; NOMAD reads it from a file that ends in ``.archive.json``. Raises OSError."""
    text = json.dumps({"data": archive_data(record)}, ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def archive_data(record: RunFile) -> Fields:
    """Return the section ``data``."""
    story, names = Story(record), StationNames(record.station)
    about = record.document(Entry.ABOUT)
    samples = [_sample(sample) for sample in about.get("samples", ())]
    lots, charges = lots_of(record), charges_mg(record.document(Entry.LEDGER))
    sources = {
        name: facts._replace(charge_mg=charges.get(name, facts.charge_mg)) for name, facts in names.sources.items()
    }
    series = series_of(record, story.chapters, sources)
    return {
        "m_def": DEFINITION,
        "name": story.title,
        "datetime": story.wall.at(0),
        "end_time": story.wall.at(story.ended_ns),
        "lab_id": record.run,
        "description": _description(record, story, about, lots),
        "location": names.name,
        "method": "Thermal Evaporation",
        "instruments": _instruments(record, names),
        "samples": samples,
        "steps": [_step(one, story, names, samples, lots) for one in series],
    }


def _description(record: RunFile, story: Story, about: Mapping[str, Any], lots: Mapping[str, Any]) -> str:
    sentences = [
        "SIMULATED: no instrument, no film." if story.is_simulated else "",
        f"Outcome: {story.outcome} ({story.reason}).",
        f"Operator: {about['operator']}" if about.get("operator") else "",
        *(
            f"Glovebox {gas.upper()}: {ppm:g} ppm."
            for gas in ("h2o", "o2")
            if (ppm := about.get("glovebox", {}).get(f"{gas}_ppm")) is not None
        ),
        *(f"{name}: lot {lot.get('lot') or 'unknown'}." for name, lot in lots.items()),
        about.get("note", ""),
        f"Recipe SHA-256 {record.genesis['recipe']['sha256']}, station SHA-256 {record.genesis['station']['sha256']}.",
        f"pvdstation {record.genesis['software']['pvdstation']}, run {record.run}.",
        "Every sample of every signal is in the HDF5 (NeXus) export of the same run.",
    ]
    return " ".join(f"{sentence.removesuffix('.')}." for sentence in sentences if sentence)


def _instruments(record: RunFile, names: StationNames) -> list[Fields]:
    links = [{"name": f"{link}: {identity}"} for link, identity in identities(record).items()]
    return [{"name": names.name}, *links]


def _sample(sample: Mapping[str, str]) -> Fields:
    return {name: text for name, text in (("name", sample.get("name")), ("lab_id", sample.get("id"))) if text}


def _step(
    series: StepSeries, story: Story, names: StationNames, samples: Sequence[Fields], lots: Mapping[str, Any]
) -> Fields:
    step, start_s = series.chapter.step, series.chapter.start_s or 0.0
    made: Fields = {
        "name": f"{step.index}. {step.text}",
        "start_time": story.wall.at(to_ns(start_s)),
        "duration": round((series.chapter.end_s or start_s) - start_s, 3),
        "comment": _comment(series, names),
        "creates_new_thin_film": bool(series.open_s),
    }
    if series.source is not None:
        made["sources"] = [_source(series, series.source, lots)]
    if step.do == "deposit":
        made["sample_parameters"] = _sample_parameters(series, samples)
    environment = _environment(series)
    if environment:
        made["environment"] = environment
    return made


def _source(series: StepSeries, source: SourceFacts, lots: Mapping[str, Any]) -> Fields:
    made: Fields = {
        "name": f"{source.name} (boat {source.boat})",
        "material": [_material(source, lots.get(source.name, {}))],
    }
    if series.power_w.values:  # a supply without a link tells nothing
        power = series.power_w.fields(set_value=series.set_power_w.values, set_time=series.set_power_w.times)
        made["vapor_source"] = {"power": power}
    flux = flux_of(series.rate_m_s, source)
    if flux is not None and flux.values:
        made["impinging_flux"] = [flux.fields(measurement_type="Quartz Crystal Microbalance")]
    return made


def _material(source: SourceFacts, lot: Mapping[str, str]) -> Fields:
    purity = lot.get("purity") or source.purity
    words = [source.name, purity, f"lot {lot['lot']}" if lot.get("lot") else ""]
    known = find_material(source.name)
    substance: Fields = {"name": source.name, "molecular_formula": source.name}
    if known is not None and known.molar_mass_g_mol is not None:
        substance["molar_mass"] = known.molar_mass_g_mol
    return {
        "m_def": _COMPONENT,
        "name": ", ".join(word for word in words if word),
        "mass": tidy(source.charge_mg * _KG_PER_MG),
        "substance_name": source.name,
        "pure_substance": substance,
    }


def _sample_parameters(series: StepSeries, samples: Sequence[Fields]) -> list[Fields]:
    """Return one entry per sample; the growth rate is the monitor's, taken for the substrate's by the tooling."""
    asked = series.chapter.step.asked
    layer = {"name": f"{asked['material']} {asked['target_nm']:g} nm"}
    rate = series.rate_m_s.fields(measurement_type="Assumed")
    common: Fields = {"heater": "No heating", "layer": layer}
    if series.rate_m_s.values:
        common["growth_rate"] = rate
    return [dict(common, substrate=dict(sample)) for sample in samples] or [common]


def _environment(series: StepSeries) -> Fields:
    asked, made = series.chapter.step.asked, Fields()
    if series.pressure_pa.values:
        made["pressure"] = series.pressure_pa.fields()
    if "gas" in asked:
        gas = asked["gas"]
        substance: Fields = {"name": gas, "molecular_formula": gas}
        if gas in _GASES:
            substance["molar_mass"] = _GASES[gas]
        made["gas_flow"] = [{"gas": substance}]  # the flow itself is not measured
        if "pressure" in made:
            made["pressure"].update(set_value=[asked["target_mbar"] * _PA_PER_MBAR], set_time=[0.0])
    return made


def _comment(series: StepSeries, names: StationNames) -> str:
    result, step = series.chapter.result, series.chapter.step
    words = [f"{step.do}; {result.state}" + (f": {result.ended_because}" if result.ended_because else "")]
    if step.implied:
        words.append(f"implied: {step.because}")
    numbers = {
        name: value for name, value in result.as_json().items() if isinstance(value, float) and name != "duration_s"
    }
    words += [f"{name} = {value:g}" for name, value in numbers.items()]
    if series.source is not None and step.do == "deposit":
        crystal = series.source.sensors[0]
        words.append(f"tooling {names.tooling.get(crystal, 'unknown')}")
        if series.life_pct is not None:
            words.append("crystal life {:.2f} % to {:.2f} %".format(*series.life_pct))
        from_s = series.chapter.start_s or 0.0
        opened = [f"{begin - from_s:.2f} s to {end - from_s:.2f} s" for begin, end in series.open_s]
        words.append(f"substrate shutter open {', '.join(opened)}" if opened else "substrate shutter never open")
        words.append("flux and growth rate only while it was; set power = current asked x voltage measured")
    return "; ".join(words)
