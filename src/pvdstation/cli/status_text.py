"""A snapshot in plain sentences: one fact per line, nothing drawn, nothing that needs a colour or a width."""

import math
from collections.abc import Iterator

from pvdstation.cli.wording import duration, pressure
from pvdstation.desk.snapshot import AlarmShown, LayerShown, SignalShown, Snapshot, SourceShown
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality

_NUMBERS = {
    Quality.GOOD: "",
    Quality.UNDER_RANGE: "at most ",
    Quality.OVER_RANGE: "at least ",
    Quality.UNCERTAIN: "uncertain, ",
}
"""Qualities with which a value is worth reading, and the words before it."""
_FAULTS = {
    Quality.SENSOR_FAULT: "sensor fault",
    Quality.COMM_FAULT: "does not answer",
    Quality.NEVER: "not read yet",
}


def status_lines(snapshot: Snapshot) -> list[str]:
    """Return what a screen shows of a station, the most urgent first."""
    return [
        *_station(snapshot),
        *_away(snapshot),
        *_alarms(snapshot),
        *_questions(snapshot),
        *_step(snapshot),
        *(_layer(layer) for layer in snapshot.layers),
        *(_source(source) for source in snapshot.sources),
        *(_pressure(signal) for signal in snapshot.signals if signal.unit == "mbar"),
        *(f"{p.name}: {p.position}{_since(snapshot, p.since_ns)}." for p in snapshot.positions),
        *_links(snapshot),
        *_people(snapshot),
    ]


def _station(s: Snapshot) -> Iterator[str]:
    speed = f" at {s.speed:g} times real time" if s.is_simulated and s.speed != 1 else ""
    yield f"{'SIMULATED' if s.is_simulated else 'LIVE'}: station {s.station}{speed}."
    yield f"State: {s.state}{_since(s, s.since_ns) if s.run else ''}."
    if s.run:
        yield f"Run: {s.run}."
    for what, text in (("Recipe", s.recipe), ("Sample", s.sample), ("Operator", s.operator)):
        if text:
            yield f"{what}: {text}."
    if s.run:
        yield f"Time: {duration(s.done_s)} done{'' if s.to_go_s is None else f', {duration(s.to_go_s)} to go'}."


def _away(s: Snapshot) -> Iterator[str]:
    """Tell what has led away from the planned way, what was done, and whether that is safe."""
    if s.cause is not None:
        rule = f" ({s.cause.rule})" if s.cause.rule else ""
        yield f"First cause: {_bare(s.cause.text)}{rule}, {_ago(s, s.cause.at_ns)}."
        yield from (f"Done: {_bare(done)}." for done in s.cause.done)
        if s.cause.fix:
            yield f"Do: {_bare(s.cause.fix)}."
    if s.is_safe is not None:
        yield "Safe state: confirmed." if s.is_safe else "Safe state: NOT CONFIRMED."
    if s.hold_ends_ns is not None:
        yield f"The hold becomes a stop in {duration(max(s.hold_ends_ns - s.now_ns, 0) / SECOND)}."


def _alarms(s: Snapshot) -> Iterator[str]:
    if not s.alarms:
        yield "No alarms."
    for alarm in s.alarms:
        yield f"Alarm {alarm.name}, priority {alarm.priority}, {_state(s, alarm)}: {_bare(alarm.text)}."
        if alarm.fix:
            yield f"Alarm {alarm.name}, do: {_bare(alarm.fix)}."
    for override in s.overrides:
        left = duration(max(override.until_ns - s.now_ns, 0) / SECOND)
        yield f"Rule {override.rule} is overridden by {override.person} for another {left}: {_bare(override.reason)}."


def _state(s: Snapshot, alarm: AlarmShown) -> str:
    by = f" by {alarm.by}" if alarm.by else ""
    left = "" if alarm.until_ns is None else f" for another {duration(max(alarm.until_ns - s.now_ns, 0) / SECOND)}"
    return f"{alarm.state}{by}{left}, came {_ago(s, alarm.came_ns)}"


def _questions(s: Snapshot) -> Iterator[str]:
    for question in s.questions:
        yield f"Question {question.id}: {question.text} Answer: {_bare(question.kind)}."


def _step(s: Snapshot) -> Iterator[str]:
    if s.step is not None:
        yield f"Step {s.step.number} of {s.step.of}: {_bare(s.step.text)}."
        if s.step.stage:
            yield f"Stage: {s.step.stage}."
        if s.step.waits_for:
            yield f"Waits for: {_bare(s.step.waits_for)}{_since(s, s.step.since_ns)}."
        if s.step.to_go_s is not None:
            yield f"To go in this step: {duration(s.step.to_go_s)}."
    if s.ahead:
        yield f"Next: {', then '.join(s.ahead)}."


def _layer(layer: LayerShown) -> str:
    rate = _known(layer.rate_nm_s, "{:.3f} nm/s")
    grown = _known(layer.grown_nm, "{:.1f} nm")
    asked = f"{layer.target_nm:.1f} nm at {layer.set_nm_s:.3f} nm/s"
    return f"Layer of {layer.material}: rate {rate}, thickness {grown}, asked {asked}, rate kept by {layer.owner}."


def _source(source: SourceShown) -> str:
    measured = (
        _known(source.current_a, "{:.1f} A"),
        _known(source.voltage_v, "{:.2f} V"),
        _known(source.power_w, "{:.1f} W"),
        _known(source.resistance_mohm, "{:.1f} mΩ"),
    )
    numbers = "not measured" if set(measured) == {"unknown"} else ", ".join(measured)
    crystal = f"crystal {source.sensor} has {_known(source.life_pct, '{:.1f} %')} of its life left"
    return f"Source {source.name}: {'on' if source.is_on else 'off'}, {source.warmth}, {numbers}; {crystal}."


def _pressure(signal: SignalShown) -> str:
    name = signal.name.replace(".", " ").replace("_", " ")
    if signal.quality not in _NUMBERS or math.isnan(signal.value):
        return f"Pressure, {name}: {_FAULTS.get(signal.quality, 'not read yet')}."
    old = f", {duration(signal.age_s)} old" if signal.age_s >= 5 else ""
    return f"Pressure, {name}: {_NUMBERS[signal.quality]}{pressure(signal.value)}{old}."


def _links(s: Snapshot) -> Iterator[str]:
    for link in s.links:
        if link.is_lost:
            yield f"Link {link.name}: lost, {_bare(link.text)}."
    if s.links and not any(link.is_lost for link in s.links):
        yield "Every instrument answers."


def _people(s: Snapshot) -> Iterator[str]:
    yield f"In charge: {s.in_charge or 'nobody'}."
    allowed = ", ".join(verb.verb for verb in s.verbs if verb.is_allowed)
    yield f"Possible now: {allowed or 'nothing'}."


def _since(s: Snapshot, since_ns: int | None) -> str:
    return "" if since_ns is None else f", for {duration(max(s.now_ns - since_ns, 0) / SECOND)}"


def _ago(s: Snapshot, at_ns: int) -> str:
    return f"{duration(max(s.now_ns - at_ns, 0) / SECOND)} ago"


def _known(value: float, form: str) -> str:
    return "unknown" if math.isnan(value) else form.format(value)


def _bare(text: str) -> str:
    """Return a text of one line without the full stop that the sentence brings."""
    return " ".join(text.split()).rstrip(".")
