"""Good runs over many seeds, with both owners of the loop: no guard of a layer may raise anything.

python tests/bench/guard_seeds.py [seeds] [workers]

Prints what came and how near each guard came to its limit: lack of the set rate (s of it), spits in their time, scatter
of the crystal (Hz). The bands of the rate are listed and not counted: the bench's quick charge follows its boat faster
than the loops were tuned for. Exits 1 when a guard acted.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from interlock_cases import HOST
from station_bench import QUICK, StationBench

from pvdstation.control.decision import Decision
from pvdstation.model.messages import EventKind

RECIPES = ("10 nm Zn at 0.5 nm/s", "4 nm Zn at 0.1 nm/s", "10 nm Li at 0.5 nm/s")
STATIONS = {"sim": QUICK, "sim-host-loop": HOST}
BANDS = ("rate_attention", "rate_alert")


class Row(NamedTuple):
    """One run."""

    recipe: str
    station: str
    seed: int
    state: str
    lack_s: float
    spits: int
    scatter_hz: float
    came: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Return whether it ended as it should and no guard acted."""
        return self.state == "complete" and all(name in BANDS for name in self.came)


class Guarded(StationBench):
    """A bench that keeps the worst of every guard."""

    lack_s = 0.0
    spits = 0
    scatter_hz = 0.0

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        for guard in decision.state.guards:
            self.lack_s = max(self.lack_s, guard.lack_s)
            self.spits = max(self.spits, len(guard.spits))
            if guard.scatter_hz > self.scatter_hz:
                self.scatter_hz = guard.scatter_hz
        super()._scanned(now_ns, decision)


def run(task: tuple[str, str, int]) -> Row:
    """Run one recipe with one owner and one seed."""
    recipe, station, seed = task
    bench = Guarded(recipe, STATIONS[station], name=station, seed=seed)
    bench.run()
    events = bench.of_kind(EventKind.ALARM, EventKind.TRIP)
    came = tuple(dict.fromkeys(event.source for event in events))
    return Row(recipe, station, seed, bench.state, bench.lack_s, bench.spits, bench.scatter_hz, came)


def main() -> None:
    """Run, print, judge."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    tasks = [(recipe, station, seed) for recipe in RECIPES for station in STATIONS for seed in range(1, seeds + 1)]
    write, rows = sys.stdout.write, []
    write(f"{'recipe':<22} {'station':<14} seed state     lack_s spits scatter_hz came\n")
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(run, tasks):
            rows.append(row)
            write(
                f"{row.recipe:<22} {row.station:<14} {row.seed:>4} {row.state:<9} {row.lack_s:6.2f} {row.spits:5d} "
                f"{row.scatter_hz:10.3f} {', '.join(row.came)}\n"
            )
    bad = [row for row in rows if not row.is_good]
    write(f"{len(bad)} of {len(rows)} runs raised a guard\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
