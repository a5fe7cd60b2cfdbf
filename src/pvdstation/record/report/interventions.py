"""What people did about alarms and rules during a run: acknowledged, shelved, overridden; who, when, why, how long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.record.report.story import Intervention

_DONE = {Verb.SHELVE: "shelved", Verb.OVERRIDE: "overridden"}
_RULE = "override "
"""Stands before the name of a rule in the source of the alarm that tells of its override."""


def interventions(events: Sequence[Event]) -> tuple[Intervention, ...]:
    """Return what was done, in order; what was refused is among the requests."""
    done: list[Intervention] = []
    because = ""  # of the last acknowledgement that was asked for
    for event in events:
        values, at_s = dict(event.values), event.at_ns / SECOND
        if event.kind is EventKind.REQUEST and event.text.endswith(": accepted"):
            verb = event.text.partition(" ")[0].removesuffix(":")
            because = str(values.get("reason", "")) if verb == Verb.ACK else because
            if verb in _DONE and values.get("value"):
                done.append(_begun(verb, event.source, values, at_s))
        elif event.kind is EventKind.ALARM and values.get("state") == "acknowledged":
            done.append(Intervention(at_s, "acknowledged", event.source, str(values["by"]), because))
        elif event.kind is EventKind.ALARM and values.get("state") == "unshelved":
            _end(done, "shelved", event.source, at_s, event.text)
        elif event.kind is EventKind.ALARM and values.get("state") == "gone" and event.source.startswith(_RULE):
            _end(done, "overridden", event.source.removeprefix(_RULE), at_s, event.text)
    return tuple(done)


def _begun(verb: str, client: str, values: Mapping[str, float | str], at_s: float) -> Intervention:
    who, reason = str(values.get("person", client)), str(values.get("reason", ""))
    return Intervention(at_s, _DONE[Verb(verb)], str(values["about"]), who, reason, float(values["value"]))


def _end(done: list[Intervention], what: str, of: str, at_s: float, text: str) -> None:
    """End the oldest that still lasts: one that is given anew ends the one before it."""
    for place, one in enumerate(done):
        if (one.what, one.of, one.ended_s) == (what, of, None):
            done[place] = replace(one, ended_s=at_s, ended_because=text.rpartition(": ")[2])
            return
