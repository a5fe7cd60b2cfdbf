"""What differs between two snapshots of a station and is no event: one plain line for each."""

import math
from collections.abc import Iterator

from pvdstation.desk.snapshot import LayerShown, Snapshot

_TENTHS = 10


def changes(before: Snapshot | None, after: Snapshot) -> list[str]:
    """Return what has changed, numbers only where they have come a tenth further; of another run nothing is known."""
    if before is not None and before.run != after.run:
        before = before._replace(positions=(), sources=(), layers=())
    return [
        *link_changes(before, after),
        *_positions(before, after),
        *_switched(before, after),
        *_grown(before, after),
        *_charge(before, after),
    ]


def link_changes(before: Snapshot | None, after: Snapshot) -> list[str]:
    """Return which links have been lost, and which answer again."""
    was_lost = {link.name for link in before.links if link.is_lost} if before else set()
    lines = []
    for link in after.links:
        if link.is_lost and link.name not in was_lost:
            lines.append(f"{link.name}: lost: {link.text}")
        elif not link.is_lost and link.name in was_lost:
            lines.append(f"{link.name}: answers again")
    return lines


def _positions(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    were = {shown.name: shown.position for shown in before.positions} if before else {}
    for shown in after.positions:
        if shown.name in were and were[shown.name] != shown.position:
            yield f"{shown.name}: {shown.position}"


def _switched(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    were = {source.name: source.is_on for source in before.sources} if before else {}
    for source in after.sources:
        if source.name in were and were[source.name] != source.is_on:
            yield f"source {source.name}: {'on' if source.is_on else 'off'}"


def _grown(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    were = {layer.source: _tenth(layer) for layer in before.layers} if before else {}
    for layer in after.layers:
        if layer.source in were and _tenth(layer) > were[layer.source]:
            at = "" if math.isnan(layer.rate_nm_s) else f" at {layer.rate_nm_s:.2f} nm/s"
            yield f"{layer.material}: {layer.grown_nm:.1f} of {layer.target_nm:.1f} nm{at}"


def _tenth(layer: LayerShown) -> int:
    """Return how many tenths of a layer have grown; 0 where nobody knows."""
    share = layer.grown_nm / layer.target_nm if layer.target_nm > 0 else 0.0
    return int(_TENTHS * share) if math.isfinite(share) else 0


def _charge(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    if before is not None and before.in_charge != after.in_charge:
        yield f"{after.in_charge or 'nobody'} is in charge"
