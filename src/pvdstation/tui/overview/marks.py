"""Positions and signals as words that cannot be mistaken without colour."""

from pvdstation.desk.snapshot import PositionShown, SignalShown, Snapshot

OPEN, CLOSED, MOVING, FAULT, UNKNOWN = "OPEN", "closed", "MOVING", "FAULT", "unknown"
_WORDS = {"open": OPEN, "closed": CLOSED, "moving": MOVING, "FAULT": FAULT}
_STYLES = {
    OPEN: "bold",
    CLOSED: "$grey",
    MOVING: "bold reverse",
    FAULT: "bold $background on $error",
    UNKNOWN: "bold $background on $warning",
}
_BARS = {OPEN: ("━", " "), CLOSED: ("━", "━"), MOVING: ("━", "╌"), FAULT: ("╳", "╳"), UNKNOWN: ("?", " ")}
OLD_S = 5.0
"""A signal that has not been read for so long is not shown as if it were true."""


def word_of(position: PositionShown | None) -> str:
    """Return the word of a position."""
    return UNKNOWN if position is None else _WORDS.get(position.position, UNKNOWN)


def marked(word: str) -> tuple[str, str]:
    """Return a word with its style."""
    return word, _STYLES[word]


def blade(word: str, width: int) -> str:
    """Return a shutter of so many characters: a bar when closed, its two ends when open."""
    end, middle = _BARS[word]
    ends = max(width // 5, 1)
    return end * ends + middle * (width - 2 * ends) + end * ends


def named(snapshot: Snapshot, name: str) -> PositionShown | None:
    """Return a shutter or valve by its name."""
    return next((position for position in snapshot.positions if position.name == name), None)


def signal(snapshot: Snapshot, name: str) -> SignalShown | None:
    """Return a signal by its name."""
    return next((one for one in snapshot.signals if one.name == name), None)
