"""Popularity buckets of songs by their listeners in train."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COLD, TAIL, MIDDLE, HEAD = 0, 1, 2, 3
BUCKETS: dict[str, int] = {"head": HEAD, "middle": MIDDLE, "tail": TAIL, "cold": COLD}


def popularity_buckets(listeners: NDArray[np.int64], *, head: float = 0.5, middle: float = 0.8) -> NDArray[np.int8]:
    """Bucket of each song: HEAD, MIDDLE, TAIL or COLD, int8 (I,).

    Parameters
    ----------
    listeners : int64 (I,), listeners of each song in train.
    head : the smallest set of songs with at least this share of all listens is the head.
    middle : head and middle together are the smallest set with at least this share; what remains is the tail.

    A song without listens is cold. Of songs with equally many listeners at a border, those of lower row go to the upper bucket.
    """
    if not 0 < head <= middle < 1:
        raise ValueError(f"head={head} and middle={middle} must satisfy 0 < head <= middle < 1")
    order = np.argsort(-listeners, kind="stable")
    counts = listeners[order]
    before = np.cumsum(counts) - counts  # listens of all more popular songs
    total = counts.sum()
    ordered = np.where(before < head * total, HEAD, np.where(before < middle * total, MIDDLE, TAIL))
    bucket = np.empty(len(listeners), np.int8)
    bucket[order] = np.where(counts > 0, ordered, COLD)
    return bucket
