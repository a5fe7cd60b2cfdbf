"""What an action of the SQC-310 works on: one layer, or a co-deposition, with the process that deposits it."""

from typing import NamedTuple

from pvdstation.drivers.sqc310_talk import Declined
from pvdstation.model.messages import Action, ActionKind, LayerSetup
from pvdstation.model.station import Source, Station


class Part(NamedTuple):
    """One source's share of a job."""

    setup: LayerSetup
    source: Source


class Job(NamedTuple):
    """Layers that are deposited together, the first-named one first, by one process of the unit."""

    parts: tuple[Part, ...]
    process: int
    layers: tuple[int, ...] | None
    """Numbers of the layers in the unit's pool, in the order of the parts; None where the unit is asked."""

    @property
    def outputs(self) -> list[int]:
        """Return the outputs that the process drives, in order."""
        return sorted(part.source.sqc.output for part in self.parts)

    @property
    def sensors(self) -> list[int]:
        """Return the sensors that it regulates with, in order."""
        return sorted(sensor for part in self.parts for sensor in part.source.sqc.sensors)


def job_of(station: Station, action: Action) -> Job:
    """Return what an action works on. Raises Declined for layers that this station cannot deposit together."""
    if action.layer is None:
        raise Declined(f"{action.kind} needs a layer of this station")
    parts = []
    for setup in (action.layer, *action.others):
        source = station.source.get(setup.source)
        if source is None:
            raise Declined(f"{action.kind} needs a layer of this station")
        parts.append(Part(setup, source if setup.profile is None else source.conditioned(setup.profile)))
    if action.kind is ActionKind.SQC_SHOW and station.codeposition is None:
        del parts[1:]  # our own loops need no template: the unit only displays a film
    if len(parts) == 1:
        return Job(tuple(parts), parts[0].source.sqc.process, None)
    return _codeposition(station, tuple(parts))


def _codeposition(station: Station, parts: tuple[Part, ...]) -> Job:
    template = station.codeposition
    named = [part.setup.source for part in parts]
    if template is None:
        raise Declined("the station file names no template of a co-deposition")
    layer_of = dict(zip(station.source, template.layers, strict=False))  # in the order of the station's sources
    if sorted(named) != sorted(layer_of):
        raise Declined(f"the template deposits {' with '.join(layer_of)}, not {' with '.join(named)}")
    return Job(parts, template.process, tuple(layer_of[name] for name in named))
