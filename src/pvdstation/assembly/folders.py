"""Where records are kept: the data folder, and what lies where in it."""

import os
from pathlib import Path

import platformdirs

VARIABLE = "PVD_DATA"
"""Environment variable that names the data folder."""
RUNS = "runs"
DRY_RUNS = "dry-runs"
DATABASE = "station.sqlite"


def data_folder(named: str | None = None) -> Path:
    """Return the folder of all records: the one named, else that of ``PVD_DATA``, else the user's own."""
    chosen = named or os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("pvdstation", appauthor=False)
