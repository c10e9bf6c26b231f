"""Measure one fitted recommender on one split: every metric for every user, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from data.errors import InputError
from data.recommender import Recommender
from data.splits import Split
from evaluation import beyond
from evaluation.buckets import BUCKETS, popularity_buckets
from evaluation.metrics import AT_K, auc, positives
from evaluation.ranking import Ranks, candidate_block, rank_positives, top_k

SLICES = ("all", *BUCKETS)
_BLOCK_CELLS = 8_000_000  # scores held at once: 32 MB, and a few copies of them


class Key(NamedTuple):
    """What a figure measures; `k` is None for figures of the whole list."""

    slice: str
    metric: str
    k: int | None


@dataclass(frozen=True)
class Measurement:
    """What one model reached on one split.

    Parameters
    ----------
    per_user : figure -> float64 (U,), NaN for users without a test positive in the slice.
    overall : figure -> one number that no single user has (coverage, exposure Gini).
    """

    per_user: Mapping[Key, NDArray[np.float64]]
    overall: Mapping[Key, float]


def split_slices(split: Split, wanted: Sequence[str]) -> tuple[str, ...]:
    """The slices that mean something on `split`: popularity buckets only where some candidate has listens in train.

    Raises
    ------
    InputError : an unknown slice.
    """
    for name in wanted:
        if name not in SLICES:
            raise InputError(f"slice {name!r} must be one of {', '.join(SLICES)}")
    all_cold = bool(split.cold_tracks[split.candidates].all())
    return tuple(name for name in wanted if name == "all" or not all_cold)


def measure(recommender: Recommender, split: Split, *, k: Sequence[int], slices: Sequence[str], seed: int) -> Measurement:
    """All metrics of `recommender` for the users that have listens in `split.test`.

    Candidates are `split.candidates` without what the user has in train. Equal scores are ordered at random by
    `seed`. Coverage, Gini, novelty and tail share count the lists of the users with a test listen.

    Raises
    ------
    ValueError : the recommender gives scores of a wrong shape, or NaN.
    """
    n_users, n_tracks = split.train.shape
    train, test = split.train.matrix(), split.test.matrix()
    listeners = split.train.track_counts()
    bucket = popularity_buckets(listeners)
    users = np.unique(split.test.user).astype(np.int32)
    rng = np.random.default_rng([seed, split.seed, split.fold + 1])
    per_user: dict[Key, NDArray[np.float64]] = {}
    exposure = {depth: np.zeros(n_tracks, np.int64) for depth in k}

    def put(key: Key, rows: NDArray[np.int32], values: NDArray[np.float64]) -> None:
        per_user.setdefault(key, np.full(n_users, np.nan))[rows] = values

    size = max(1, _BLOCK_CELLS // max(1, n_tracks))
    for start in range(0, len(users), size):
        rows = users[start : start + size]
        block = candidate_block(_checked_scores(recommender, rows, n_tracks), train[rows], split.candidates)
        ranks = rank_positives(block, test[rows], rng)
        for key, values in _accuracy(ranks, bucket, k, slices):
            put(key, rows, values)
        for depth in k:
            user, track = top_k(block, depth, rng)
            exposure[depth] += np.bincount(track, minlength=n_tracks)
            if not split.cold_tracks[split.candidates].all():  # among songs without listens all are equally unknown
                put(Key("all", "novelty", depth), rows, beyond.novelty(user, track, listeners, len(rows)))
                put(Key("all", "tail_share", depth), rows, beyond.tail_share(user, track, bucket, len(rows)))
    overall: dict[Key, float] = {}
    for depth in k:
        shown = exposure[depth][split.candidates]
        overall[Key("all", "coverage", depth)] = beyond.catalogue_coverage(shown)
        overall[Key("all", "gini", depth)] = beyond.gini(shown)
    return Measurement(per_user, overall)


def positives_in_slices(split: Split, slices: Sequence[str]) -> dict[str, int]:
    """Number of test pairs in each slice; says how much each figure rests on."""
    test: sp.csr_matrix = split.test.matrix()
    bucket = popularity_buckets(split.train.track_counts())[test.indices]
    return {name: int(len(bucket) if name == "all" else (bucket == BUCKETS[name]).sum()) for name in slices}


def _accuracy(
    ranks: Ranks, bucket: NDArray[np.int8], k: Sequence[int], slices: Sequence[str]
) -> list[tuple[Key, NDArray[np.float64]]]:
    """Every accuracy metric for every slice and k, float64 (b,) each."""
    out = []
    for name in slices:
        keep = None if name == "all" else bucket[ranks.track] == BUCKETS[name]
        if not positives(ranks, keep).any():
            continue
        out += [(Key(name, metric, depth), function(ranks, depth, keep)) for depth in k for metric, function in AT_K.items()]
        out.append((Key(name, "auc", None), auc(ranks, keep)))
    return out


def _checked_scores(recommender: Recommender, users: NDArray[np.int32], n_tracks: int) -> NDArray[np.float32]:
    scores = np.asarray(recommender.scores(users))
    if scores.shape != (len(users), n_tracks):
        raise ValueError(f"{recommender.name}: scores {scores.shape} must be ({len(users)}, {n_tracks})")
    if np.isnan(scores).any():
        raise ValueError(f"{recommender.name}: scores must not be NaN")
    return scores
