"""How far a ramped rate is from its set-point on its way: python tests/bench/rate_ramps.py.

Prints the greatest and the mean distance, with and without the share of the ramp that the drive is told at once.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from station_bench import StationBench
from test_layer_runs import TWO

from pvdstation.control.decision import Decision
from pvdstation.control.owners import host
from pvdstation.model.clock import SECOND

SETTLED_NS = 20 * SECOND
RAMPS = (
    "0.3 nm/s ramp at 10 nm to 0.6 nm/s over 20 s",
    "0.3 nm/s ramp at 10 nm to 0.6 nm/s over 60 s",
    "0.5 nm/s ramp at 10 nm to 0.25 nm/s over 30 s",
)


class Watched(StationBench):
    """A run whose rate is compared with its set-point from 20 s of exposure on."""

    def __init__(self, recipe: str) -> None:
        self.shares: list[float] = []
        self._began_ns: int | None = None
        super().__init__(recipe, TWO, name="sim-host-loop")

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        super()._scanned(now_ns, decision)
        layer = decision.state.scene.layer
        if layer is None or not layer.is_exposed:
            return
        self._began_ns = now_ns if self._began_ns is None else self._began_ns
        if now_ns - self._began_ns >= SETTLED_NS:
            self.shares.append(abs(layer.rate_nm_s / layer.set_rate_nm_s - 1))


def main() -> None:
    """Run each ramp both ways."""
    steepness = host.STEEPNESS
    for ramp in RAMPS:
        for name, value in (("with", steepness), ("without", math.inf)):
            host.STEEPNESS = value
            shares = Watched(f"30 nm Zn at {ramp}").run().shares
            mean = sum(shares) / len(shares)
            print(f"{ramp}, {name:7}: at most {100 * max(shares):4.1f} %, mean {100 * mean:4.1f} %")
    host.STEEPNESS = steepness


if __name__ == "__main__":
    main()
