"""pvdstation: recipe and process control for a thermal-evaporation (PVD) station in a glovebox.

Public: ``check``, ``dry_run`` and ``open_run``, for notebooks. No other module is.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Return a public function; imported when it is asked for, because importing everything takes most of a second."""
    if name in {"check", "dry_run", "open_run"}:
        from pvdstation.assembly import public

        return getattr(public, name)
    raise AttributeError(f"module 'pvdstation' has no attribute {name!r}")
