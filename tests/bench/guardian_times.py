"""From kill -9 of a core at full power to true current zero, at random instants, over TCP. Prints every time; ends with
1 if one is longer than 3 s or an OFF was not confirmed.

    python tests/bench/guardian_times.py [--core] [REPETITIONS]

``--core``: the core process itself, in a live run that heats; else a core without a brain, which is quicker to have.
"""

import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "process"))
sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from core_bench import core, pid_of
from guardian_bench import ZERO_A, guarded
from live_bench import Live, live_start, live_station
from serve_bench import served

from pvdstation.assembly.core.meeting import Where

LONGEST_S = 3.0
FULL_A = 49.0
LONGEST_DELAY_S = {False: 1.0, True: 10.0}
"""Kills come so much later than full power at most: a real core is then in the last soak of its conditioning."""


class Kill(NamedTuple):
    """One repetition."""

    zero_s: float
    size_mb: float
    is_confirmed: bool


def brainless(folder: Path, delays_s: list[float]) -> Iterator[Kill]:
    """Yield what became of cores that only hold a supply on."""
    with served(folder, "--station", "sim-host-loop") as here:
        for place, delay_s in enumerate(delays_s):
            with guarded(here, folder / f"record.{place}") as one:
                size_mb = one.resident_mb()
                time.sleep(delay_s)
                one.process.send_signal(signal.SIGKILL)
                zero_s = one.seconds_to_zero(20)
                yield Kill(zero_s, size_mb, one.told().endswith("off confirmed\n"))


def real(folder: Path, delays_s: list[float]) -> Iterator[Kill]:
    """Yield what became of core processes in a live run, each at a station and a data folder of its own."""
    for place, delay_s in enumerate(delays_s):
        own = folder / str(place)
        own.mkdir()
        with live_station(own) as live:
            yield killed(live._replace(where=Where(own / "data", live.where.station)), delay_s)


def killed(live: Live, delay_s: float) -> Kill:
    """Kill a core that heats."""
    with core(live.where, live_start()) as (client, _):
        live.until_power(client, FULL_A)
        pid = pid_of(live.data)
        time.sleep(delay_s)
        os.kill(pid, signal.SIGKILL)
        zero_s = live.seconds_to_zero(20)
        told = live.guardian_said("\n" if zero_s > LONGEST_S else "off confirmed")
        return Kill(zero_s, float("nan"), told.endswith("off confirmed\n"))


def main(repetitions: int, *, is_real: bool) -> int:
    kills = []
    delays_s = [random.Random(seed).uniform(0, LONGEST_DELAY_S[is_real]) for seed in range(repetitions)]
    with tempfile.TemporaryDirectory() as folder:
        for one in (real if is_real else brainless)(Path(folder), delays_s):
            kills.append(one)
            print(f"{len(kills):3}  killed {delays_s[len(kills) - 1]:4.1f} s after full power  {one.zero_s:.2f} s")
    times = [one.zero_s for one in kills]
    unconfirmed = sum(not one.is_confirmed for one in kills)
    print(f"to less than {ZERO_A * 1e3:g} mA: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
    print(f"OFF not confirmed: {unconfirmed} of {repetitions}")
    if not is_real:
        print(f"guardian: at most {max(one.size_mb for one in kills):.1f} MB resident")
    return int(max(times) > LONGEST_S or unconfirmed > 0)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--core"]
    sys.exit(main(int(words[0]) if words else 20, is_real="--core" in sys.argv))
