"""Where keys and values stand in a TOML text: path → line, column and length in characters.

tomllib keeps no positions; tree-sitter does, and is imported only here and only when there is a problem to place.
"""

import tomllib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]
"""How to come to a value from the top: keys, and places in lists from 0."""


class Spot(NamedTuple):
    """A place in a text: line and column from 1, and how many characters of that line."""

    line: int
    column: int
    span: int


class Positions:
    """All keys and values of one text, and the keys that stand twice."""

    def __init__(self, text: str) -> None:
        from tree_sitter import Language, Parser  # noqa: PLC0415 - most files have no problem to place
        from tree_sitter_toml import language  # noqa: PLC0415

        self.keys: dict[Path, Spot] = {}
        self.values: dict[Path, Spot] = {}
        self.twice: list[tuple[Path, Spot, Spot]] = []
        self._lines = [line.encode() for line in text.split("\n")]
        self._count: dict[Path, int] = {}  # arrays of tables: how many elements so far
        self._headers: set[Path] = set()
        root = Parser(Language(language())).parse(text.encode()).root_node
        for node in root.named_children:
            self._enter(node)

    def _enter(self, node: "Node") -> None:
        if node.type == "pair":
            self._pair(node, ())
        elif node.type in {"table", "table_array_element"} and node.named_children:
            header, *pairs = node.named_children
            path = self._open_table(header, is_element=node.type == "table_array_element")
            for pair in pairs:
                if pair.type == "pair":
                    self._pair(pair, path)

    def _open_table(self, header: "Node", *, is_element: bool) -> Path:
        *parents, last = _key_parts(header)
        path: Path = ()
        spot = self._spot(header)
        for part in parents:
            path = self._last_element((*path, part))
            self.keys.setdefault(path, spot)
        path = (*path, last)
        if is_element:
            self.keys.setdefault(path, spot)
            self._count[path] = self._count.get(path, 0) + 1
            path = (*path, self._count[path] - 1)
        elif path in self._headers:
            self.twice.append((path, self.keys[path], spot))
        self._headers.add(path)
        self.keys[path] = self.values[path] = spot
        return path

    def _last_element(self, path: Path) -> Path:
        return (*path, self._count[path] - 1) if path in self._count else path

    def _pair(self, pair: "Node", prefix: Path) -> None:
        key, *rest = pair.named_children
        parts = _key_parts(key)
        spot = self._spot(key)
        for length in range(1, len(parts)):
            self.keys.setdefault((*prefix, *parts[:length]), spot)
        path = (*prefix, *parts)
        if path in self.values:
            self.twice.append((path, self.keys[path], spot))
            return
        self.keys[path] = spot
        if rest:
            self._value(rest[0], path)

    def _value(self, node: "Node", path: Path) -> None:
        self.values[path] = self._spot(node)
        children = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            for pair in children:
                self._pair(pair, path)
        elif node.type == "array":
            for place, item in enumerate(children):
                self._value(item, (*path, place))

    def _spot(self, node: "Node") -> Spot:
        row, start = node.start_point
        end_row, end = node.end_point
        line = self._lines[row]
        column = len(line[:start].decode(errors="replace"))
        stop = len(line[: end if end_row == row else len(line)].decode(errors="replace"))
        return Spot(row + 1, column + 1, max(1, stop - column))


def _key_parts(node: "Node") -> list[str]:
    if node.type == "dotted_key":
        return [part for child in node.named_children for part in _key_parts(child)]
    text = (node.text or b"").decode(errors="replace")
    return [next(iter(tomllib.loads(f"{text} = 0")))] if node.type == "quoted_key" else [text]
