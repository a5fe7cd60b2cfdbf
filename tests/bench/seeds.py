"""Runs the paper's recipe with seeds 1 to 20 and both loop owners: python tests/bench/seeds.py [SEEDS] [WORKERS].

Prints one row per run and the worst cases; ends with exit code 1 when a bound of the acceptance is broken.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.runs import execute
from pvdstation.record.results import RunResult

SENTENCE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
STATIONS = ("sim", "sim-host-loop")
STEPS = 10


class Row(NamedTuple):
    """What one run has reached."""

    station: str
    seed: int
    outcome: str
    safe: bool
    zn_pct: float  # true film beside its target
    li_pct: float
    n2_pct: float  # pressure beside its target
    held_s: float
    evacuated_mbar: float
    steps: int  # complete
    alarms: int
    plant_s: float
    wall_s: float


BOUNDS: dict[str, Callable[[Row], bool]] = {
    "complete": lambda row: row.outcome == "complete" and row.steps == STEPS,
    "safe": lambda row: row.safe,
    "Zn ± 1 %": lambda row: abs(row.zn_pct) <= 1,
    "Li ± 1 %": lambda row: abs(row.li_pct) <= 1,
    "N2 ± 2 %": lambda row: abs(row.n2_pct) <= 2,
    "held 180 ± 1 s": lambda row: abs(row.held_s - 180) <= 1,
    "evacuated to 1e-3 mbar": lambda row: row.evacuated_mbar <= 1e-3,
}


def run(task: tuple[str, int]) -> Row:
    """Do one run in this process."""
    station, seed = task
    prepared = prepare(SENTENCE, station)
    if not isinstance(prepared, Prepared):
        raise SystemExit(f"refused: {prepared.reason}")
    return _row(station, seed, execute(prepared, seed).result)


def _row(station: str, seed: int, result: RunResult) -> Row:
    nan = float("nan")
    by_do = {(step.do, step.material or ""): step for step in result.steps}
    gas = by_do["admit_gas", ""]

    def off_pct(reached: float | None, target: float | None) -> float:
        return nan if reached is None or not target else (reached / target - 1) * 100

    zn, li = (by_do["deposit", material] for material in ("Zn", "Li"))
    return Row(
        station,
        seed,
        result.outcome,
        result.safe is True,
        off_pct(zn.true_nm, zn.target_nm),
        off_pct(li.true_nm, li.target_nm),
        off_pct(gas.reached_mbar, gas.target_mbar),
        nan if gas.held_s is None else gas.held_s,
        by_do["evacuate", ""].reached_mbar or nan,
        sum(step.state == "complete" for step in result.steps),
        len(result.alarms),
        result.plant_s,
        result.wall_s,
    )


def main() -> None:
    """Run, print, judge."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    tasks = [(station, seed) for station in STATIONS for seed in range(1, seeds + 1)]
    write = sys.stdout.write
    write("station        seed outcome    safe   Zn %   Li %   N2 %  held_s    mbar alarms  plant_s wall_s\n")
    rows = []
    with ProcessPoolExecutor(workers) as pool:
        for row in pool.map(run, tasks):
            rows.append(row)
            write(
                f"{row.station:<14} {row.seed:>4} {row.outcome:<10} {row.safe!s:<5} {row.zn_pct:6.3f} "
                f"{row.li_pct:6.3f} {row.n2_pct:6.3f} {row.held_s:7.2f} {row.evacuated_mbar:7.1e} {row.alarms:6d} "
                f"{row.plant_s:8.1f} {row.wall_s:6.2f}\n"
            )
            sys.stdout.flush()
    for station in STATIONS:
        write(_worst(station, [row for row in rows if row.station == station]))
    broken = [f"{row.station} seed {row.seed}: {bound}" for row in rows for bound, ok in BOUNDS.items() if not ok(row)]
    write("".join(f"BROKEN {text}\n" for text in broken) or f"all {len(rows)} runs within bounds\n")
    sys.exit(1 if broken else 0)


def _worst(station: str, rows: list[Row]) -> str:
    def furthest(value: Callable[[Row], float]) -> str:
        row = max(rows, key=lambda one: abs(value(one)))
        return f"{value(row):+.3f} (seed {row.seed})"

    return (
        f"{station}: worst Zn {furthest(lambda r: r.zn_pct)} %, Li {furthest(lambda r: r.li_pct)} %, "
        f"N2 {furthest(lambda r: r.n2_pct)} %, held {furthest(lambda r: r.held_s - 180)} s, "
        f"slowest {min(r.plant_s / r.wall_s for r in rows):.0f} × real time\n"
    )


if __name__ == "__main__":
    main()
