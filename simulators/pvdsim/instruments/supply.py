"""Simulated GENESYS+ supply: byte machine of its SCPI (power supply reference 4 and 11).

Each query takes 10 ms, one after the other; commands act when they arrive. Assumed: a header is always written from
its root; joined queries answer line by line; any command but a query takes the unit from local to remote; disabling an
expired watchdog clears its fault as ``OUTP:PROT:CLE`` does; address 6, firmware 01.000.
"""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments import supply_words as words
from pvdsim.instruments.supply_stage import FAR, OVP_SPAN, SET_SPAN, PowerStage, wired_stage
from pvdsim.instruments.supply_words import ErrorQueue, NotObeyed, nothing, number_of, printer, settable, word_of
from pvdstation.model.clock import to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import parse
from pvdstation.model.signals import SupplyMode
from pvdstation.model.simulation import Replies
from pvdstation.protocol import supply as codec
from pvdstation.protocol.supply import Operation, Questionable

ADDRESS = 6


class SimulatedSupply:
    """Wire language, error queue and communication watchdog around a power stage."""

    def __init__(self, stage: PowerStage, model: str, serial: str, latency_ns: int, chance: random.Random) -> None:
        self.stage = stage
        self._identity = f"TDK-LAMBDA,{model},{serial},G:01.000"
        self._latency_ns = latency_ns
        self._random = chance.random
        self._framer = codec.CommandFramer()
        self._free_ns = 0
        self.due_ns = FAR
        self._errors = ErrorQueue(ADDRESS)
        stage.report = self._errors.put
        self._remote = "LOC"
        self._power_on = "SAFE"
        self._watchdog_on = False
        self._watchdog_s = 10
        self._watchdog_due_ns = FAR
        self._enables = {"STATus:QUEStionable:ENABle": 0, "STATus:OPERation:ENABle": 0}
        self._now_ns = 0
        self._is_deaf = self._panel_only = False
        self._queries = self._query_table()
        self._commands = self._command_table()
        self._table = codec.CommandTable(tuple(dict.fromkeys((*self._queries, *self._commands))))

    # --- the world's side ---

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes; answer queries in order."""
        self.advance_to(now_ns)
        self._now_ns = now_ns
        replies: Replies = []
        for command in self._framer.feed(data):
            if self._watchdog_on:
                self._watchdog_due_ns = now_ns + to_ns(self._watchdog_s)
            answer = self._obey(self._table.understand(command))
            if answer is not None:
                self._free_ns = max(self._free_ns, now_ns) + self._latency_ns
                replies.append((self._free_ns, answer.encode("ascii") + codec.LINE_END))
        self.due_ns = min(self._watchdog_due_ns, self.stage.due_ns)
        return replies

    def advance_to(self, now_ns: int) -> Replies:
        """Let the watchdog and the protections act that are due."""
        if self._watchdog_due_ns <= now_ns:
            due_ns, self._watchdog_due_ns = self._watchdog_due_ns, FAR
            self.stage.trip(Questionable.CWT, due_ns)
        if self.stage.due_ns <= now_ns:
            self.stage.refresh(now_ns)
        self.due_ns = min(self._watchdog_due_ns, self.stage.due_ns)
        return []

    def refresh(self, now_ns: int) -> None:
        """Take note that the analogue input, the enable contact or the boat has changed."""
        self.stage.refresh(now_ns)
        self.due_ns = min(self._watchdog_due_ns, self.stage.due_ns)

    def obey(self, *, anybody: bool) -> None:
        """Take commands, or (fault) leave them without effect and the current as it is; the enable contact acts."""
        self._is_deaf = not anybody
        self.stage.hold_current(held=not anybody)

    def take_over(self, *, local: bool) -> None:
        """Let the front panel take over: commands are refused, queries answered; or give the link back."""
        self._panel_only = local
        self._remote = "LOC"

    def power_cycle(self, now_ns: int) -> None:
        """Come up again as after a mains failure, in the safe state."""
        self.stage.reset()
        self._reset_link()
        self._remote = "LOC"
        self._errors.is_enabled = False
        self._errors.clear()
        self.stage.clear(now_ns)
        self.due_ns = FAR

    # --- commands ---

    def _obey(self, command: codec.Command) -> str | None:
        try:
            if command.is_query:
                query = self._queries.get(command.header)
                if query is None:
                    raise NotObeyed(*words.COMMAND_ERROR)
                return query(command.arguments)
            action = self._commands.get(command.header)
            if action is None:
                raise NotObeyed(*words.COMMAND_ERROR)
            if self._panel_only:
                raise NotObeyed(*words.EXECUTION_ERROR)
            if self._is_deaf:
                return None
            if self._remote == "LOC":
                self._remote = "REM"
            action(command.arguments)
            self.stage.refresh(self._now_ns)
        except NotObeyed as refused:
            self._errors.put(*refused.args)
        return None

    def _query_table(self) -> dict[str, Callable[[tuple[str, ...]], str]]:
        stage, rating = self.stage, self.stage.rating
        volts, amps, watts = (
            printer(rating.voltage_v),
            printer(rating.current_a),
            printer(stage.highest_power_w),
        )
        return {
            "MEASure[:SCALar]:VOLTage[:DC]": lambda _a: volts(self._noisy(stage.boat.voltage_v, rating.voltage_v)),
            "MEASure[:SCALar]:CURRent[:DC]": lambda _a: amps(self._noisy(stage.boat.current_a, rating.current_a)),
            "MEASure[:SCALar]:POWer[:DC]": lambda _a: watts(stage.boat.voltage_v * stage.boat.current_a),
            "OUTPut:MODE": lambda _a: self._mode().name,
            "OUTPut[:STATe]": lambda _a: str(int(stage.is_on)),
            "STATus:QUEStionable:CONDition": lambda _a: str(stage.conditions()),
            "STATus:OPERation:CONDition": lambda _a: str(int(self._operation())),
            "STATus:QUEStionable:ENABle": lambda _a: str(self._enables["STATus:QUEStionable:ENABle"]),
            "STATus:OPERation:ENABle": lambda _a: str(self._enables["STATus:OPERation:ENABle"]),
            "SYSTem:ERRor": lambda _a: self._errors.take(),
            "[SOURce]:VOLTage[:LEVel]": settable(volts, lambda: stage.volt_v, SET_SPAN * rating.voltage_v),
            "[SOURce]:CURRent[:LEVel]": settable(amps, lambda: stage.curr_a, SET_SPAN * rating.current_a),
            "[SOURce]:VOLTage:PROTection:LEVel": settable(volts, lambda: stage.ovp_v, OVP_SPAN * rating.voltage_v),
            "[SOURce]:VOLTage:PROTection:LOW": lambda _a: volts(stage.uvl_v),
            "[SOURce]:VOLTage:PROTection:LOW:STATe": lambda _a: str(int(stage.uvp)),
            "[SOURce]:POWer:LEVel": settable(watts, lambda: stage.power_w, stage.highest_power_w),
            "OUTPut:PROTection:FOLDback": lambda _a: stage.fold.name,
            "OUTPut:PROTection:DELay": lambda _a: f"{stage.trip_delay_s:.1f}",
            "OUTPut:PON": lambda _a: self._power_on,
            "SYSTem:REMote": lambda _a: self._remote,
            "SYSTem[:COMMunicate]:WATCHdog[:STATe]": lambda _a: str(int(self._watchdog_on)),
            "SYSTem[:COMMunicate]:WATCHdog:TIMe": lambda _a: str(self._watchdog_s),
            "SYSTem:VERSion": lambda _a: "1999.0",
            "INSTrument:NSELect": lambda _a: str(ADDRESS),
            "*IDN": lambda _a: self._identity,
            "*OPC": lambda _a: "1",
            "*TST": lambda _a: "0",
        }

    def _command_table(self) -> dict[str, Callable[[tuple[str, ...]], None]]:
        rating = self.stage.rating
        top_w = self.stage.highest_power_w
        return {
            "OUTPut[:STATe]": lambda a: self._switch(on=word_of(a, words.SWITCH)),
            "[SOURce]:VOLTage[:LEVel]": lambda a: self._set_voltage(number_of(a, 0, SET_SPAN * rating.voltage_v)),
            "[SOURce]:CURRent[:LEVel]": lambda a: self._keep(curr_a=number_of(a, 0, SET_SPAN * rating.current_a)),
            "[SOURce]:VOLTage:PROTection:LEVel": lambda a: self._set_ovp(number_of(a, 0, OVP_SPAN * rating.voltage_v)),
            "[SOURce]:VOLTage:PROTection:LOW": lambda a: self._set_uvl(number_of(a, 0, 0.95 * rating.voltage_v)),
            "[SOURce]:VOLTage:PROTection:LOW:STATe": lambda a: self._keep(uvp=word_of(a, words.SWITCH)),
            "[SOURce]:POWer:LEVel": lambda a: self._keep(power_w=number_of(a, 1, top_w)),
            "OUTPut:PROTection:FOLDback": lambda a: self._keep(fold=word_of(a, words.FOLD)),
            "OUTPut:PROTection:DELay": lambda a: self._keep(trip_delay_s=number_of(a, 0, 100)),
            "OUTPut:PROTection:CLEar": self._clear_protection,
            "OUTPut:PON": lambda a: setattr(self, "_power_on", word_of(a, words.POWER_ON)),
            "SYSTem:REMote": lambda a: setattr(self, "_remote", word_of(a, words.REMOTE)),
            "SYSTem:ERRor:ENABle": self._enable_errors,
            "SYSTem[:COMMunicate]:WATCHdog[:STATe]": lambda a: self._switch_watchdog(on=word_of(a, words.SWITCH)),
            "SYSTem[:COMMunicate]:WATCHdog:TIMe": lambda a: self._set_watchdog(number_of(a, 1, 3600)),
            "STATus:QUEStionable:ENABle": lambda a: self._mask("STATus:QUEStionable:ENABle", a),
            "STATus:OPERation:ENABle": lambda a: self._mask("STATus:OPERation:ENABle", a),
            "INSTrument:NSELect": self._select,
            "*CLS": self._clear_errors,
            "*RST": self._reset,
            "*OPC": nothing,
            "*WAI": nothing,
        }

    def _switch(self, *, on: bool) -> None:
        if on and self.stage.latched:
            raise NotObeyed(307, "On During Fault")
        self.stage.commanded = on

    def _keep(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self.stage, name, value)

    def _set_voltage(self, volt_v: float) -> None:
        if volt_v > 0.95 * self.stage.ovp_v:
            raise NotObeyed(301, "PV Above OVP")
        if volt_v < self.stage.uvl_v:
            raise NotObeyed(302, "PV Below UVL")
        self.stage.volt_v = volt_v

    def _set_ovp(self, ovp_v: float) -> None:
        if ovp_v < 1.05 * self.stage.volt_v:
            raise NotObeyed(304, "OVP Below PV")
        self.stage.ovp_v = ovp_v

    def _set_uvl(self, uvl_v: float) -> None:
        if uvl_v > 0.95 * self.stage.volt_v:
            raise NotObeyed(306, "UVL Above PV")
        self.stage.uvl_v = uvl_v

    def _clear_protection(self, arguments: tuple[str, ...]) -> None:
        nothing(arguments)
        self.stage.clear(self._now_ns)

    def _select(self, arguments: tuple[str, ...]) -> None:
        number_of(arguments, 0, 31)  # the unit on the link is selected already

    def _clear_errors(self, arguments: tuple[str, ...]) -> None:
        nothing(arguments)
        self._errors.clear()

    def _reset(self, arguments: tuple[str, ...]) -> None:
        nothing(arguments)
        self.stage.reset()

    def _enable_errors(self, arguments: tuple[str, ...]) -> None:
        nothing(arguments)
        self._errors.is_enabled = True

    def _switch_watchdog(self, *, on: bool) -> None:
        self._watchdog_on = on
        if not on:
            self._reset_link()
            self.stage.latched &= ~int(Questionable.CWT)

    def _reset_link(self) -> None:
        self._watchdog_on = False
        self._watchdog_due_ns = FAR

    def _set_watchdog(self, time_s: float) -> None:
        if time_s != math.floor(time_s):
            raise NotObeyed(*words.OUT_OF_RANGE)
        self._watchdog_s = int(time_s)

    def _mask(self, name: str, arguments: tuple[str, ...]) -> None:
        self._enables[name] = int(number_of(arguments, 0, 0xFFFF))

    # --- answers ---

    def _mode(self) -> SupplyMode:
        self.stage.refresh(self._now_ns)
        return self.stage.mode

    def _noisy(self, value: float, rated: float) -> float:
        return max(0.0, value + (self._random() + self._random() - 1.0) * rated * 1e-4)

    def _operation(self) -> Operation:
        stage = self.stage
        regulating = {SupplyMode.CV: Operation.CV, SupplyMode.CC: Operation.CC, SupplyMode.CP: Operation.CP}
        folds = stage.fold is not SupplyMode.OFF
        return (
            regulating.get(stage.mode, Operation(0))
            | (Operation.NFLT if not stage.conditions() else Operation(0))
            | (Operation.AST if self._power_on == "AUTO" else Operation(0))
            | (Operation.FBE if folds else Operation(0))
            | (Operation.CFB if stage.fold is SupplyMode.CC else Operation(0))
            | (Operation.LOC if self._remote == "LOC" else Operation(0))
            | (Operation.UVP if stage.uvp else Operation(0))
            | Operation.ENA
            | (Operation.ECR if stage.external_a is not None else Operation(0))
            | (Operation.CPE if stage.power_w < stage.highest_power_w else Operation(0))
        )


def build(number: int, station_values: Mapping[str, Any], bench: Bench, seed: int) -> SimulatedSupply:
    """Build supply N of a station, wired to boat N, analogue input N and enable contact N."""
    values = station_values["supply"][str(number)]
    rating = codec.rating(values["model"])
    if rating is None:
        what = f'"{values["model"]}" names no rating'
        raise Refused([Problem(f"supply.{number}.model", what, 'Write for example "GH10-100".')])
    stage = wired_stage(number, station_values, bench, rating)
    latency = station_values.get("simulation", {}).get("links", {}).get("supply", "10 ms")
    chance = random.Random(f"{seed}/supply{number}")
    return SimulatedSupply(stage, values["model"], f"SIMULATED-{number}", to_ns(parse(latency, "time")), chance)
