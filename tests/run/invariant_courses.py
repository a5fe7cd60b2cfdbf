"""Good runs, scan by scan, from any moment of which the core is tried on spoilt images.

Together they have every kind of step but tuning, both owners, two sources at once, and work by hand.
"""

from typing import Any, NamedTuple

from hand_bench import Hands, by_hand, for_s, is_at, reads
from interlock_cases import HOST
from station_bench import COLD_AFTER_S, QUICK, Act, Moment, StationBench, during
from test_layer_runs import MUCH, TWO

from pvdstation.control.decision import Decision
from pvdstation.control.state import State
from pvdstation.model.messages import Image, Request, Verb

FILM = "10 nm Zn at 0.5 nm/s, then N2 to 50 mbar for 10 s"
DAY = (
    'leak test 30 s below 1e-3 mbar/s; wait 5 s; ask "Yes?" as question1; note "x"; '
    "wait until pressure below 1e-5 mbar for 2 s within 1 min else ask; "
    "condition Zn; 3 nm Zn at 0.5 nm/s with Li at 0.2 nm/s after 5 s pre-coat; vent with Ar"
)
ANSWERS: list[tuple[Moment, Act]] = [
    (during("ask"), lambda bench: bench.scan.request(Request(Verb.ANSWER, "operator", "question1", 1.0)))
]
WARM_HANDS = (
    Hands()
    .set("HV gate", "open", for_s(2, is_at("foreline_valve", 1)))
    .set("source Zn", 45.0, for_s(10, reads("chamber.full_range", 0, 2e-6)))
    .set("source shutter Zn", "open", reads("supply.1.current", 30, 46))
    .set("substrate shutter", "open", for_s(45, reads("supply.1.current", 44, 46)))
    .set("source Zn", "off", for_s(2, is_at("substrate_shutter", 1)))
    .set("substrate shutter", "closed")
    .set("source shutter Zn", "closed")
    .set("HV gate", "closed")
    .set("vent valve", "open", for_s(COLD_AFTER_S + 10, is_at("gate", 0)))
    .set("vent valve", "closed", for_s(1, is_at("vent_valve", 1)))
    .stop(for_s(1, is_at("vent_valve", 0)))
)


class Scan(NamedTuple):
    """What the core had and was given at one scan of the good run."""

    state: State
    image: Image
    now_ns: int


def begun(name: str) -> StationBench:
    """Return the run of a course."""
    match name:
        case "by hand":
            return by_hand(WARM_HANDS, HOST)
        case "day":
            return StationBench(DAY, {**TWO, **MUCH}, name="sim-host-loop", script=ANSWERS)
        case _:
            return StationBench(FILM, QUICK if name == "sim" else HOST, name=name)


class Course:
    """A good run, scan by scan."""

    def __init__(self, name: str) -> None:
        bench = begun(name)
        self.moments: list[Scan] = []
        core, moments = bench.scan._core, self.moments

        class Watched:
            def start(self, now_ns: int) -> Any:
                return core.start(now_ns)

            def step(self, state: Any, image: Image, requests: tuple[Request, ...], now_ns: int) -> Decision:
                moments.append(Scan(state, image, now_ns))
                return core.step(state, image, requests, now_ns)

        bench.scan._core = Watched()
        bench.run()
        assert bench.state == ("stopped" if name == "by hand" else "complete")
        self.core = core
        self.stages = sorted({(m.state.course.step, m.state.course.stage) for m in moments})
        self.by_stage = {
            stage: [k for k, m in enumerate(moments) if (m.state.course.step, m.state.course.stage) == stage]
            for stage in self.stages
        }
