"""Rows of the Overview: what each source is fed with, further layers, what the step waits for, and what comes next."""

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot, SourceShown
from pvdstation.recipe.spelling import time_text
from pvdstation.tui.figures import lasting, number

_HEAD = f"{'POWER':<7}{'W':>6}{'A':>7}{'V':>6}{'mΩ':>6}{'drive %':>9}{'limit A':>9}"
_TWO_LINES_FROM = 110
_LOOP_FROM = len(_HEAD) + 11


def sources(snapshot: Snapshot, width: int) -> Content:
    """Return one line for each source, under a head."""
    has_loop = width >= _LOOP_FROM
    rows = [_source(source, has_loop=has_loop) for source in snapshot.sources]
    head = Content.styled(f"{_HEAD}  loop" if has_loop else _HEAD, "$grey")
    return Content("\n").join([head, *rows])


def _source(source: SourceShown, *, has_loop: bool) -> Content:
    figures = (
        f"{number(source.power_w, 1, 6)}{number(source.current_a, 1, 7)}{number(source.voltage_v, 2, 6)}"
        f"{number(source.resistance_mohm, 1, 6)}{number(source.drive_pct, 1, 9)}{number(source.limit_a, 1, 9)}"
    )
    state = ("on  ", "bold") if source.is_on else ("off ", "$grey")
    return Content.assemble(
        (f"{source.name:<3}", "bold"), state, figures, (f"  {source.owner}" if has_loop else "", "$grey")
    )


def layers(snapshot: Snapshot) -> Content:
    """Return the layers of a co-deposition but the first, which stands in big figures."""
    rows = [
        Content.assemble(
            (f"{layer.source:<3}", "bold"), f"rate {number(layer.rate_nm_s, 3)} nm/s, set {layer.set_nm_s:.3f}   ",
            f"thickness {number(layer.grown_nm, 1)} of {layer.target_nm:.1f} nm",
        )
        for layer in snapshot.layers[1:]
    ]  # fmt: skip
    return Content("\n").join(rows)


def waits_for(snapshot: Snapshot, width: int) -> Content:
    """Return what the step waits for, since when, and how long it will still take; in one line on a narrow screen."""
    step = snapshot.step
    if step is None:
        return Content("")
    since = lasting(step.since_ns, snapshot.now_ns)
    times = [f"{time_text(round(step.to_go_s))} to go"] if step.to_go_s is not None else []
    times += [f"waiting for {since}"] if since else []
    label = "WAITS FOR  "
    joint = f"\n{' ' * len(label)}" if width >= _TWO_LINES_FROM else " · "
    return Content.assemble(
        (label, "$grey"), (step.waits_for or "its end", "bold"), joint if times else "", " · ".join(times)
    )


def ahead(snapshot: Snapshot, lines: int) -> Content:
    """Return the next steps, one below the other where there is room."""
    if not snapshot.ahead:
        return Content("")
    label = "NEXT       "
    if lines < 3:
        return Content.assemble((label, "$grey"), " · ".join(snapshot.ahead))
    rest = [f"{'' if n == 0 else ' ' * len(label)}{text}" for n, text in enumerate(snapshot.ahead[:lines])]
    return Content.assemble((label, "$grey"), "\n".join(rest))
