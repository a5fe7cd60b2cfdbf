"""The cursor keys of a page with a list: they work wherever the focus of the page is."""

from textual.binding import Binding

from pvdstation.tui.parts.rows import Rows

_FAR = 10**6
MOVES = [
    Binding("up,k", "move(-1)", show=False),
    Binding("down,j", "move(1)", show=False),
    Binding("pageup", "turn(-1)", show=False),
    Binding("pagedown", "turn(1)", show=False),
    Binding("home", f"move({-_FAR})", show=False),
    Binding("end", f"move({_FAR})", show=False),
]


class Moving:
    """What a page with ``MOVES`` among its bindings needs."""

    @property
    def moved(self) -> Rows:
        """Return the list that the cursor keys move."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self.moved.move(by)

    def action_turn(self, by: int) -> None:
        """Move the cursor by what is seen at once."""
        self.moved.move(by * self.moved.page)
