"""The core: one scan from image and requests to outputs, actions and events. Pure."""

from pvdstation.control.decision import Decision
from pvdstation.control.layer_setups import layers_of
from pvdstation.control.state import State, first_state
from pvdstation.control.states import Mode
from pvdstation.control.steps import logic_of
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.supervisor import bind
from pvdstation.control.turn import Turn
from pvdstation.control.view import Frame
from pvdstation.model.messages import Image, Request
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.recipe.procedure import AT_REST, Procedure


class Control:
    """The decision core of one station for one procedure."""

    def __init__(
        self, station: Station, signals: SignalMap, procedure: Procedure, begins: Mode = Mode.STARTING
    ) -> None:
        """``begins``: starting, or idle or interrupted when there is nothing to run yet."""
        self.begins = begins
        self.frame = Frame(station, signals)
        self.procedure = procedure
        self.steps = procedure.steps or (AT_REST,)
        works = [step.work for step in self.steps]
        self.logic: tuple[StepLogic, ...] = tuple(
            logic_of(work, following, self.frame) for work, following in zip(works, [*works[1:], None], strict=True)
        )
        self.layers = tuple(
            layers_of(work, following, station) for work, following in zip(works, [*works[1:], None], strict=True)
        )
        self.rules = bind(self.frame)

    def start(self, now_ns: int) -> State:
        """Return the state before the first scan."""
        return first_state(self.frame.station, now_ns, self.begins)

    def step(self, state: State, image: Image, requests: tuple[Request, ...], now_ns: int) -> Decision:
        """Decide one scan."""
        return Turn(self, state, image, now_ns).decide(requests)
