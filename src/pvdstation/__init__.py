"""pvdstation: recipe and process control for a thermal-evaporation (PVD) station in a glovebox.

Public: ``check`` and ``dry_run``, for notebooks. No other module is.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Return a public function; imported when it is asked for, because importing everything takes most of a second."""
    if name in {"check", "dry_run"}:
        from pvdstation import assembly

        return getattr(assembly, name)
    raise AttributeError(f"module 'pvdstation' has no attribute {name!r}")
