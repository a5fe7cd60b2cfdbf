"""Help teaches, is quick, and stdout has one owner."""

import os
import pty
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pvd_command import pvd

ROOT = Path(__file__).parents[2]
HEAVY = {"matplotlib", "lark", "pydantic", "pymodbus", "numpy", "pandas", "pvdsim"}
IMPORTED = """
import sys
sys.argv = ["pvd", *{words!r}]
from pvdstation.cli import main
try:
    main()
except SystemExit:
    pass
print("IMPORTED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def imported_by(*words: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(words=list(words))],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ended.stdout.splitlines()[-1].split()[1:])


def test_help_imports_nothing_heavy():
    assert not imported_by("--help") & HEAVY


def test_a_check_imports_neither_plots_nor_simulators():
    assert not imported_by("check", "10 nm Zn at 0.5 nm/s") & {"matplotlib", "numpy", "pandas", "pvdsim"}


def test_pvdstation_itself_imports_nothing():
    ended = subprocess.run(
        [sys.executable, "-c", "import sys, pvdstation; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {name.partition(".")[0] for name in ended.stdout.split()} & (HEAVY | {"typer", "rich"})


@pytest.mark.parametrize("command", ["check", "dry-run", "run"])
def test_help_of_each_command_shows_an_example(command):
    ended = pvd(command, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f'pvd {command} "' in ended.stdout
    assert "--json" in ended.stdout


def test_nothing_typed_shows_the_help():
    assert pvd().stdout == pvd("--help").stdout
    assert "Exit codes: 0 complete" in pvd().stdout


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pvd("--version").stdout == f"pvd {project['version']}\n"


def test_the_readme_starts_with_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [line for line in text.split("```")[1].splitlines() if line]
    sentence = '"300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"'
    assert commands == [
        f"python3 -m pip install -e . && pvd dry-run {sentence}",
        'python3 -m pip install -e ".[test]" && pytest',
    ]


def test_a_check_lists_steps_reasons_limits_and_totals():
    ended = pvd("check", "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min")
    assert (ended.returncode, ended.stderr) == (0, "")
    for part in (
        *("because", "estimate", "limits used", "before layer", "ends reaction", "stop 600 mbar", "(SIMULATED)"),
        *("total about 58 min", "of 1500 mg", "crystal 1: 100.0 → 98.3 %", "ok       0 errors, 0 warnings"),
    ):
        assert part in ended.stdout


def test_a_reader_that_goes_away_is_no_error():
    script = f"'{sys.executable}' -m pvdstation check '10 nm Zn at 0.5 nm/s' | head -n 1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1] == "0"


def test_no_colour_is_written_into_a_pipe_or_against_the_persons_wish():
    assert "\x1b" not in pvd("check", "10 nm Zn at 0.5 nm/s").stdout
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert not coloured.search(on_terminal(80, "check", "10 nm A/s", env={"NO_COLOR": "1"}))


@pytest.mark.parametrize(
    "recipe", ["300 nm Zn at 0.5 nm/s, then 100 nm Li", "300 nmm Zn at 0.5 nm/s, then 100 nm Lithum"]
)
def test_a_narrow_terminal_can_be_read(recipe):
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal(60, "check", recipe))
    lines = shown.replace("\r", "").splitlines()
    assert len(lines) > 5
    assert max(len(line.rstrip()) for line in lines) <= 60


def on_terminal(columns: int, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what a terminal of this width is sent."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **(env or {})}
    command = [sys.executable, "-m", "pvdstation", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        chunks = []
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other side has closed
                break
            if not chunk:
                break
            chunks.append(chunk)
        process.wait(timeout=60)
    os.close(ours)
    return b"".join(chunks).decode("utf-8")


def test_an_internal_error_is_one_sentence_and_a_file(tmp_path):
    broken = "import pvdstation.assembly.preparation as p; p.prepare = None; from pvdstation.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", broken, "check", "10 nm Zn at 0.5 nm/s"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (ended.returncode, ended.stdout) == (70, "")
    sentence = " ".join(ended.stderr.split())
    assert sentence.startswith("internal error (TypeError); the details are in ")
    (details,) = tmp_path.glob("pvd-error-*.txt")
    assert sentence.endswith(str(details))
    assert "Traceback" in details.read_text(encoding="utf-8")
