"""Measure one fitted recommender on one split: every metric for every user, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from data.errors import InputError
from data.recommender import FoldsIn, Recommender
from data.splits import Split
from evaluation import beyond
from evaluation.buckets import BUCKETS, popularity_buckets
from evaluation.history import HISTORY
from evaluation.metrics import AT_K, auc, positives
from evaluation.ranking import Ranks, candidate_block, rank_positives, top_k

SLICES = ("all", *BUCKETS, HISTORY)
KNOW_NOBODY = ("random", "popularity")  # their lists need no listener, so they answer a new one as they are
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
    """The slices of songs that mean something on `split`: buckets only where candidates differ in whether they have listens.

    Slices of listeners ("history ...") are none of these: they are cut when users are pooled.

    Raises
    ------
    InputError : an unknown slice.
    """
    for name in wanted:
        if name not in SLICES:
            raise InputError(f"slice {name!r} must be one of {', '.join(SLICES)}")
    cold = split.cold_tracks[split.candidates]
    without = {*(BUCKETS if cold.all() else ()), *(() if cold.any() else ("cold",)), HISTORY}
    return tuple(name for name in wanted if name not in without)


def answers_new_users(recommender: Recommender) -> bool:
    """Whether listeners who came after training get an answer that was made for them, or one that needs no listener."""
    return isinstance(recommender, FoldsIn) or recommender.name in KNOW_NOBODY


def measure(recommender: Recommender, split: Split, *, k: Sequence[int], slices: Sequence[str], seed: int) -> Measurement:
    """All metrics of `recommender` for the users that have listens in `split.test`.

    Candidates are `split.candidates` without what the user has in train or has given. Equal scores are ordered at random by
    `seed`. Coverage, Gini, novelty and tail share count the lists of the users with a test listen. Where the split holds given
    listens, the recommender folds them in; see `answers_new_users`.

    Raises
    ------
    ValueError : the recommender gives scores of a wrong shape, or NaN; it cannot answer the listeners of the split.
    """
    n_users, n_tracks = split.train.shape
    known, test = split.known(), split.test.matrix()
    listeners = split.train.track_counts()
    bucket = popularity_buckets(listeners)
    users = np.unique(split.test.user).astype(np.int32)
    score = _scorer(recommender, split, known)
    rng = np.random.default_rng([seed, split.seed, split.fold + 1])
    per_user: dict[Key, NDArray[np.float64]] = {}
    exposure = {depth: np.zeros(n_tracks, np.int64) for depth in k}

    def put(key: Key, rows: NDArray[np.int32], values: NDArray[np.float64]) -> None:
        per_user.setdefault(key, np.full(n_users, np.nan))[rows] = values

    size = max(1, _BLOCK_CELLS // max(1, n_tracks))
    for start in range(0, len(users), size):
        rows = users[start : start + size]
        block = candidate_block(_checked(recommender.name, score(rows), (len(rows), n_tracks)), known[rows], split.candidates)
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


def _scorer(recommender: Recommender, split: Split, known: sp.csr_matrix) -> Callable[[NDArray[np.int32]], NDArray[np.float32]]:
    """How user rows are scored: as they were trained on, or folded in where the split says what they give on arrival."""
    if split.given is None:
        return recommender.scores
    if isinstance(recommender, FoldsIn):
        fold_in = recommender.fold_in
        return lambda rows: fold_in(known[rows])
    if not answers_new_users(recommender):
        raise ValueError(f"{recommender.name}: cannot answer the new listeners of split {split.name!r}: it does not fold in")
    return recommender.scores


def _checked(name: str, given: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    scores = np.asarray(given)
    if scores.shape != shape:
        raise ValueError(f"{name}: scores {scores.shape} must be {shape}")
    if np.isnan(scores).any():
        raise ValueError(f"{name}: scores must not be NaN")
    return scores
