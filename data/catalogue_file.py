"""The file behind the catalogue: its tables, its schema number, and SQLite's errors in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from data.errors import InputError

SCHEMA = 2
BUSY_S = 10.0

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tracks (
    track_id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, root TEXT NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL,
    album TEXT NOT NULL, duration REAL NOT NULL, content_hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    genre_tag TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE labels (
    track_id TEXT NOT NULL REFERENCES tracks ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('table', 'folder', 'tag')), PRIMARY KEY (track_id, kind)
) WITHOUT ROWID;
CREATE INDEX labels_by_kind ON labels (kind, value);
CREATE TABLE failures (
    path TEXT PRIMARY KEY, stage TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, hint TEXT NOT NULL, time REAL NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kept INTEGER NOT NULL
) WITHOUT ROWID;
"""

# Not of the schema that `SCHEMA` counts: a catalogue from before there were tags gets them when it is next written to, a reader
# takes it as one without tags, and a program that does not know them reads and writes all the rest.
# A sound has its tags by content hash, so that a song that is moved or labelled anew keeps them; all are one encoder's.
TAG_TABLES = """
CREATE TABLE IF NOT EXISTS tag_encoders (fingerprint TEXT PRIMARY KEY, names TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS predicted_tags (
    content_hash TEXT PRIMARY KEY, encoder TEXT NOT NULL REFERENCES tag_encoders ON DELETE CASCADE, probabilities BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tracks_by_sound ON tracks (content_hash);
"""


def connect(path: Path, *, create: bool, readonly: bool) -> sqlite3.Connection:
    """Open the file and check that it is a catalogue of this schema; with `create` make the tables of a new one."""
    with sql_errors(path):
        try:
            return _opened(path, "ro" if readonly else "rwc" if create else "rw")
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
            _create(db)
        _check_schema(db, path)
        if not mode.startswith("ro"):
            _add_tag_tables(db)
    except BaseException:
        db.close()
        raise
    return db


def _is_refused(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def _create(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file; a file with tables is left as it is."""
    with whole(db):
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            _make(db, TABLES)
            db.executemany("INSERT INTO meta VALUES (?, ?)", [("kind", "catalogue"), ("schema", SCHEMA)])


def has_tag_tables(db: sqlite3.Connection) -> bool:
    """Whether this catalogue has a place for predicted tags."""
    (found,) = db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('tag_encoders', 'predicted_tags')").fetchone()
    return bool(found == 2)


def _add_tag_tables(db: sqlite3.Connection) -> None:
    if not has_tag_tables(db):  # (asked first: to ask needs no lock)
        with whole(db):
            _make(db, TAG_TABLES)


@contextlib.contextmanager
def whole(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction: all or nothing of what is written inside."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # (some errors have ended it already)
            db.execute("ROLLBACK")
        raise


def _make(db: sqlite3.Connection, tables: str) -> None:
    for statement in tables.split(";\n")[:-1]:
        db.execute(statement)


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
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # (the latter: no space for its shared memory)
            raise InputError(f"no space left on the disk while writing {path}", code="disk-full") from None
        if _is_refused(error) or name.startswith(("SQLITE_PERM", "SQLITE_IOERR")):
            raise InputError(f"{path} cannot be opened or written: {error}", code="unwritable") from None
        raise
