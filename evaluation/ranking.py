"""Full ranking of all candidates for a block of users: where the test songs stand, and which songs stand on top.

Nothing is sampled: every candidate that a user has not in train is ranked (Krichene & Rendle, KDD 2020, show that sampled
candidates order models wrongly). Equal scores are ordered at random, each user for itself; a stable sort would rank them by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class CandidateBlock:
    """Scores of the songs that may be ranked for b users.

    Parameters
    ----------
    values : floating (b, C), scores of the C candidates; NaN where the user has the song in train.
    ordered : floating (b, C), each row of `values` ascending, NaN last.
    size : int64 (b,), candidates left to each user.
    tracks : int64 (C,), row of each candidate in the catalogue.
    n_tracks : I, songs of the catalogue.
    """

    values: NDArray[Any]
    ordered: NDArray[Any]
    size: NDArray[np.int64]
    tracks: NDArray[np.int64]
    n_tracks: int


@dataclass(frozen=True)
class Ranks:
    """Where the p test positives of b users stand; sorted by user, then by rank.

    Parameters
    ----------
    user : int64 (p,), row within the block.
    track : int64 (p,), row of the catalogue.
    rank : int64 (p,), 0 is the top; equal scores were ordered at random.
    negatives_above : float64 (p,), candidates that are no test positive and score higher; those that score the same count half.
    size : int64 (b,), candidates of each user.
    negatives : int64 (b,), candidates of each user that are no test positive.
    """

    user: NDArray[np.int64]
    track: NDArray[np.int64]
    rank: NDArray[np.int64]
    negatives_above: NDArray[np.float64]
    size: NDArray[np.int64]
    negatives: NDArray[np.int64]


def candidate_block(scores: NDArray[Any], train: sp.csr_matrix, candidates: NDArray[np.bool_]) -> CandidateBlock:
    """Keep the candidates of each user: `candidates` without the songs that the user has in train.

    Parameters
    ----------
    scores : floating (b, I), higher is better.
    train : CSR (b, I), what each user is known to have played.
    candidates : bool (I,).

    Raises
    ------
    ValueError : shapes differ, or a score is NaN.
    """
    if scores.ndim != 2 or scores.shape != train.shape or scores.shape[1] != len(candidates):
        raise ValueError(
            f"scores {scores.shape}, train {train.shape} and candidates {candidates.shape} must be (b, I), (b, I), (I,)"
        )
    tracks = np.flatnonzero(candidates)
    values = scores[:, tracks]  # (b, C), a copy
    if np.isnan(values).any():
        raise ValueError("scores must not be NaN")
    column = np.full(scores.shape[1], -1, np.int64)
    column[tracks] = np.arange(len(tracks))
    rows, columns = _pairs(train)
    known = column[columns] >= 0
    values[rows[known], column[columns[known]]] = np.nan
    size = len(tracks) - np.isnan(values).sum(axis=1)
    return CandidateBlock(values, np.sort(values, axis=1), size.astype(np.int64), tracks, scores.shape[1])


def rank_positives(block: CandidateBlock, test: sp.csr_matrix, rng: np.random.Generator) -> Ranks:
    """Rank the songs that stand in `test`, CSR (b, I), among all candidates.

    Raises
    ------
    ValueError : a test song is no candidate of its user, e.g. because it stands in train as well.
    """
    user, track = _pairs(test)
    column = np.full(block.n_tracks, -1, np.int64)
    column[block.tracks] = np.arange(len(block.tracks))
    if (column[track] < 0).any():
        raise ValueError(f"test song {int(track[column[track] < 0][0])} is no candidate")
    value = block.values[user, column[track]]
    if np.isnan(value).any():
        bad = int(np.flatnonzero(np.isnan(value))[0])
        raise ValueError(f"song {int(track[bad])} stands in train and in test of the user in row {int(user[bad])}")
    order = np.lexsort((-value, user))
    user, track, value = user[order], track[order], value[order]
    below = _count_below(block, user, value, inclusive=False)
    up_to = _count_below(block, user, value, inclusive=True)
    above = block.size[user] - up_to
    ties = up_to - below  # candidates with this score, the song itself among them

    # Positives of one user with one score share a run; they must not be put on the same place.
    first = np.ones(len(user), np.bool_)
    first[1:] = (user[1:] != user[:-1]) | (value[1:] != value[:-1])
    start = np.flatnonzero(first)
    length = np.diff(np.append(start, len(user)))
    run = np.cumsum(first) - 1
    place = np.floor(rng.random(len(user)) * ties).astype(np.int64)
    for begin, count in zip(start[length > 1].tolist(), length[length > 1].tolist(), strict=True):
        place[begin : begin + count] = rng.choice(int(ties[begin]), count, replace=False)

    user_start = np.searchsorted(user, np.arange(len(block.size)))
    positives_above = start[run] - user_start[user] + (length[run] - 1) / 2
    negatives_above = above + (ties - 1) / 2 - positives_above
    rank = above + place
    order = np.lexsort((rank, user))
    negatives = block.size - np.bincount(user, minlength=len(block.size))
    return Ranks(user[order], track[order], rank[order], negatives_above[order], block.size, negatives)


def top_k(block: CandidateBlock, k: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The k best candidates of each user as (row, song) pairs, int64 (m,) each, sorted by row.

    A user with fewer than k candidates gets all of them. Which of several equal songs takes the last places is left to chance.
    """
    wanted = np.minimum(k, block.size)
    row = np.flatnonzero(wanted)
    threshold = np.full((len(block.size), 1), np.nan, block.values.dtype)
    threshold[row, 0] = block.ordered[row, block.size[row] - wanted[row]]
    chosen: NDArray[np.bool_] = block.values >= threshold  # (b, C), False where NaN
    surplus = chosen.sum(axis=1) - wanted
    crowded = np.flatnonzero(surplus > 0)  # more songs share the last places than there are places
    if len(crowded):
        tied = block.values[crowded] == threshold[crowded]
        room = tied.sum(axis=1) - surplus[crowded]  # places left for the tied songs of each such row, k at most
        key = np.where(tied, rng.random(tied.shape, dtype=np.float32), np.float32(2))
        lucky = np.argpartition(key, min(k, key.shape[1]) - 1, axis=1)[:, :k]
        lucky = np.take_along_axis(lucky, np.argsort(np.take_along_axis(key, lucky, axis=1), axis=1), axis=1)
        chosen[crowded] &= ~tied
        row, place = np.nonzero(np.arange(lucky.shape[1]) < room[:, None])
        chosen[crowded[row], lucky[row, place]] = True
    user, column = np.nonzero(chosen)
    return user.astype(np.int64), block.tracks[column]


def _pairs(matrix: sp.csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each stored entry, int64 (nnz,) each."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return rows, matrix.indices.astype(np.int64)


def _count_below(block: CandidateBlock, user: NDArray[np.int64], value: NDArray[Any], *, inclusive: bool) -> NDArray[np.int64]:
    """How many candidates of each `user` score less than `value` (or as much, if `inclusive`): binary search for all pairs."""
    low, high = np.zeros(len(user), np.int64), block.size[user].copy()
    while (active := low < high).any():
        middle = (low + high) // 2
        score = block.ordered[user, np.minimum(middle, len(block.tracks) - 1)]
        right = active & ((score <= value) if inclusive else (score < value))
        low = np.where(right, middle + 1, low)
        high = np.where(active & ~right, middle, high)
    return low
