"""Why can't I? Every condition of an action: its live value, the needed one, and how to bring it about. Pure."""

from typing import NamedTuple

from pvdstation.control.conditions import FRESH_IMAGE, Condition
from pvdstation.control.remedies import remedy_of
from pvdstation.control.rule import Overridable, Permissive
from pvdstation.control.rules import PERMISSIVES
from pvdstation.control.scene import Scene
from pvdstation.control.states import NEXT, Cue, Mode
from pvdstation.control.view import View

NO_OVERRIDE = "absolute: no override"
NEEDED_BY = {
    "pump_down": ("foreline",),
    "leak_test": (),
    "condition": ("supply",),
    "melt_in": ("supply",),
    "deposit": ("source_shutter", "substrate_shutter"),
    "tune": ("source_shutter",),
    "cool": (),
    "isolate": (),
    "admit_gas": ("n2",),
    "evacuate": ("roughing",),
    "vent": ("vent",),
}
"""By kind of step: the outputs whose start part it asks for first. Every other kind opens and energises nothing."""

_LABELS = {
    "supply": "supply ",
    "source_shutter": "source shutter",
    "substrate_shutter": "substrate shutter",
    "gate": "HV gate",
    "n2": "N2 valve",
    "vent": "vent valve",
    "roughing": "roughing valve",
    "foreline": "fore-line valve",
}
"""How the arbiter names them in events; a source or a number follows where there are several."""


class Line(NamedTuple):
    """One condition of an action."""

    condition: str
    live: str
    needed: str
    is_met: bool
    fix: str


class Why(NamedTuple):
    """Every condition of an action, and the rules that ask for them."""

    action: str
    lines: tuple[Line, ...]
    rule: str = ""
    ref: str = ""
    override: Overridable | None = None

    @property
    def missing(self) -> tuple[Line, ...]:
        """Return the conditions that are not met."""
        return tuple(line for line in self.lines if not line.is_met)

    @property
    def is_allowed(self) -> bool:
        """Return whether nothing is missing."""
        return not self.missing

    @property
    def verdict(self) -> str:
        """Return what may be done about the rule as such: nothing, where it is absolute."""
        return NO_OVERRIDE if self.override is None else override_text(self.override)

    @property
    def heading(self) -> str:
        """Return the action and how many of its conditions are missing."""
        missing = len(self.missing)
        outcome = "allowed" if not missing else f"refused, {missing} of {counted(len(self.lines))} missing"
        return f"{self.action}: {outcome}"

    @property
    def sentence(self) -> str:
        """Return one line: the action, and every condition that is missing with its live and needed value."""
        listed = "; ".join(f"{line.condition} ({line.live}; needs {line.needed})" for line in self.missing)
        return f"{self.heading}: {listed}" if listed else self.heading

    @property
    def text(self) -> str:
        """Return the whole answer: a row for each missing condition, then what is met, then the rule."""
        rows = [(line.condition, line.live, line.fix) for line in self.missing]
        first, second = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
        lines = [self.heading, *(f"  ✗ {name:<{first}}  {live:<{second}}  {fix}" for name, live, fix in rows)]
        met = [line.condition for line in self.lines if line.is_met]
        if met:
            lines.append(f"  ✓ {' · '.join(met)}")
        if self.rule:
            lines.append(f"  Rule {self.rule}{f' ({self.ref})' if self.ref else ''}, {self.verdict}.")
        return "\n".join(lines)

    def values(self) -> tuple[tuple[str, float | str], ...]:
        """Return the answer as an event holds it: numbered from 1, missing conditions only."""
        rows = tuple(
            pair
            for number, line in enumerate(self.missing, 1)
            for pair in (
                (f"missing_{number}", line.condition),
                (f"live_{number}", line.live),
                (f"needed_{number}", line.needed),
                (f"fix_{number}", line.fix),
            )
        )
        rule = (("rule", self.rule), ("absolute", float(self.override is None))) if self.rule else ()
        return (("missing", float(len(self.missing))), *rows, *rule)


def told_values(reason: str) -> tuple[tuple[str, float | str], ...]:
    """Return the values of an event for a refusal that is one sentence with its live value in it."""
    return (("missing", 1.0), ("missing_1", reason))


def counted(conditions: int) -> str:
    """Return a number of conditions in words."""
    return "1 condition" if conditions == 1 else f"{conditions} conditions"


def override_text(limits: Overridable) -> str:
    """Return for how long and when a rule may be overridden."""
    cold = " with all sources cold" if limits.needs_cold else ""
    lithium = " without lithium mounted" if limits.without_lithium else ""
    return f"may be overridden for {limits.minutes:g} min{cold}{lithium}"


def permissive_of(output: str) -> Permissive:
    """Return the start part of an output by its name, its rule's name or its label. Raises KeyError, with what fits."""
    for permissive in PERMISSIVES.values():
        label = _LABELS.get(permissive.output)
        if output in (permissive.output, permissive.name) or (label and output.startswith(label)):
            return permissive
    raise KeyError(f"there is no output {output!r}: it is one of {', '.join(PERMISSIVES)}")


def why_output(
    output: str,
    v: View,
    scene: Scene,
    *,
    closed: frozenset[str] = frozenset(),
    overridden: frozenset[str] = frozenset(),
) -> Why:
    """Return why an output may not rise; ``closed`` are the outputs that an interlock keeps closed."""
    permissive = permissive_of(output)
    start = () if permissive.name in overridden else permissive.start
    lines = [_line(condition, v, scene) for condition in (FRESH_IMAGE, *start)]
    if permissive.output in closed:
        fix = "remove the cause, then resume or clear the run"
        lines.append(Line("not closed by an interlock that acted", "closed", "released", is_met=False, fix=fix))
    return Why(permissive.action, tuple(lines), permissive.name, permissive.ref, permissive.override)


def why_step(
    do: str, v: View, scene: Scene, *, closed: frozenset[str] = frozenset(), overridden: frozenset[str] = frozenset()
) -> Why:
    """Return what a kind of step lacks to move its first output, over all rules that it needs."""
    answers = [why_output(name, v, scene, closed=closed, overridden=overridden) for name in NEEDED_BY.get(do, ())]
    lines = dict.fromkeys(line for answer in answers for line in answer.lines)
    words = do.replace("_", " ")
    if len(answers) == 1:
        return answers[0]._replace(action=f"Step {words}")
    return Why(f"Step {words}", tuple(lines), ", ".join(answer.rule for answer in answers))


def why_verb(cue: Cue, mode: Mode, also: str = "") -> Why:
    """Return why a verb is refused in a state; ``also`` is what its state does not tell, in words."""
    allowed = [state for state, wanted in NEXT if wanted is cue]
    is_met = mode in allowed
    needed = " or ".join(state.value for state in allowed)
    fix = "" if is_met else f"wait until the run is {needed}"
    lines = [Line("state of the run", mode.value, needed, is_met, fix)]
    if also and is_met:
        lines.append(Line(also, "no", "yes", is_met=False, fix=also))
    return Why(cue.value.capitalize(), tuple(lines))


def _line(condition: Condition, v: View, scene: Scene) -> Line:
    is_met, remedy = condition.holds(v, scene), remedy_of(condition)
    live = condition.shows(v) or ("yes" if is_met else "no")
    return Line(condition.sentence, live, remedy.value(v, scene), is_met, "" if is_met else remedy.fix)
