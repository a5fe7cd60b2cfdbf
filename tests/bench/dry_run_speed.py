"""Prints how fast the paper's recipe is dry-run, byte by byte: plant_s, wall_s, their ratio, peak memory.

python tests/bench/dry_run_speed.py [--station sim] [--seed 1] [--record] [--profile] [RECIPE]
"""

import argparse
import cProfile
import pstats
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import FASTEST, NO_WISHES, Wishes, execute
from pvdstation.record.results import RunResult

PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
WANTED_RATIO = 300
MOST_MB = 200
_KIB_PER_MB = 1024


def main() -> int:
    """Run once; return 1 when the recipe did not complete, was too slow or took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default=PAPER)
    parser.add_argument("--station", default="sim")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--profile", action="store_true", help="print where the time goes; the ratio is then no measure"
    )
    parser.add_argument("--record", action="store_true", help="keep a record, as the command does, and throw it away")
    asked = parser.parse_args()
    profile = cProfile.Profile() if asked.profile else None
    with TemporaryDirectory() as folder:
        wishes = Wishes(recording=Recording(Path(folder)) if asked.record else None)
        result = run_once(asked.recipe, asked.station, asked.seed, profile, wishes)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB
    ratio = result.plant_s / result.wall_s
    print(f"outcome {result.outcome}  safe {result.safe}")
    print(f"plant_s {result.plant_s:.1f}  wall_s {result.wall_s:.2f}  ratio {ratio:.0f}  peak_rss_mb {rss_mb:.0f}")
    if profile is not None:
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(30)
        return 0
    return int(result.outcome != "complete" or ratio < WANTED_RATIO or rss_mb > MOST_MB)


def run_once(
    recipe: str, station: str, seed: int, profile: cProfile.Profile | None, wishes: Wishes = NO_WISHES
) -> RunResult:
    """Dry-run a recipe, with the profiler on while it computes."""
    prepared = prepare(recipe, station, seed)
    if isinstance(prepared, RunResult):
        raise SystemExit("; ".join(problem.what for problem in prepared.errors))
    if profile is None:
        return execute(prepared, seed, FASTEST, wishes).result
    with profile:
        return execute(prepared, seed, FASTEST, wishes).result


if __name__ == "__main__":
    sys.exit(main())
