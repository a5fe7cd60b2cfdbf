"""What has been asked of outputs and is not read back yet, and what was refused; never shown as a position."""

from typing import NamedTuple

from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.parts.outputs import Pending, is_by_hand, is_reached


class Told(NamedTuple):
    """What is shown of requests: what is under way, and what the last refusal of an output said, by its name."""

    pending: dict[str, Pending]
    refused: dict[str, str]


class AskedOutputs:
    """Requests of one session by hand."""

    def __init__(self) -> None:
        self.told = Told({}, {})

    def ask(self, name: str, words: str, now_ns: int) -> None:
        """Remember that something is asked of an output."""
        self.told.refused.pop(name, None)
        self.told.pending[name] = Pending(words, now_ns)

    def take(self, name: str, *, is_read_back: bool) -> None:
        """Remember that the core has accepted it; what nothing reads back has come to its end."""
        pending = self.told.pending.pop(name, None)
        if pending is not None and is_read_back:
            self.told.pending[name] = pending._replace(is_taken=True)

    def refuse(self, name: str, text: str) -> None:
        """Remember why the core has refused it."""
        self.told.pending.pop(name, None)
        self.told.refused[name] = text

    def see(self, snapshot: Snapshot) -> None:
        """Forget what is read back by now, and everything when the session is over."""
        if not is_by_hand(snapshot):
            self.forget()
        for output in snapshot.outputs:
            pending = self.told.pending.get(output.name)
            if pending is not None and pending.is_taken and is_reached(snapshot, output, pending.word):
                del self.told.pending[output.name]

    def forget(self) -> None:
        """Forget everything."""
        self.told = Told({}, {})
