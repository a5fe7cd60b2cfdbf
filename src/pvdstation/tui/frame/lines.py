"""The lines below a page: alarms and links, what has been said, and the keys."""

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.figures import lasting
from pvdstation.tui.frame.sight import Sight, between, fitting
from pvdstation.tui.keys import URGENT_KEYS, VERB_KEYS

_UNKNOWN_OF = ("unacknowledged", "returned")
"""Alarms that nobody has said he knows of."""
_PRIORITIES = ("high", "medium", "low")


def alarm_line(sight: Sight, width: int) -> Content:
    """Return the first alarm and how many there are; then links, overridden rules and who is in charge."""
    shown = sight.snapshot
    if shown is None:
        return Content("")
    if sight.lost:
        return Content.styled("● alarms are not known while the core is not connected", "bold $error")
    alarms = _alarms(shown)
    right = fitting(max(width // 2, width - alarms.cell_length - 2), *_rights(sight, shown))
    return between(alarms, right, width)


def _alarms(shown: Snapshot) -> Content:
    open_ = [alarm for alarm in shown.alarms if alarm.state != "shelved"]
    if not open_:
        shelved = f", {len(shown.alarms)} shelved" if shown.alarms else ""
        return Content.styled(f"● no alarms{shelved}", "$grey")
    first = min(open_, key=lambda a: (a.state not in _UNKNOWN_OF, _rank(a.priority), -a.came_ns))
    count = f"▲ {len(open_)} alarm{'s' if len(open_) > 1 else ''}"
    style = "bold $background on $error" if _rank(first.priority) == 0 else "bold $background on $warning"
    rest = f" {first.priority}: {first.text}, {first.state}, {lasting(first.came_ns, shown.now_ns)}"
    return Content.assemble((f" {count} ", style), (rest, "bold"))


def _rank(priority: str) -> int:
    return _PRIORITIES.index(priority) if priority in _PRIORITIES else 0


def _rights(sight: Sight, shown: Snapshot) -> list[Content]:
    """Return what stands at the right, the longest first."""
    first = Content("   ").join([*_overridden(shown), *_charge(sight, shown)])
    lost = [link for link in shown.links if link.is_lost]
    if lost:
        told = Content.styled(" · ".join(f"{link.name} LOST: {link.text}" for link in lost), "bold $error")
        short = Content.styled("LOST: " + ", ".join(link.name for link in lost), "bold $error")
    else:
        times = " · ".join(f"{link.name} {link.round_trip_ms:.0f} ms" for link in shown.links)
        told, short = Content.styled(f"links: {times}", "$grey"), Content.styled("links ok", "$grey")
    gap = Content("   " if first.plain else "")
    return [first + gap + told, first + gap + short, first or short]


def _overridden(shown: Snapshot) -> list[Content]:
    rules = ", ".join(f"{o.rule} by {o.person}" for o in shown.overrides)
    return [Content.styled(f"OVERRIDDEN: {rules}", "bold $warning")] if rules else []


def _charge(sight: Sight, shown: Snapshot) -> list[Content]:
    return [Content.styled(f"in charge: {shown.in_charge} (F7 takes it)", "bold")] if sight.is_others else []


def question_line(shown: Snapshot | None) -> Content:
    """Return the question that waits for a person; empty when none does."""
    if shown is None or not shown.questions:
        return Content("")
    question = shown.questions[0]
    more = f" (1 of {len(shown.questions)})" if len(shown.questions) > 1 else ""
    return Content.assemble(
        (f" QUESTION{more} ", "bold $background on $warning"),
        (f" {question.text} ", "bold"),
        f"({question.kind})  ",
        ("F5 Answer", "bold reverse"),
    )


def keys_line(sight: Sight, of_page: tuple[tuple[str, str], ...], width: int) -> Content:
    """Return the keys of the verbs and those of the page; what is refused now is dim."""
    verbs = Content("  ").join([_clickable("F1", "Help", "help", is_on=True), *_verbs(sight)])
    page = Content("  ").join([Content.assemble((key, "bold"), f" {word}") for key, word in of_page])
    if not of_page:
        return fitting(width, verbs)
    both = Content.assemble(verbs, ("  │  ", "$grey"), page)
    return fitting(width, both, Content.assemble(("F1", "bold"), " Help", ("  │  ", "$grey"), page))


def _verbs(sight: Sight) -> list[Content]:
    keys = []
    if sight.lost:
        keys.append(_clickable("F7", "Connect", "charge", is_on=True))
    elif sight.is_others:
        keys.append(_clickable("F7", "Take charge", "charge", is_on=True))
    for key in VERB_KEYS:
        verb = sight.verb(key.verb)
        is_on = verb is not None and verb.is_allowed and not sight.lost
        keys.append(_clickable(key.shown, key.word, f"verb('{key.verb}')", is_on=is_on))
    return [*keys, _clickable("F10", "Leave", "quit", is_on=True)]


def _clickable(key: str, word: str, action: str, *, is_on: bool) -> Content:
    words = Content.from_markup(f"[@click=app.{action}]{word}[/]") if is_on else Content.styled(word, "$grey dim")
    return Content.assemble((key, "bold" if is_on else "$grey dim"), " ", words)


def foot(sight: Sight, pages: tuple[str, ...], current: str, width: int) -> Content:
    """Return the lower edge of the frame: the pages by their digits, STOP and ABORT."""
    line = sight.line
    names = [_digit(n, name, is_open=name == current) for n, name in enumerate(pages, 1)]
    urgent = [
        Content.from_markup(f"[bold]{k.shown} [@click=app.urgent('{k.verb}')]{k.word}[/][/]") for k in URGENT_KEYS
    ]
    gap = Content("  " if width >= 100 else " ")
    left = Content.assemble(("┗━ ", line), gap.join(names), (" ", line))
    right = Content.assemble((" ", line), gap.join(urgent), (" ━┛", line))
    return between(left, right, width, "━", line)


def _digit(number: int, name: str, *, is_open: bool) -> Content:
    word = f"{number} {name.capitalize()}"
    if is_open:
        return Content.styled(word, "bold reverse")
    return Content.from_markup(f"[@click=app.open('{name}')]{word}[/]")
