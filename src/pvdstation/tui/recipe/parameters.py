"""The parameters of a recipe as a form: value, unit, default, limits, and what it is."""

from collections.abc import Mapping, Sequence

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from pvdstation.recipe.document import Recipe
from pvdstation.recipe.parameters import Parameter

_NONE = "This recipe has no parameters. A file declares them under [parameters.NAME]."


class ParameterForm(VerticalScroll, can_focus=False):
    """One line per parameter; an empty one is the default."""

    DEFAULT_CSS = """
    ParameterForm Static { height: auto; }
    ParameterForm Input { height: 1; border: none; padding: 0; margin-bottom: 1; background: $boost; }
    ParameterForm Input:focus { border: none; text-style: underline; }
    """

    class Changed(Message):
        """Another value has been written."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._declared: tuple[str, ...] | None = None
        self._names: tuple[str, ...] = ()

    @property
    def sets(self) -> dict[str, str]:
        """Return what was written, by name; without what stays at its default."""
        values = (field.value.strip() for field in self.query(Input))
        return {name: value for name, value in zip(self._names, values, strict=False) if value}

    async def fill(self, recipe: Recipe | None) -> None:
        """Show the parameters of a recipe; what was written stays while they are the same."""
        parameters = recipe.parameters if recipe else ()
        labels = [_label(recipe, parameter) for parameter in parameters if recipe]
        declared = tuple(label.plain for label in labels)
        if declared == self._declared:
            return
        written = self.sets
        self._declared = None  # until it is built: a check that is overtaken may leave off here
        await self.remove_children()
        self._names = tuple(parameter.name for parameter in parameters)
        await self.mount_all(self._fields(parameters, labels, written))
        self._declared = declared

    def _fields(
        self, parameters: Sequence[Parameter], labels: Sequence[Content], written: Mapping[str, str]
    ) -> list[Static | Input]:
        if not parameters:
            return [Static(_NONE, markup=False)]
        fields: list[Static | Input] = []
        for parameter, label in zip(parameters, labels, strict=True):
            given = written.get(parameter.name, "")
            field = Input(given, placeholder=str(parameter.default), select_on_focus=False)
            fields += [Static(label), field]
        return fields

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.screen.focus_next(Input)


def _label(recipe: Recipe, parameter: Parameter) -> Content:
    """Return name, unit, default, limits and help of a parameter."""
    document = recipe.document
    least, most = (document.at(("parameters", parameter.name, key)) if document else None for key in ("min", "max"))
    limits = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
    facts = [f"in {parameter.unit}" if parameter.unit else "a whole number", f"default {parameter.default}", *limits]
    return Content.assemble(
        (parameter.name, "bold"), f"  {', '.join(fact for fact in facts if fact)}", (f"\n{parameter.help}", "dim")
    )
