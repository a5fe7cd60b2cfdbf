"""The paper's recipe against ``pvd-sim serve`` in another process: driven over TCP and over pseudo-terminals, and two
minutes of it in real time with threads. Prints what differs from the dry run of the same seed; ends with 1 if anything
does.

    python tests/bench/served_recipe.py [SPEED]
"""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

RECIPE = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
SERVE = [sys.executable, "-c", "from pvdsim.cli import main; main()", "serve", "--json"]
PVD = [sys.executable, "-m", "pvdstation"]
LIVE_S = 120


def pvd(*arguments: str) -> dict:
    done = subprocess.run([*PVD, *arguments, "--json"], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def serve(folder: str, *arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Serve; return the process, and the options that name this station's core: each one has a folder of its own."""
    data = tempfile.mkdtemp(dir=folder)
    station = str(Path(data) / "served.toml")
    process = subprocess.Popen([*SERVE, "--station-out", station, *arguments], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process, ["--station", station, "--data", data]


def driven(folder: str, speed: str, *arguments: str) -> dict:
    process, core = serve(folder, *arguments)
    try:
        return pvd("run", RECIPE, *core, "--speed", speed)
    finally:
        subprocess.run([*PVD, "quit", *core], capture_output=True, check=False)
        process.terminate()
        process.wait()


def in_real_time(folder: str, *arguments: str) -> dict:
    process, named = serve(folder, *arguments)
    try:
        command = [*PVD, "run", RECIPE, *named, "--json"]
        core = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        try:
            core.communicate(timeout=LIVE_S)
            sys.exit("the run ended by itself")
        except subprocess.TimeoutExpired:
            core.send_signal(signal.SIGINT)
        out, err = core.communicate(timeout=60)
        return {**json.loads(out), "lost": err.count("lost:")}
    finally:
        subprocess.run([*PVD, "quit", *named], capture_output=True, check=False)
        process.terminate()
        process.wait()


def main() -> None:
    speed = sys.argv[1] if len(sys.argv) > 1 else "60"
    dry = pvd("dry-run", RECIPE)
    differs = False
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in (("TCP", []), ("pseudo-terminals", ["--pty"])):
            run = driven(folder, speed, *arguments)
            same = all(run[key] == dry[key] for key in ("outcome", "plant_s", "steps", "alarms", "safe"))
            differs |= not same
            print(f"{name}: {run['plant_s'] / run['wall_s']:.0f} x real time, {'the same' if same else 'DIFFERENT'}")
            for ours, theirs in zip(run["steps"], dry["steps"], strict=True):
                if ours != theirs:
                    print(f"  {ours}\n  {theirs}")
        for name, arguments in (("TCP", []), ("pseudo-terminals", ["--pty"])):
            run = in_real_time(folder, *arguments)
            well = run["outcome"] == "stopped" and run["safe"] and not run["alarms"] and not run["lost"]
            differs |= not well
            print(
                f"{name}, real time: {run['plant_s']:.1f} s, {run['reason']}, {run['alarms']}, {run['lost']} links lost"
            )
    sys.exit(differs)


if __name__ == "__main__":
    main()
