"""Numbers of ``[simulation]`` that simulated instruments use themselves, each with a default."""

from collections.abc import Mapping
from typing import Any

from pvdstation.model.quantities import parse


def number_of(station_values: Mapping[str, Any], section: str, key: str, dimension: str, default: float) -> float:
    """Return a quantity of ``[simulation.<section>]`` in canonical units, or its default. Raises QuantityError."""
    text = ((station_values.get("simulation") or {}).get(section) or {}).get(key)
    return default if text is None else parse(text, dimension)
