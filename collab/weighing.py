"""Learning how much each part of a blend counts, by what ranks held-out songs best.

The weights are searched on a coarse grid, one after the other, on the metric itself. Fitting a likelihood instead was tried and
is worse: the scores of the parts have heavy tails, which a ranking does not mind and a likelihood does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from collab.rule import standard_popularity
from data.errors import InputError

GRID = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
DEPTHS = (10, 100)  # nDCG at both, averaged: the top of the list, and enough depth for a steady choice

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class WeighingConfig:
    """How weights are learned.

    Parameters
    ----------
    cold_share, warm_share : shares of the artists, and of each listener's artists, that are hidden.
    listeners : at most so many are used.
    pool : songs taken from the top of each part's list; no other can come to the top of a blend.
    patience : a change counts if it gains more than so many standard errors of the paired difference; else weights stay equal.
    """

    cold_share: float = 0.1
    warm_share: float = 0.15
    listeners: int = 500
    pool: int = 100
    patience: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.cold_share < 1 and 0 < self.warm_share < 1):
            raise InputError(f"weighing: cold_share={self.cold_share} and warm_share={self.warm_share} must lie in (0, 1)")
        if self.listeners < 1 or self.pool < 1 or self.patience < 0:
            raise InputError(f"weighing: listeners={self.listeners} and pool={self.pool} must be >= 1, patience >= 0")


@dataclass(frozen=True)
class Pool:
    """The songs that matter for each of b listeners: the tops of all parts' lists, and those held out.

    Parameters
    ----------
    names : k parts.
    scores : float32 (k, b, p), what each part gives to each song; 0 where there is none.
    there : bool (b, p), False where a listener has fewer songs.
    listens : int64 (b, p), listeners of each song.
    popularity : float32 (b, p), as `collab.rule.standard_popularity` has it.
    row, place : int64 (q,), the held-out songs: whose, and where in the pool.
    means, covariances : float64 (b, k) and (b, k, k), of the parts' scores over all songs without listens.
    """

    names: tuple[str, ...]
    scores: NDArray[np.float32]
    there: NDArray[np.bool_]
    listens: NDArray[np.int64]
    popularity: NDArray[np.float32]
    row: NDArray[np.int64]
    place: NDArray[np.int64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.there)

    def blend(self, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Sum over parts of weight times score, float32 (b, p), for weights (k,)."""
        k = len(self.names)
        return np.asarray(weights.astype(np.float32) @ self.scores.reshape(k, -1), dtype=np.float32).reshape(self.there.shape)

    def ndcg(self, blend: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean of nDCG at `DEPTHS` for each listener, float64 (b,), of scores (b, p); songs of one score share their places."""
        scores = np.where(self.there, blend, -np.inf)
        rivals, own = scores[self.row], scores[self.row, self.place][:, None]
        rank = (rivals > own).sum(axis=1) + ((rivals == own).sum(axis=1) - 1) / 2
        gain = 1 / np.log2(rank + 2)
        ideal = np.cumsum(1 / np.log2(np.arange(2, max(DEPTHS) + 2)))
        count = np.bincount(self.row, minlength=len(self))
        total = np.zeros(len(self))
        for depth in DEPTHS:
            hits = np.bincount(self.row, np.where(rank < depth, gain, 0.0), len(self))
            total += hits / ideal[np.minimum(count, depth) - 1]
        return total / len(DEPTHS)


def pool_of(
    parts: Mapping[str, NDArray[np.float32]],
    allowed: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    listens: NDArray[np.int64],
    size: int,
    cold: NDArray[np.bool_],
) -> Pool:
    """Gather the pools of those listeners that have a held-out song.

    Parameters
    ----------
    parts : part -> float32 (b, I), scores of all songs.
    allowed, held_out : bool (b, I), candidates, and which of them are to be found.
    listens : int64 (I,).
    size : songs from the top of each part.
    cold : bool (I,), songs without listens that can be scored.
    """
    rows, columns = np.flatnonzero(held_out.any(axis=1)), np.flatnonzero(allowed.any(axis=0))
    cells = np.ix_(rows, columns)
    allowed, held_out = allowed[cells], held_out[cells]
    values = np.stack([scores[cells] for scores in parts.values()])
    member = held_out.copy()
    depth = min(size, len(columns))
    for scores in values:
        top = np.argpartition(np.where(allowed, -scores, np.inf), depth - 1, axis=1)[:, :depth]
        np.put_along_axis(member, top, values=True, axis=1)
    member &= allowed
    width = int(member.sum(axis=1).max(initial=1))
    order = np.argsort(~member, axis=1, kind="stable")[:, :width]  # the songs of the pool, by row, then others
    there = np.take_along_axis(member, order, axis=1)
    picked = np.take_along_axis(values, order[None], axis=2) * there
    row, place = np.nonzero(there & np.take_along_axis(held_out, order, axis=1))
    among_cold = np.stack([scores[np.ix_(rows, np.flatnonzero(cold))] for scores in parts.values()], axis=1)  # (b, k, cold)
    means = among_cold.mean(axis=2, dtype=np.float64) if cold.any() else np.zeros(among_cold.shape[:2])
    centred = among_cold - means[..., None].astype(np.float32)
    covariances = (centred @ centred.transpose(0, 2, 1)).astype(np.float64) / max(1, int(cold.sum()))
    picked_listens, popularity = listens[columns][order], standard_popularity(listens)[columns][order]
    return Pool(tuple(parts), picked.astype(np.float32), there, picked_listens, popularity, row, place, means, covariances)


def ascend(
    measure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    start: NDArray[np.float64],
    *,
    patience: float,
    grid: Sequence[float] = GRID,
    rounds: int = 3,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinate ascent: one weight after the other to its best value on the grid, until none gains more than chance would.

    Parameters
    ----------
    measure : weights float64 (k,) -> a figure for each listener, float64 (b,).
    start : weights to begin with, float64 (k,).

    Returns
    -------
    The weights, and what they reach for each listener. One weight alone is tried as well.
    """
    weights, reached = start.copy(), measure(start)
    for _ in range(rounds):
        before = weights
        for number in range(len(weights)):
            values = [value for value in grid if value != weights[number]]
            rivals = [weights + (value - weights[number]) * (np.arange(len(weights)) == number) for value in values]
            weights, reached = better(measure, weights, reached, [r for r in rivals if r.any()], patience)
        if np.array_equal(weights, before):
            break
    return better(measure, weights, reached, list(np.eye(len(weights))), patience)


def better(
    measure: Callable[[Choice], NDArray[np.float64]],
    choice: Choice,
    reached: NDArray[np.float64],
    rivals: Iterable[Choice],
    patience: float,
) -> tuple[Choice, NDArray[np.float64]]:
    """The best rival if it gains on `reached` more than `patience` standard errors of the paired difference; else `choice`.

    With it what it reaches for each listener, float64 (b,).
    """
    best, found = 0.0, (choice, reached)
    for rival in rivals:
        figures = measure(rival)
        gain = figures - reached
        if gain.mean() > max(best, patience * standard_error(gain)):
            best, found = float(gain.mean()), (rival, figures)
    return found


def standard_error(values: NDArray[np.float64]) -> float:
    """Of the mean of one value a listener."""
    return float(values.std()) / float(np.sqrt(len(values)))
