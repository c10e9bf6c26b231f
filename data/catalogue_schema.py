"""The tables of the catalogue file, and how a file of the schema before is brought to this one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

SCHEMA = 3
MIGRATES_FROM = 2  # the one earlier schema that is brought to `SCHEMA` by a writer, and read as it is by a reader

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tracks (
    track_id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, root TEXT NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL,
    album TEXT NOT NULL, duration REAL NOT NULL, content_hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    genre_tag TEXT NOT NULL,
    album_artist TEXT NOT NULL DEFAULT '', year INTEGER NOT NULL DEFAULT 0, number INTEGER NOT NULL DEFAULT 0,
    recording_mbid TEXT NOT NULL DEFAULT '', artist_mbid TEXT NOT NULL DEFAULT '', release_mbid TEXT NOT NULL DEFAULT '',
    tags_version INTEGER NOT NULL DEFAULT 0
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

# What schema 3 added to `tracks`: column -> definition. "tags_version" 0 has the next scan read the tags again, and no sound.
_ADDED = {
    "album_artist": "TEXT NOT NULL DEFAULT ''",
    "year": "INTEGER NOT NULL DEFAULT 0",
    "number": "INTEGER NOT NULL DEFAULT 0",
    "recording_mbid": "TEXT NOT NULL DEFAULT ''",
    "artist_mbid": "TEXT NOT NULL DEFAULT ''",
    "release_mbid": "TEXT NOT NULL DEFAULT ''",
    "tags_version": "INTEGER NOT NULL DEFAULT 0",
}
_BEFORE = "track_id, path, root, artist, title, album, duration, content_hash, size, mtime_ns, genre_tag"


def create(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file; a file with tables is left as it is."""
    with whole(db):
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            _make(db, TABLES)
            db.executemany("INSERT INTO meta VALUES (?, ?)", [("kind", "catalogue"), ("schema", SCHEMA)])


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file of schema 2 to schema 3, in one transaction: killed in the middle, it is still whole and of schema 2."""
    with whole(db):
        # (asked again inside: another writer may have been faster)
        if db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (MIGRATES_FROM,):
            for column, definition in _ADDED.items():
                db.execute(f"ALTER TABLE tracks ADD COLUMN {column} {definition}")
            db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [SCHEMA])


def read_as_present(db: sqlite3.Connection) -> None:
    """Let a reader of a file of schema 2 see what schema 3 added, as unknown; the file itself is not touched.

    The view lies in this connection's own temporary database, where SQLite looks first. It names the old columns alone, so that
    it stays right when a writer migrates the file meanwhile.
    """
    db.execute("PRAGMA temp_store = MEMORY")
    unknown = ", ".join(f"{'0' if kind.startswith('INTEGER') else chr(39) * 2} AS {name}" for name, kind in _ADDED.items())
    db.execute(f"CREATE TEMP VIEW tracks AS SELECT {_BEFORE}, {unknown} FROM main.tracks")  # noqa: S608 (constants)


def has_tag_tables(db: sqlite3.Connection) -> bool:
    """Whether this catalogue has a place for predicted tags."""
    (found,) = db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('tag_encoders', 'predicted_tags')").fetchone()
    return bool(found == 2)


def add_tag_tables(db: sqlite3.Connection) -> None:
    """Give a catalogue a place for predicted tags if it has none."""
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
