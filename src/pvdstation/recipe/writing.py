"""Steps written in notation again; what the notation cannot say (capture, cool_down, then, profiles) is left out."""

from pvdstation.model.quantities import DIMENSIONS
from pvdstation.recipe.amounts import Amount
from pvdstation.recipe.spelling import exact, exact_time
from pvdstation.recipe.steps import (
    AdmitGasStep,
    AskStep,
    ConditionStep,
    CoolStep,
    DepositStep,
    Doing,
    EvacuateStep,
    LeakTestStep,
    NoteStep,
    PumpDownStep,
    VentStep,
    WaitStep,
    WaitUntilStep,
)

_OF = {"pressure": "pressure", "foreline": "fore-line"}


def text_of(step: Doing) -> str:
    """Write a step in notation."""
    match step:
        case DepositStep():
            return _layer(step)
        case WaitUntilStep():
            return _wait_until(step)
        case AskStep():
            return _ask(step)
        case AdmitGasStep():
            return f"{step.gas} to {exact(step.pressure)} mbar for {exact_time(step.dwell)}"
        case PumpDownStep() | EvacuateStep() | LeakTestStep() | CoolStep():
            return _vacuum(step)
        case ConditionStep():
            return f"condition {step.material}"
        case VentStep():
            return f"vent with {step.gas}"
        case WaitStep():
            return f"wait {exact_time(step.time)}"
        case NoteStep():
            return f'note "{step.text}"'


def amount_text(amount: Amount) -> str:
    """Write how much of a layer so that reading it gives the same number."""
    return f"{exact(amount.value)} {DIMENSIONS[amount.dimension].canonical}"


def _vacuum(step: PumpDownStep | EvacuateStep | LeakTestStep | CoolStep) -> str:
    match step:
        case PumpDownStep():
            within = f" within {exact_time(step.timeout)}" if step.timeout is not None else ""
            return f"pump to {exact(step.pressure)} mbar{within}"
        case LeakTestStep():
            return f"leak test {exact_time(step.time)} below {exact(step.below)} mbar/s"
        case CoolStep():
            return f"cool to {exact(step.temperature)} °C"
        case EvacuateStep():
            return "evacuate" if step.pressure is None else f"evacuate to {exact(step.pressure)} mbar"


def _layer(step: DepositStep) -> str:
    parts = [step.material if step.thickness is None else f"{amount_text(step.thickness)} {step.material}"]
    if step.rate is not None:
        parts.append(f"at {exact(step.rate)} nm/s")
    if step.time is not None:
        parts.append(f"for {exact_time(step.time)}")
    parts += [
        f"ramp at {exact(ramp.at)} nm to {exact(ramp.to)} nm/s over {exact_time(ramp.over)}" for ramp in step.ramps
    ]
    parts += [f"with {other.material} at {exact(other.rate)} nm/s" for other in step.together]
    if step.pre_coat is not None:
        parts.append(f"after {exact_time(step.pre_coat)} pre-coat")
    if step.boat is not None:
        parts.append(f"from boat {step.boat}")
    return " ".join(parts)


def _wait_until(step: WaitUntilStep) -> str:
    if step.above is not None and step.below is not None:
        band = f"between {exact(step.above)} mbar and {exact(step.below)} mbar"
    elif step.below is not None:
        band = f"below {exact(step.below)} mbar"
    else:
        band = f"above {exact(step.above or 0.0)} mbar"
    held = f" for {exact_time(step.hold)}" if step.hold else ""
    return f"wait until {_OF[step.of]} {band}{held} within {exact_time(step.timeout)} else {step.otherwise}"


def _ask(step: AskStep) -> str:
    parts = [f'ask "{step.text}"']
    if step.answer == "yes/no":
        parts.append("yes/no")
        default = None if step.default is None else "yes" if step.default else "no"
    else:
        unit = f" {step.unit}" if step.unit else ""
        parts.append(f"{exact(step.min or 0.0)}{unit} to {exact(step.max or 0.0)}{unit}")
        default = None if step.default is None else f"{exact(step.default)}{unit}"
    if default is not None:
        parts.append(f"default {default}")
    if step.id is not None:
        parts.append(f"as {step.id}")
    return " ".join(parts)
