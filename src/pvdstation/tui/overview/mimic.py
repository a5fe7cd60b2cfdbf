"""The chamber drawn with text: substrate, shutters, boats, crystals, valves and pumps."""

from collections.abc import Sequence
from textwrap import wrap

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot, SourceShown
from pvdstation.tui.figures import lasting, number
from pvdstation.tui.overview.marks import CLOSED, MOVING, OPEN, UNKNOWN, blade, marked, named, word_of

DRAWN_FROM = (46, 15)
"""Width and height from which there is room for a drawing; below it there is a table."""
_VALVES = (
    ("gate", "HV gate"),
    ("fore", "fore-line valve"),
    ("rough", "roughing valve"),
    ("N2", "N2 valve"),
    ("vent", "vent valve"),
)
_SEEN_NM_S = 0.005
_ELSEWHERE = ("substrate shutter", "source shutter", "turbo", "backing pump")


def mimic(snapshot: Snapshot, width: int, height: int, *, is_old: bool) -> Content:
    """Return the chamber in a space of so many characters."""
    if width >= DRAWN_FROM[0] and height >= DRAWN_FROM[1]:
        lines = _drawn(snapshot, width, height, " chamber, OLD " if is_old else " chamber ")
    else:
        lines = _table(snapshot, width)
        if len(lines) > height:  # a trip needs the room above
            lines = [line for line in lines if line.plain]
    return Content("\n").join(line.truncate(width) for line in lines)


def _drawn(snapshot: Snapshot, width: int, height: int, title: str) -> list[Content]:
    inner = width - 2
    words = [word_of(named(snapshot, f"source shutter {source.name}")) for source in snapshot.sources]
    blade_width = min(max(inner // max(len(words), 1) // 3, 8), 16)
    plumbing = _plumbing(snapshot, width)
    free = max(min(height - DRAWN_FROM[1] + 2 - len(plumbing), width // 3), 0)
    air = _vapour(snapshot.sources, words, blade_width, inner)
    inside = [
        *_substrate(snapshot, inner),
        *[air] * (free - free // 2),
        _side_by_side([_crystal(source) for source in snapshot.sources], inner),
        *[air] * (1 + free // 2),
        *_boats(snapshot.sources, words, blade_width, inner),
    ]
    return [
        Content.styled(f"╭{title.center(inner, '─')}╮", "$grey"),
        *[_walled(line, inner) for line in inside],
        Content.styled(f"╰{'─' * inner}╯", "$grey"),
        *plumbing,
    ]


def _walled(line: Content, inner: int) -> Content:
    return Content.assemble(
        ("│", "$grey"), line.truncate(inner).pad_right(inner - min(line.cell_length, inner)), ("│", "$grey")
    )


def _substrate(snapshot: Snapshot, inner: int) -> list[Content]:
    shutter = named(snapshot, "substrate shutter")
    word = word_of(shutter)
    width = inner // 3 // 2 * 2
    since = lasting(shutter.since_ns, snapshot.now_ns) if shutter is not None and word in (OPEN, CLOSED, MOVING) else ""
    sample = f"substrate  {snapshot.sample}".rstrip()
    return [
        _centred(Content.styled(sample, "$grey"), inner),
        _centred(Content("▄" * width), inner),
        _centred(Content(blade(word, width + 4)), inner),
        _centred(
            Content.assemble("substrate shutter  ", marked(word), (f"  {since}" if since else "", "$grey")), inner
        ),
    ]


def _crystal(source: SourceShown) -> Content:
    life = number(source.life_pct, 1, 5)
    return Content.assemble(
        f"◇ X{source.sensor} ", (f"{life} %", "bold" if source.life_pct < 20 else ""), (" life", "$grey")
    )


def _boats(sources: tuple[SourceShown, ...], words: list[str], width: int, inner: int) -> list[Content]:
    rows = (
        [Content.assemble(blade(word, width), " ", marked(word)) for word in words],
        [_boat(source, width) for source in sources],
        [_power(source) for source in sources],
        *zip(*[_warmth(source, inner // len(sources) - 2) for source in sources], strict=True),
    )
    return [_side_by_side(row, inner) for row in rows]


def _vapour(sources: tuple[SourceShown, ...], words: list[str], width: int, inner: int) -> Content:
    """Return a row of the space over the boats: vapour where a shutter is open and a rate is seen."""
    plume = "· : ·".center(width)
    seen = [word == OPEN and source.rate_nm_s > _SEEN_NM_S for source, word in zip(sources, words, strict=True)]
    return _side_by_side([Content(plume if is_seen else "") for is_seen in seen], inner)


def _boat(source: SourceShown, width: int) -> Content:
    hull = f" {source.name} ".center(width - 2, "▂")
    return Content.assemble(f"╲{hull}╱ ", (source.boat, "$grey"))


def _power(source: SourceShown) -> Content:
    if source.is_on:
        return Content.assemble(("on ", "bold"), f"{number(source.current_a, 1)} A {number(source.power_w, 1)} W")
    current = f" {number(source.current_a, 1)} A" if source.current_a >= 1 else ""
    return Content.assemble(("off", "$grey"), (current, "bold $background on $warning"))


def _warmth(source: SourceShown, width: int) -> tuple[Content, Content]:
    """Return how warm a source must be taken for, in two lines where one is too short."""
    first, *more = wrap(source.warmth, max(width, 8)) or [""]
    style = "$grey" if source.warmth == "cold" else "bold"
    return Content.styled(first, style), Content.styled(" ".join(more), style)


def _side_by_side(columns: Sequence[Content], inner: int) -> Content:
    """Return columns of equal width in one line."""
    width = inner // max(len(columns), 1)
    cut = [column.truncate(width - 2, ellipsis=True) for column in columns]
    return Content("").join(Content("  ") + column.pad_right(width - 2 - column.cell_length) for column in cut)


def _centred(content: Content, width: int) -> Content:
    return content.pad_left(max((width - content.cell_length) // 2, 0))


def _plumbing(snapshot: Snapshot, width: int) -> list[Content]:
    """Return what stands between the chamber and the backing pump, then the other valves, those by other names too."""
    known = {name for _, name in _VALVES}
    others = [(p.name, p.name) for p in snapshot.positions if p.name not in known and not p.name.startswith(_ELSEWHERE)]
    gate, fore, *rest = _VALVES
    pumped = [_valve(snapshot, *gate), _turbo(snapshot), _valve(snapshot, *fore), _pump(snapshot)]
    shut = [_valve(snapshot, *one) for one in (*rest, *others)]
    return [*_folded(pumped, Content.styled(" ─ ", "$grey"), width), *_folded(shut, Content("   "), width)]


def _folded(items: list[Content], joint: Content, width: int) -> list[Content]:
    """Return items one after the other, in as many lines as they need."""
    lines = [Content(" ") + items[0]]
    for item in items[1:]:
        if lines[-1].cell_length + joint.cell_length + item.cell_length <= width:
            lines[-1] = lines[-1] + joint + item
        else:
            lines.append(Content(" ") + item)
    return lines


def _valve(snapshot: Snapshot, label: str, name: str) -> Content:
    return Content.assemble((f"{label} ", "$grey"), marked(word_of(named(snapshot, name))))


def _turbo(snapshot: Snapshot) -> Content:
    """Return the turbo pump's speed, and its error if it has one."""
    told = named(snapshot, "turbo")
    word = "" if told is None else told.position
    if not any(c.isdigit() for c in word):
        return Content.assemble(("turbo ", "$grey"), marked(UNKNOWN))
    return Content.assemble(("turbo ", "$grey"), (word, "bold $background on $error" if "error" in word else ""))


def _pump(snapshot: Snapshot) -> Content:
    told = named(snapshot, "backing pump")
    words: dict[str, str | tuple[str, str]] = {"running": "on", "standing": ("OFF", "bold")}
    return Content.assemble(("pump ", "$grey"), words.get("" if told is None else told.position, marked(UNKNOWN)))


def _table(snapshot: Snapshot, width: int) -> list[Content]:
    """Return the same in as few lines as there are things."""
    shutter = named(snapshot, "substrate shutter")
    since = "" if shutter is None else lasting(shutter.since_ns, snapshot.now_ns)
    lines = [_row("substrate shutter", marked(word_of(shutter)), (f"for {since}" if since else "", "$grey"))]
    for source in snapshot.sources:
        word = word_of(named(snapshot, f"source shutter {source.name}"))
        fed = _power(source) if not source.is_on else Content.assemble(("ON ", "bold"), _figures(source))
        warmth = _warmth(source, width)[0]
        row = _row(f"{source.name} shutter", marked(word), fed, "  ", warmth)
        life = Content.assemble(("  crystal ", "$grey"), f"{number(source.life_pct, 1)} %")
        lines.append(row + life if row.cell_length + life.cell_length <= width else row)
    return [*lines, Content(""), *_plumbing(snapshot, width)]


def _row(label: str, word: tuple[str, str], *more: Content | str | tuple[str, str]) -> Content:
    return Content.assemble((f" {label:<18}", "$grey"), word, " " * (8 - len(word[0])), *more)


def _figures(source: SourceShown) -> str:
    return f"{number(source.current_a, 1)} A {number(source.voltage_v, 2)} V {number(source.power_w, 1)} W"
