"""What each kind of phrase means: tokens → the fields of a step, every one with its characters in the whole text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from pvdstation.model.materials import find_material
from pvdstation.model.quantities import UNITS

if TYPE_CHECKING:
    from lark import Token, Tree


class Phrase(NamedTuple):
    """A piece of the text that is one step, and where it begins in the whole text."""

    text: str
    start: int


class Wrong(NamedTuple):
    """Something wrong with a phrase: which characters of the whole text, which field, what, what to write."""

    start: int
    end: int
    field: str
    what: str
    write: str


class Reading(NamedTuple):
    """A phrase as it was read: fields as a table of a file would have them, and the characters of each."""

    fields: dict[str, Any]
    spans: dict[str, tuple[int, int]]
    wrong: list[Wrong]


class PhraseReader:
    """Collects the fields of one phrase."""

    def __init__(self, phrase: Phrase) -> None:
        self.phrase = phrase
        self.reading = Reading({}, {}, [])

    def put(self, field: str, value: object, first: Any, last: Any) -> None:
        """Take a field with its first and last token."""
        if field in self.reading.fields:
            self.complain(field, first, last, f"the {field} stands twice", "Keep one of them.")
        self.reading.fields[field] = value
        self.reading.spans[field] = self._span(first, last)

    def put_quantity(self, field: str, quantity: "Tree[Token]") -> None:
        """Take a number with whatever words follow it."""
        words = quantity.children
        self.put(field, " ".join(str(word) for word in words), words[0], words[-1])

    def complain(self, field: str, first: Any, last: Any, what: str, write: str) -> None:
        """Note what is wrong between two tokens."""
        self.reading.wrong.append(Wrong(*self._span(first, last), field, what, write))

    def _span(self, first: Any, last: Any) -> tuple[int, int]:
        return self.phrase.start + first.start_pos, self.phrase.start + last.end_pos


def _read_layer(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    plain = [child for child in tree.children if not hasattr(child, "data")]
    number, words = plain[0], plain[1:]
    reader.reading.fields["do"] = "deposit"
    for clause in tree.find_data("rate"):
        reader.put_quantity("rate", clause.children[0])  # type: ignore[arg-type]
    for clause in tree.find_data("boat"):
        _read_boat(reader, clause.children[0])
    _read_amount(reader, number, words)
    return reader.reading


def _read_boat(reader: PhraseReader, number: Any) -> None:
    if number.isdigit() and len(number) < 4:
        reader.put("boat", int(number), number, number)
    else:
        reader.complain("boat", number, number, f'"{number}" is not the number of a boat', 'Write "from boat 1".')


def _read_amount(reader: PhraseReader, number: Any, words: list[Any]) -> None:
    rest = reader.phrase.text[number.end_pos :].strip()
    lengths = UNITS["length"]
    if len(words) == 1 and words[0] not in lengths:
        if find_material(words[0]):
            write = f'Write for example "{number} nm {rest}".'
            reader.complain("thickness", number, number, "a thickness needs a unit", write)
        else:
            what = f'"{number} {words[0][:40]}" is neither a thickness nor a material'
            reader.complain("", number, words[0], what, 'Write for example "300 nm Zn at 0.5 nm/s".')
    elif len(words) < 2:
        amount = f"{number} {words[0]}" if words else f"{number} nm"
        write = f'Write for example "{amount} Zn at 0.5 nm/s".'
        reader.complain(
            "material", number, words[-1] if words else number, "the layer does not say which material", write
        )
    else:
        unit, material, *extra = words
        reader.put("thickness", f"{number} {unit}", number, unit)
        reader.put("material", str(material), material, material)
        if extra:
            what = f'"{" ".join(extra)[:60]}" is not understood after "{material[:40]}"'
            reader.complain("", extra[0], extra[-1], what, "Remove it.")


def _read_gas(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    gas, pressure, dwell = tree.children
    reader.reading.fields["do"] = "admit_gas"
    reader.put("gas", str(gas), gas, gas)
    reader.put_quantity("pressure", pressure)  # type: ignore[arg-type]
    if dwell is None:
        write = f'Write for example "{reader.phrase.text} for 3 min".'
        last = pressure.children[-1]
        reader.complain("dwell", gas, last, "the gas step does not say for how long", write)
    else:
        reader.put_quantity("dwell", dwell)  # type: ignore[arg-type]
    return reader.reading


def _read_pump(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    pressure, timeout = tree.children
    reader.reading.fields["do"] = "pump_down"
    reader.put_quantity("pressure", pressure)  # type: ignore[arg-type]
    if timeout is not None:
        reader.put_quantity("timeout", timeout)  # type: ignore[arg-type]
    return reader.reading


def _read_evacuate(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    reader.reading.fields["do"] = "evacuate"
    (pressure,) = tree.children
    if pressure is not None:
        reader.put_quantity("pressure", pressure)  # type: ignore[arg-type]
    return reader.reading


def _read_cool(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    reader.reading.fields["do"] = "cool"
    reader.put_quantity("temperature", tree.children[0])  # type: ignore[arg-type]
    return reader.reading


READERS: dict[str, Callable[[PhraseReader, Any], Reading]] = {
    "layer": _read_layer,
    "gas": _read_gas,
    "pump": _read_pump,
    "cool": _read_cool,
    "evacuate": _read_evacuate,
}
