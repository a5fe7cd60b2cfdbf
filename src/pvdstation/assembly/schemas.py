"""JSON schemas of the files that people write, for editors."""

from typing import Any

from pvdstation.model.station import Station
from pvdstation.recipe.document import Header
from pvdstation.recipe.steps import STEP

_REF = "#/$defs/{model}"
_DRAFT = "http://json-schema.org/draft-07/schema#"
_NOTATION = {
    "type": "string",
    "description": "one or more steps in the notation",
    "examples": ["300 nm Zn at 0.5 nm/s", "N2 to 500 mbar for 3 min", "pump to 2e-6 mbar within 2 h"],
}
_PARAMETER = {"type": "string", "pattern": r"^\{[A-Za-z_][A-Za-z0-9_]*\}$", "description": "a parameter of this recipe"}


def station_schema() -> dict[str, Any]:
    """Return the schema of the station file: every table, key and word; a quantity is text with a unit."""
    schema: dict[str, Any] = _without_defaults(Station.model_json_schema())
    return {**schema, "$schema": _DRAFT, "title": "pvdstation station file"}


def recipe_schema() -> dict[str, Any]:
    """Return the schema of the recipe file: a step is notation or a table, and a value may be a parameter."""
    schema: dict[str, Any] = _without_defaults(Header.model_json_schema(by_alias=True, ref_template=_REF))
    steps: dict[str, Any] = _without_defaults(STEP.json_schema(by_alias=True, ref_template=_REF))
    kinds = {name: _with_parameters(kind) for name, kind in steps.pop("$defs").items()}
    choice = {"anyOf": [_NOTATION, *steps["oneOf"]]}
    schema.setdefault("$defs", {}).update(kinds, Step=choice)
    schema["properties"]["steps"]["items"] = {"$ref": "#/$defs/Step"}
    kinds["RepeatStep"]["properties"]["steps"]["items"] = {"$ref": "#/$defs/Step"}
    schema["properties"]["$schema"] = {"type": "string"}
    return {**schema, "$schema": _DRAFT, "title": "pvdstation recipe"}


def _with_parameters(kind: dict[str, Any]) -> dict[str, Any]:
    return {**kind, "properties": {key: _or_parameter(key, field) for key, field in kind["properties"].items()}}


def _or_parameter(key: str, field: dict[str, Any]) -> dict[str, Any]:
    """Let a field also hold a parameter in braces; what a step does, and its inner steps, are always written out."""
    if key in {"do", "steps", "file", "text"}:
        return field
    return {"anyOf": [field, _PARAMETER]}


def _without_defaults(node: Any) -> Any:
    """Drop defaults that nobody could write like that: plain floats of quantities, whole tables, and "nothing"."""
    if isinstance(node, list):
        return [_without_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without_defaults(field) for name, field in item.items()}  # here "default" is a field's name
        if key == "properties"
        else _without_defaults(item)
        for key, item in node.items()
        if key != "default" or isinstance(item, str | bool | int)
    }
