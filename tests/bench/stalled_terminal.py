"""One core is left alone, the other one has a screen on a terminal that nobody reads for a minute, and clients without
manners. Prints for both how late their scans are on the real clock, what the core costs, and what becomes of the rest:
whether the screen comes back when its terminal is read, and how fast another client stops the run.

    python tests/bench/stalled_terminal.py [SECONDS]
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
sys.path.insert(0, str(Path(__file__).parents[1] / "process"))

from core_bench import core, pid_of, start_of, until_end
from rude_clients import rude_clients
from terminal_bench import Terminal
from test_core_untouched import after, lateness_ms, leaves, record

from pvdstation.assembly.core.meeting import Where, address
from pvdstation.desk.client import ask_urgently
from pvdstation.model.messages import Verb
from pvdstation.record.run_file import RunFile

RECIPE = "300 nm Zn at 0.5 nm/s"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main(seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        alone, disturbed = Where(Path(folder) / "alone"), Where(Path(folder) / "disturbed")
        beside, run_alone = stack.enter_context(core(alone, start_of(RECIPE, 1)))
        client, run = stack.enter_context(core(disturbed, start_of(RECIPE, 1)))
        stalled = Terminal("ui", "--data", str(disturbed.data), is_read=False)
        stack.callback(stalled.end)
        before = {where: processor_s(where) for where in (alone, disturbed)}
        with rude_clients(address(disturbed)):
            after(client, seconds)
            cost = {where: (processor_s(where) - before[where]) / seconds for where in before}
            began_s = time.monotonic()
            ask_urgently(address(disturbed), Verb.STOP, "another")
            answered_s = time.monotonic() - began_s
            late_scans = leaves(client, "running").late_scans
            left_s = time.monotonic() - began_s
        held = len(stalled.read_on())
        began_s = time.monotonic()
        stalled.until("STOPPED")
        back_s = time.monotonic() - began_s
        print(f"a terminal unread for {seconds:g} s held {held} bytes; read, it is up to date after {back_s:.2f} s")
        print(f"STOP by another client: answered after {answered_s:.3f} s, not running any more after {left_s:.3f} s")
        late_alone = after(beside, 1.0).late_scans
        ask_urgently(address(alone), Verb.STOP, "another")
        until_end(client)
        until_end(beside)
        tell("left alone", record(alone, run_alone), late_alone, cost[alone])
        tell("disturbed", record(disturbed, run), late_scans, cost[disturbed])
    return int(max(answered_s, left_s) > 0.5 or late_scans > late_alone)


def tell(name: str, file: RunFile, late_scans: int, cost: float) -> None:
    late = sorted(lateness_ms(file))
    print(
        f"{name}: {len(late)} scans, {late_scans} slots missed; later than their slot: median {median(late):.1f} ms, "
        f"95 % {late[len(late) * 95 // 100]:.1f} ms, longest {late[-1]:.1f} ms; core {cost:.0%} of one processor"
    )


def processor_s(where: Where) -> float:
    """Return the processor time of a core so far."""
    fields = Path(f"/proc/{pid_of(where.data)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
