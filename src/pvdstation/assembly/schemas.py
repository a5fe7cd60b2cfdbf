"""JSON schemas of the files that people write, for editors."""

from typing import Any

from pvdstation.model.station import Station


def station_schema() -> dict[str, Any]:
    """Return the schema of the station file: every table, key and word; a quantity is text with a unit."""
    schema: dict[str, Any] = _without_defaults(Station.model_json_schema())
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "pvdstation station file"}
    return {**schema, **head}


def _without_defaults(node: Any) -> Any:
    """Drop defaults that nobody could write like that: plain floats of quantities, whole tables, and "nothing"."""
    if isinstance(node, list):
        return [_without_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_defaults(item)
        for key, item in node.items()
        if key != "default" or isinstance(item, str | bool | int)
    }
