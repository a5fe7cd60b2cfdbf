"""A healthy station as one image, and ways to spoil it: for the tests of rules, arbiter and supervisor."""

import math
from pathlib import Path
from typing import Any

import pvdstation
from pvdstation.control.scene import EMPTY, Layer, Scene
from pvdstation.control.sources import SourceState
from pvdstation.control.view import Frame, View
from pvdstation.model.messages import SUPPLY_OFF, Outputs, Pace, SupplyLevel
from pvdstation.model.signals import Quality, Reading, SignalMap
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station

NOW_NS = 10_000_000_000_000


def packaged(name: str = "sim") -> Station:
    path = Path(pvdstation.__file__).parent / "stations" / f"{name}.toml"
    return load_station(path.read_bytes(), path.name)


STATION = packaged()
SIGNALS = SignalMap(STATION)
FRAME = Frame(STATION, SIGNALS)

HEALTHY: dict[str, float] = {
    **{s.name: 0.0 for s in SIGNALS},  # closed, off, no fault
    "gate": 1,
    "foreline_valve": 1,
    "door_closed": 1,
    "water_flow": 1,
    "compressed_air": 1,
    "over_pressure_ok": 1,
    "e_stop_ok": 1,
    "backing_running": 1,
    "enable.1.open": 1,
    "enable.2.open": 1,
    "io.watchdog": 1,
    "gauges.settings": 1,
    "supply.1.armed": 1,
    "supply.2.armed": 1,
    "supply.1.external": 1,
    "supply.2.external": 1,
    "sensor.1.frequency": 5_990_000.0,
    "sensor.2.frequency": 5_990_000.0,
    "sensor.1.status": 1,
    "sensor.2.status": 1,
    "chamber.full_range": 1e-6,
    "chamber.capacitance": 0.05,
    "foreline.pirani": 0.1,
    "turbo.speed": 1000,
    "journal.durable": 1e9,
    "journal.age": 0.0,
    "journal.segment": 1,
}
DEPOSITING: dict[str, float] = {
    **HEALTHY,
    "source_shutter.Zn": 1,
    "substrate_shutter": 1,
    "enable.1.open": 0,
    "supply.1.current": 43.0,
    "supply.1.voltage": 0.34,
    "supply.1.mode": 2,
    "sqc.phase": 13,
    "sqc.process": 1,
    "sqc.output.1.power": 43.0,
}


def outputs(**levels: Any) -> Outputs:
    off = Outputs(
        source_shutter=(False, False),
        substrate_shutter=False,
        n2=False,
        vent=False,
        roughing=False,
        gate=True,
        foreline=True,
        backing_stop=False,
        enable=(False, False),
        beacon=False,
        supply=(SUPPLY_OFF, SUPPLY_OFF),
        turbo=None,
        pace=Pace(sqc=False, crystals=(), supplies=(False, False), gas=False),
        until_ns=0,
    )
    return off._replace(**levels)


ZN_ON = {
    "supply": (SupplyLevel(on=True, current_a=0.0, foldback=True), SUPPLY_OFF),
    "enable": (True, False),
    "source_shutter": (True, False),
    "substrate_shutter": True,
}
LAYER = Layer(
    0, 0.5, 0.5, is_first_ramp=False, is_regulating=True, is_at_soak=True, is_captured=True, is_exposed=True,
    resistance_ohm=0.34 / 43.0, power_w=0.34 * 43.0,
)  # fmt: skip
DEPOSIT_SCENE = Scene(LAYER)
COLD = SourceState(is_hot=False, off_since_ns=0, commanded_off_since_ns=0)
HOT = SourceState(is_hot=True, off_since_ns=None, was_energised_ns=NOW_NS)


def view(
    values: dict[str, float],
    last: Outputs,
    *,
    bad: dict[str, Quality] | None = None,
    age_s: dict[str, float] | None = None,
    hot: tuple[bool, bool] = (False, False),
    since_gas: bool = False,
    gas_target_mbar: float = math.nan,
    low_for_s: float | None = 3600,
    now_ns: int = NOW_NS,
    counter: int = 1,
) -> View:
    """Return the view of an image, with some readings bad or old."""
    bad, age_s = bad or {}, age_s or {}
    readings = tuple(
        Reading(
            math.nan if s.name in bad and bad[s.name] is not Quality.UNDER_RANGE else values[s.name],
            bad.get(s.name, Quality.GOOD),
            now_ns - round(age_s.get(s.name, 0.1) * 1e9),
            counter,
        )
        for s in SIGNALS
    )
    on = tuple(level.on for level in last.supply)
    sources = tuple(HOT if is_hot or is_on else COLD for is_hot, is_on in zip(hot, on, strict=True))
    low_since = None if low_for_s is None else now_ns - round(low_for_s * 1e9)
    return View(
        FRAME, readings, last, sources, now_ns, since_gas=since_gas, low_since_ns=low_since, result=None,
        gas_target_mbar=gas_target_mbar,
    )  # fmt: skip


__all__ = ["EMPTY", "Scene"]
