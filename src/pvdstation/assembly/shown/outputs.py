"""Every output: its level after the arbiter, and why it may not rise now."""

from collections.abc import Iterator

from pvdstation.assembly.shown.moment import Moment
from pvdstation.assembly.shown.plant import BACKING, TURBO
from pvdstation.control.overrides import names
from pvdstation.control.supervisor import blocked
from pvdstation.control.why import Why, why_output
from pvdstation.desk.snapshot import OutputShown
from pvdstation.model.messages import Outputs, SupplyLevel
from pvdstation.model.station import Supply

_SINGLE = (
    ("substrate shutter", "substrate_shutter"),
    ("N2 valve", "n2"),
    ("vent valve", "vent"),
    ("roughing valve", "roughing"),
    ("HV gate", "gate"),
    ("fore-line valve", "foreline"),
)
"""Name, and field of ``Outputs``, which is the name of its rule's output."""


def outputs(m: Moment) -> tuple[OutputShown, ...]:
    """Return every output, shutters first."""
    return tuple(_Shown(m).all())


class _Shown:
    """The outputs of one moment; outputs that share a rule share its answer."""

    def __init__(self, m: Moment) -> None:
        self._m = m
        self._last: Outputs = m.v.last
        self._closed = blocked(m.state.watch)
        self._overridden = names(m.state.overrides)
        self._answers: dict[str, Why] = {}

    def all(self) -> Iterator[OutputShown]:
        """Return each output."""
        last, frame = self._last, self._m.control.frame
        for w, is_open in zip(frame.sources, last.source_shutter, strict=True):
            yield self._output(f"source shutter {w.name}", _valve(is_open), "source_shutter", is_risen=is_open)
        for name, field in _SINGLE:
            is_open = getattr(last, field)
            yield self._output(name, _valve(is_open), field, is_risen=is_open)
        for (number, supply), level in zip(frame.station.supply.items(), last.supply, strict=True):
            yield self._output(f"supply {number}", _supply(supply, level), "supply", is_risen=level.on)
        turbo = "as found" if last.turbo is None else "run" if last.turbo else "stop"
        yield self._output(TURBO, turbo, "turbo", is_risen=last.turbo is True)
        stops = last.backing_stop
        yield self._output(BACKING, "stop" if stops else "run", "backing_stop", is_risen=stops)

    def _output(self, name: str, level: str, rule: str, *, is_risen: bool) -> OutputShown:
        why = None if is_risen else self._why(rule)
        if why is None or why.is_allowed:
            return OutputShown(name, level)
        minutes = None if why.override is None else why.override.minutes
        return OutputShown(name, level, why.text, rule=why.rule, override_min=minutes)

    def _why(self, output: str) -> Why:
        if output not in self._answers:
            m = self._m
            self._answers[output] = why_output(
                output, m.v, m.state.scene, closed=self._closed, overridden=self._overridden
            )
        return self._answers[output]


def _valve(is_open: bool) -> str:  # noqa: FBT001 - the level
    return "open" if is_open else "closed"


def _supply(supply: Supply, level: SupplyLevel) -> str:
    """Return a supply's level; the current of one that follows its analogue input is not ours."""
    if not level.on:
        return "off"
    return f"{level.current_a:.1f} A" if supply.current_source == "digital" else "on"
