"""Which key does what, in one table: for the bindings, the footer, the help and the command palette."""

from typing import NamedTuple


class Key(NamedTuple):
    """A key, the verb it asks for and the same on the command line."""

    key: str
    shown: str
    verb: str
    word: str
    command: str
    other: str = ""  # the same without a function key


VERB_KEYS = (
    Key("f2", "F2", "pause", "Pause", "pvd pause"),
    Key("f3", "F3", "hold", "Hold", "pvd hold"),
    Key("f4", "F4", "resume", "Resume", "pvd resume"),
    Key("f6", "F6", "skip", "Skip step", "pvd skip"),
    Key("f8", "F8", "clear", "Clear", "pvd clear"),
)
"""Asked for at once."""
URGENT_KEYS = (
    Key("f9", "F9", "stop", "STOP", "pvd stop", "ctrl+t"),
    Key("f12", "F12", "abort", "ABORT", "pvd abort", "ctrl+g"),
)
"""Pressed twice: from every screen, over what has the focus. Terminals and tmux keep neither of the other keys."""
TWICE_S = 1.0
"""Within which the second press comes."""


class Twice:
    """Knows a key that has been pressed once."""

    def __init__(self) -> None:
        self._verb = ""
        self._at_s = 0.0

    def press(self, verb: str, now_s: float) -> bool:
        """Press the key of a verb; return whether that was the second time within ``TWICE_S``."""
        is_second = verb == self._verb and now_s - self._at_s <= TWICE_S
        self._verb, self._at_s = ("", 0.0) if is_second else (verb, now_s)
        return is_second
