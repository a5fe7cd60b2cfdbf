"""Filters, offsets and factors that a simulated gauge controller keeps; a factor multiplies what its channel shows."""

from collections.abc import Sequence

from pvdstation.protocol.vacuum_profiles import Profile

_AS_DELIVERED = {"FIL": "1", "COR": "1.000", "CAL": "1.000"}  # all others: 0
_FACTORS = ("COR", "CAL")
_FILTERS = ("0", "1", "2")


class GaugeSettings:
    """Fields by mnemonic; somebody at the panel may change them."""

    def __init__(self, profile: Profile) -> None:
        self._fields = {name: _as_delivered(name, profile.fields) for name in profile.settings}
        self._factors = [1.0] * profile.fields

    def text(self, name: str) -> str:
        """Return a setting as it is answered."""
        return ",".join(self._fields[name])

    def change(self, name: str, fields: Sequence[str]) -> bool:
        """Set one; return whether the fields are possible."""
        kept = self._fields[name]
        if len(fields) != len(kept) or not all(map(_is_number, fields)):
            return False
        if name == "FIL" and not all(field in _FILTERS for field in fields):
            return False
        kept[:] = fields
        for place in range(len(self._factors)):
            self._factors[place] = self._factor_of(place)
        return True

    def factor(self, channel: int) -> float:
        """Return what a channel's value, from 1, is multiplied by."""
        return self._factors[channel - 1]

    def _factor_of(self, place: int) -> float:
        own = self._fields.get(f"CA{place + 1}")
        if own is not None:
            return float(own[0])
        return next((float(self._fields[name][place]) for name in _FACTORS if name in self._fields), 1.0)


def _as_delivered(name: str, fields: int) -> list[str]:
    if name.startswith("CA") and name != "CAL":
        return ["1.000"]
    return [_AS_DELIVERED.get(name, "0")] * fields


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
