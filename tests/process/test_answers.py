"""A question at a real terminal: the scan goes on while somebody thinks, and a wrong answer is asked for again."""

import json
import os
import subprocess
import sys
import time

import pytest
from pvd_command import pvd
from serve_bench import HERE, PVD

if sys.platform == "win32":
    pytest.skip("terminals of this kind are POSIX", allow_module_level=True)
import pty

RECIPE = 'ask "Mass?" 10 mg to 500 mg as mass, then note "weighed"'


class Terminal:
    """A run at a terminal."""

    def __init__(self, folder: str, program: list[str]) -> None:
        self._keys, end = pty.openpty()
        command = [*program, "run", RECIPE, "--speed", "50", "--data", folder, "--json"]
        self.process = subprocess.Popen(command, stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(end)
        assert self.process.stderr is not None
        self._told = self.process.stderr

    def waits_for(self, text: str) -> None:
        """Read what the person is told until a text comes."""
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            line = self._told.readline().decode()
            if text in line:
                return
            assert line, f"{text!r} did not come"

    def types(self, text: str) -> None:
        os.write(self._keys, text.encode())

    def result(self) -> dict[str, object]:
        try:
            out, _ = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
            os.close(self._keys)
        document: dict[str, object] = json.loads(out)
        return document


def test_a_person_at_the_terminal_is_asked_until_the_answer_fits(tmp_path) -> None:
    terminal = Terminal(str(tmp_path), PVD)
    terminal.waits_for("Mass? [10 to 500 mg]")
    terminal.types("much\n")
    terminal.waits_for('"much" is no number: write 10 to 500 mg.')
    terminal.types("5 mg\n")
    terminal.waits_for("5 does not answer it: write 10 to 500 mg.")
    terminal.types("20 mg\n")
    terminal.waits_for("answer mass = 20: accepted")
    document = terminal.result()
    steps = document["steps"]
    assert isinstance(steps, list)
    assert (document["outcome"], steps[0]["answer"], steps[0]["question"]) == ("complete", 20.0, "mass")
    assert terminal.process.returncode == 0
    assert pvd("quit", "--data", str(tmp_path)).returncode == 0


def test_the_end_of_the_terminal_s_input_stops_the_run(tmp_path) -> None:
    terminal = Terminal(str(tmp_path), HERE)
    terminal.waits_for("Mass? [")
    terminal.types("\x04")
    document = terminal.result()
    assert (document["outcome"], document["cause"], document["safe"]) == ("stopped", "no answer", True)
