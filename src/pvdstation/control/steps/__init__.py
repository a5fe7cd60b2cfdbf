"""One file per kind of step: a small frozen state and a pure tick."""

from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.pump import Pump
from pvdstation.control.steps.quiet import Cool, Finish, Isolate
from pvdstation.control.view import Frame
from pvdstation.recipe import procedure as order


def logic_of(work: order.Work, following: order.Work | None, frame: Frame) -> StepLogic:
    """Return the logic of a step of the procedure, knowing what follows it."""
    match work:
        case order.PumpDown():
            return Pump(work.to_mbar, work.hold_s, work.timeout_s, after_gas=False)
        case order.Evacuate():
            return Pump(work.to_mbar, 0.0, work.timeout_s, after_gas=True)
        case order.Condition():
            return Condition(frame.by_name[work.source], work.rate_nm_s)
        case order.Deposit():
            return Deposit(frame.by_name[work.source], work)
        case order.Cool():
            return Cool(work.sources, work.cool_down_s)
        case order.Isolate():
            return Isolate()
        case order.AdmitGas():
            return AdmitGas(
                work.gas, work.pressure_mbar, work.dwell_s, is_pumped_out=isinstance(following, order.Evacuate)
            )
        case order.Finish():
            return Finish()
        case _:
            raise ValueError(f"nothing runs {type(work).__name__} yet: the checker refuses it")
