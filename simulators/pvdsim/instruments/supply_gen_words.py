"""What the commands of a simulated legacy Genesys supply do, and what its queries answer (power supply reference 5.2).

Settings are kept as the text in which they were sent, because ``PV?`` and ``PC?`` echo it. Errors: reference 5.3.
"""

import math
from collections.abc import Callable
from typing import TypeVar

from pvdsim.instruments.supply_stage import SET_SPAN, PowerStage
from pvdstation.model.signals import SupplyMode
from pvdstation.protocol import supply_gen as codec
from pvdstation.protocol.supply import Questionable
from pvdstation.protocol.supply_gen import DONE, Status

T = TypeVar("T")
FOLDBACK_S = 0.25
_OVP_TOP = {6.0: 7.5, 8.0: 10.0, 10.0: 12.0, 12.5: 15.0, 20.0: 24.0, 40.0: 44.0}
_OVP_LEAST_SHARE = 0.05
_OUR_CAUSES = Questionable.ENA | Questionable.ILC | Questionable.OFF
_REMOTES = {"0": "LOC", "1": "REM", "2": "LLO", "LOC": "LOC", "REM": "REM", "LLO": "LLO"}
_SWITCHES = {"0": False, "OFF": False, "1": True, "ON": True}
_FILTERS = {"18", "23", "46"}


class _NotObeyed(Exception):
    """A command that is refused: the code of the reply."""


class GenWords:
    """State of the unit beside its power stage."""

    def __init__(self, stage: PowerStage, model: str, serial: str, chance: Callable[[], float]) -> None:
        self.stage = stage
        self.remote = "LOC"
        self.is_deaf = self.panel_only = False
        self._identity = f"LAMBDA,{model}"
        self._serial = serial
        self._chance = chance
        self._filter = "18"
        self._masks = {"SENA": 0, "FENA": 0}
        self._events = {"SEVE": 0, "FEVE": 0}
        self._saved = ("0.000", "0.00")
        self._now_ns = 0
        self._reset("")
        self._queries = self._query_table()
        self._commands = self._command_table()

    # --- the unit's side ---

    def obey(self, word: str, argument: str, now_ns: int) -> str:
        """Return the reply to one command."""
        self._now_ns = now_ns
        try:
            if word.endswith("?"):
                query = self._queries.get(word[:-1])
                if query is None or argument:
                    return "C01"
                return query()
            return self._act(word, argument)
        except _NotObeyed as refused:
            return str(refused)

    def _act(self, word: str, argument: str) -> str:
        action = self._commands.get(word)
        if action is None or (self.panel_only and word != "RMT"):
            return "C01"
        if self.is_deaf:
            return DONE
        if self.remote == "LOC":
            self.remote = "REM"
        action(argument)
        self.refresh(self._now_ns)
        return DONE

    def refresh(self, now_ns: int) -> None:
        """Look at contacts, analogue input and boat again; without auto-restart what has dropped out stays off."""
        stage = self.stage
        if stage.conditions() and not self._restarts:
            stage.commanded = False
        stage.refresh(now_ns)
        self._events["SEVE"] |= self._status() & self._masks["SENA"]
        self._events["FEVE"] |= self._faults() & self._masks["FENA"]

    def power_cycle(self, now_ns: int) -> None:
        """Come up again with the last settings."""
        self.remote = "LOC"
        self.stage.latched = 0
        self.stage.commanded = self.stage.commanded and self._restarts
        self.refresh(now_ns)

    # --- queries ---

    def _query_table(self) -> dict[str, Callable[[], str]]:
        stage = self.stage
        return {
            "RMT": lambda: self.remote,
            "MDAV": lambda: "0",
            "MS": lambda: "1",
            "IDN": lambda: self._identity,
            "REV": lambda: "REV:1U:4.3",
            "SN": lambda: self._serial,
            "DATE": lambda: "2020/01/01",
            "PV": lambda: self._pv,
            "MV": self._measured_v,
            "PC": lambda: self._pc,
            "MC": self._measured_a,
            "DVC": lambda: ",".join((self._measured_v(), self._pv, self._measured_a(), self._pc, self._ovp, self._uvl)),
            "STT": self._readings,
            "MODE": lambda: self._mode().name,
            "OUT": lambda: _word(on=stage.is_on),
            "FLD": lambda: _word(on=stage.fold is SupplyMode.CC),
            "FBD": lambda: str(self._fold_delay),
            "OVP": lambda: self._ovp,
            "UVL": lambda: self._uvl,
            "AST": lambda: _word(on=self._restarts),
            "FILTER": lambda: self._filter,
            "STAT": lambda: f"{self._status():02X}",
            "FLT": lambda: f"{self._faults():02X}",
            "SENA": lambda: f"{self._masks['SENA']:02X}",
            "FENA": lambda: f"{self._masks['FENA']:02X}",
            "SEVE": lambda: self._take("SEVE"),
            "FEVE": lambda: self._take("FEVE"),
        }

    def _measured_v(self) -> str:
        rated = self.stage.rating.voltage_v
        return _five_digits(self._noisy(self.stage.boat.voltage_v, rated), rated)

    def _measured_a(self) -> str:
        rated = self.stage.rating.current_a
        return _five_digits(self._noisy(self.stage.boat.current_a, rated), rated)

    def _noisy(self, value: float, rated: float) -> float:
        return max(0.0, value + (self._chance() + self._chance() - 1.0) * rated * 1e-4)

    def _readings(self) -> str:
        measured = (self._measured_v(), self._measured_a())
        return codec.format_readings(measured, (self._pv, self._pc), self._status(), self._faults())

    def _mode(self) -> SupplyMode:
        self.stage.refresh(self._now_ns)
        return self.stage.mode

    def _faults(self) -> int:
        return codec.fault_register(self.stage.conditions())

    def _status(self) -> int:
        stage = self.stage
        faults = self._faults()
        regulating = {SupplyMode.CV: Status.CV, SupplyMode.CC: Status.CC}.get(stage.mode, Status(0))
        return int(
            regulating
            | (Status(0) if faults else Status.NFLT)
            | (Status.FLT if faults & self._masks["FENA"] else Status(0))
            | (Status.AST if self._restarts else Status(0))
            | (Status.FDE if stage.fold is SupplyMode.CC else Status(0))
            | (Status.LCL if self.remote == "LOC" else Status(0))
        )

    def _take(self, register: str) -> str:
        value, self._events[register] = self._events[register], 0
        return f"{value:02X}"

    # --- commands ---

    def _command_table(self) -> dict[str, Callable[[str], None]]:
        return {
            "CLS": lambda _a: self._events.update(SEVE=0, FEVE=0),
            "RST": self._reset,
            "RMT": lambda a: setattr(self, "remote", _of(_REMOTES, a)),
            "PV": self._set_voltage,
            "PC": self._set_current,
            "OUT": lambda a: self._switch(on=_of(_SWITCHES, a)),
            "FLD": lambda a: setattr(self.stage, "fold", SupplyMode.CC if _of(_SWITCHES, a) else SupplyMode.OFF),
            "FBD": lambda a: self._set_fold_delay(_number(a, 255)),
            "FBDRST": lambda _a: self._set_fold_delay(0),
            "OVP": self._set_ovp,
            "OVM": lambda _a: self._set_ovp(f"{self._ovp_top():.3f}"),
            "UVL": self._set_uvl,
            "AST": lambda a: setattr(self, "_restarts", _of(_SWITCHES, a)),
            "FILTER": lambda a: setattr(self, "_filter", _of({f: f for f in _FILTERS}, a)),
            "SENA": lambda a: self._set_mask("SENA", a),
            "FENA": lambda a: self._set_mask("FENA", a),
            "SAV": lambda _a: setattr(self, "_saved", (self._pv, self._pc)),
            "RCL": self._recall,
        }

    def _reset(self, argument: str) -> None:
        del argument
        self.stage.reset()
        self.stage.power_w = math.inf  # legacy units have no power limit
        self._pv, self._pc, self._uvl = "0.000", "0.00", "0.000"
        self._restarts = False
        self._set_fold_delay(0)
        self._set_ovp(f"{self._ovp_top():.3f}")
        if self.remote == "LLO":
            self.remote = "REM"

    def _ovp_top(self) -> float:
        rated = self.stage.rating.voltage_v
        return _OVP_TOP.get(rated, 1.1 * rated)

    def _set_voltage(self, argument: str) -> None:
        stage = self.stage
        volts = _number(argument, math.inf)
        if volts > min(SET_SPAN * stage.rating.voltage_v, 0.95 * stage.ovp_v):
            raise _NotObeyed("E01")
        if volts < stage.uvl_v:
            raise _NotObeyed("E02")
        stage.volt_v, self._pv = volts, argument

    def _set_current(self, argument: str) -> None:
        self.stage.curr_a = _number(argument, SET_SPAN * self.stage.rating.current_a)
        self._pc = argument

    def _set_ovp(self, argument: str) -> None:
        stage = self.stage
        volts = _number(argument, self._ovp_top())
        if volts < stage.volt_v + _OVP_LEAST_SHARE * stage.rating.voltage_v:
            raise _NotObeyed("E04")
        stage.ovp_v, self._ovp = volts, argument

    def _set_uvl(self, argument: str) -> None:
        volts = _number(argument, 0.95 * self.stage.rating.voltage_v)
        if volts > self.stage.volt_v:
            raise _NotObeyed("E06")
        self.stage.uvl_v, self._uvl = volts, argument

    def _set_fold_delay(self, tenths: float) -> None:
        self._fold_delay = int(tenths)
        self.stage.trip_delay_s = FOLDBACK_S + self._fold_delay / 10

    def _set_mask(self, name: str, argument: str) -> None:
        value = codec.register(argument)
        if value is None:
            raise _NotObeyed("C03" if argument else "C02")
        self._masks[name] = value

    def _recall(self, argument: str) -> None:
        del argument
        for text, apply in zip(self._saved, (self._set_voltage, self._set_current), strict=True):
            apply(text)

    def _switch(self, *, on: bool) -> None:
        stage = self.stage
        if on:
            if stage.conditions() & ~stage.latched & _OUR_CAUSES:
                raise _NotObeyed("E07")
            stage.latched = 0
        stage.commanded = on


def _number(argument: str, highest: float) -> float:
    if not argument:
        raise _NotObeyed("C02")
    value = codec.number(argument)
    if value is None or len(argument) > codec.LONGEST_FIELD:
        raise _NotObeyed("C03")
    if not 0 <= value <= highest:
        raise _NotObeyed("C05")
    return value


def _of(words: dict[str, T], argument: str) -> T:
    if argument not in words:
        raise _NotObeyed("C03" if argument else "C02")
    return words[argument]


def _word(*, on: bool) -> str:
    return "ON" if on else "OFF"


def _five_digits(value: float, rated: float) -> str:
    """Write a measured value as the display does: five digits, the point where the rating has it, no zeros before."""
    return f"{value:.{4 - math.floor(math.log10(rated))}f}"
