"""A terminal of tmux with a command in it, as a person has one: keys go in, words on the screen are waited for."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

COLUMNS, ROWS = 120, 36
PATIENCE_S = 60.0
_ESCAPE = re.compile(r"\x1b\[[0-9;:]*m|[\x0e\x0f]")
TMUX = shutil.which("tmux")
_SIZES = {"COLUMNS", "LINES"}  # of the terminal from which the tests are run; the screen would believe them


class Terminal:
    """One terminal on a tmux server of its own. Used with ``with``: the server and what runs in it end with it."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str], socket: Path) -> None:
        """``socket`` is the server's; ``folder`` is where the command runs."""
        self._tmux = (str(TMUX), "-f", os.devnull, "-S", str(socket))
        self._command = command
        self._folder = folder
        ours = {name: value for name, value in os.environ.items() if name not in _SIZES}
        self._environment = {**ours, "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **environment}

    def __enter__(self) -> "Terminal":
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        new = (*self._tmux, "-u", "new-session", "-d", *size, "-c", str(self._folder), *self._command)
        subprocess.run(new, env=self._environment, check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run((*self._tmux, "kill-server"), check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        """Press keys by the names that tmux has for them."""
        subprocess.run((*self._tmux, "send-keys", *keys), check=True)

    def write(self, text: str) -> None:
        """Type a text."""
        subprocess.run((*self._tmux, "send-keys", "-l", text), check=True)

    def until(self, *words: str, within_s: float = PATIENCE_S) -> str:
        """Wait until all of these words are on the screen at once, and return it with its colours as escapes."""
        deadline_s = time.monotonic() + within_s
        while True:
            coloured = self._captured()
            plain = _ESCAPE.sub("", coloured)
            missing = [word for word in words if word not in plain]
            if not missing:
                return coloured
            if time.monotonic() > deadline_s:
                raise AssertionError(f"not on the screen: {missing}\n{plain}")
            time.sleep(0.1)

    def _captured(self) -> str:
        capture = (*self._tmux, "capture-pane", "-p", "-e")
        return subprocess.run(capture, check=True, capture_output=True, text=True, encoding="utf-8").stdout
