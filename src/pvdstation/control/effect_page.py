"""The states of a run and what each verb does in each step, as a page of the documentation."""

from collections.abc import Iterable, Sequence

from pvdstation.control.effect_table import ABORTS, CLEARS, IS_FULL, SKIPS, STARTS, TABLE, TAKES_BACK, Effect
from pvdstation.control.states import NEXT, SKIPPABLE, Cue, Mode
from pvdstation.model.messages import Verb

_HEAD = """# States of a run, and what each verb does

One state at a time, and only the moves of this table; everything else is refused with the reason. "Done" is what the \
state was doing, confirmed by reading back. A rule that acts asks for a hold, a stop or an abort like a person. This \
page is printed by `python tests/unit/test_effect_page.py`, and a test keeps it so; what is shown of a verb before it \
is asked for comes from the same table, and the run tests compare it with what happens.

"""
_INTERRUPTED = """
*Interrupted* is never entered by a run: it is what a crash leaves behind, found at the next start. Only a person \
leaves it, by clear or by a new run, whose start has every check before it; nothing in it energises.

*Held* lasts `limits.hold` at most while a source is on, and that for all holds of a layer together; \
`limits.hold_cold` without energy. Then the run is stopped. The events of a hold have `left_s`, what is left of it.

*Resume* is refused while a rule that has acted is not good again, and says which, with the live value. It passes \
*restarting*: whatever rises or opens passes the start part of its rule again. A source that was off is conditioned \
again: that is refused while its crystal would not last for what is missing of the layer. A pause that was waiting for \
the end of its unit when the hold came waits for it again.
"""
_VERBS = """
## What each verb does

Stop and abort act the same from paused and held; what is off and closed there stays so. Answer and skip are told of \
under [verbs](verbs.md), with what a pause does in the steps that it acts on at once.

"""
_ALWAYS = (
    ("any step, any state but aborting", Verb.ABORT, ABORTS),
    ("pausing", Verb.RESUME, TAKES_BACK),
    ("deposit, held with less than 0.4 s of growth missing", Verb.RESUME, IS_FULL),
    (", ".join(f"`{kind}`" for kind in sorted(SKIPPABLE)), Verb.SKIP, SKIPS),
    ("stopped, aborted, complete, interrupted", Verb.CLEAR, CLEARS),
    ("idle, interrupted", Verb.START, STARTS),
)
_COLUMNS = ("Substrate shutter", "Source shutters", "Power", "Clock", "Then")
_NUMBERS = {"hold": "`limits.hold`", "hold_cold": "`limits.hold_cold`", "ramp": "`ramp_host`"}


def page() -> str:
    """Return the page."""
    rows = [(_named(name), verb, effect) for name, row in TABLE.items() for verb, effect in row.items()]
    effects = ((where, f"**{verb}**", *_told(effect)) for where, verb, effect in (*_ALWAYS, *rows))
    states = _table(("From", *(f"{cue}" if cue is not Cue.SETTLED else "done" for cue in Cue)), _states())
    return "".join((_HEAD, states, _INTERRUPTED, _VERBS, _table(("Step", "Verb", *_COLUMNS), effects)))


def _states() -> Iterable[tuple[str, ...]]:
    for mode in Mode:
        yield (f"**{mode}**", *(f"{NEXT[mode, cue]}" if (mode, cue) in NEXT else "–" for cue in Cue))


def _named(situation: str) -> str:
    return f"`{situation}`" if situation.replace("_", "").isalpha() else situation


def _told(effect: Effect) -> tuple[str, ...]:
    return tuple(word.format(**_NUMBERS) for word in effect)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("--- |\n", "---|\n")
