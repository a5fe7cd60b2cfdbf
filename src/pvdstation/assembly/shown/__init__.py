"""What a person sees of the station at one moment: the snapshot, built from what a scan has. Nothing here decides."""

from pvdstation.assembly.shown.shower import Shower

__all__ = ["Shower"]
