"""In what the gauge controllers of the ACK/ENQ family differ (vacuum reference 3.4 to 3.6): one row per model.

Sources: TPG 261 manual BG 5195, TPG 36x BG 5500 to 5511 and TPG 256 A (through public drivers), VGC401 tinb01e1,
VGC402/403 tinb07e1, VGC50x tina96e1. Which of the mnemonics for offset and factor a model knows is background
knowledge, as is that the TPG 256 neither streams nor knows PRX beside PR1 to PR6: docs/bench-checks.md.
"""

from typing import NamedTuple

BAUDS_OLD = (9600, 19200, 38400)
BAUDS_NEW = (9600, 19200, 38400, 57600, 115200)
UNITS_OLD = 3  # mbar, Torr, Pa
UNITS_NEW = 6  # Micron, hPa and Volt too


class Profile(NamedTuple):
    """One model: what it knows, and how many fields its lines have."""

    model: str
    channels: int
    fields: int
    """Channels in the lines of TID, SEN, FIL and PRX; a TPG 261 shows the second one that it has not."""
    units: int
    """How many numbers of ``UNI`` it knows."""
    bauds: tuple[int, ...]
    """By the number of ``BAU``."""
    settings: tuple[str, ...]
    """Mnemonics of filters, offsets and factors."""
    knows_ayt: bool = False
    knows_prx: bool = True
    streams: bool = True
    """It sends a line each second from power-up until the first byte."""
    unit_in_stream: bool = False
    """Lines of the stream end with the unit's name."""

    @property
    def is_inficon(self) -> bool:
        """Return whether it is a VGC: other names of gauges, and status 7."""
        return self.model.startswith("VGC")


_OFFSET_NEW = ("FIL", "OFS", "COR", "GAS")
_OFFSET_26X = ("FIL", "OFC", "OFD", "CAL")
_OFFSET_40X = ("FIL", "OFS", "CAL")
_OFFSET_256 = ("FIL", "OFC", *(f"CA{n}" for n in range(1, 7)))

PROFILES = {
    profile.model: profile
    for profile in (
        *(Profile(f"TPG 36{n}", n, n, UNITS_NEW, BAUDS_NEW, _OFFSET_NEW, knows_ayt=True) for n in (1, 2, 6)),
        *(Profile(f"VGC50{n}", n, n, UNITS_NEW, BAUDS_NEW, _OFFSET_NEW, knows_ayt=True) for n in (1, 2, 3)),
        *(Profile(f"TPG 26{n}", n, 2, UNITS_OLD, BAUDS_OLD, _OFFSET_26X) for n in (1, 2)),
        *(Profile(f"VGC40{n}", n, n, UNITS_OLD, BAUDS_OLD, _OFFSET_40X, unit_in_stream=n == 1) for n in (1, 2, 3)),
        Profile("TPG 256", 6, 6, UNITS_OLD, BAUDS_OLD, _OFFSET_256, knows_prx=False, streams=False),
    )
}
"""By the model's name as the station file writes it."""
PER_CHANNEL = "CA"
"""CA1 to CA6 are each the factor of one channel; all others have one field per channel."""
HARMLESS = frozenset({"FIL"})
"""Settings that change no number, only how fast it follows."""


def profile_called(name: str) -> Profile | None:
    """Return the profile of a model as ``AYT`` spells it, with or without its space."""
    wanted = name.replace(" ", "").replace("_", "").upper()
    return next((p for p in PROFILES.values() if p.model.replace(" ", "") == wanted), None)


def channels_that_differ(mnemonic: str, given: str, expected: str, channels: int) -> tuple[int, ...]:
    """Return the channels, from 1, of which a setting is not what it was; all of them when fields are missing."""
    now, before = (tuple(field.strip() for field in text.split(",")) for text in (given, expected))
    if now == before:
        return ()
    if mnemonic.startswith(PER_CHANNEL) and mnemonic[len(PER_CHANNEL) :].isdigit():
        return (int(mnemonic[len(PER_CHANNEL) :]),)
    if len(now) == len(before) == channels:
        return tuple(n for n, (one, other) in enumerate(zip(now, before, strict=True), 1) if one != other)
    return tuple(range(1, channels + 1))
