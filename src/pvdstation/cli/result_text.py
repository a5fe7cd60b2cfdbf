"""A finished run as a person reads it: per step what was asked, what was reached, how long it took."""

from rich.table import Table
from rich.text import Text

from pvdstation.cli.wording import duration, pressure
from pvdstation.record.cause import Cause
from pvdstation.record.results import AlarmResult, RunResult, StepResult, TogetherResult

_STYLE = {"complete": "", "skipped": "yellow", "not started": "dim"}
_ABNORMAL = "bold red"


def heading(name: str, station: str, mode: str) -> Text:
    """Return the first line: what runs where, and the mark that nobody can miss."""
    text = Text()
    text.append(name, style="bold")
    text.append(f"\nstation: {station}  ")
    text.append(f"({mode.upper()})", style="bold reverse")
    return text


def steps_table(result: RunResult) -> Table:
    """Return one row per step."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("asked", ratio=5, overflow="fold")
    table.add_column("reached", ratio=6, overflow="fold")
    table.add_column("took", justify="right", no_wrap=True)
    for step in result.steps:
        took = duration(step.duration_s) if step.state != "not started" else ""
        style = _STYLE.get(step.state, _ABNORMAL)
        table.add_row(str(step.index), Text(step.text), Text(reached(step)), took, style=style)
    return table


def reached(step: StepResult) -> str:
    """Return what a step reached, in one phrase; how it ended, if not as asked."""
    numbers = ", ".join(_numbers(step))
    if step.state == "complete":
        return numbers or step.ended_because
    ended = f"{step.state}: {step.ended_because}" if step.ended_because else step.state
    return f"{ended}; {numbers}" if numbers else ended


def _numbers(step: StepResult) -> list[str]:
    parts = []
    if step.indicated_nm is not None:
        parts.append(f"{step.indicated_nm:.1f} nm")
    if step.true_nm is not None:
        parts.append(f"true {step.true_nm:.1f} nm")
    if step.rate_mean_nm_s is not None:
        spread = f" ± {step.rate_sd_nm_s:.3f}" if step.rate_sd_nm_s is not None else ""
        parts.append(f"{step.rate_mean_nm_s:.3f}{spread} nm/s")
    parts += [_with(other) for other in step.together or () if other.indicated_nm is not None]
    if step.reached_mbar is not None:
        parts.append(pressure(step.reached_mbar))
    if step.held_s is not None:
        parts.append(f"held {step.held_s:.1f} s")
    if step.leak_mbar_l_s is not None:
        parts.append(f"rise {step.rise_mbar_s:.2e} mbar/s ({step.gauge}), {step.leak_mbar_l_s:.2e} mbar L/s")
    if step.answer is not None and step.state == "complete":
        parts.append(step.ended_because)
    if step.peak_power_w is not None:
        parts.append(f"{step.peak_power_w:.1f} W at most")
    return parts


def _with(other: TogetherResult) -> str:
    """Return what a source reached that was evaporated together with the first-named one."""
    true = f" (true {other.true_nm:.1f} nm)" if other.true_nm is not None else ""
    return f"with {other.indicated_nm:.1f} nm{true} {other.material} at {other.rate_mean_nm_s or 0.0:.3f} nm/s"


def closing(result: RunResult, *, is_running: bool = False) -> Text:
    """Return the last lines: outcome, safe state, times, and what kind of station it was.

    ``is_running``: it is read from a record that another process is still writing.
    """
    text = Text()
    is_cut = result.cause is Cause.INTERRUPTED  # nobody knows how it ended
    word = "running" if is_running else Cause.INTERRUPTED.value if is_cut else result.outcome
    text.append(word.upper(), style="bold green" if result.outcome == "complete" else _ABNORMAL)
    if result.reason and result.outcome != "complete" and not is_running:
        text.append(f": {result.reason}")
    safe = " · no safe state is recorded" if is_cut else _SAFE[result.safe]
    text.append(safe, style=_ABNORMAL if result.safe is False else "")
    text.append(f"\n{duration(result.plant_s)} of plant time")
    if result.wall_s > 0:
        text.append(f" in {result.wall_s:.1f} s, {result.plant_s / result.wall_s:.0f} times real time")
    text.append(f"; seed {result.seed}" if result.seed is not None else "")
    if result.mode == "simulated":
        text.append("\nSIMULATED", style="bold")
        text.append(": the plant and its instruments were simulated; the numbers are estimates.")
    return text


_SAFE = {
    True: " · safe state confirmed",
    False: " · SAFE STATE NOT CONFIRMED",
    None: " · ended before a safe state was reached",
}


def alarm_lines(alarms: tuple[AlarmResult, ...]) -> list[Text]:
    """Return one line per alarm and trip."""
    return [Text(f"{alarm.kind}  {clock(alarm.came_s)}  {alarm.source}: {alarm.text}", style="red") for alarm in alarms]


def clock(at_s: float) -> str:
    """Return a time since the start as "0:12:41"."""
    whole = int(at_s)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
