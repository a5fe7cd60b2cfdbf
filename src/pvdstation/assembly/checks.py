"""What ``check`` returns: the whole expanded procedure before anything happens."""

from dataclasses import dataclass
from typing import Any

from pvdstation.assembly.preparation import Prepared
from pvdstation.recipe.check import Checked
from pvdstation.recipe.power import Power, most_at_once
from pvdstation.record.precision import rounded
from pvdstation.record.results import Mode, Named, table


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A recipe that the station can do: every step with its reason, its estimate and the limits it uses."""

    recipe: Named
    station: Named
    mode: Mode
    checked: Checked

    @classmethod
    def of(cls, prepared: Prepared) -> "CheckResult":
        """Return the result of a check."""
        return cls(prepared.recipe, prepared.station_named, prepared.mode, prepared.checked)

    def as_json(self) -> dict[str, object]:
        """Return the JSON document."""
        checked = self.checked
        expected_w, most_w = most_at_once(checked.powers)
        return {
            "outcome": "accepted",
            "mode": self.mode,
            "recipe": self.recipe.as_json(),
            "station": self.station.as_json(),
            "parameters": {parameter.name: parameter.value for parameter in checked.recipe.parameters},
            "steps": self._rows(),
            "total_s": rounded("total_s", checked.total_s),
            "power": {"expected_w": rounded("expected_w", expected_w), "most_w": rounded("most_w", most_w)},
            "charges": [
                {
                    "material": use.source,
                    "needed_mg": rounded("needed_mg", use.needed_mg),
                    "charge_mg": rounded("charge_mg", use.available_mg),
                }
                for use in checked.charges
            ],
            "crystals": [
                {
                    "sensor": use.sensor,
                    "life_before_pct": rounded("life_before_pct", use.before_pct),
                    "life_after_pct": rounded("life_after_pct", use.after_pct),
                }
                for use in checked.crystals
            ],
            "warnings": [warning.as_json() for warning in checked.warnings],
            "notes": [note.as_json() for note in checked.notes],
            "errors": [],
        }

    def to_pandas(self) -> Any:
        """Return the steps as a pandas DataFrame, one row per step. Raises ImportError without pandas."""
        return table(self._rows())

    def _rows(self) -> list[dict[str, object]]:
        return [
            {
                "index": step.index,
                "implied": step.implied,
                "do": step.do,
                "text": step.text,
                "because": step.because,
                "estimate_s": rounded("estimate_s", step.estimate_s),
                "limits_used": limits,
                "power": [_power(power) for power in powers],
            }
            for step, limits, powers in zip(
                self.checked.procedure.steps, self.checked.limits_used, self.checked.powers, strict=True
            )
        ]


def _power(power: Power) -> dict[str, object]:
    return {
        "material": power.source,
        **{name: rounded(name, getattr(power, name)) for name in ("expected_w", "least_w", "most_w")},
        "basis": power.basis,
    }
