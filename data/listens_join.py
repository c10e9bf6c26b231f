"""Join raw rows of listens with the songs that they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.importers.parsed import ItemKind
from data.listens import Listens
from data.resolve import resolve_artists, resolve_tracks
from data.tracks import Track

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class SourceRows:
    """Rows of one source that name known songs: `user` indexes `users`, `track` the catalogue; unknown times are 0."""

    users: list[str]
    user: NDArray[np.int64]
    track: NDArray[np.int64]
    weight: NDArray[np.float64]
    time: NDArray[np.int64]


def known_rows(table: pa.Table, item_kind: ItemKind, catalogue: list[Track], ids: IdMap) -> tuple[SourceRows, int]:
    """The rows of one source's table that name known songs, and how many do not."""
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
    return SourceRows([users[at] for at in present], user, track, weight, time), int((times == 0).sum())


def _codes(column: Any) -> tuple[NDArray[np.int64], list[str]]:
    """A text column as codes int64 (n,) and the texts that they stand for."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def aggregated(
    user: NDArray[np.int64],
    track: NDArray[np.int64],
    weight: NDArray[np.float64],
    time: NDArray[np.int64],
    *,
    users: IdMap,
    tracks: IdMap,
) -> tuple[Listens, int]:
    """One row a (user, track) pair, and how many repeated events were dropped (of these the largest weight stays)."""
    user, track, weight, time, repeated = _ordered(user, track, weight, time)
    same_pair = (user[1:] == user[:-1]) & (track[1:] == track[:-1])
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(user)), bool), ~same_pair]))
    total = np.add.reduceat(np.where(repeated, 0.0, weight), begins) if len(begins) else weight
    latest = np.maximum.reduceat(time, begins) if len(begins) else time
    return _listens(user[begins], track[begins], total, latest, users, tracks), int(repeated.sum())


def single_events(
    user: NDArray[np.int64],
    track: NDArray[np.int64],
    weight: NDArray[np.float64],
    time: NDArray[np.int64],
    *,
    users: IdMap,
    tracks: IdMap,
) -> tuple[Listens, int]:
    """One row an event (user, track, time), ordered so, and how many repeated ones were dropped, as `aggregated` drops them."""
    user, track, weight, time, repeated = _ordered(user, track, weight, time)
    kept = ~repeated
    return _listens(user[kept], track[kept], weight[kept], time[kept], users, tracks), int(repeated.sum())


def _ordered(
    user: NDArray[np.int64], track: NDArray[np.int64], weight: NDArray[np.float64], time: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """The rows by user, track and time, and which of them repeat the event before; unknown times repeat nothing."""
    order = np.lexsort((-weight, time, track, user))
    user, track, weight, time = user[order], track[order], weight[order], time[order]
    repeated = np.zeros(len(user), bool)
    same = (user[1:] == user[:-1]) & (track[1:] == track[:-1]) & (time[1:] == time[:-1])
    repeated[1:] = same & (time[1:] > 0)
    return user, track, weight, time, repeated


def _listens(
    user: NDArray[np.int64],
    track: NDArray[np.int64],
    weight: NDArray[np.float64],
    time: NDArray[np.int64],
    users: IdMap,
    tracks: IdMap,
) -> Listens:
    """The record, without times where none is known."""
    strength = np.minimum(weight, np.finfo(np.float32).max).astype(np.float32)
    known_times = time if len(time) and time.max() > 0 else None
    return Listens(user.astype(np.int32), track.astype(np.int32), strength, known_times, users, tracks)
