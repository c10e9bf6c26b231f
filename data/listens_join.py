"""Join stored rows of listens with the songs that they mean, in memory that hardly exceeds what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.listens import Listens
from data.listens_table import Batch

BLOCK_ROWS = 1 << 21  # rows that are sorted at a time


class Rows(NamedTuple):
    """n rows, int32 (n,) users and tracks, weights, int64 (n,) times (0 where unknown)."""

    user: NDArray[np.int32]
    track: NDArray[np.int32]
    weight: NDArray[np.float32] | NDArray[np.float64]
    time: NDArray[np.int64]


class SongsOfItems:
    """Which songs each item of one source means; an item may mean several."""

    def __init__(self, item: NDArray[np.int64], track: NDArray[np.int64], items: int) -> None:
        self._songs = np.bincount(item, minlength=items)
        self._start = np.cumsum(self._songs) - self._songs
        self._track = track.astype(np.int32)

    def rows(self, batch: Batch, users: NDArray[np.int32]) -> tuple[Rows, int]:
        """The rows that name known songs, one for each song that is meant, and how many do not.

        Parameters
        ----------
        users : int32 (number of users of the source,), the row of each in the id map of all users.
        """
        times = self._songs[batch.item]
        row = np.flatnonzero(times)
        if len(self._songs) and self._songs.max() > 1:
            row = np.repeat(np.arange(len(times)), times)
            within = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
            track = self._track[self._start[batch.item[row]] + within]
        else:
            track = self._track[self._start[batch.item[row]]]
        found = Rows(users[batch.user[row]], track, batch.weight[row], batch.time[row])
        return found, int((times == 0).sum())


class Blocks:
    """Rows by blocks of users, so that each block is sorted apart."""

    def __init__(self, users: int, rows: int) -> None:
        self._blocks: list[list[Rows]] = [[] for _ in range(max(1, min(rows // BLOCK_ROWS, users)))]
        self._users = max(users, 1)

    def add(self, rows: Rows) -> None:
        """Put each row to the others of its user."""
        if len(self._blocks) == 1:
            self._blocks[0].append(rows)
            return
        block = rows.user.astype(np.int64) * len(self._blocks) // self._users
        order = np.argsort(block, kind="stable")
        bounds = np.searchsorted(block[order], np.arange(len(self._blocks) + 1))
        for at, (begin, end) in enumerate(pairwise(bounds)):
            if end > begin:
                part = order[begin:end]
                self._blocks[at].append(Rows(rows.user[part], rows.track[part], rows.weight[part], rows.time[part]))

    def joined(self, users: Sequence[str], tracks: IdMap, *, events: bool) -> tuple[Listens, int]:
        """One row a (user, track) pair or event, and how many repeated events were dropped; `users` without any are left out."""
        done, repeated = [], 0
        for at, block in enumerate(self._blocks):
            if block:
                rows = Rows(*(np.concatenate(column) for column in zip(*block, strict=True)))
                self._blocks[at] = []
                part, more = (_events if events else _pairs)(rows)
                done.append(part)
                repeated += more
        empty = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int64))
        columns = [np.concatenate(column) for column in zip(*(done or [Rows(*empty)]), strict=True)]
        present = np.zeros(len(users), bool)
        present[columns[0]] = True
        ids = IdMap(tuple(user for user, there in zip(users, present, strict=True) if there), "user")
        number = (np.cumsum(present) - 1).astype(np.int32)
        return _listens(Rows(number[columns[0]], *columns[1:]), ids, tracks), repeated


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
    rows, repeated = _pairs(Rows(user.astype(np.int32), track.astype(np.int32), weight, time))
    return _listens(rows, users, tracks), repeated


def _pairs(rows: Rows) -> tuple[Rows, int]:
    """Plays of a pair added up, its time the latest."""
    user, track, weight, time, repeated = _ordered(rows)
    same_pair = (user[1:] == user[:-1]) & (track[1:] == track[:-1])
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(user)), bool), ~same_pair]))
    total = np.add.reduceat(np.where(repeated, 0.0, weight), begins) if len(begins) else weight
    latest = np.maximum.reduceat(time, begins) if len(begins) else time
    return Rows(user[begins], track[begins], _finite(total), latest), int(repeated.sum())


def _events(rows: Rows) -> tuple[Rows, int]:
    """One row an event (user, track, time), ordered so."""
    user, track, weight, time, repeated = _ordered(rows)
    kept = ~repeated
    return Rows(user[kept], track[kept], _finite(weight[kept]), time[kept]), int(repeated.sum())


def _ordered(
    rows: Rows,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """The rows by user, track and time, and which of them repeat the event before; unknown times repeat nothing."""
    order = np.lexsort((-rows.weight, rows.time, rows.track, rows.user))
    user, track, time = rows.user[order], rows.track[order], rows.time[order]
    repeated = np.zeros(len(user), bool)
    same = (user[1:] == user[:-1]) & (track[1:] == track[:-1]) & (time[1:] == time[:-1])
    repeated[1:] = same & (time[1:] > 0)
    return user, track, rows.weight[order].astype(np.float64), time, repeated


def _finite(weight: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.minimum(weight, np.finfo(np.float32).max).astype(np.float32)


def _listens(rows: Rows, users: IdMap, tracks: IdMap) -> Listens:
    """The record, without times where none is known."""
    known_times = rows.time if len(rows.time) and rows.time.max() > 0 else None
    return Listens(rows.user, rows.track, rows.weight.astype(np.float32, copy=False), known_times, users, tracks)
