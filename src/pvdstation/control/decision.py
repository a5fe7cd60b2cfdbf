"""The face of the core: what one scan decides."""

from typing import Any, NamedTuple, Protocol

from pvdstation.model.messages import Action, Event, Image, Outputs, Request


class Decision(NamedTuple):
    """What one scan has decided."""

    state: Any  # opaque to the shell
    outputs: Outputs
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    ended: bool  # the run is over: its last state is confirmed


class Core(Protocol):
    """The decision core, stepped once per scan."""

    def start(self, now_ns: int) -> Any:
        """Return the state before the first scan."""
        ...

    def step(self, state: Any, image: Image, requests: tuple[Request, ...], now_ns: int) -> Decision:
        """Decide one scan. Pure: the same arguments give the same decision."""
        ...
