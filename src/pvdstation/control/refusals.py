"""Why a verb is refused: the state does not know it, or what has led away from the planned way is not good again."""

from pvdstation.control.scene import Scene
from pvdstation.control.state import Course
from pvdstation.control.states import Cue, Mode, after
from pvdstation.control.supervisor import Bound, Watch
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass
from pvdstation.recipe.procedure import Step

LEAVABLE = (Mode.PAUSING, Mode.PAUSED, Mode.HOLDING, Mode.HELD)
"""States from which a run may be resumed."""


def refusal(course: Course, step: Step, cue: Cue) -> str:
    """Return why a verb is refused now; empty when it is accepted."""
    if after(course.mode, cue) is None:
        return f"not possible while {course.mode.value}"
    is_last = step.do == "finish" and course.step_state is not None
    if cue in (Cue.PAUSE, Cue.HOLD) and is_last:
        return "the last step only reads the safe state back: nothing is left to be held"
    if cue is Cue.RESUME and course.lost:
        return f"not good again: {course.lost}"
    return ""


def lost(
    judged: Watch, rules: tuple[Bound, ...], v: View, scene: Scene, overridden: frozenset[str] = frozenset()
) -> str:
    """Return every rule that has acted and whose claim does not hold again, with the live values; empty without."""
    return "; ".join(
        f"{bound.rule.sentence}{_shown(bound, v)}"
        for guard, bound in zip(judged.guards, rules, strict=True)
        if guard.acted
        and bound.rule.on_loss > ActionClass.ALARM
        and bound.rule.name not in overridden
        and bound.rule.needed(v, scene)
        and not bound.rule.holds(v, scene)
    )


def _shown(bound: Bound, v: View) -> str:
    shown = bound.rule.shows(v)
    return f" ({shown})" if shown else ""
