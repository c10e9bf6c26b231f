"""The best k songs of many users, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.history import History
from data.errors import InputError

# Scores held at a time; partitioning and, at worst, ties over whole rows take some 40 bytes for each.
BLOCK_CELLS = 2**22


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
    parts: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]] = []
    order = np.empty(0, np.int64)
    start = 0
    size = block or 1  # one user shows how many songs there are
    while start < len(users):
        rows = users[start : start + size]
        part = np.array(scores(rows), np.float32)  # (b, I), a copy of our own to mask
        if not len(order):
            order = np.random.default_rng(seed).permutation(part.shape[1])
            size = block or max(1, BLOCK_CELLS // max(1, part.shape[1]))
        if candidates is not None:
            part[:, ~candidates] = -np.inf
        if seen is not None:
            for position, user in enumerate(rows):
                part[position, seen.of(int(user))[0]] = -np.inf
        parts.append(_best_of_block(part, k, rows, order))
        start += len(rows)
    counts, tracks, values = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _nothing()
    return Ranking(users, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), tracks, values)


def tie_order(tracks: NDArray[np.int64], users: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each song among equals, int64 (n,): one random permutation, turned round by a different amount for each user.

    Parameters
    ----------
    tracks, users : int64 (n,), song and user rows.
    order : int64 (I,), a random permutation.
    """
    shift = (users + 1) * 2_654_435_761 % max(1, len(order))  # Knuth's multiplicative hash
    return (order[tracks] + shift) % max(1, len(order))


def _best_of_block(
    scores: NDArray[np.float32], k: int, users: NDArray[np.int32], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Number of songs of each user, and all songs and scores one user after another; -inf marks what may not be returned."""
    width = scores.shape[1]
    if k < width:
        worst = np.partition(scores, width - k, axis=1)[:, width - k]  # the k-th best of each row
        if np.isnan(worst).any():
            raise ValueError("scores must not be NaN")
        keep = (scores >= worst[:, None]) & (scores > -np.inf)
    else:
        keep = scores > -np.inf
    rows, tracks = np.nonzero(keep)
    values = scores[rows, tracks]
    ranked = np.lexsort((tie_order(tracks, users[rows].astype(np.int64), order), -values, rows))
    rows, tracks, values = rows[ranked], tracks[ranked], values[ranked]
    first = np.searchsorted(rows, np.arange(len(scores)))
    within = np.arange(len(rows)) - first[rows] < k  # cuts the ties at the end of a list
    counts = np.bincount(rows[within], minlength=len(scores)).astype(np.int64)
    return counts, tracks[within].astype(np.int32), values[within]


def _nothing() -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
