"""What can be set by hand: every output by its name, the words for its levels, and the rules of either movement."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pvdstation.control.view import Frame
from pvdstation.model.messages import Outputs

VALVE = ("closed", "open")
AS_FOUND = "as found"
"""Level of the turbo that nobody has told anything."""


class Knob(NamedTuple):
    """One output that is on or off; "on" is the movement that its rule permits."""

    name: str  # as the arbiter writes it
    attribute: str  # of ``Outputs``
    rule: str  # output of the permissive for "on"
    words: tuple[str, str] = VALVE  # off, on
    place: int | None = None  # in the order of the station's sources
    off_rule: str = ""  # for "off", where that is not always safe

    def level(self, outputs: Outputs) -> bool | None:
        """Return the level; None: as it was found."""
        value = getattr(outputs, self.attribute)
        level: bool | None = value if self.place is None else value[self.place]
        return level

    def word(self, level: bool | None) -> str:  # noqa: FBT001 - the level
        """Return a level in words."""
        return AS_FOUND if level is None else self.words[level]

    def moves(self, level: bool) -> str:  # noqa: FBT001 - the level
        """Return the permissive of a movement; empty: it looks at nothing."""
        return self.rule if level else self.off_rule


def knobs_of(frame: Frame) -> tuple[Knob, ...]:
    """Return every output of a station that is on or off, in the order in which a chamber is pumped."""
    gas = [Knob("N2 valve", "n2", "n2")] if "N2" in frame.station.gas else []
    return (
        Knob("backing pump", "backing_stop", "backing_stop", ("run", "stop")),
        Knob("turbo", "turbo", "turbo", ("stop", "run"), off_rule="turbo_stop"),
        Knob("roughing valve", "roughing", "roughing"),
        Knob("fore-line valve", "foreline", "foreline"),
        Knob("HV gate", "gate", "gate"),
        *gas,
        Knob("vent valve", "vent", "vent"),
        Knob("substrate shutter", "substrate_shutter", "substrate_shutter"),
        *(
            Knob(f"source shutter {w.name}", "source_shutter", "source_shutter", place=w.index)
            for w in frame.sources
        ),
    )  # fmt: skip


def with_levels(outputs: Outputs, levels: Iterable[tuple[Knob, bool | None]]) -> Outputs:
    """Return the outputs with some levels."""
    values: dict[str, Any] = {}
    shutters = list(outputs.source_shutter)
    for knob, level in levels:
        if knob.place is None:
            values[knob.attribute] = level
        else:
            shutters[knob.place] = bool(level)
    return outputs._replace(source_shutter=tuple(shutters), **values)
