"""Colours of the screen; on 16 of them, and without any, everything is still told in words."""

from textual.theme import Theme

THEME = Theme(
    name="station",
    primary="#87afd7",
    foreground="#d0d0d0",
    background="#101010",
    surface="#1c1c1c",
    panel="#262626",
    warning="#ffd75f",
    error="#ff5f5f",
    success="#d0d0d0",
    accent="#87afd7",
    variables={"grey": "#8a8a8a", "bar": "#a8a8a8", "simulated": "#5fafff", "live": "#ff87ff"},
)
"""Grey is normal; colour is for what a person should look at, and says SIMULATED or LIVE."""
