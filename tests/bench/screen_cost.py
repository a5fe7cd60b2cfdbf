"""What the screen costs: time to its first picture, key to reaction, memory, and processor with the trends open.

    python tests/bench/screen_cost.py [SECONDS]

Runs ``pvd ui`` in a pseudo-terminal of 120 x 36 characters on a simulated run at speed 1, in a data folder of its own.
"""

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from contextlib import suppress
from pathlib import Path

from pvdstation.assembly.core.meeting import Where, meet_or_start
from pvdstation.desk.start import Start

RECIPE = "300 nm Zn at 0.5 nm/s"
ROWS, COLUMNS = 36, 120
PAGES = ((b"4", b"No alarm"), (b"1", b"chamber"), (b"6", b"filter"), (b"1", b"chamber"), (b"5", b"READ BACK"))
"""Keys, and words that only their page has."""


class Screen:
    """A ``pvd ui`` in a terminal of its own."""

    def __init__(self, data: Path) -> None:
        self.began_s = time.monotonic()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PVD_DATA=str(data))
            os.execv(  # noqa: S606 - this very program
                sys.executable, [sys.executable, "-m", "pvdstation", "ui"]
            )
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read_until(self, words: bytes, within_s: float = 20.0) -> float:
        """Return when the terminal has got the words, s since some moment."""
        seen, deadline_s = b"", time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            if select.select([self._master], [], [], 0.05)[0]:
                seen = (seen + os.read(self._master, 65536))[-200_000:]
                if words.lower() in seen.lower():
                    return time.monotonic()
        raise SystemExit(f"{words!r} never came")

    def drain(self, for_s: float) -> None:
        """Take what comes for a time, as a terminal does."""
        deadline_s = time.monotonic() + for_s
        while time.monotonic() < deadline_s:
            if select.select([self._master], [], [], 0.05)[0]:
                os.read(self._master, 65536)

    def press(self, key: bytes) -> float:
        """Press a key and return when, s."""
        now_s = time.monotonic()
        os.write(self._master, key)
        return now_s

    def reaction_s(self, key: bytes, words: bytes) -> float:
        """Return how long it takes until a key has brought words of its page, s."""
        began_s = self.press(key)
        return self.read_until(words) - began_s

    def resident_mb(self) -> float:
        """Return the memory that it holds, MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def processor_s(self) -> float:
        """Return the processor time that it has used, s."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)


def main(for_s: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        firsts = []
        for _ in range(3):
            screen = Screen(data)
            firsts.append(screen.read_until(b"Overview") - screen.began_s)
            screen.end()
        print(f"first screen: {statistics.median(firsts):.2f} s (median of 3; {max(firsts):.2f} s at most)")
        met = meet_or_start(Where(data, None), "bench", Start(recipe=RECIPE))
        client = met.client
        if not met.run:
            client.ask("start", form=Start(recipe=RECIPE).as_form(), timeout_s=30)
        screen = Screen(data)
        screen.read_until(b"RUNNING")
        screen.drain(3.0)
        reactions = []
        for key, words in 4 * PAGES:
            screen.drain(0.5)
            reactions.append(screen.reaction_s(key, words) * 1000)
        print(f"key to reaction: {statistics.median(reactions):.0f} ms median, {max(reactions):.0f} ms at most")
        screen.press(b"2")
        screen.drain(5.0)
        used_s, began_s = screen.processor_s(), time.monotonic()
        screen.drain(for_s)
        share = (screen.processor_s() - used_s) / (time.monotonic() - began_s)
        print(f"trends open for {for_s:g} s: {100 * share:.0f} % of one core, {screen.resident_mb():.0f} MB")
        screen.end()
        client.ask("abort")
        client.close()
        log = (data / "core.log").read_text().splitlines()
        os.kill(int(next(line for line in log if ", process " in line).rpartition(" ")[2]), signal.SIGTERM)
        time.sleep(2)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
