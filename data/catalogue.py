"""The catalogue of songs: one SQLite file with tracks, labels and the ledger of files that could not be used."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from data.catalogue_file import connect, sql_errors
from data.catalogue_records import (
    FAILURE,
    TRACK,
    Failure,
    FileState,
    failure_of,
    forget_tags,
    insert_failure,
    insert_track,
    track_of,
)
from data.catalogue_schema import has_tag_tables, whole
from data.errors import InputError
from data.files import fingerprint
from data.tracks import Track

__all__ = ["Catalogue", "Failure", "FileState"]

_CHUNK = 500  # ids a query; SQLite limits the number of parameters

_SONGS = """
SELECT tracks.track_id, artist, value FROM tracks
LEFT JOIN labels ON labels.track_id = tracks.track_id AND kind = 'lastfm_artist_id' ORDER BY tracks.track_id
"""
_NAMES = """
SELECT track_id, album_artist, title, album, duration, recording_mbid, artist_mbid FROM tracks ORDER BY track_id
"""


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
        return cls(connect(path, make=create, readonly=readonly), path)

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

    def songs_state(self, *, names: bool = False) -> str:
        """A fingerprint of the songs as listens name them: 16 hex digits over id, artist and Last.fm's artist number, by id.

        What was joined with the catalogue at another one is stale. The order of scanning, places and times do not count.

        Parameters
        ----------
        names : also over all else that listens may be matched by (see `data.matching`).
        """
        return fingerprint(self.query(_SONGS), *([self.query(_NAMES)] if names else []))

    def tracks(self) -> list[Track]:
        """All songs, ordered by track_id."""
        labels = self._labels("SELECT track_id, kind, value FROM labels ORDER BY track_id, kind")
        return [track_of(row, labels) for row in self.query(f"SELECT {TRACK} FROM tracks ORDER BY track_id")]  # noqa: S608 (constants)

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
            rows = self.query(f"SELECT {TRACK} FROM tracks WHERE track_id IN ({marks})", chunk)  # noqa: S608
            found |= {row[0]: track_of(row, labels) for row in rows}
        return found

    def file_states(self) -> dict[str, FileState]:
        """State of every catalogued file, by path."""
        rows = self.query(
            "SELECT path, size, mtime_ns, content_hash, track_id, genre_tag, tags_version FROM tracks ORDER BY path"
        )
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
        rows = self.query(f"SELECT {FAILURE} FROM failures ORDER BY path")  # noqa: S608 (constants)
        return [failure_of(row) for row in rows]

    # writing

    def put(
        self,
        track: Track,
        *,
        root: str,
        size: int,
        mtime_ns: int,
        genre_tag: str = "",
        tags_version: int = 0,
        label_sources: Mapping[str, str] | None = None,
        damage: Failure | None = None,
    ) -> None:
        """Write one song with its labels, in place of what had its id or its path; the ledger then says only `damage` of it.

        Parameters
        ----------
        size, mtime_ns, genre_tag, tags_version : as in `FileState`.
        label_sources : kind -> "table", "folder" or "tag"; a kind that is not named comes from a table.
        """
        state = FileState(size, mtime_ns, track.content_hash, track.track_id, genre_tag, tags_version)
        sources = label_sources or {}
        labels = [(track.track_id, kind, value, sources.get(kind, "table")) for kind, value in track.labels.items()]
        with self.transaction() as db:
            replaced = [track.track_id, track.path]
            old = db.execute("SELECT path, content_hash FROM tracks WHERE track_id = ? OR path = ?", replaced).fetchall()
            db.executemany("DELETE FROM failures WHERE path = ?", [(path,) for path in {track.path, *(row[0] for row in old)}])
            db.execute("DELETE FROM tracks WHERE track_id = ? OR path = ?", replaced)
            insert_track(db, track, root, state)
            db.executemany("INSERT INTO labels VALUES (?, ?, ?, ?)", labels)
            forget_tags(db, {row[1] for row in old} - {track.content_hash})
            if damage is not None:
                insert_failure(db, damage)

    def remove(self, *track_ids: str) -> None:
        """Forget songs: their labels, what was predicted of them and what the ledger says of them; unknown ids change nothing."""
        with self.transaction() as db:
            sounds = set()
            for track_id in track_ids:
                old = db.execute("SELECT path, content_hash FROM tracks WHERE track_id = ?", [track_id]).fetchall()
                db.executemany("DELETE FROM failures WHERE path = ?", [(path,) for path, _ in old])
                db.execute("DELETE FROM tracks WHERE track_id = ?", [track_id])
                sounds |= {content_hash for _, content_hash in old}
            forget_tags(db, sounds)

    def record_failure(self, failure: Failure) -> None:
        """Add to the ledger, or replace what it said of the same path."""
        with self.transaction() as db:
            insert_failure(db, failure)

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
