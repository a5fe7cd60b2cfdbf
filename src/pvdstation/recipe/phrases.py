"""What each kind of phrase means: tokens → the fields of a step, every one with its characters in the whole text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from pvdstation.model.materials import find_material
from pvdstation.recipe.amounts import is_amount_unit

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
    inner: list[Phrase] = []  # noqa: RUF012 - a NamedTuple's default; never changed. The phrases of a repeat


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
        self.reading.spans[field] = self.span(first, last)

    def put_quantity(self, field: str, quantity: "Tree[Token]") -> None:
        """Take a number with whatever words follow it, or a parameter."""
        words = quantity.children
        self.put(field, text_of_quantity(quantity), words[0], words[-1])

    def complain(self, field: str, first: Any, last: Any, what: str, write: str) -> None:
        """Note what is wrong between two tokens."""
        self.reading.wrong.append(Wrong(*self.span(first, last), field, what, write))

    def span(self, first: Any, last: Any) -> tuple[int, int]:
        """Return the characters from one token to another, in the whole text."""
        return self.phrase.start + first.start_pos, self.phrase.start + last.end_pos


def text_of_quantity(quantity: Any) -> str:
    """Return a quantity as a table would have it."""
    return " ".join(str(word) for word in quantity.children)


def _read_layer(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    plain = [child for child in tree.children if not hasattr(child, "data")]
    reader.reading.fields["do"] = "deposit"
    _read_clauses(reader, tree)
    _read_amount(reader, plain[0], plain[1:])
    return reader.reading


def _read_timed(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    material: Any = tree.children[0]
    reader.reading.fields["do"] = "deposit"
    reader.put("material", str(material), material, material)
    _read_clauses(reader, tree)
    if "time" not in reader.reading.fields:
        what = "the layer does not say how much"
        reader.complain("", material, material, what, f'Write for example "100 nm {material[:20]}" or "… for 200 s".')
    return reader.reading


def _read_clauses(reader: PhraseReader, tree: "Tree[Token]") -> None:
    for child in tree.children:
        if hasattr(child, "data"):
            _CLAUSES[str(child.data)](reader, child)


def _read_rate(reader: PhraseReader, clause: Any) -> None:
    reader.put_quantity("rate", clause.children[0])


def _read_time(reader: PhraseReader, clause: Any) -> None:
    reader.put_quantity("time", clause.children[0])


def _read_coat(reader: PhraseReader, clause: Any) -> None:
    reader.put_quantity("pre_coat", clause.children[0])


def _read_boat(reader: PhraseReader, clause: Any) -> None:
    number = clause.children[0]
    if number.isdigit() and len(number) < 4:
        reader.put("boat", int(number), number, number)
    else:
        reader.complain("boat", number, number, f'"{number}" is not the number of a boat', 'Write "from boat 1".')


def _read_ramp(reader: PhraseReader, clause: Any) -> None:
    ramps = reader.reading.fields.setdefault("ramps", [])
    ramps.append({})
    place = len(ramps) - 1
    for key, quantity in zip(("at", "to", "over"), clause.children, strict=True):
        ramps[place][key] = text_of_quantity(quantity)
        reader.reading.spans[f"ramps.{place}.{key}"] = reader.span(quantity.children[0], quantity.children[-1])


def _read_together(reader: PhraseReader, clause: Any) -> None:
    material, rate = clause.children
    others = reader.reading.fields.setdefault("with", [])
    place = len(others)
    others.append({"material": str(material)})
    reader.reading.spans[f"with.{place}.material"] = reader.span(material, material)
    if rate is None:
        write = f'Write for example "with {material[:20]} at 0.1 nm/s".'
        reader.complain("with", material, material, f'"with {material[:20]}" does not say at what rate', write)
        return
    others[place]["rate"] = text_of_quantity(rate)
    reader.reading.spans[f"with.{place}.rate"] = reader.span(rate.children[0], rate.children[-1])


_CLAUSES: dict[str, Callable[[PhraseReader, Any], None]] = {
    "rate": _read_rate,
    "time": _read_time,
    "coat": _read_coat,
    "boat": _read_boat,
    "ramp": _read_ramp,
    "together": _read_together,
}


def _read_amount(reader: PhraseReader, number: Any, words: list[Any]) -> None:
    if number.type == "PARAMETER":
        _read_material(reader, number, words, "thickness", str(number), number)
        return
    rest = reader.phrase.text[number.end_pos :].strip()
    if len(words) == 1 and not is_amount_unit(words[0]):
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
        _read_material(reader, number, words[1:], "thickness", f"{number} {words[0]}", words[0])


def _read_material(reader: PhraseReader, first: Any, words: list[Any], field: str, amount: str, last: Any) -> None:
    reader.put(field, amount, first, last)
    if not words:
        write = f'Write for example "{amount[:40]} Zn at 0.5 nm/s".'
        reader.complain("material", first, last, "the layer does not say which material", write)
        return
    material, *extra = words
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
    return _quantities(reader, tree, "pump_down", "pressure", "timeout")


def _read_leak(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _quantities(reader, tree, "leak_test", "time", "below")


def _read_evacuate(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _quantities(reader, tree, "evacuate", "pressure")


def _read_cool(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _quantities(reader, tree, "cool", "temperature")


def _read_wait(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _quantities(reader, tree, "wait", "time")


def _quantities(reader: PhraseReader, tree: "Tree[Token]", do: str, *fields: str) -> Reading:
    reader.reading.fields["do"] = do
    for field, quantity in zip(fields, tree.children, strict=True):
        if quantity is not None:
            reader.put_quantity(field, quantity)  # type: ignore[arg-type]
    return reader.reading


def _read_condition(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _word(reader, tree, "condition", "material")


def _read_vent(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    return _word(reader, tree, "vent", "gas")


def _word(reader: PhraseReader, tree: "Tree[Token]", do: str, field: str) -> Reading:
    (word,) = tree.children
    reader.reading.fields["do"] = do
    reader.put(field, str(word), word, word)
    return reader.reading


_SPOKEN = {"pressure": "pressure", "foreline": "foreline", "fore-line": "foreline"}


def _read_until(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    of, *clauses = tree.children
    reader.reading.fields["do"] = "wait_until"
    reader.put("of", _SPOKEN.get(of.casefold(), str(of)), of, of)  # type: ignore[union-attr]
    for clause in clauses:
        if clause is not None:
            _read_condition_of(reader, clause)
    if "timeout" not in reader.reading.fields:
        write = f'Write for example "{reader.phrase.text[:120]} within 1 h".'
        reader.complain("timeout", of, of, "the step does not say for how long at most", write)
    return reader.reading


def _read_condition_of(reader: PhraseReader, clause: Any) -> None:
    kind, children = str(clause.data), clause.children
    if kind == "between":
        reader.put_quantity("above", children[0])
        reader.put_quantity("below", children[1])
    elif kind == "else":
        reader.put("otherwise", children[0].casefold(), children[0], children[0])
    else:
        reader.put_quantity({"hold": "for", "within": "timeout"}.get(kind, kind), children[0])


def _read_ask(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    reader.reading.fields["do"] = "ask"
    _put_text(reader, tree.children[0])
    for clause in tree.children[1:]:
        if str(clause.data) == "id":  # type: ignore[union-attr]
            word = clause.children[0]  # type: ignore[union-attr]
            reader.put("id", str(word), word, word)
        else:
            _read_answer(reader, clause)
    return reader.reading


def _read_answer(reader: PhraseReader, clause: Any) -> None:
    first, *rest = clause.children
    if getattr(first, "type", "") == "YES_NO":
        reader.put("answer", "yes/no", first, first)
        (default,) = rest
        if default is not None:
            _read_yes_no(reader, default)
        return
    fields = reader.reading.fields
    fields["answer"] = "number"
    for field, quantity in zip(("min", "max", "default"), (first, *rest), strict=True):
        if quantity is not None:
            _read_number(reader, field, quantity)


def _read_yes_no(reader: PhraseReader, word: Any) -> None:
    if word.casefold() not in {"yes", "no"}:
        reader.complain("default", word, word, f'"{word[:40]}" is neither yes nor no', 'Write "default yes".')
        return
    reader.put("default", word.casefold() == "yes", word, word)


def _read_number(reader: PhraseReader, field: str, quantity: Any) -> None:
    number, *words = quantity.children
    unit, known = " ".join(words), reader.reading.fields.get("unit")
    if number.type == "PARAMETER":
        reader.put(field, str(number), number, number)
        return
    reader.put(field, float(number), number, quantity.children[-1])
    if known is not None and unit and unit != known:
        write = f'Write "{number} {known}".'
        reader.complain(field, number, quantity.children[-1], f'"{unit[:20]}" is not the unit of this question', write)
    elif unit:
        reader.reading.fields["unit"] = unit


def _read_note(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    reader.reading.fields["do"] = "note"
    _put_text(reader, tree.children[0])
    return reader.reading


def _put_text(reader: PhraseReader, quoted: Any) -> None:
    reader.put("text", str(quoted)[1:-1].strip(), quoted, quoted)


def _read_recipe(reader: PhraseReader, tree: "Tree[Token]") -> Reading:
    quoted: Any = tree.children[0]
    reader.reading.fields["do"] = "recipe"
    reader.put("file", str(quoted)[1:-1].strip(), quoted, quoted)
    return reader.reading


READERS: dict[str, Callable[[PhraseReader, Any], Reading]] = {
    "layer": _read_layer,
    "timed": _read_timed,
    "gas": _read_gas,
    "pump": _read_pump,
    "leak": _read_leak,
    "condition": _read_condition,
    "cool": _read_cool,
    "evacuate": _read_evacuate,
    "vent": _read_vent,
    "wait": _read_wait,
    "until": _read_until,
    "ask": _read_ask,
    "note": _read_note,
    "recipe": _read_recipe,
}
