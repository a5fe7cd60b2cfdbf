"""Simulated digital I/O modules on one line, with what drops their outputs when the host is gone.

Without an output called "heartbeat" each module has a host-idle watchdog, as an ADAM-6000 has: any question to it
feeds it, on expiry its outputs go to their fail-safe value 0, nothing latches, the next write switches them again.
With one, a relay in the 24 V of all outputs drops out when the heartbeat has not changed for the time of the watchdog;
the modules know nothing of it and show their bits as before, and it stays out until somebody resets it by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.coupler import held_of, line_of
from pvdsim.instruments.io_module import IoModule, adam_layout, layout_of
from pvdsim.instruments.modbus_line import ModbusLine
from pvdstation.model.clock import to_ns
from pvdstation.model.quantities import parse
from pvdstation.model.simulation import Replies
from pvdstation.protocol import modbus
from pvdstation.protocol.modbus import Answer

FAR = 2**62
BROADCAST = 0
_ADAM = {"adam-6050": (12, 6), "adam-6060": (6, 6)}  # inputs, outputs


class IoModules:
    """Modules by unit number. On TCP any unit number reaches the only module (assumed), several are a gateway's."""

    def __init__(self, modules: Mapping[int, IoModule], line: ModbusLine, watchdog_ns: int) -> None:
        self.modules = dict(modules)
        self._line = line
        self._watchdog_ns = watchdog_ns
        self._idle_ns = dict.fromkeys(self.modules, FAR)
        self._pulsing = next((unit for unit, module in self.modules.items() if module.pulse is not None), None)
        self._pulse_ns = FAR
        self._pulse = False
        self.due_ns = FAR

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes and answer each question in its turn."""
        self.advance_to(now_ns)
        replies: Replies = []
        for question in self._line.questions(data):
            received = question.received
            answer = self._answer(received, now_ns)
            if answer is not None:
                replies.append(self._line.reply(question, answer, now_ns))
        self._schedule()
        return replies

    def advance_to(self, now_ns: int) -> Replies:
        """Drop the outputs of modules, or of all, that nobody has fed."""
        for unit, idle_ns in self._idle_ns.items():
            if idle_ns <= now_ns:
                self._idle_ns[unit] = FAR
                self.modules[unit].switch(0, idle_ns)
        if self._pulse_ns <= now_ns:
            dropped_ns, self._pulse_ns = self._pulse_ns, FAR
            for module in self.modules.values():
                module.feed(dropped_ns, on=False)
        self._schedule()
        return []

    def power_cycle(self, now_ns: int) -> None:
        """Come up again: outputs 0, watchdogs waiting for the first question."""
        self._line.clear()
        self._idle_ns = dict.fromkeys(self.modules, FAR)
        self._pulse_ns = FAR
        self._pulse = False
        for module in self.modules.values():
            module.switch(0, now_ns)
            module.feed(now_ns, on=True)
        self._schedule()

    def reset_relay(self, now_ns: int) -> None:
        """Push the button of the external watchdog; it waits for the first pulse then."""
        for module in self.modules.values():
            module.feed(now_ns, on=True)

    def _answer(self, received: modbus.Received, now_ns: int) -> Answer | None:
        if self._line.is_serial and received.unit == BROADCAST:
            for module in self.modules.values():
                if received.call is not None:
                    module.answer(received.call, now_ns)
            return None
        unit = received.unit
        if unit not in self.modules:
            if self._line.is_serial or len(self.modules) > 1:
                return None
            (unit,) = self.modules
        if self._pulsing is None:
            self._idle_ns[unit] = now_ns + self._watchdog_ns
        if received.call is None:
            return Answer(exception=received.refusal)
        answer = self.modules[unit].answer(received.call, now_ns)
        if unit == self._pulsing:
            self._look_at_pulse(now_ns)
        return answer

    def _look_at_pulse(self, now_ns: int) -> None:
        module = self.modules[self._pulsing or 0]
        pulse = bool(module.pulse)
        if pulse != self._pulse and module.is_fed:
            self._pulse_ns = now_ns + self._watchdog_ns
        self._pulse = pulse

    def _schedule(self) -> None:
        self.due_ns = min(self._pulse_ns, *self._idle_ns.values())


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> IoModules:
    """Build the modules of a station; nothing about them is left to chance. Raises QuantityError."""
    del seed
    io = station_values["io"]
    if io["map"] == "generic":
        layout = layout_of(io["addresses"])
    else:
        layout = adam_layout(*_ADAM[io["map"]], io.get("read_inputs_with", modbus.READ_INPUTS))
    held = held_of(station_values)
    modules = {}
    for place in range(io.get("units", 1)):
        outputs = _part(io["do"], place, layout.output_count)
        module = IoModule(layout, outputs, _part(io["di"], place, layout.input_count), bench)
        module.registers = {register["address"]: register["value"] for register in io.get("registers", ())}
        if io["map"] != "generic":
            module.add_words()
        module.begin(held)
        modules[io["unit"] + place] = module
    return IoModules(modules, line_of(station_values), to_ns(parse(io["watchdog"], "time")))


def _part(names: Sequence[str], place: int, size: int) -> Sequence[str]:
    return names[place * size : (place + 1) * size]
