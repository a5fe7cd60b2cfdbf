"""``pvd init``: a few questions, and a commented station file that loads."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import cast

from pvdstation.assembly.new_station import MOST_BOATS, Answers, Boat, Dialect, IoMap, station_text
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.questions import Questions, Wrong
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.materials import find_material, nearest_material
from pvdstation.model.ports import PortError, PortKind, parse_port
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.toml import load_station
from pvdstation.protocol import supply as scpi
from pvdstation.protocol import supply_gen as gen
from pvdstation.record.results import Named, refused

_MATERIALS = ("Zn", "Li", "Mg", "Ag")
_BY_PATH = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:{}:1.0-port0"
_MODELS = {"scpi": "GH10-100", "gen": "GEN10-240"}
_SQC_USB, _GAUGES_USB, _TURBO_USB, _SUPPLY_USB = 1, 2, 3, 4
_NEXT = """Next:
  pvd schema station > station.schema.json   an editor then completes and checks the file
  pvd probe --station {file}   who answers
  pvd check "10 nm Zn at 0.5 nm/s" --station {file}   what would happen
Every value that says "not yet" is to be proved first: docs/bench-checks.md."""


def run_init(streams: Streams, output: str, *, yes: bool, force: bool) -> ExitCode:
    """Ask, write; return the exit code."""
    questions = Questions(streams, takes_defaults=yes)
    try:
        if not _may_write(questions, Path(output), yes=yes, force=force):
            streams.note(f"{output} stays as it is")
            return ExitCode.OPERATOR
        text = station_text(_answers(questions))
        station = load_station(text.encode(), output)
        _write(Path(output), text)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        named = Named(station.name, sha256(text.encode()).hexdigest())
        streams.document({"outcome": "complete", "file": output, "station": named.as_json(), "errors": []})
    streams.show(f"{output} is written and loads.", _NEXT.format(file=output))
    return ExitCode.COMPLETE


# --- the file ---


def _may_write(questions: Questions, path: Path, *, yes: bool, force: bool) -> bool:
    """Return whether the file may be written. Raises Refused where it cannot be, before anything is asked."""
    if path.suffix.lower() != ".toml":
        raise Refused([Problem("--output", f'"{path}" does not end in .toml', "Name a file that ends in .toml.")])
    if path.is_dir() or not path.parent.is_dir():
        what = f'"{path}" is a folder' if path.is_dir() else f'there is no folder "{path.parent}"'
        raise Refused([Problem("--output", what, "Name a file in a folder that exists.")])
    if force or not os.path.lexists(path):
        return True
    if yes:
        raise Refused([Problem("--output", f'"{path}" exists', "Write --force to replace it, or name another file.")])
    return questions.choose(f"{path} exists. Replace it?", "no", ("no", "yes")) == "yes"


def _write(path: Path, text: str) -> None:
    """Write all of it or nothing. Raises Refused."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        unfinished.replace(path)
    except OSError as error:
        what = f'"{path}" cannot be written: {error.strerror}'
        raise Refused([Problem("--output", what, "Check the folder and its permissions.")]) from None
    finally:
        with suppress(OSError):
            unfinished.unlink()


# --- the questions ---


def _answers(questions: Questions) -> Answers:
    name = questions.ask("Name of the station", "our glovebox PVD", str)
    boats: list[Boat] = []
    taken: set[str] = set()
    for number in range(1, questions.count("How many boats, each with its supply", 2, MOST_BOATS) + 1):
        boats.append(_boat(questions, number, boats, taken))
    sqc = _port(questions, taken, "Port of the SQC-310", _BY_PATH.format(_SQC_USB))
    io_map = cast("IoMap", questions.choose("Modbus I/O", "wago", ("wago", "adam-6050", "adam-6060")))
    io = _port(questions, taken, "Port of the Modbus I/O", "tcp://192.168.1.31:502")
    proved = ""
    if io_map != "wago":
        question = "Day on which pulling its cable was seen to switch all outputs off (YYYY-MM-DD)"
        proved = questions.ask(question, "not yet", _day)
    gauges = _port(questions, taken, "Port of the gauge controller", _BY_PATH.format(_GAUGES_USB))
    turbo = _port(questions, taken, "Port of the turbo drive", _BY_PATH.format(_TURBO_USB))
    return Answers(name, boats, sqc, io, gauges, turbo, io_map, proved)


def _boat(questions: Questions, number: int, boats: list[Boat], taken: set[str]) -> Boat:
    here = f"Boat {number}"
    used = [boat.material for boat in boats]
    free = next(name for name in _MATERIALS if name not in used)
    material = questions.ask(f"{here}: material", free, _new_material(used))
    question = f"{here}: language of its supply; scpi is GENESYS+, gen legacy Genesys, none no host link"
    dialect = cast("Dialect", questions.choose(question, "scpi", ("scpi", "gen", "none")))
    if dialect == "none":
        full_scale_a = questions.ask(f"{here}: its current at 10 V on the analogue input, A", "100", _amperes)
        return Boat(material, "sqc", dialect, full_scale_a=full_scale_a)
    owner = questions.choose(f"{here}: who closes the rate loop", "sqc", ("sqc", "host"))
    lan = f"TCPIP::192.168.1.{20 + number}::8003::SOCKET"
    default = lan if dialect == "scpi" else _BY_PATH.format(_SUPPLY_USB + number)
    port = _port(questions, taken, f"{here}: port of its supply", default)
    rating = scpi.rating if dialect == "scpi" else gen.rating

    def model(answer: str) -> tuple[str, float]:
        rated = rating(answer)
        if rated is None:
            raise Wrong(f'"{answer}" tells no rating: write the model as on the name plate, {_MODELS[dialect]}.')
        return answer, rated.current_a

    name, current_a = questions.ask(f"{here}: model of its supply", _MODELS[dialect], model)
    return Boat(material, "host" if owner == "host" else "sqc", dialect, port, name, current_a)


def _new_material(used: list[str]) -> Callable[[str], str]:
    def read(answer: str) -> str:
        found = find_material(answer)
        if found is None:
            near = nearest_material(answer)
            hint = f" Did you mean {near}?" if near else " Write its formula, for example Mg."
            raise Wrong(f'"{answer}" is no known evaporant.{hint}')
        if found.name in used:
            raise Wrong(f"{found.name} is in another boat already: a source is named by its material.")
        return found.name

    return read


def _port(questions: Questions, taken: set[str], question: str, default: str) -> str:
    def read(answer: str) -> str:
        try:
            port = parse_port(answer)
        except PortError as error:
            raise Wrong(f"{error.what}. {error.write}") from None
        if port.kind is PortKind.SIMULATED:
            raise Wrong('This file is for real ports; the packaged station "sim" is all simulated.')
        if port.target in taken:
            raise Wrong(f"{answer} belongs to another instrument already: one link owns one port.")
        taken.add(port.target)
        return answer

    return questions.ask(question, default, read)


def _amperes(answer: str) -> float:
    try:
        value = float(answer.removesuffix("A"))
    except ValueError:
        value = 0.0
    if not 0 < value <= 1000:
        raise Wrong(f'"{answer}" is no current up to 1000 A.')
    return value


def _day(answer: str) -> str:
    try:
        return date.fromisoformat(answer).isoformat()
    except ValueError:
        raise Wrong(f'"{answer}" is no day: it must be proved before this I/O may switch anything.') from None
