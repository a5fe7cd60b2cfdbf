"""Who sets the power of a source: the SQC-310's own loop, or ours. Two classes behind one face.

Capture, shutters, end and hold belong to the steps and are the same for both.
"""

from pvdstation.control.owners.face import STOPPED, Aim, Ask, Owner, Power, PowerTick, is_off
from pvdstation.control.owners.host import HostOwner
from pvdstation.control.owners.sqc import SqcOwner
from pvdstation.control.sources import Wiring

__all__ = ["STOPPED", "Aim", "Ask", "Owner", "Power", "PowerTick", "is_off", "owner_of"]


def owner_of(*wirings: Wiring, melts: bool = False) -> Owner:
    """Return who closes the loop of a source, or of several together; a melt-in ends where the loop would close."""
    return HostOwner(wirings, melts=melts) if wirings[0].host else SqcOwner(wirings, melts=melts)
