"""One file per kind of step: a small frozen state and a pure tick."""

from pvdstation.control.layer_setups import restored_setup
from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.ask import Ask
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.steps.by_hand import ByHand
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.leak_test import LeakTest
from pvdstation.control.steps.melt_in import MeltIn
from pvdstation.control.steps.pump import Pump
from pvdstation.control.steps.quiet import Cool, Finish, Isolate
from pvdstation.control.steps.tune import Tune
from pvdstation.control.steps.vent import Vent
from pvdstation.control.steps.wait import Note, Wait, WaitUntil
from pvdstation.control.view import Frame
from pvdstation.recipe import procedure as order
from pvdstation.recipe.melting import profile_of


def logic_of(work: order.Work, following: order.Work | None, frame: Frame) -> StepLogic:
    """Return the logic of a step of the procedure, knowing what follows it."""
    match work:
        case order.PumpDown():
            return Pump(work.to_mbar, work.hold_s, work.timeout_s, after_gas=False)
        case order.Evacuate():
            return Pump(work.to_mbar, 0.0, work.timeout_s, after_gas=True)
        case order.Condition() | order.MeltIn() | order.Deposit() | order.Tune():
            return _heating_of(work, frame)
        case order.Cool():
            return Cool(work.sources, work.cool_down_s)
        case order.Isolate():
            return Isolate()
        case order.AdmitGas():
            is_pumped_out = isinstance(following, order.Evacuate)
            return AdmitGas(
                work.gas, work.pressure_mbar, work.dwell_s, is_pumped_out=is_pumped_out, tops_up=work.top_up
            )
        case order.LeakTest():
            return LeakTest(work.duration_s, work.below_mbar_s)
        case order.Vent():
            return Vent(work.gas)
        case order.ByHand():
            return ByHand(frame, work)
        case order.Finish():
            return Finish()
        case _:
            return _pastime_of(work)


def _heating_of(work: order.Condition | order.MeltIn | order.Deposit | order.Tune, frame: Frame) -> StepLogic:
    """Return the logic of a step that heats a source."""
    match work:
        case order.Condition():
            together = [(frame.by_name[other.source], other.rate_nm_s) for other in work.others]
            return Condition((frame.by_name[work.source], work.rate_nm_s), *together)
        case order.MeltIn():
            return MeltIn(frame.by_name[work.source], profile_of(work), restored_setup(work, frame.station))
        case order.Deposit():
            others = [frame.by_name[other.source] for other in work.others]
            return Deposit(frame.by_name[work.source], work, *others)
        case order.Tune():
            return Tune(frame.by_name[work.source], work)


def _pastime_of(work: order.Work) -> StepLogic:
    """Return the logic of a step that moves nothing."""
    match work:
        case order.Wait():
            return Wait(work.duration_s)
        case order.WaitUntil():
            return WaitUntil(work)
        case order.Question():
            return Ask(work)
        case order.Note():
            return Note(work.text)
        case _:
            raise ValueError(f"nothing runs {type(work).__name__} yet: the checker refuses it")
