"""The catalogue of songs: one SQLite file with tracks, labels and the ledger of files that could not be used."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from data.catalogue_file import connect, has_tag_tables, sql_errors, whole
from data.errors import InputError
from data.files import fingerprint
from data.tracks import Track

_CHUNK = 500  # ids a query; SQLite limits the number of parameters

_TRACK = "track_id, path, artist, title, album, duration, content_hash"
_SONGS = """
SELECT tracks.track_id, artist, value FROM tracks
LEFT JOIN labels ON labels.track_id = tracks.track_id AND kind = 'lastfm_artist_id' ORDER BY tracks.track_id
"""


class FileState(NamedTuple):
    """How a catalogued file looked when it was last read; `genre_tag` is the genre that the file itself names, or ""."""

    size: int
    mtime_ns: int
    content_hash: str
    track_id: str
    genre_tag: str = ""


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


class Catalogue:
    """An open catalogue; a context manager. Each writing method is one transaction, so a killed process loses at most one song.

    Use `Catalogue.open`. One writer at a time, any number of readers beside it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path

    @classmethod
    def open(cls, path: Path, *, create: bool = False, readonly: bool = False) -> Catalogue:
        """Open, and with `create` make, the catalogue at `path`.

        Raises
        ------
        InputError : code "missing", "damaged" (no catalogue), "schema" (of another version), "busy" or "unwritable".
        """
        if not path.is_file() and (readonly or not create):
            raise InputError(f"{path} does not exist", code="missing", hint="Scan a folder of songs first")
        return cls(connect(path, create=create, readonly=readonly), path)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    # reading

    def count(self) -> int:
        """Number of songs."""
        return int(self.query("SELECT count(*) FROM tracks")[0][0])

    def songs_state(self) -> str:
        """A fingerprint of the songs as listens name them: 16 hex digits over id, artist and Last.fm's artist number, by id.

        What was joined with the catalogue at another one is stale. The order of scanning, places and times do not count.
        """
        return fingerprint(self.query(_SONGS))

    def tracks(self) -> list[Track]:
        """All songs, ordered by track_id."""
        labels = self._labels("SELECT track_id, kind, value FROM labels ORDER BY track_id, kind")
        return [_track(row, labels) for row in self.query(f"SELECT {_TRACK} FROM tracks ORDER BY track_id")]  # noqa: S608 (constants)

    def track(self, track_id: str) -> Track:
        """One song. Raises InputError (code "unknown-id") if it is not in the catalogue."""
        found = self.tracks_by_id([track_id])
        if not found:
            raise InputError(
                f"unknown track {track_id!r}",
                code="unknown-id",
                hint="Ids are those of tracks.csv, or paths relative to the scanned folder",
            )
        return found[track_id]

    def tracks_by_id(self, ids: Iterable[str]) -> dict[str, Track]:
        """Those of the songs `ids` that are in the catalogue, reading no others."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Track] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            labels = self._labels(f"SELECT track_id, kind, value FROM labels WHERE track_id IN ({marks}) ORDER BY kind", chunk)  # noqa: S608
            rows = self.query(f"SELECT {_TRACK} FROM tracks WHERE track_id IN ({marks})", chunk)  # noqa: S608
            found |= {row[0]: _track(row, labels) for row in rows}
        return found

    def file_states(self) -> dict[str, FileState]:
        """State of every catalogued file, by path."""
        rows = self.query("SELECT path, size, mtime_ns, content_hash, track_id, genre_tag FROM tracks ORDER BY path")
        return {row[0]: FileState(*row[1:]) for row in rows}

    def label_sources(self) -> dict[str, dict[str, str]]:
        """Where each label comes from: track_id -> kind -> "table", "folder" or "tag"."""
        return self._labels("SELECT track_id, kind, source FROM labels ORDER BY track_id, kind")

    def label_kinds(self) -> dict[str, int]:
        """Number of songs that carry a label of each kind."""
        return dict(self.query("SELECT kind, count(*) FROM labels GROUP BY kind ORDER BY kind"))

    def label_values(self, kind: str) -> dict[str, int]:
        """Number of songs of each value of the label `kind`; empty if there is no such kind."""
        return dict(self.query("SELECT value, count(*) FROM labels WHERE kind = ? GROUP BY value ORDER BY value", [kind]))

    def roots(self) -> list[str]:
        """The scanned folders that songs came from, sorted."""
        return [row[0] for row in self.query("SELECT DISTINCT root FROM tracks ORDER BY root")]

    def failures(self) -> list[Failure]:
        """The ledger, ordered by path."""
        rows = self.query("SELECT path, stage, code, reason, hint, size, mtime_ns, kept, time FROM failures ORDER BY path")
        return [_failure(row) for row in rows]

    # writing

    def put(
        self,
        track: Track,
        *,
        root: str,
        size: int,
        mtime_ns: int,
        genre_tag: str = "",
        label_sources: Mapping[str, str] | None = None,
        damage: Failure | None = None,
    ) -> None:
        """Write one song with its labels, in place of what had its id or its path; the ledger then says only `damage` of it.

        Parameters
        ----------
        label_sources : kind -> "table", "folder" or "tag"; a kind that is not named comes from a table.
        """
        values = (track.track_id, track.path, root, track.artist, track.title, track.album, track.duration, track.content_hash)
        sources = label_sources or {}
        labels = [(track.track_id, kind, value, sources.get(kind, "table")) for kind, value in track.labels.items()]
        with self.transaction() as db:
            replaced = [track.track_id, track.path]
            old = db.execute("SELECT path, content_hash FROM tracks WHERE track_id = ? OR path = ?", replaced).fetchall()
            db.executemany("DELETE FROM failures WHERE path = ?", [(path,) for path in {track.path, *(row[0] for row in old)}])
            db.execute("DELETE FROM tracks WHERE track_id = ? OR path = ?", replaced)
            db.execute("INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, size, mtime_ns, genre_tag))
            db.executemany("INSERT INTO labels VALUES (?, ?, ?, ?)", labels)
            _forget_tags(db, {row[1] for row in old} - {track.content_hash})
            if damage is not None:
                _insert_failure(db, damage)

    def remove(self, track_id: str) -> None:
        """Forget one song, its labels and what was predicted of it; an unknown id changes nothing."""
        with self.transaction() as db:
            old = db.execute("SELECT content_hash FROM tracks WHERE track_id = ?", [track_id]).fetchall()
            db.execute("DELETE FROM tracks WHERE track_id = ?", [track_id])
            _forget_tags(db, {row[0] for row in old})

    def record_failure(self, failure: Failure) -> None:
        """Add to the ledger, or replace what it said of the same path."""
        with self.transaction() as db:
            _insert_failure(db, failure)

    def clear_failure(self, path: str) -> None:
        """Strike one path from the ledger; an unknown path changes nothing."""
        with self.transaction() as db:
            db.execute("DELETE FROM failures WHERE path = ?", [path])

    def query(self, query: str, values: Sequence[str] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """All rows of one SELECT; for the modules beside this one that keep tables of their own in the file."""
        with sql_errors(self.path):
            return self._db.execute(query, values).fetchall()

    def _labels(self, query: str, values: Sequence[str] = ()) -> dict[str, dict[str, str]]:
        labels: dict[str, dict[str, str]] = {}
        for track_id, kind, value in self.query(query, values):
            labels.setdefault(track_id, {})[kind] = value
        return labels

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is written inside; for the modules beside this one, too."""
        with sql_errors(self.path), whole(self._db):
            yield self._db

    def has_tags(self) -> bool:
        """Whether this file has a place for predicted tags; see `data.predicted_tags`."""
        with sql_errors(self.path):
            return has_tag_tables(self._db)


def _failure(row: Sequence) -> Failure:  # type: ignore[type-arg]
    path, stage, code, reason, hint, size, mtime_ns, kept, moment = row
    return Failure(path, stage, code, reason, hint, size, mtime_ns, bool(kept), moment)


def _insert_failure(db: sqlite3.Connection, failure: Failure) -> None:
    names = ("path", "stage", "code", "reason", "hint", "time", "size", "mtime_ns", "kept")
    db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [getattr(failure, name) for name in names])


def _forget_tags(db: sqlite3.Connection, content_hashes: Iterable[str]) -> None:
    """Strike the predicted tags of sounds that no song has any more."""
    unused = "DELETE FROM predicted_tags WHERE content_hash = ?1 AND NOT EXISTS (SELECT 1 FROM tracks WHERE content_hash = ?1)"
    db.executemany(unused, [(content_hash,) for content_hash in content_hashes])


def _track(row: Sequence, labels: dict[str, dict[str, str]]) -> Track:  # type: ignore[type-arg]
    track_id, path, artist, title, album, duration, content_hash = row
    return Track(track_id, path, artist, title, album, labels.get(track_id, {}), duration, content_hash)
