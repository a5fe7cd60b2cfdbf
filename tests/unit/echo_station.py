"""A core and a station that follows its outputs at once: every switch, supply and pump as told one scan later."""

from typing import Any

from control_bench import HEALTHY, NOW_NS, packaged

from pvdstation.control.by_hand import HandOutput, hand_outputs
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.sources import SourceState
from pvdstation.control.states import Mode
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionResult, Event, EventKind, Image, Outputs, Request, Verb
from pvdstation.model.signals import Quality, Reading, SignalMap
from pvdstation.recipe.by_hand import by_hand_procedure
from pvdstation.recipe.procedure import Procedure

SCAN_NS = SECOND // 4
OHM = 0.0085
VALVES = {"gate": "gate", "foreline": "foreline_valve", "roughing": "roughing", "n2": "n2", "vent": "vent"}
NO_RECIPE = Procedure("", "", 1, "", ())


class EchoStation:
    """Stepped scan by scan; ``values`` are what is read unless the outputs say otherwise."""

    def __init__(
        self,
        name: str = "sim-host-loop",
        procedure: Procedure | None = None,
        begins: Mode = Mode.STARTING,
        *,
        gas: bool = True,
    ) -> None:
        """``gas`` False: no gas is connected to the station."""
        station = packaged(name) if gas else packaged(name).model_copy(update={"gas": {}})
        self.signals = SignalMap(station)
        self.core = Control(station, self.signals, procedure or by_hand_procedure(station), begins)
        self.now_ns = NOW_NS
        self.values = {signal.name: HEALTHY.get(signal.name, 0.0) for signal in self.signals}
        self.values |= {
            f"supply.{n}.external": float(s.current_source == "analogue") for n, s in station.supply.items()
        }
        self.spoilt: dict[str, float] = {}
        """What is read whatever the outputs say."""
        self.durable: float | None = None
        """The last durable event; None: all are."""
        cold = SourceState(is_hot=False, off_since_ns=0, commanded_off_since_ns=0)
        state = self.core.start(self.now_ns)
        self.state = state._replace(sources=(cold,) * len(state.sources), low_since_ns=0)
        self.results: tuple[ActionResult, ...] = ()
        self.events: list[Event] = []
        self.decision: Decision | None = None

    @property
    def last(self) -> Outputs:
        return self.state.last

    @property
    def mode(self) -> Mode:
        return self.state.course.mode

    @property
    def readings(self) -> tuple[Reading, ...]:
        self._follow()
        read = {**self.values, **self.spoilt}
        return tuple(
            Reading(read[signal.name], Quality.GOOD, self.now_ns, self.now_ns // SCAN_NS) for signal in self.signals
        )

    def _follow(self) -> None:
        last, names = self.last, self.signals.all
        for output, role in VALVES.items():
            self.values[names[getattr(self.signals, role)].name] = float(getattr(last, output))
        self.values["substrate_shutter"] = float(last.substrate_shutter)
        for number, is_open in zip(self.signals.source_shutter, last.source_shutter, strict=True):
            self.values[names[number].name] = float(is_open)
        for n, level in zip(self.core.frame.station.supply, last.supply, strict=True):
            self.values[f"enable.{n}.open"] = float(not level.on)
            self.values[f"supply.{n}.mode"] = 2.0 * level.on
            self.values[f"supply.{n}.current"] = self.values[f"supply.{n}.setpoint"] = level.current_a
            self.values[f"supply.{n}.voltage"] = OHM * level.current_a
        self.values["backing_running"] = float(not last.backing_stop)
        self.values["journal.durable"] = float(self.state.number) if self.durable is None else self.durable

    def scan(self, *requests: Request) -> Decision:
        image = Image(self.readings, self.results)
        decision = self.core.step(self.state, image, requests, self.now_ns)
        self.state = decision.state
        self.results = tuple(ActionResult(a.number, ok=True, text="", at_ns=self.now_ns) for a in decision.actions)
        self.events += decision.events
        self.now_ns += SCAN_NS
        self.decision = decision
        return decision

    def go(self, seconds: float) -> "EchoStation":
        for _ in range(round(seconds / 0.25)):
            self.scan()
        return self

    def ask(self, verb: Verb, about: str = "", value: Any = None) -> Event:
        """Ask for something and return the answer."""
        decision = self.scan(Request(verb, "Mia", about, value, "Mia", "to try it"))
        return next(event for event in decision.events if event.kind is EventKind.REQUEST)

    def set(self, about: str, value: Any) -> Event:
        return self.ask(Verb.SET, about, value)

    def set_all(self, **wishes: Any) -> None:
        self.scan(*(Request(Verb.SET, "Mia", about.replace("_", " "), value) for about, value in wishes.items()))

    def said(self, kind: EventKind) -> list[str]:
        return [event.text for event in self.events if event.kind is kind]

    def shown(self, name: str) -> HandOutput:
        """Return what a screen shows of an output."""
        state = self.state
        v = View(
            self.core.frame, self.readings, state.last, state.sources, self.now_ns, since_gas=state.since_gas,
            low_since_ns=state.low_since_ns, result=None, gas_target_mbar=state.gas_target_mbar,
        )  # fmt: skip
        return next(output for output in hand_outputs(self.core, state, v) if output.name == name)
