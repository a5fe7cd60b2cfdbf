"""What the frame shows, and the lines of text that it is made of."""

from typing import NamedTuple

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot, VerbShown

SIMULATED, LIVE, UNKNOWN_MODE = "SIMULATED", "LIVE", "LIVE OR SIMULATED"
TRIPPED = ("stopping", "stopped", "aborting", "aborted", "interrupted")


class Sight(NamedTuple):
    """What the frame shows: a snapshot, and whether it is still true."""

    station: str
    expected: str  # mode by the station file, until a snapshot says it
    snapshot: Snapshot | None = None
    label: str = ""  # what the core calls this screen; empty: it has never been met
    lost: str = ""  # why there is no core; empty: it answers
    problems: tuple[str, ...] = ()  # what keeps it from being started
    is_absent: bool = False  # nobody runs the station

    @property
    def mode(self) -> str:
        """Return SIMULATED or LIVE."""
        if self.snapshot is None:
            return self.expected
        return SIMULATED if self.snapshot.is_simulated else LIVE

    @property
    def pace(self) -> str:
        """Return how much faster than the clock on the wall a simulated run goes, "×60"; empty when it does not."""
        shown = self.snapshot
        return f"×{shown.speed:g}" if shown is not None and shown.is_simulated and shown.speed != 1 else ""

    @property
    def line(self) -> str:
        """Return the style of the frame's lines."""
        return "$live" if self.mode == LIVE else "$simulated"

    @property
    def state(self) -> str:
        """Return the run's state in capitals."""
        return "" if self.snapshot is None else self.snapshot.state.upper()

    @property
    def is_others(self) -> bool:
        """Return whether somebody else is in charge."""
        return self.snapshot is not None and self.snapshot.in_charge not in ("", self.label)

    def verb(self, name: str) -> VerbShown | None:
        """Return what a verb would do now."""
        verbs = () if self.snapshot is None else self.snapshot.verbs
        return next((verb for verb in verbs if verb.verb == name), None)


def style_of(state: str) -> str:
    """Return the style of a state: grey is normal, colour is for what a person should look at."""
    if state in ("aborting", "aborted", "interrupted"):
        return "bold $background on $error"
    if state in ("holding", "held", "stopping", "stopped"):
        return "bold $background on $warning"
    return "bold"


def between(left: Content, right: Content, width: int, fill: str = " ", style: str = "") -> Content:
    """Return left and right at the ends of a line; the left one is cut where they do not fit."""
    room = width - right.cell_length - 1
    if left.cell_length > room:
        left = left.truncate(max(room, 0), ellipsis=True)
    gap = max(width - left.cell_length - right.cell_length, 0)
    return Content.assemble(left, (fill * gap, style), right)


def fitting(width: int, *candidates: Content) -> Content:
    """Return the first that fits, else the last one cut."""
    for content in candidates:
        if content.cell_length <= width:
            return content
    return candidates[-1].truncate(max(width, 0), ellipsis=True)
