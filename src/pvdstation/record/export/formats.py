"""The forms that a run can be exported to; imports nothing, so that the command line may name them."""

from enum import StrEnum


class Format(StrEnum):
    """What a run can be exported to."""

    CSV = "csv"
    HDF5 = "hdf5"
    NOMAD = "nomad"


SUFFIX = {Format.CSV: ".csv", Format.HDF5: ".nxs", Format.NOMAD: ".archive.json"}
"""How the name of each ends; NOMAD reads an archive only from a file that ends so."""
