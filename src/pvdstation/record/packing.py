"""One scan as bytes: what has changed in the image, what was asked, and what was decided.

Little-endian. A changed reading is 17 bytes: signal, quality, value as an 8-byte float, its age at the scan in ns, and
how far its counter has moved. What does not fit (an age outside 0 to 4.29 s, a counter that jumped) takes 27 bytes with
both in full, marked in the quality. Then how long the lease runs, and JSON of the rest where there is any.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from pvdstation.model.messages import (
    Action,
    ActionKind,
    ActionResult,
    Image,
    LayerSetup,
    ManualKind,
    ManualOrder,
    Outputs,
    Pace,
    Request,
    Scanned,
    SupplyLevel,
    Verb,
)
from pvdstation.model.profile import Profile
from pvdstation.model.signals import UNREAD, Quality, Reading

_HEAD = struct.Struct("<qH")  # lease left, ns; changed readings
_SHORT = struct.Struct("<HBdIH")
_LONG = struct.Struct("<HBdqQ")
_IN_FULL = 0x80
_QUALITIES = tuple(Quality)
_UNKNOWN = object()


class Scan(NamedTuple):
    """One scan as read back."""

    at_ns: int
    readings: tuple[Reading, ...]
    results: tuple[ActionResult, ...]
    requests: tuple[Request, ...]
    outputs: Outputs
    actions: tuple[Action, ...]
    changed: tuple[int, ...]  # signals that have a new reading

    @property
    def image(self) -> Image:
        """Return what the core was given."""
        return Image(self.readings, self.results)


class Packer:
    """Packs the scans of a run one after the other."""

    def __init__(self, signals: int) -> None:
        self._readings: Sequence[Reading] = (UNREAD,) * signals
        self._outputs: dict[str, Any] = {}

    def pack(self, scanned: Scanned) -> bytes:
        """Return the body of the scan's row."""
        at_ns, image = scanned.at_ns, scanned.image
        parts = [b""]
        for number, (before, now) in enumerate(zip(self._readings, image.readings, strict=True)):
            if now is not before:
                parts.append(_packed(number, before, now, at_ns))
        self._readings = image.readings
        parts[0] = _HEAD.pack(scanned.outputs.until_ns - at_ns, len(parts) - 1)
        rest = self._rest(scanned)
        if rest:
            # An instrument's reply may hold what is not UTF-8; it is kept, and comes back.
            parts.append(json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass"))
        return b"".join(parts)

    def _rest(self, scanned: Scanned) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        outputs = scanned.outputs._asdict()
        del outputs["until_ns"]
        if outputs != self._outputs:
            before = self._outputs or dict.fromkeys(outputs, _UNKNOWN)
            rest["outputs"] = {name: level for name, level in outputs.items() if level != before[name]}
            self._outputs = outputs
        if scanned.image.results:
            rest["results"] = scanned.image.results
        if scanned.requests:
            rest["requests"] = scanned.requests
        if scanned.actions:
            rest["actions"] = scanned.actions
        return rest


class Unpacker:
    """Unpacks the scans of a run one after the other."""

    def __init__(self, signals: int) -> None:
        self._readings = [UNREAD] * signals
        self._outputs: dict[str, Any] = {}

    def unpack(self, at_ns: int, body: bytes) -> Scan:
        """Return the scan. Raises ValueError by a body that nobody has packed."""
        try:
            return self._unpack(at_ns, body)
        except (struct.error, IndexError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a scan cannot be read: {error}") from error

    def _unpack(self, at_ns: int, body: bytes) -> Scan:
        left_ns, count = _HEAD.unpack_from(body)
        place, changed, readings = _HEAD.size, [], self._readings
        for _ in range(count):
            if body[place + 2] & _IN_FULL:
                number, quality, value, taken_ns, counter = _LONG.unpack_from(body, place)
                place += _LONG.size
                quality -= _IN_FULL
            else:
                number, quality, value, age_ns, moved = _SHORT.unpack_from(body, place)
                place += _SHORT.size
                taken_ns, counter = at_ns - age_ns, readings[number].counter + moved
            readings[number] = Reading(value, _QUALITIES[quality], taken_ns, counter)
            changed.append(number)
        rest = json.loads(body[place:]) if place < len(body) else {}
        self._outputs.update(rest.get("outputs", ()))
        return Scan(
            at_ns,
            tuple(readings),
            tuple(ActionResult(*result) for result in rest.get("results", ())),
            tuple(Request(Verb(verb), *more) for verb, *more in rest.get("requests", ())),
            _outputs(self._outputs, at_ns + left_ns),
            tuple(_action(*action) for action in rest.get("actions", ())),
            tuple(changed),
        )


def _packed(number: int, before: Reading, now: Reading, at_ns: int) -> bytes:
    value, quality, taken_ns, counter = now
    age_ns, moved = at_ns - taken_ns, counter - before.counter
    if 0 <= age_ns < 2**32 and 0 <= moved < 2**16:
        return _SHORT.pack(number, quality, value, age_ns, moved)
    return _LONG.pack(number, quality | _IN_FULL, value, taken_ns, counter)


def _outputs(levels: dict[str, Any], until_ns: int) -> Outputs:
    named = dict(levels, until_ns=until_ns)
    for name in ("source_shutter", "enable"):
        named[name] = tuple(levels[name])
    named["supply"] = tuple(SupplyLevel(*level) for level in levels["supply"])
    sqc, crystals, supplies, gas = levels["pace"]
    named["pace"] = Pace(sqc, tuple(crystals), tuple(supplies), gas)
    return Outputs(**named)


def _action(
    number: int,
    link: str,
    kind: str,
    layer: list[Any] | None,
    deadline_ns: int,
    others: list[list[Any]],
    manual: list[Any] | None,
) -> Action:
    return Action(
        number,
        link,
        ActionKind(kind),
        _setup(*layer) if layer else None,
        deadline_ns,
        tuple(_setup(*other) for other in others),
        ManualOrder(ManualKind(manual[0]), *manual[1:]) if manual else None,
    )


def _setup(source: str, rate_nm_s: float, thickness_nm: float, profile: list[float] | None = None) -> LayerSetup:
    return LayerSetup(source, rate_nm_s, thickness_nm, Profile(*profile) if profile else None)
