"""All kinds of faults, and how they are written."""

from pvdsim.faults import on_instruments, on_links, on_plant, on_power, on_sources
from pvdsim.faults.kinds import Kind, Parameter
from pvdstation.model.quantities import DIMENSIONS

KINDS: tuple[Kind, ...] = (
    *on_links.KINDS,
    *on_power.KINDS,
    *on_instruments.KINDS,
    *on_sources.KINDS,
    *on_plant.KINDS,
)
"""By family of components; within a family each word stands once."""

FAMILIES = {
    "link": "io, sqc, gauges, gauges2, turbo, supply.N",
    "power": "power",
    "supply": "supply.N",
    "gauge": "gauge.full_range, gauge.capacitance, gauge.foreline",
    "gauges": "gauges, gauges2",
    "boat": "boat.N",
    "source": "source.NAME",
    "crystal": "crystal.N",
    "part": "shutter.N, shutter.substrate, valve.n2, valve.vent, valve.roughing, valve.foreline, gate",
}
"""How the components of a family are written, where it is not the family's own name."""

_INDENT = 34
_HEAD = """\
A fault is one line:

  t=TIME [for TIME | once | N times] COMPONENT KIND [PARAMETERS] [on TEXT]

TIME is plant time with its unit ("600 s", "10min"); "t=now" is for a station that already runs. Without "for" a fault
stays. "once", "N times" and "on TEXT" are for faults of answers: they count the answers hit, and hit only answers to
questions that contain the text (0x0f0200: these bytes). Examples:

  t=600s crystal.1 fail
  t=10min for 5s sqc lost 50%
  t=0s once sqc lost on U0
"""


def kinds_of(families: tuple[str, ...]) -> dict[str, Kind]:
    """Return the kinds that the families of a component have, by word."""
    return {kind.word: kind for kind in KINDS if kind.family in families}


def written(kind: Kind) -> str:
    """Return a kind with its parameters as they are written."""
    return " ".join([kind.word, *map(_written, kind.parameters)])


def _written(parameter: Parameter) -> str:
    shown = "|".join(parameter.words) or DIMENSIONS[parameter.dimension].noun.upper().replace(" ", "_")
    return shown if parameter.default is None else f"[{shown}]"


def faults_help() -> str:
    """Return the grammar and every kind of fault, as plain text of at most 120 columns."""
    blocks = [_HEAD]
    for family in dict.fromkeys(kind.family for kind in KINDS):
        rows = [_row(kind) for kind in KINDS if kind.family == family]
        blocks.append("\n".join([f"{FAMILIES.get(family, family)}:", *rows]))
    return "\n\n".join(blocks) + "\n"


def _row(kind: Kind) -> str:
    shown = f"  {written(kind)}"
    gap = f"{shown:<{_INDENT}}" if len(shown) < _INDENT else f"{shown}\n{'':{_INDENT}}"
    return f"{gap}{kind.sentence}{_default(kind)}"


def _default(kind: Kind) -> str:
    listed = [p.default for p in kind.parameters if p.default is not None and p.name != "share"]
    return f" ({', '.join(listed)})" if listed else ""
