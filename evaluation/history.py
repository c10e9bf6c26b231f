"""Slices of listeners by how many songs are known of them: does a model serve those of whom it knows little?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.splits import Split

HISTORY = "history"
PARTS = 3


def history_lengths(splits: Sequence[Split]) -> NDArray[np.int64]:
    """Songs that each user has in train, int64 (U,), the rounded mean over the splits that test the user; -1 for the others."""
    n_users = len(splits[0].train.users)
    total, times = np.zeros(n_users), np.zeros(n_users)
    for split in splits:
        tested = np.unique(split.test.user)
        total[tested] += np.diff(split.train.matrix().indptr)[tested]
        times[tested] += 1
    mean: NDArray[np.float64] = np.full(n_users, -1.0)
    np.divide(total, times, out=mean, where=times > 0)
    return np.rint(mean).astype(np.int64)


def history_slices(history: NDArray[np.int64], *, parts: int = PARTS) -> dict[str, NDArray[np.bool_]]:
    """Part the users with `history` >= 0 into `parts` groups of about the same size, shortest histories first.

    Users of equal history share a group, so there may be fewer groups. Together they hold each of those users once.

    Parameters
    ----------
    history : int64 (U,), as `history_lengths` gives it.

    Returns
    -------
    name with its bounds, both inclusive ("history 1-12") -> bool (U,).
    """
    known = np.sort(history[history >= 0])
    if not len(known):
        return {}
    ends = np.unique(known[[-(-len(known) * part // parts) - 1 for part in range(1, parts + 1)]])
    begins = [int(known[0]), *(int(end) + 1 for end in ends[:-1])]
    return {
        f"{HISTORY} {begin}-{end}": (history >= begin) & (history <= end)
        for begin, end in zip(begins, ends.tolist(), strict=True)
    }
