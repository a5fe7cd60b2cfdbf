"""A recipe as it was written: notation or file → one model, every field with its text and place.

Problems of single steps are kept beside the steps that could be read, so that the checker can report what is wrong
with the writing, the station's limits and the order of steps in one go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import Millibar
from pvdstation.model.station import Table, Text
from pvdstation.model.toml import LARGEST_BYTES, MOST_PROBLEMS, UNSEEN, Document, problems_of, read_toml
from pvdstation.recipe.items import MOST_STEPS, Items, RecipeStep
from pvdstation.recipe.notation import EXAMPLE
from pvdstation.recipe.origin import NotationSheet, Origin
from pvdstation.recipe.parameters import Declaration, Parameter, Values, read_parameters, refuse_values
from pvdstation.recipe.steps import IncludeStep, MaterialName

DEEPEST_INCLUDE = 4

Read = Callable[[str], bytes]
"""Returns the bytes of a file that a recipe names, relative to its own folder. Raises OSError."""


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("one_line", "{what}", {"what": "this text must be one line", "write": "Shorten it."})
    return text


OneLine = Annotated[Text, AfterValidator(_one_line)]


class Requires(Table):
    """What the recipe asks of the station before it starts."""

    materials: Annotated[tuple[MaterialName, ...], Field(max_length=20)] = ()
    gas: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    base_pressure: Annotated[Millibar, Field(gt=0)] | None = None


class Header(Table):
    """The file around the steps."""

    name: Annotated[OneLine, Field(min_length=1)]
    id: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "recipe"
    version: Annotated[int, Field(ge=1, le=999_999)] = 1
    author: OneLine = ""
    source: OneLine = ""
    notes: Annotated[str, Field(max_length=2000)] = ""
    requires: Requires = Requires()
    parameters: Annotated[dict[str, Declaration], Field(max_length=50)] = Field(default_factory=dict)
    steps: Annotated[list[Any], Field(min_length=1, max_length=MOST_STEPS)]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe that was read, with everything that is wrong with its writing."""

    name: str
    recipe_id: str
    version: int
    author: str
    source: str
    notes: str
    requires: Requires
    steps: tuple[RecipeStep, ...]
    problems: tuple[Problem, ...]
    file: str
    sha256: str
    document: Document | None  # None: it was notation
    parameters: tuple[Parameter, ...] = ()
    included: tuple["Recipe", ...] = ()  # other files whose steps are done, each once
    content: bytes = b""

    @property
    def base_pressure(self) -> float | None:
        """Return the strictest base pressure that this recipe and its included ones require, mbar."""
        asked = [part.requires.base_pressure for part in (self, *self.included)]
        return min((pressure for pressure in asked if pressure is not None), default=None)


def load_recipe(
    source: bytes | str, file: str = "", *, read: Read | None = None, values: Mapping[str, str] | None = None
) -> Recipe:
    """Read a file's bytes, or notation; ``values`` set its parameters, ``read`` gives the files that it names.

    Problems of steps and header are in ``problems`` and refused by the checker together with its own. Raises Refused
    where there is nothing to check: not text, not TOML, too large, empty.
    """
    reader = _Reader(read, (file,) if file else ())
    given = Values(values or {}, lambda name, what, write: Problem(f"--set {name[:40]}", what, write))
    return reader.notation(source, given) if isinstance(source, str) else reader.file(source, file, given)


class _Reader:
    """Reads one recipe, and others that it names."""

    def __init__(self, read: Read | None, stack: tuple[str, ...]) -> None:
        self._read = read
        self._stack = stack  # files that are being read, outermost first
        self.included: dict[str, Recipe] = {}

    def notation(self, text: str, values: Values) -> Recipe:
        """Read notation."""
        encoded = text.encode("utf-8", errors="replace")
        if len(encoded) > LARGEST_BYTES:
            what = f"the recipe has {len(encoded)} bytes; at most {LARGEST_BYTES} (256 KiB) are read"
            raise Refused([Problem("the recipe", what, "Shorten it.")])
        sheet = NotationSheet(text)
        unseen = UNSEEN.search(text)
        if unseen:
            what = f"the control or invisible character U+{ord(unseen[0]):04X} is not allowed"
            raise Refused([sheet.problem(unseen.start(), unseen.end(), "the recipe", what, "Remove it.")])
        items = Items({}, self._include)
        items.problems += refuse_values(values)
        if not items.read_text(sheet, text, 1):
            raise Refused([Problem("the recipe", "the recipe is empty", f'Write for example "{EXAMPLE}".')])
        name = " ".join(text.split())
        short = name if len(name) <= 100 else name[:99] + "…"
        return Recipe(
            short, "notation", 1, "", "", "", Requires(), tuple(items.steps), tuple(items.problems[:MOST_PROBLEMS]),
            "", sha256(encoded).hexdigest(), None, included=tuple(self.included.values()), content=encoded,
        )  # fmt: skip

    def file(self, data: bytes, file: str, values: Values) -> Recipe:
        """Read a file's bytes."""
        document = read_toml(data, file)
        if document.values.get("steps", [] if not document.values else None) == []:
            write = f'Write name = "…" and steps = ["{EXAMPLE.split(",", maxsplit=1)[0]}"].'
            raise Refused([document.problem(("steps",), "the recipe is empty", write)])
        problems: list[Problem] = []
        header = _header(document, problems)
        parameters = read_parameters(document, header.parameters, values, problems)
        items = Items(parameters, self._include, problems=problems)
        listed = document.at(("steps",))
        for place, value in enumerate(listed[:MOST_STEPS] if isinstance(listed, list) else []):
            items.read_item(document, ("steps", place), value, place + 1)
        return Recipe(
            header.name, header.id, header.version, header.author, header.source, header.notes, header.requires,
            tuple(items.steps), tuple(problems[:MOST_PROBLEMS]), file, sha256(data).hexdigest(), document,
            tuple(parameters.values()), tuple(self.included.values()), data,
        )  # fmt: skip

    def _include(
        self, step: IncludeStep, origin: Origin, number: int
    ) -> tuple[Sequence[RecipeStep], Sequence[Problem]]:
        """Return the steps of another file with their problems, or one step that could not be read."""
        try:
            recipe = self._load(step, origin)
        except Refused as refusal:
            return [RecipeStep(number, None, origin)], refusal.problems
        self.included.setdefault(step.file, recipe)
        return recipe.steps, recipe.problems

    def _load(self, step: IncludeStep, origin: Origin) -> Recipe:
        name = step.file
        if self._read is None or not _is_beside(name):
            what = f'"{name}" is not a recipe beside this one'
            raise Refused(
                [origin.problem("file", what, "Write the name of a file in the same folder, ending in .toml.")]
            )
        if name in self._stack or len(self._stack) >= DEEPEST_INCLUDE:
            what = f'"{name}" names itself in the end' if name in self._stack else "recipes name each other too deeply"
            raise Refused([origin.problem("file", what, "Write its steps out.")])
        try:
            data = self._read(name)
        except OSError as error:
            what = f'"{name}" cannot be read: {error.strerror}'
            raise Refused([origin.problem("file", what, "It must lie beside this recipe; check its name.")]) from None
        inner = _Reader(self._read, (*self._stack, name))
        recipe = inner.file(data, name, Values(step.set, lambda key, *said: origin.problem(f"set.{key}", *said)))
        self.included.update(inner.included)
        return recipe


def _header(document: Document, problems: list[Problem]) -> Header:
    try:
        return Header.model_validate(document.values)
    except ValidationError as error:
        problems += problems_of(error, document, model=Header)
        return Header(name="?", steps=["?"])


def _is_beside(name: str) -> bool:
    """Return whether a name stays in the recipe's own folder: a recipe's content never chooses a path elsewhere."""
    return (
        name.lower().endswith(".toml") and not any(mark in name for mark in ("/", "\\", ":", "\0")) and name[0] != "."
    )
