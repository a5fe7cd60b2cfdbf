"""Bodies of entries: JSON that any reader takes, and back to what the house calls it."""

import json
import math
from collections.abc import Mapping
from typing import Any

from pvdstation.model.messages import Event, EventKind, Notice

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def document(fields: Mapping[str, object]) -> bytes:
    """Return JSON in UTF-8. Raises ValueError by NaN and infinity, which JSON does not have."""
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="surrogatepass")


def fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a JSON body. Raises ValueError."""
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise ValueError("an entry's body is not a JSON object")
    return fields


def event_body(event: Event) -> bytes:
    """Return an event's body; its time is the row's."""
    values = [[name, _written(value)] for name, value in event.values]
    return document(
        {
            "number": event.number,
            "kind": event.kind.value,
            "source": event.source,
            "text": event.text,
            "values": values,
        }
    )


def event_of(at_ns: int, body: bytes) -> Event:
    """Return the event of a row. Raises ValueError, KeyError."""
    fields = fields_of(body)
    values = tuple((name, _read(value)) for name, value in fields["values"])
    return Event(fields["number"], at_ns, EventKind(fields["kind"]), fields["source"], fields["text"], values)


def notice_body(notice: Notice) -> bytes:
    """Return a notice's body; its time is the row's."""
    return document({"link": notice.link, "text": notice.text, "is_lost": notice.is_lost})


def notice_of(at_ns: int, body: bytes) -> Notice:
    """Return the notice of a row. Raises ValueError, KeyError."""
    fields = fields_of(body)
    return Notice(at_ns, fields["link"], fields["text"], fields["is_lost"])


def _written(value: float | str) -> float | str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _read(value: float | str) -> float | str:
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value
