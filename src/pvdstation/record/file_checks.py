"""Checks a file of a run as a file: its pages, its tables and its triggers; not its rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pvdstation.record.schema import CREATE

_Schema = frozenset[tuple[str, str, str]]


def damage(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the file as a whole, in words."""
    try:
        pages = [text for (text,) in connection.execute("PRAGMA integrity_check(3)") if text != "ok"]
        schema = _schema_of(connection)
    except sqlite3.Error as error:
        return [f"the file is damaged: {error}"]
    return [
        *(f"the file is damaged: {'; '.join(text.splitlines())}" for text in pages),
        *(f"its {kind} {name} is missing or was changed" for kind, name, _ in sorted(_SCHEMA - schema)),
        *(f"it has a {kind} {name} that no record has" for kind, name, _ in sorted(schema - _SCHEMA)),
    ]


def was_only_begun(path: Path) -> bool:
    """Tell whether a file was created, and its first commit never came."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0)
    except sqlite3.Error:
        return False


def open_torn(path: Path) -> sqlite3.Connection:
    """Open what is not whole, for reading as far as it goes; SQLite refuses a file shorter than its header says."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.execute("PRAGMA writable_schema = ON")
    return connection


def is_closed_for_good(connection: sqlite3.Connection) -> bool:
    """Tell whether the file was made one file, as at the end of a run."""
    try:
        return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal")
    except sqlite3.Error:
        return False


def _schema_of(connection: sqlite3.Connection) -> _Schema:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master")
    return frozenset((str(kind), str(name), " ".join(str(sql).split())) for kind, name, sql in rows)


def _expected() -> _Schema:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(CREATE)
        return _schema_of(connection)


_SCHEMA = _expected()
