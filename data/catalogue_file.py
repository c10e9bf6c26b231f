"""The file behind the catalogue: opening it, its schema number, and SQLite's errors in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from data.catalogue_schema import MIGRATES_FROM, SCHEMA, add_tag_tables, create, migrate, read_as_present
from data.errors import InputError

BUSY_S = 10.0


def connect(path: Path, *, make: bool, readonly: bool) -> sqlite3.Connection:
    """Open the file and check that it is a catalogue of this schema; with `make` also the tables of a new one.

    A file of the schema before is migrated, or only read as if it had been. Raises InputError for any other schema.
    """
    with sql_errors(path):
        try:
            return _opened(path, "ro" if readonly else "rwc" if make else "rw")
        except sqlite3.OperationalError as error:
            # Where the reader cannot write the folder, SQLite cannot make its shared-memory file. The file may be taken as it
            # stands only if no other user is writing: then a log lies beside it.
            if not readonly or not _is_refused(error) or Path(f"{path}-wal").exists():
                raise
            return _opened(path, "ro&immutable=1")


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        if not mode.startswith("ro"):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        if mode == "rwc":
            create(db)
        schema = _schema_of(db, path)
        if schema == MIGRATES_FROM and mode.startswith("ro"):
            read_as_present(db)
        elif schema == MIGRATES_FROM:
            migrate(db)
        if not mode.startswith("ro"):
            add_tag_tables(db)
    except BaseException:
        db.close()
        raise
    return db


def _is_refused(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def _schema_of(db: sqlite3.Connection, path: Path) -> int:
    """The schema number. Raises InputError where it is one that this program cannot read."""
    try:
        meta = dict(db.execute("SELECT key, value FROM meta"))
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        meta = {}
    if meta.get("kind") != "catalogue":
        raise InputError(f"{path} is not a catalogue", code="damaged", hint="Move it away and scan the folders again")
    if meta.get("schema") not in (SCHEMA, MIGRATES_FROM):
        raise InputError(
            f"{path} has schema {meta.get('schema')}, this program reads schema {SCHEMA} (and brings {MIGRATES_FROM} to it)",
            code="schema",
            hint="Use the version of the program that made it, or scan into a new workspace",
        )
    return int(meta["schema"])


@contextlib.contextmanager
def sql_errors(path: Path) -> Iterator[None]:
    """Turn what can go wrong with the file into one clear line; anything else is a bug and keeps its traceback."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            message = f"{path} is not a catalogue or is damaged: {error}"
            raise InputError(message, code="damaged", hint="Move it away and scan the folders again") from None
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InputError(f"{path} is in use by another process", code="busy", hint="Wait until it ends") from None
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # (the latter: no space for its shared memory)
            raise InputError(f"no space left on the disk while writing {path}", code="disk-full") from None
        if _is_refused(error) or name.startswith(("SQLITE_PERM", "SQLITE_IOERR")):
            raise InputError(f"{path} cannot be opened or written: {error}", code="unwritable") from None
        raise
