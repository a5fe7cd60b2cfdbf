"""From kill -9 of a core at full power to true current zero, at random instants, over TCP. Prints every time; ends with
1 if one is longer than 3 s or an OFF was not confirmed.

    python tests/bench/guardian_times.py [REPETITIONS]
"""

import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "process"))

from guardian_bench import ZERO_A, guarded
from serve_bench import served

LONGEST_S = 3.0


def main(repetitions: int) -> int:
    times, sizes, unconfirmed = [], [], 0
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), "--station", "sim-host-loop") as here:
        for seed in range(repetitions):
            with guarded(here, Path(folder) / f"record.{seed}") as core:
                sizes.append(core.resident_mb())
                time.sleep(random.Random(seed).uniform(0, 1))
                core.process.send_signal(signal.SIGKILL)
                times.append(core.seconds_to_zero(20))
                unconfirmed += not core.told().endswith("off confirmed\n")
            print(f"{seed + 1:3}  {times[-1]:.2f} s")
    print(f"to less than {ZERO_A * 1e3:g} mA: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
    print(f"guardian: at most {max(sizes):.1f} MB resident; OFF not confirmed: {unconfirmed} of {repetitions}")
    return int(max(times) > LONGEST_S or unconfirmed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
