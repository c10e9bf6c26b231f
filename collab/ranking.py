"""The best k songs of many users, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.history import History
from collab.model import TILE
from data.errors import InputError

# Scores held at a time, 4 bytes each and 1 more while they are compared. They are sorted in parts of `PART_CELLS`, because where
# all songs of a user are tied, sorting them takes some 40 bytes for each.
BLOCK_CELLS = 2**23
PART_CELLS = 2**21


@dataclass(frozen=True)
class Ranking:
    """Ranked songs of b users; a user with fewer candidates than k has a shorter list, never padding.

    Parameters
    ----------
    users : int32 (b,), user rows as asked for.
    starts : int64 (b + 1,); the list of `users[j]` is `tracks[starts[j]:starts[j + 1]]`, best first.
    tracks : int32 (n,), song rows.
    scores : float32 (n,)
    """

    users: NDArray[np.int32]
    starts: NDArray[np.int64]
    tracks: NDArray[np.int32]
    scores: NDArray[np.float32]

    def of(self, position: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Songs and scores of the user at `position` in `users`."""
        cells = slice(int(self.starts[position]), int(self.starts[position + 1]))
        return self.tracks[cells], self.scores[cells]


def top_k(
    scores: Callable[[NDArray[np.int32]], NDArray[np.float32]],
    users: NDArray[np.int32],
    k: int,
    *,
    seen: History | None = None,
    candidates: NDArray[np.bool_] | None = None,
    block: int | None = None,
    seed: int = 0,
) -> Ranking:
    """Rank candidates for each user; equal scores stand in an order drawn by seed and user, never in catalogue order.

    Parameters
    ----------
    scores : user rows int32 (b,) -> scores float32 (b, I) without NaN, as `Recommender.scores`.
    users : int32 (n,), user rows.
    k : length of a list, >= 1.
    seen : songs never to return, by user row; None to allow all.
    candidates : bool (I,), songs that may be returned; None for all.
    block : users scored at a time; by default as many as keep `BLOCK_CELLS` scores in memory. The result does not depend on it.

    Raises
    ------
    InputError : k or block below 1.
    """
    if k < 1 or (block is not None and block < 1):
        raise InputError(f"k={k} and block={block} must be 1 or more")
    columns = None if candidates is None else np.flatnonzero(candidates)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]] = []
    order = np.empty(0, np.int64)
    start, stop = 0, block or 1  # one user shows how many songs there are
    while start < len(users):
        rows = users[start:stop]
        whole = np.asarray(scores(rows), np.float32)  # (b, I)
        if not len(order):
            order = np.random.default_rng(seed).permutation(whole.shape[1])
            size = block or users_at_a_time(whole.shape[1])
        step = max(1, PART_CELLS // max(1, whole.shape[1]))
        for first in range(0, len(rows), step):
            part = slice(first, first + step)
            parts.append(_best_of_part(whole[part], k, rows[part], seen, columns, order))
        del whole  # or the next block would be held beside it
        start, stop = stop, stop - stop % size + size
    counts, tracks, values = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _nothing()
    return Ranking(users, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), tracks, values)


def users_at_a_time(songs: int) -> int:
    """How many users are scored at a time: full tiles of a matrix product where that fits `BLOCK_CELLS`."""
    fit = max(1, BLOCK_CELLS // max(1, songs))
    return fit - fit % TILE if fit >= TILE else fit


def tie_order(tracks: NDArray[np.int64], users: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each song among equals, int64 (n,): one random permutation, turned round by a different amount for each user.

    Parameters
    ----------
    tracks, users : int64 (n,), song and user rows.
    order : int64 (I,), a random permutation.
    """
    shift = (users + 1) * 2_654_435_761 % max(1, len(order))  # Knuth's multiplicative hash
    return (order[tracks] + shift) % max(1, len(order))


def _best_of_part(
    scores: NDArray[np.float32],
    k: int,
    users: NDArray[np.int32],
    seen: History | None,
    columns: NDArray[np.int64] | None,
    order: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Number of songs of each user, and all songs and scores, one user after another.

    The few songs that can be among the best are found by comparing with a bound; only they are sorted.

    Parameters
    ----------
    scores : float32 (b, I); -inf marks what may not be returned. columns : the candidates, int64 (m,); None for all.
    """
    if columns is not None:
        scores = scores[:, columns]
    heard, of = np.empty(0, np.int32), np.empty(0, np.int64)
    if seen is not None:
        heard, _, of = seen.gather(users)
    bound = _lower_bound(scores, k, np.bincount(of, minlength=len(scores)))
    kept = np.flatnonzero(scores >= bound[:, None])
    rows, places = np.divmod(kept, max(1, scores.shape[1]))
    values = scores[rows, places]
    tracks = places if columns is None else columns[places]
    allowed = values > -np.inf
    if len(heard):
        cells, asked = of * len(order) + heard, rows * len(order) + tracks  # both ascending
        allowed &= cells[np.minimum(np.searchsorted(cells, asked), len(cells) - 1)] != asked
    rows, tracks, values = rows[allowed], tracks[allowed], values[allowed]
    ranked = _sorted(rows, values, tracks, users, order)
    rows, tracks, values = rows[ranked], tracks[ranked], values[ranked]
    first = np.searchsorted(rows, np.arange(len(scores)))
    within = np.arange(len(rows)) - first[rows] < k  # cuts the ties at the end of a list
    counts = np.bincount(rows[within], minlength=len(scores)).astype(np.int64)
    return counts, tracks[within].astype(np.int32), values[within]


def _sorted(
    rows: NDArray[np.int64],
    values: NDArray[np.float32],
    tracks: NDArray[np.int64],
    users: NDArray[np.int32],
    order: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Positions row by row, the highest value first, equals in `tie_order`: int64 (n,)."""
    # One sort of integers is many times faster than one of three keys: the row above, below it the bits of -value, which are
    # ordered as the numbers are once the sign is turned.
    bits = (np.float32(0) - values).view(np.uint32)
    falling = bits ^ np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    key = rows.astype(np.uint64) << np.uint64(32) | falling
    ranked = np.argsort(key)
    ascending = key[ranked]
    if (ascending[1:] == ascending[:-1]).any():
        ranked = np.lexsort((tie_order(tracks, users[rows].astype(np.int64), order), key))
    return ranked


def _lower_bound(scores: NDArray[np.float32], k: int, heard: NDArray[np.int64]) -> NDArray[np.float32]:
    """A score, float32 (b,), that the k-th best unheard song of each row reaches; -inf where that is not known.

    The songs are put in groups and the best of each group is found, which is fast. Of n + k different songs that reach a score, k
    are unheard if n are heard; so the (n + k)-th best of the groups' best will do.

    Parameters
    ----------
    scores : float32 (b, m). heard : int64 (b,), how many songs of each row may not be returned.
    """
    width = scores.shape[1]
    groups = min(width, max(1024, 8 * (k + int(np.median(heard))))) if len(heard) else 0
    if not groups:
        return np.full(len(scores), -np.inf, np.float32)
    depth = width // groups
    best = scores[:, : groups * depth].reshape(len(scores), depth, groups).max(axis=1)
    if np.isnan(best).any() or np.isnan(scores[:, groups * depth :]).any():
        raise ValueError("scores must not be NaN")
    rank = k + heard
    known = rank <= groups
    best.partition(groups - np.unique(rank[known]), axis=1)
    bound: NDArray[np.float32] = np.where(known, best[np.arange(len(best)), np.where(known, groups - rank, 0)], -np.inf)
    return bound.astype(np.float32)


def _nothing() -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
