"""Loads a NOMAD archive with NOMAD's own parser and finds everything again that was written into it.

python tests/external/validate_nomad.py FILE.archive.json

Needs nomad-material-processing, in a virtual environment of its own (about 100 packages; ``.ci/run`` makes it); no
server. Not collected by pytest. References by ``lab_id`` are looked up on a server when NOMAD processes an upload: here
they stay as they are.
"""

import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from nomad.client import normalize_all, parse  # noqa: E402 - after its warnings were silenced
from nomad_material_processing.vapor_deposition.pvd.thermal import ThermalEvaporation  # noqa: E402

Fields = dict[str, Any]


def problems_of(path: Path) -> list[str]:
    """Return everything of the archive that the schema does not take as it was meant."""
    written = json.loads(path.read_text("utf-8"))["data"]
    try:
        (archive,) = parse(str(path))
    except Exception as error:  # noqa: BLE001 - whatever NOMAD raises, it is the finding
        return [f"it is not parsed: {type(error).__name__}: {error}"]
    if type(archive.data) is not ThermalEvaporation:
        return [f"it is a {type(archive.data).__name__}"]
    errors, _ = archive.m_all_validate()
    found = [f"invalid: {error}" for error in errors]
    found += lost(written, archive.data, "data")
    normalize_all(archive)
    methods = archive.results.eln.methods if archive.results and archive.results.eln else None
    if methods != ["Thermal Evaporation"]:
        found.append(f"normalised, it is found by the methods {methods}")
    return found


def lost(written: Fields, section: Any, where: str) -> Iterator[str]:
    """Yield what was written and is not there, or is there with another value."""
    quantities, sub_sections = section.m_def.all_quantities, section.m_def.all_sub_sections
    for name, value in written.items():
        here = f"{where}.{name}"
        if name == "m_def":
            if section.m_def.qualified_name() != value:
                yield f"{here}: {section.m_def.qualified_name()}"
        elif name in quantities:
            if not same(value, getattr(section, name)):
                yield f"{here}: {value!r} was read as {getattr(section, name)!r}"[:300]
        elif name in sub_sections:
            inner = section.m_get_sub_sections(sub_sections[name])
            wanted = value if isinstance(value, list) else [value]
            if len(inner) != len(wanted):
                yield f"{here}: {len(wanted)} were written, {len(inner)} read"
            for place, (fields, one) in enumerate(zip(wanted, inner, strict=False)):
                yield from lost(fields, one, f"{here}[{place}]")
        else:
            yield f"{here}: the schema has no such name"


def same(written: Any, read: Any) -> bool:
    """Return whether a quantity has the value that was written, in the unit that the schema states."""
    read = getattr(read, "magnitude", read)
    if isinstance(read, datetime):
        return read == datetime.fromisoformat(written)
    if isinstance(written, list):
        return list(read) == written
    return bool(read == written)


def _wrong_word(data: Fields) -> None:
    _deposit(data)["sources"][0]["impinging_flux"][0]["measurement_type"] = "Guessed"


def _wrong_name(data: Fields) -> None:
    _deposit(data)["sources"][0]["impinging_fluxes"] = _deposit(data)["sources"][0].pop("impinging_flux")


def _wrong_kind(data: Fields) -> None:
    _deposit(data)["environment"]["pressure"]["value"] = ["high"]


def _deposit(data: Fields) -> Fields:
    return next(step for step in data["steps"] if step["creates_new_thin_film"])


def unnoticed(path: Path, spoil: Callable[[Fields], None]) -> bool:
    """Return whether a spoilt archive passes: then this check is worth nothing."""
    archive = deepcopy(json.loads(path.read_text("utf-8")))
    spoil(archive["data"])
    with tempfile.TemporaryDirectory() as folder:
        spoilt = Path(folder) / "spoilt.archive.json"
        spoilt.write_text(json.dumps(archive), "utf-8")
        return not problems_of(spoilt)


def main(path: Path) -> int:
    """Print what is wrong; return the exit code."""
    steps = json.loads(path.read_text("utf-8"))["data"]["steps"]
    if not any(step["creates_new_thin_film"] for step in steps):
        print(f"{path.name}: no step of it has made a film; this check needs a run with a layer")  # noqa: T201
        return 1
    found = problems_of(path)
    found += [
        f"{spoil.__name__} is not noticed"
        for spoil in (_wrong_word, _wrong_name, _wrong_kind)
        if unnoticed(path, spoil)
    ]
    print("\n".join(found) if found else f"{path.name}: ThermalEvaporation with {len(steps)} steps, as it was written")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
