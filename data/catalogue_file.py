"""The file behind the catalogue: its tables, its schema number, and SQLite's errors in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from data.errors import InputError

SCHEMA = 1
BUSY_S = 10.0

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tracks (
    track_id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, root TEXT NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL,
    album TEXT NOT NULL, duration REAL NOT NULL, content_hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE labels (
    track_id TEXT NOT NULL REFERENCES tracks ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (track_id, kind)
) WITHOUT ROWID;
CREATE INDEX labels_by_kind ON labels (kind, value);
CREATE TABLE failures (
    path TEXT PRIMARY KEY, stage TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, hint TEXT NOT NULL, time REAL NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kept INTEGER NOT NULL
) WITHOUT ROWID;
"""


def connect(path: Path, *, create: bool, readonly: bool) -> sqlite3.Connection:
    """Open the file and check that it is a catalogue of this schema; with `create` make the tables of a new one."""
    with sql_errors(path):
        db = sqlite3.connect(_uri(path, readonly, create), uri=True, timeout=BUSY_S, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            if not readonly:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
            if create and not readonly:
                _create(db)
            _check_schema(db, path)
        except BaseException:
            db.close()
            raise
    return db


def _uri(path: Path, readonly: bool, create: bool) -> str:
    mode = "ro" if readonly else "rwc" if create else "rw"
    # Where the folder cannot be written SQLite cannot make its shared-memory file; then nobody else writes either.
    immutable = "&immutable=1" if readonly and not os.access(path.parent, os.W_OK) else ""
    return f"{path.absolute().as_uri()}?mode={mode}{immutable}"


def _create(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, in one transaction; a file with tables is left as it is."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            for statement in TABLES.split(";\n")[:-1]:
                db.execute(statement)
            db.executemany("INSERT INTO meta VALUES (?, ?)", [("kind", "catalogue"), ("schema", SCHEMA), ("version", 0)])
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _check_schema(db: sqlite3.Connection, path: Path) -> None:
    try:
        meta = dict(db.execute("SELECT key, value FROM meta"))
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        meta = {}
    if meta.get("kind") != "catalogue":
        raise InputError(f"{path} is not a catalogue", code="damaged", hint="Move it away and scan the folders again")
    if meta.get("schema") != SCHEMA:
        raise InputError(
            f"{path} has schema {meta.get('schema')}, this program reads schema {SCHEMA}",
            code="schema",
            hint="Use the version of the program that made it, or scan into a new workspace",
        )


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
        if name.startswith("SQLITE_FULL"):
            raise InputError(f"no space left on the disk while writing {path}", code="disk-full") from None
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise InputError(f"{path} cannot be opened or written: {error}", code="unwritable") from None
        raise
