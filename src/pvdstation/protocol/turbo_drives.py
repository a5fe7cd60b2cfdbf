"""Models of turbo drives on the telegram protocol: what each calls itself, and its accessories as delivered."""

from typing import NamedTuple

ACCESSORIES = {"A1": 35, "B1": 36, "A2": 37, "B2": 38}
"""Parameter of each connector for an accessory."""


class Drive(NamedTuple):
    """A model of drive: how it calls itself, and what is configured at its connectors when it is delivered.

    0 fan, 1 venting valve, 2 heating, 3 backing pump. From a manual is only that a TC 400 has the backing pump at A2
    (p.25); the others are background knowledge.
    """

    name: str
    accessories: dict[str, int]


DRIVES = {
    drive.name: drive
    for drive in (
        Drive("TC 110", {"A1": 0, "B1": 1, "A2": 3, "B2": 2}),
        Drive("TC 400", {"A1": 0, "B1": 1, "A2": 3, "B2": 2}),
    )
}


def drive_called(name: str) -> Drive | None:
    """Return the model that P:349 names; spaces and underscores are of the edition."""
    wanted = name.replace("_", "").replace(" ", "")
    return next((drive for drive in DRIVES.values() if drive.name.replace(" ", "") == wanted), None)
