"""The station file: what differs between real stations, strict, every limit with a hard bound.

Plain floats in canonical units inside (nm, nm/s, mbar, s, A, V, W, Ω, %, mg, g/cm3, Hz). Bounds: plant reference
sections 4 and 8, safety reference B.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from pvdstation.model.profile import Profile
from pvdstation.model.quantities import (
    Amperes,
    AmperesPerSecond,
    GramsPerCm3,
    Hertz,
    Litres,
    LitresPerSecond,
    Millibar,
    MillibarLitresPerSecond,
    MillibarPerSecond,
    Milligrams,
    Nanometres,
    NanometresPerSecond,
    Ohms,
    Outgassing,
    Percent,
    PercentPerSecond,
    Seconds,
    SquareMetres,
    Volts,
    Watts,
)
from pvdstation.model.switchgear_table import Io
from pvdstation.model.table import Positive
from pvdstation.model.table import Table as Table  # noqa: PLC0414 - part of this module's face
from pvdstation.model.table import Text as Text  # noqa: PLC0414
from pvdstation.model.vacuum_tables import Gauges, Turbo


class Ramp(Table):
    """Power that is reached in a time."""

    power: Annotated[Percent, Field(ge=0, le=100)]
    time: Annotated[Seconds, Field(ge=1, le=3600)]


class Conditioning(Table):
    """Ramp 1, soak 1, ramp 2, soak 2: a source is brought to just below its operating power."""

    ramp1: Ramp
    soak1: Annotated[Seconds, Field(ge=1, le=3600)]
    ramp2: Ramp
    soak2: Annotated[Seconds, Field(ge=15, le=3600)]

    @property
    def total_s(self) -> float:
        """Return how long all four take, s."""
        return self.ramp1.time + self.soak1 + self.ramp2.time + self.soak2


class Idle(Table):
    """Power after the layer, and the ramp to it."""

    power: Annotated[Percent, Field(ge=0, le=0)]
    ramp: Annotated[Seconds, Field(ge=1, le=300)]


class Pid(Table):
    """Parameters of the SQC-310's own loop, in the unit's displayed numbers."""

    p: Annotated[int, Field(gt=0, le=9999)]
    i: Annotated[Seconds, Field(ge=0.1, le=999)]
    d: Annotated[Seconds, Field(ge=0, le=999)]


class HostLoop(Table):
    """Parameters of our own loop on ln(rate) (physics 5.2)."""

    gain: Annotated[Percent, Field(gt=0, le=100)]
    ti: Annotated[Seconds, Field(gt=0, le=300)]
    window: Annotated[Seconds, Field(ge=0.25, le=10)]
    alpha: Annotated[float, Field(gt=0, le=1)]
    clip: Annotated[float, Field(gt=0, le=1)]


class SqcSource(Table):
    """Where a source lives in the SQC-310: output, sensors, and the numbers of its prepared template."""

    output: Annotated[int, Field(ge=1, le=4)]
    sensors: Annotated[list[Annotated[int, Field(ge=1, le=4)]], Field(min_length=1, max_length=1)]
    film: Annotated[int, Field(ge=1, le=50)]
    material: Annotated[int, Field(ge=1, le=100)]
    process: Annotated[int, Field(ge=1, le=50)]


FINGERPRINT_A = (12.0, 16.0)
"""Between these currents a boat, still cold, is known by its resistance (station-and-sequence 2)."""


class Source(Table):
    """A boat with its charge."""

    boat: Annotated[int, Field(ge=1, le=4)]
    boat_material: Text
    charge: Annotated[Milligrams, Positive]
    purity: Annotated[Percent, Field(gt=0, le=100)]
    rate_loop: Literal["sqc", "host"]
    sqc: SqcSource
    density: Annotated[GramsPerCm3, Field(gt=0, le=30)]
    z: Annotated[float, Field(gt=0, le=10)]
    condition: Conditioning
    idle: Idle
    max_power: Annotated[Percent, Field(gt=0, le=100)]
    max_rate: Annotated[NanometresPerSecond, Field(gt=0, le=20)]
    slew: Annotated[PercentPerSecond, Field(gt=0, le=10)]
    pid: Pid
    host_loop: HostLoop
    cold_resistance: Annotated[Ohms, Positive]
    cool_down: Annotated[Seconds, Field(ge=300)]

    @property
    def sensor(self) -> int:
        """Return the number of the crystal that sees this boat."""
        return self.sqc.sensors[0]

    def conditioned(self, profile: Profile) -> "Source":
        """Return the source with other ramps and soaks; they have been checked."""
        ramp1 = Ramp.model_construct(power=profile.ramp1_pct, time=profile.ramp1_s)
        ramp2 = Ramp.model_construct(power=profile.ramp2_pct, time=profile.ramp2_s)
        ramps = Conditioning.model_construct(ramp1=ramp1, soak1=profile.soak1_s, ramp2=ramp2, soak2=profile.soak2_s)
        return self.model_copy(update={"condition": ramps})


class Sensor(Table):
    """A crystal; tooling contains geometry and the bias of the instrument's formula."""

    tooling: Annotated[Percent, Field(ge=10, le=999)]


class Scale(Table):
    """Wire units per displayed unit, for parameters whose scale the manual does not state, and when it was proved."""

    rate: int
    thickness: int
    power: int
    time: int
    P: int
    I: int  # noqa: E741 - the instrument's own name
    density: int
    z: int
    capture: int
    proved: Text


Fingerprint = Annotated[str, Field(max_length=400, pattern=r"^[0-9]+,(-?[0-9]+|[C-G])( [0-9]+,(-?[0-9]+|[C-G]))*$")]
"""Parameters as the SQC-310 answers them, "4,1 5,0 23,D"; a letter is the status of one that it refuses."""


class Sqc(Table):
    """The SQC-310."""

    port: Text
    channels: Literal[2, 4]
    baud: Literal[2400, 4800, 9600, 19200, 38400, 57600, 115200]
    period: Annotated[Seconds, Field(ge=0.1, le=2)]
    read_deadline: Annotated[Seconds, Field(ge=0.05, le=2)]
    action_deadline: Annotated[Seconds, Field(ge=1, le=10)]
    f_min: Annotated[Hertz, Positive]
    f_max: Annotated[Hertz, Positive]
    scale: Scale
    shutter_delay: Annotated[Seconds, Field(ge=30, le=999)]
    capture: Annotated[Percent, Field(gt=0, le=50)]
    edition: Literal["P1C", "P1B", "SQC-300"] | None = None
    """Edition of the manual; needed for firmware of which no source says whose phase numbers it has."""
    shutter_relay: Annotated[int, Field(ge=1, le=16)] | None = None
    """Relay of the unit in series with the I/O contact of the substrate shutter; nothing in the unit may use it."""
    fingerprint: dict[Annotated[str, Field(pattern=r"^(A[2-5] |D|HA)[0-9]+$")], Fingerprint] = Field(
        default_factory=dict
    )
    """Raw values at commissioning of what is compared and never written, by table as it is addressed ("A5 1")."""


class Codeposition(Table):
    """The co-deposition template: one layer of the first film, the others as co-deposits, by layer-pool number."""

    process: Annotated[int, Field(ge=1, le=50)]
    layers: Annotated[list[int], Field(min_length=2, max_length=4)]


class Foldback(Table):
    """When the supply's trip on leaving constant current is armed; "OFF" where the supply cannot trip so."""

    mode: Literal["CV", "OFF"]
    after: Annotated[Seconds, Field(ge=0.5, le=30)]
    above: Annotated[Amperes, Field(ge=2)]
    delay: Annotated[Seconds, Field(ge=0.1, le=5)]


NO_FOLDBACK = Foldback.model_construct(mode="OFF", after=0.5, above=math.inf, delay=0.1)
"""No current is high enough to arm it."""


def _none_is_nothing(value: object) -> object:
    return None if value == "none" else value


def _off_is_nothing(value: object) -> object:
    return None if value == "off" else value


class Supply(Table):
    """A boat supply: GENESYS+ over SCPI, legacy Genesys over GEN ASCII, or one that only the SQC-310 drives."""

    dialect: Literal["scpi", "gen", "none"] = "scpi"
    port: Text = ""
    model: Text = ""
    address: Annotated[int, Field(ge=0, le=30)] | None = None
    """GEN ASCII: which supply on the line."""
    baud: Literal[1200, 2400, 4800, 9600, 19200] | None = None
    full_scale: Annotated[Amperes, Field(gt=0, le=1000)]
    current_source: Literal["analogue", "digital"]
    v_limit: Annotated[Volts, Field(gt=0, le=10)]
    ovp: Annotated[Volts, Field(gt=0, le=12)]
    p_limit: Annotated[Watts, Field(gt=0, le=3000)]
    watchdog: Annotated[
        Annotated[Seconds, Field(ge=3, le=10)] | None,
        BeforeValidator(_none_is_nothing, json_schema_input_type=Seconds | Literal["none"]),
    ]
    """The supply's own communication watchdog; None ("none") where it has none: the I/O watchdog stands in for it."""
    foldback: Foldback = NO_FOLDBACK
    ramp_host: Annotated[AmperesPerSecond, Field(gt=0, le=5)]
    read_deadline: Annotated[Seconds, Field(ge=0.05, le=2)]

    @property
    def has_link(self) -> bool:
        """Return whether the host can talk to it."""
        return self.dialect != "none"

    @property
    def shows_reference(self) -> bool:
        """Return whether it says whether its current follows the analogue input (legacy Genesys does not)."""
        return self.dialect == "scpi"


class NoRise(Table):
    """Least rise of pressure within a time with the gas valve open."""

    rise: Annotated[Millibar, Positive]
    within: Annotated[Seconds, Field(ge=1, le=60)]


class SlopeBand(Table):
    """How far from the expected slope a filling may be, in shares of it, and from when on that is judged."""

    least: Annotated[float, Field(ge=0.3, lt=1)]
    most: Annotated[float, Field(gt=1, le=3)]
    after: Annotated[Seconds, Field(ge=3, le=30)]


class Gas(Table):
    """A gas that may be admitted; limits of pressure, slope and time."""

    purity: Annotated[Percent, Field(gt=0, le=100)]
    max: Annotated[Millibar, Field(gt=0, le=800)]
    ceiling: Annotated[Millibar, Field(gt=0, le=980)]
    over: Annotated[Percent, Field(gt=0, le=10)]
    stop_above_target: Annotated[Millibar, Field(gt=0, le=200)]
    max_slope: Annotated[MillibarPerSecond, Field(gt=0, le=50)]
    expected_slope: Annotated[MillibarPerSecond, Field(gt=0, le=50)]
    slope_band: SlopeBand
    no_rise: NoRise
    timeout_factor: Annotated[float, Field(ge=1.2, le=5)]
    top_up_below: Annotated[Percent, Field(gt=0, le=5)]


class Glovebox(Table):
    """The box around the chamber's door."""

    gas: Text
    pressure: Annotated[Millibar, Field(gt=900, lt=1100)]
    door: Annotated[Millibar, Field(gt=0, le=10)]


class HeldPressure(Table):
    """A pressure that must hold for a time."""

    pressure: Annotated[Millibar, Field(gt=0, le=1e-4)]
    hold: Annotated[Seconds, Field(ge=0, le=3600)]


class Deviation(Table):
    """A deviation that must persist."""

    within: Annotated[Percent, Field(gt=0, le=50)]
    hold: Annotated[Seconds, Field(ge=0, le=60)]


class VerifyRate(Table):
    """For how long the set rate may lack with the loop closed (half of it for twice as long); more power of ``rise``
    must bring more rate within ``answer``.
    """

    lack: Annotated[Seconds, Field(ge=5, le=60)]
    rise: Annotated[Percent, Field(ge=1, le=10)]
    answer: Annotated[Seconds, Field(ge=10, le=120)]


class Spit(Table):
    """How much faster than the set rate one reading is that counts as a spit; so many within a time are an alarm."""

    times: Annotated[float, Field(ge=2, le=10)]
    most: Annotated[int, Field(ge=2, le=20)]
    within: Annotated[Seconds, Field(ge=5, le=600)]


class TimedEnd(Table):
    """How far a layer must be grown, and how short its rest, to be completed by time when its crystal fails."""

    above: Annotated[Percent, Field(ge=80, lt=100)]
    most: Annotated[Seconds, Field(gt=0, le=60)]


class Ages(Table):
    """How old a reading may be before it counts as unknown."""

    io: Annotated[Seconds, Field(le=2)]
    rate: Annotated[Seconds, Field(le=2)]
    rate_end: Annotated[Seconds, Field(le=10)]
    gauge: Annotated[Seconds, Field(le=5)]
    gauge_end: Annotated[Seconds, Field(le=10)]
    supply: Annotated[Seconds, Field(le=2)]
    gauge_gas: Annotated[Seconds, Field(le=2)]
    turbo: Annotated[Seconds, Field(le=5)]


class Limits(Table):
    """Limits that a recipe can only make stricter."""

    start_pressure: HeldPressure
    film_pressure: Annotated[Millibar, Field(gt=0, le=5e-4)]
    trip_pressure: Annotated[Millibar, Field(gt=0, le=1e-3)]
    crossover: Annotated[Millibar, Field(ge=1e-3, le=1e-1)]
    gate_close: Annotated[Millibar, Field(ge=1e-2, le=2e-1)]
    foreline_start: Annotated[Millibar, Field(gt=0, le=5)]
    foreline_close: Annotated[Millibar, Field(gt=0, le=10)]
    turbo_without_backing: Annotated[Seconds, Field(gt=0, le=300)]
    hold: Annotated[Seconds, Field(gt=0, le=600)]
    hold_cold: Annotated[Seconds, Field(gt=0, le=7200)]
    hot_above: Annotated[Amperes, Field(gt=0, le=2)]
    rate_attention: Deviation
    rate_alert: Deviation
    rate_alarm: Deviation
    rate_jump: Deviation = Deviation(within="50 %", hold="1 s")
    verify_rate: VerifyRate = VerifyRate(lack="20 s", rise="5 %", answer="30 s")
    loop_stuck: Annotated[Seconds, Field(ge=2, le=60)] = 10.0
    source_empty: Annotated[Percent, Field(ge=1, le=20)] = 5.0
    spit: Spit = Spit(times=4, most=3, within="60 s")
    crystal_noise: Annotated[Hertz, Field(gt=0, le=100)] = 2.0
    crystal_rise: Annotated[Hertz, Field(gt=0, le=100)] = 5.0
    timed_end: Annotated[
        TimedEnd | None, BeforeValidator(_off_is_nothing, json_schema_input_type=TimedEnd | Literal["off"])
    ] = None
    """None ("off"): a layer whose crystal fails is held. Our own loop only."""
    power_drift: Annotated[Percent, Field(gt=0, le=50)]
    resistance_window: Annotated[Percent, Field(gt=0, le=50)]
    resistance_drift: Annotated[Percent, Field(gt=0, le=50)]
    supply_agrees: Annotated[Amperes, Field(gt=0, le=5)]
    supply_agrees_above: Annotated[Amperes, Field(gt=0, le=10)]
    mode_above: Annotated[Amperes, Field(gt=0, le=20)]
    crystal_life_used_warning: Annotated[Percent, Field(gt=0, le=100)]
    water_delay: Annotated[Seconds, Field(ge=0, le=5)]
    turbo_delay: Annotated[Seconds, Field(ge=0, le=5)]
    age: Ages
    lease: Annotated[Seconds, Field(ge=0.5, le=2)]
    guardian: Annotated[Seconds, Field(ge=1, le=3)]


class Capture(Table):
    """When the rate counts as reached: within a band for a time, given up after the time-out."""

    within: Annotated[Percent, Field(gt=0, le=20)]
    hold: Annotated[Seconds, Field(ge=1, le=60, alias="for")]
    timeout: Annotated[Seconds, Field(ge=10, le=180)]
    otherwise: Literal["hold", "stop", "abort"]


class Defaults(Table):
    """What is used when the recipe says nothing."""

    base_pressure: Annotated[Millibar, Field(gt=0, le=1e-5)]
    pump_down_timeout: Annotated[Seconds, Field(gt=0, le=86400)]
    rough_timeout: Annotated[Seconds, Field(gt=0, le=7200)]
    capture: Capture
    source_shutter_lead: Annotated[Seconds, Field(ge=3, le=60)]
    evacuate_to: Annotated[Millibar, Field(gt=0, le=1e-1)]
    evacuate_timeout: Annotated[Seconds, Field(gt=0, le=3600)]
    end_state: Text


class Estimate(Table):
    """What the checker reckons times and charges with; nothing is controlled by it (physics 2.4, 3.1)."""

    volume: Annotated[Litres, Field(gt=0, le=10_000)] = 80.0
    surface: Annotated[SquareMetres, Field(gt=0, le=100)] = 2.0
    roughing_speed: Annotated[LitresPerSecond, Field(gt=0, le=1000)] = 4.17
    roughing_ultimate: Annotated[Millibar, Field(ge=0, lt=5e-2)] = 2e-2
    turbo_speed: Annotated[LitresPerSecond, Field(gt=0, le=10_000)] = 200.0
    outgassing_1h: Annotated[Outgassing, Field(gt=0, le=1e-4)] = 4e-9
    leak: Annotated[MillibarLitresPerSecond, Field(ge=0, le=1e-2)] = 1e-6
    crossover: Annotated[Seconds, Field(ge=0, le=600)] = 18.0
    throw: Annotated[Nanometres, Field(ge=1e7, le=2e9)] = 250e6
    source_warm_up_as_layer: Annotated[Seconds, Field(ge=0, le=600)] = 50.0
    """Conditioning and capture use charge and crystal like this time at the layer's rate."""
    time_to_rate: dict[str, Annotated[Seconds, Field(ge=1, le=180)]] = Field(default_factory=dict)
    """By source: from the end of soak 2 to the opening of the substrate shutter; 30 s where it is not stated."""
    resistance_growth: dict[str, Annotated[float, Field(ge=1, le=20)]] = Field(default_factory=dict)
    """By source: V/I of the boat at the power of ramp 2, over ``cold_resistance``; not stated: power within limits."""


class Station(Table):
    """A whole station file."""

    _file: str = PrivateAttr("")
    _sha256: str = PrivateAttr("")

    name: Text
    scan_period: Annotated[Seconds, Field(ge=0.1, le=0.5)]
    on_clients_lost: Literal["continue", "hold"]
    notify: Annotated[list[Annotated[Text, Field(min_length=1)]], Field(min_length=1, max_length=20)] | None = None
    """Command with its words that the core starts at the end of a run and at an alarm."""
    simulator: Annotated[str, Field(pattern=r"^tcp://(127\.0\.0\.1|localhost):[0-9]{1,5}$")] | None = None
    """Control URL of the ``pvd-sim serve`` whose ports these are; it never leaves this computer."""
    sqc: Sqc
    sensor: dict[int, Sensor]
    source: dict[str, Source]
    codeposition: Codeposition | None = None
    supply: dict[int, Supply]
    io: Io
    gauges: Gauges
    gauges2: Gauges | None = None
    turbo: Turbo
    gas: dict[str, Gas]
    glovebox: Glovebox
    limits: Limits
    defaults: Defaults
    estimate: Estimate = Estimate()
    simulation: dict[str, Any] | None = None
    """Opaque here: pvdsim validates it, and it is refused when a port is real."""

    @property
    def file(self) -> str:
        """Return the name of the file that the station was loaded from; empty when there was none."""
        return self._file

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of that file's bytes, in hex."""
        return self._sha256

    def came_from(self, file: str, sha256: str) -> "Station":
        """Note the file that the station was loaded from, and return the station."""
        self._file, self._sha256 = file, sha256
        return self

    @property
    def gauge_tables(self) -> dict[str, Gauges]:
        """Return the gauge controllers, by link name."""
        second = {} if self.gauges2 is None else {"gauges2": self.gauges2}
        return {"gauges": self.gauges, **second}

    @property
    def ports(self) -> dict[str, str]:
        """Return every link's port, by link name."""
        return {
            "sqc": self.sqc.port,
            **{f"supply{n}": s.port for n, s in self.supply.items() if s.has_link},
            "io": self.io.port,
            **{name: table.port for name, table in self.gauge_tables.items()},
            "turbo": self.turbo.port,
        }

    @property
    def protocols(self) -> dict[str, str]:
        """Return the language spoken on every link, by link name."""
        return {
            "sqc": "sqc310",
            **{f"supply{n}": f"genesys-{s.dialect}" for n, s in self.supply.items() if s.has_link},
            "io": f"modbus-{self.io.transport}",
            **dict.fromkeys(self.gauge_tables, "pfeiffer-gauges"),
            "turbo": "pfeiffer-turbo",
        }

    @property
    def is_simulated(self) -> bool:
        """Return whether every port is of a simulator in this process; ``simulator`` is for the assembly to ask."""
        return all(port.startswith("sim:") for port in self.ports.values())
