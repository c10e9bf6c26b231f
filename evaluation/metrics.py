"""Ranking metrics as pure functions: one value per user, NaN for a user without positives.

`keep`, bool (p,), restricts the positives to a slice (say, songs of the tail) while all candidates stay ranked; a positive
outside the slice then takes its place in the list without counting. Relevance is binary. k counts places of the list, from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from evaluation.ranking import Ranks

Values = NDArray[np.float64]


def positives(ranks: Ranks, keep: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Number of test positives of each user, int64 (b,)."""
    user = ranks.user if keep is None else ranks.user[keep]
    return np.bincount(user, minlength=len(ranks.size)).astype(np.int64)


def recall(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """Share of a user's positives that stand in the top k: hits / positives. float64 (b,)."""
    return _divide(_hits(ranks, k, keep), positives(ranks, keep))


def precision(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """Share of the top k that is positive: hits / k. float64 (b,)."""
    return _divide(_hits(ranks, k, keep) / k, positives(ranks, keep) > 0)


def hit_rate(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """1 if any positive stands in the top k, else 0. float64 (b,)."""
    return _divide((_hits(ranks, k, keep) > 0).astype(np.float64), positives(ranks, keep) > 0)


def ndcg(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """Normalised discounted cumulative gain (Jarvelin & Kekalainen, TOIS 2002), log2 discount, binary gain. float64 (b,).

    sum over hits of 1 / log2(rank + 2), rank from 0, over the same sum for a list that begins with min(k, positives) hits.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.append(0.0, np.cumsum(discount))[np.minimum(positives(ranks, keep), k)]
    top = _top(ranks, k, keep)
    return _divide(_sum(ranks, ranks.user[top], discount[ranks.rank[top]]), ideal)


def average_precision(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """Mean over min(k, positives) of the precision at each hit of the top k (MAP is its mean over users). float64 (b,)."""
    top = _top(ranks, k, keep)
    user = ranks.user[top]
    hits_so_far = np.arange(len(user)) - np.searchsorted(user, user) + 1  # pairs are sorted by user, then rank
    return _divide(_sum(ranks, user, hits_so_far / (ranks.rank[top] + 1)), np.minimum(positives(ranks, keep), k))


def reciprocal_rank(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None = None) -> Values:
    """1 / place of the first positive, 0 if it stands below k. float64 (b,)."""
    top = _top(ranks, k, keep)
    best = np.zeros(len(ranks.size))
    np.maximum.at(best, ranks.user[top], 1 / (ranks.rank[top] + 1))
    return _divide(best, positives(ranks, keep) > 0)


def auc(ranks: Ranks, keep: NDArray[np.bool_] | None = None) -> Values:
    """Chance that a positive scores above a candidate that is no positive; equal scores count half. float64 (b,).

    The area under the ROC curve by average ranks (Hanley & McNeil, 1982). Songs of train are no candidates. NaN as well for a
    user whose candidates are all positive.
    """
    user, above = (ranks.user, ranks.negatives_above) if keep is None else (ranks.user[keep], ranks.negatives_above[keep])
    mean_above = _divide(_sum(ranks, user, above), positives(ranks, keep))
    return 1 - _divide(mean_above, ranks.negatives)


AT_K: Mapping[str, Callable[[Ranks, int, NDArray[np.bool_] | None], Values]] = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "map": average_precision,
    "hit_rate": hit_rate,
    "mrr": reciprocal_rank,
}


def _top(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if k < 1:
        raise ValueError(f"k={k} must be 1 or more")
    top = ranks.rank < k
    return top if keep is None else top & keep


def _hits(ranks: Ranks, k: int, keep: NDArray[np.bool_] | None) -> Values:
    return np.bincount(ranks.user[_top(ranks, k, keep)], minlength=len(ranks.size)).astype(np.float64)


def _sum(ranks: Ranks, user: NDArray[np.int64], value: Values) -> Values:
    """Sum of `value` over the pairs of each user."""
    return np.bincount(user, weights=value, minlength=len(ranks.size)).astype(np.float64)


def _divide(total: Values, count: NDArray[np.generic]) -> Values:
    """total / count, NaN where count is 0."""
    divisor = count.astype(np.float64)
    out: Values = np.full(total.shape, np.nan)
    np.divide(total, divisor, out=out, where=divisor > 0)
    return out
