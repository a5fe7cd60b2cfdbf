"""Actions: one at a time, at most once, and none that energises after the run has been left."""

from pvdstation.control.chronicle import Chronicle
from pvdstation.control.errands import DEADLINES_NS, Errands
from pvdstation.control.owners import Ask
from pvdstation.model.messages import ActionKind, ActionResult, Image

START = Ask(ActionKind.SQC_START, "sqc")
DEADLINE_NS = DEADLINES_NS[ActionKind.SQC_START]


def asked(ask: Ask) -> Errands:
    errands = Errands(None, Chronicle(10, 0), 0)
    errands.ask(ask, ())
    return errands


def test_a_start_waits_for_its_durable_intent_and_is_let_out_once() -> None:
    errands = asked(START)
    errands.send(durable=10)
    assert errands.sent == ()
    errands.send(durable=11)
    assert [action.number for action in errands.sent] == [11]
    later = Errands(errands.pending, Chronicle(11, 1), 1)
    later.send(durable=11)
    assert later.sent == ()


def test_a_start_that_waits_is_forgotten_when_the_run_is_left() -> None:
    errands = asked(START)
    errands.drop_energising()
    errands.send(durable=99)
    assert errands.sent == ()
    assert errands.pending is None


def test_a_stop_is_not_forgotten_and_waits_for_nothing() -> None:
    errands = asked(Ask(ActionKind.SQC_STOP, "sqc"))
    errands.drop_energising()
    errands.send(durable=-1)
    assert [action.kind for action in errands.sent] == [ActionKind.SQC_STOP]


def test_an_action_without_an_answer_ends_at_its_dead_line() -> None:
    pending = asked(START).pending
    assert Errands(pending, Chronicle(11, 0), DEADLINE_NS).resolve(Image((), ())) is None
    late = Errands(pending, Chronicle(11, 0), DEADLINE_NS + 1).resolve(Image((), ()))
    assert late is not None
    assert not late.ok


def test_the_answer_to_another_action_is_ignored() -> None:
    other = ActionResult(7, ok=True, text="", at_ns=0)
    assert Errands(asked(START).pending, Chronicle(11, 0), 1).resolve(Image((), (other,))) is None
