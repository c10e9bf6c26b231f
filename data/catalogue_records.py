"""The records that the catalogue holds besides songs, and how records and rows of its tables become each other."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from data.tracks import Track

# Columns that are fields of a Track, in the order in which they are read.
_FIELDS = (
    "track_id", "path", "artist", "title", "album", "duration", "content_hash", "album_artist", "year", "number",
    "recording_mbid", "artist_mbid", "release_mbid",
)  # fmt: skip
TRACK = ", ".join(_FIELDS)
FAILURE = "path, stage, code, reason, hint, size, mtime_ns, kept, time"


class FileState(NamedTuple):
    """How a catalogued file looked when it was last read.

    Parameters
    ----------
    genre_tag : the genre that the file itself names, or "".
    tags_version : `data.tags.TAGS_VERSION` of the program that read its tags; those of an older one are read again.
    """

    size: int
    mtime_ns: int
    content_hash: str
    track_id: str
    genre_tag: str = ""
    tags_version: int = 0


@dataclass(frozen=True)
class Failure:
    """One file, or one line of a table (`path` is then "file:line"), that could not be used or only in part.

    Parameters
    ----------
    stage : the step that met it, "scan", "tracks.csv", ...
    code, reason, hint : as in `InputError`.
    size, mtime_ns : the file's state at that time; it is not tried again until they change.
    kept : True where the song is catalogued all the same (damaged but usable).
    time : Unix seconds.
    """

    path: str
    stage: str
    code: str
    reason: str
    hint: str = ""
    size: int = 0
    mtime_ns: int = 0
    kept: bool = False
    time: float = field(default_factory=time.time, compare=False)


def track_of(row: Sequence[Any], labels: Mapping[str, Mapping[str, str]]) -> Track:
    """A row of `TRACK`'s columns as a record, with the labels that belong to its id."""
    return Track(**dict(zip(_FIELDS, row, strict=True)), labels=labels.get(row[0], {}))


def failure_of(row: Sequence[Any]) -> Failure:
    """A row of `FAILURE`'s columns as a record."""
    path, stage, code, reason, hint, size, mtime_ns, kept, moment = row
    return Failure(path, stage, code, reason, hint, size, mtime_ns, bool(kept), moment)


def insert_track(db: sqlite3.Connection, track: Track, root: str, state: FileState) -> None:
    """Add one song; nothing may have its id or its path. What else than the track is written of it comes from `state`."""
    values = {name: getattr(track, name) for name in _FIELDS} | {
        "root": root,
        "size": state.size,
        "mtime_ns": state.mtime_ns,
        "genre_tag": state.genre_tag,
        "tags_version": state.tags_version,
    }
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO tracks ({', '.join(values)}) VALUES ({marks})", list(values.values()))  # noqa: S608 (constants)


def insert_failure(db: sqlite3.Connection, failure: Failure) -> None:
    """Add to the ledger, in place of what it said of the same path."""
    values = [getattr(failure, name) for name in FAILURE.split(", ")]
    db.execute(f"INSERT OR REPLACE INTO failures ({FAILURE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608


def forget_tags(db: sqlite3.Connection, content_hashes: Iterable[str]) -> None:
    """Strike the predicted tags of sounds that no song has any more."""
    unused = "DELETE FROM predicted_tags WHERE content_hash = ?1 AND NOT EXISTS (SELECT 1 FROM tracks WHERE content_hash = ?1)"
    db.executemany(unused, [(content_hash,) for content_hash in content_hashes])
