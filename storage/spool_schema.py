"""The spool's file: opened, brought up by numbered SQL, refused where it cannot be used."""

import sqlite3
import uuid
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from sensors.errors import InputFault
from storage.errors import SchemaTooNewError
from storage.spool_bounds import SpoolFullError, is_full


class SpoolUnreadableError(InputFault):
    """The file is not a spool, or cannot be reached."""

    def __init__(self, path: Path, detail: str) -> None:
        """Name the file and what was found instead."""
        super().__init__(f"{path}: cannot be opened as a spool ({detail}); restore it or move it away")
        self.path = path


def open_spool(path: Path) -> sqlite3.Connection:
    """Return a connection to the file, made where it is not there.

    Raises SpoolUnreadableError, SchemaTooNewError, or SpoolFullError where the disk has no room for it.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        _migrate(db, path)
    except sqlite3.Error as exc:
        if is_full(exc, path.parent):
            raise SpoolFullError.at(path) from exc
        raise SpoolUnreadableError(path, str(exc)) from exc
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up by the numbered files, all in one transaction, so that two who open at once do it once."""
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    found = db.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0]
    migrations = _migrations()
    if found > len(migrations):
        db.close()
        raise SchemaTooNewError(path, found=found, known=len(migrations))
    for version, script in enumerate(migrations[found:], start=found + 1):
        for statement in _statements(script):
            db.execute(statement)
        db.execute("INSERT INTO schema_version VALUES (?)", (version,))
    db.execute("INSERT OR IGNORE INTO meta VALUES ('spool_id', ?), ('quarantine_bytes', 0)", (str(uuid.uuid4()),))
    db.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _migrations() -> list[str]:
    folder = resources.files("storage") / "spool_migrations"
    scripts = sorted((each for each in folder.iterdir() if each.name.endswith(".sql")), key=lambda each: each.name)
    return [script.read_text(encoding="utf-8") for script in scripts]
