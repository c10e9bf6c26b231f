"""The listens of a workspace: kept raw, one Parquet file a source, and joined with the catalogue when they are loaded.

`sources.json` says which files count; a table is written before it is listed, so a killed import changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, disk_errors, fingerprint, read_json, write_json
from data.ids import IdMap
from data.importers.parsed import ItemKind, Rejected
from data.importers.recognise import recognise
from data.listens import Listens
from data.resolve import resolve_artists, resolve_tracks
from data.tracks import Track

SCHEMA = 1
MANIFEST = "sources.json"


@dataclass(frozen=True)
class StoredSource:
    """One imported source: where it came from, hash of its content, what it is, good rows, and its table's file name."""

    path: str
    content_hash: str
    format: str
    item_kind: ItemKind
    rows: int
    file: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Parameters
    ----------
    source : what is stored now.
    rows : rows in the source, good and bad; of an unchanged source the stored ones.
    rejected : bad rows by reason.
    unchanged : this content was imported before, nothing was done.
    replaced : an earlier content of the same path was replaced.
    """

    source: StoredSource
    rows: int
    rejected: tuple[Rejected, ...] = ()
    unchanged: bool = False
    replaced: bool = False


def sources(folder: Path) -> list[StoredSource]:
    """The sources imported so far, ordered by path. Raises InputError if the list is damaged."""
    if not (folder / MANIFEST).exists():
        return []
    try:
        return [StoredSource(**entry) for entry in read_json(folder / MANIFEST, schema=SCHEMA)["sources"]]
    except (KeyError, TypeError):
        raise InputError(f"{folder / MANIFEST} is damaged", code="damaged", hint="Import the listens again") from None


def state(folder: Path) -> str:
    """A fingerprint of all stored listens: what was derived at another one is stale. Reads no listens."""
    return fingerprint(sorted([source.content_hash, source.item_kind] for source in sources(folder)))


def import_file(folder: Path, path: Path, *, progress: Callable[[int, int], None] | None = None) -> ImportReport:
    """Read the listens in `path` and store them in `folder`.

    The same content again changes nothing; new content of a path imported before replaces what it gave.

    Raises
    ------
    InputError : as `recognise`; no row is good; the disk is full.
    """
    import pyarrow.parquet as pq

    source = recognise(path)
    content_hash = source.content_hash()
    stored = sources(folder)
    same = next((old for old in stored if old.content_hash == content_hash), None)
    others = [old for old in stored if old.path != str(source.path) or old is same]
    replaced = len(others) < len(stored)
    if same is not None and not replaced:
        return ImportReport(same, same.rows, unchanged=True)
    if same is None:
        parsed = source.parse(progress)
        rows, rejected = parsed.rows, parsed.rejected
        new = StoredSource(
            str(source.path), content_hash, parsed.format, parsed.item_kind, parsed.table.num_rows, f"{content_hash}.parquet"
        )
        about = {"schema": str(SCHEMA), "source": new.path, "format": new.format, "item_kind": new.item_kind}
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / new.file) as temporary:
            pq.write_table(parsed.table.replace_schema_metadata(about), temporary, compression="zstd")
        others.append(new)
    else:
        new, rows, rejected = same, same.rows, ()
    listed = sorted(others, key=lambda one: one.path)
    write_json(folder / MANIFEST, {"schema": SCHEMA, "sources": [asdict(one) for one in listed]})
    for orphan in set(folder.glob("*.parquet")) - {folder / one.file for one in listed}:
        orphan.unlink(missing_ok=True)
    return ImportReport(new, rows, rejected, replaced=replaced)


def load(folder: Path, tracks: Sequence[Track]) -> tuple[Listens, dict[str, int]]:
    """Join all sources with the catalogue.

    Plays of a (user, track) pair are added, its time is the latest; an event (user, track, time) that stands in several rows
    counts once. Rows that name unknown songs stay on disk and count as soon as the songs are catalogued. A play count of an
    artist goes to each song of the artist.

    Parameters
    ----------
    tracks : the catalogue.

    Returns
    -------
    listens : one row a (user, track) pair, ordered; `tracks` are all of the catalogue, sorted by id; `users` those with a known
        song, sorted. `time` is None if no source has times; else 0 for pairs of unknown time.
    counts : what was read, left out and kept, in words, in this order.

    Raises
    ------
    InputError : a stored table is missing or damaged.
    """
    catalogue = sorted(tracks, key=lambda track: track.track_id)
    ids = IdMap(tuple(track.track_id for track in catalogue), "track")
    parts: list[_Rows] = []
    counts = {"rows stored": 0, "rows of unknown songs (kept for later)": 0}
    for source in sources(folder):
        rows, unknown = _rows(folder / source.file, source.item_kind, catalogue, ids)
        counts["rows stored"] += source.rows
        counts["rows of unknown songs (kept for later)"] += unknown
        parts.append(rows)
    users = IdMap.of((user for part in parts for user in part.users), "user")
    user = np.concatenate([users.rows(part.users).astype(np.int64)[part.user] for part in parts] or [np.empty(0, np.int64)])
    track = np.concatenate([part.track for part in parts] or [np.empty(0, np.int64)])
    weight = np.concatenate([part.weight for part in parts] or [np.empty(0)])
    time = np.concatenate([part.time for part in parts] or [np.empty(0, np.int64)])
    listens, repeated = _aggregated(user, track, weight, time, users=users, tracks=ids)
    counts["repeated events counted once"] = repeated
    counts |= {"user-song pairs": len(listens), "users": len(users), "songs": len(ids)}
    counts["songs without listens"] = int((listens.track_counts() == 0).sum())
    return listens, counts


@dataclass(frozen=True)
class _Rows:
    """Rows of one source that name known songs: `user` indexes `users`, `track` the catalogue; unknown times are 0."""

    users: list[str]
    user: NDArray[np.int64]
    track: NDArray[np.int64]
    weight: NDArray[np.float64]
    time: NDArray[np.int64]


def _rows(path: Path, item_kind: ItemKind, catalogue: list[Track], ids: IdMap) -> tuple[_Rows, int]:
    """The rows of one table that name known songs, and how many do not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}", code="damaged", hint="Import the listens again") from None
    user, users = _codes(table.column("user_id"))
    item, items = _codes(table.column("item_id"))
    if item_kind == "track":
        pairs = resolve_tracks(items, ids)
    else:
        first = np.unique(item, return_index=True)[1]
        names = [name or "" for name in table.column("item_name").take(first).to_pylist()]
        pairs = resolve_artists(items, names, catalogue)
    # An item may mean several songs: row r becomes songs[item[r]] rows.
    songs = np.bincount(pairs.item, minlength=len(items))
    start = np.cumsum(songs) - songs
    times = songs[item]
    row = np.repeat(np.arange(len(item)), times)
    within = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    track = pairs.track[start[item[row]] + within]
    present, user = np.unique(user[row], return_inverse=True)
    weight = table.column("weight").to_numpy().astype(np.float64)[row]
    time = table.column("time").fill_null(0).to_numpy()[row]
    return _Rows([users[at] for at in present], user, track, weight, time), int((times == 0).sum())


def _codes(column: Any) -> tuple[NDArray[np.int64], list[str]]:
    """A text column as codes int64 (n,) and the texts that they stand for."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def _aggregated(
    user: NDArray[np.int64],
    track: NDArray[np.int64],
    weight: NDArray[np.float64],
    time: NDArray[np.int64],
    *,
    users: IdMap,
    tracks: IdMap,
) -> tuple[Listens, int]:
    """One row a (user, track) pair, and how many repeated events were dropped (of these the largest weight stays)."""
    order = np.lexsort((-weight, time, track, user))
    user, track, weight, time = user[order], track[order], weight[order], time[order]
    same_pair = (user[1:] == user[:-1]) & (track[1:] == track[:-1])
    repeated = np.zeros(len(user), bool)
    repeated[1:] = same_pair & (time[1:] == time[:-1]) & (time[1:] > 0)
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(user)), bool), ~same_pair]))
    total = np.add.reduceat(np.where(repeated, 0.0, weight), begins) if len(begins) else weight
    latest = np.maximum.reduceat(time, begins) if len(begins) else time
    strength = np.minimum(total, np.finfo(np.float32).max).astype(np.float32)
    known_times = latest if len(latest) and latest.max() > 0 else None
    rows = (user[begins].astype(np.int32), track[begins].astype(np.int32))
    return Listens(*rows, strength, known_times, users, tracks), int(repeated.sum())
