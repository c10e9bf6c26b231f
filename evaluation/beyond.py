"""What accuracy does not see: how much of the catalogue is shown, how evenly, and how obvious the recommendations are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.buckets import COLD, TAIL


def catalogue_coverage(exposure: NDArray[np.int64]) -> float:
    """Share of the candidates that are recommended to anyone.

    Parameters
    ----------
    exposure : int64 (C,), how many lists hold each candidate, zeros included.
    """
    return float((exposure > 0).mean()) if len(exposure) else float("nan")


def gini(exposure: NDArray[np.int64]) -> float:
    """Gini coefficient of exposure: 0 if all C candidates are shown equally often, (C - 1) / C if one takes all.

    Equals sum_i sum_j |x_i - x_j| / (2 C sum x), computed from the sorted values. NaN where nothing was shown.
    """
    total, count = exposure.sum(), len(exposure)
    if not total:
        return float("nan")
    weight = 2 * np.arange(1, count + 1) - count - 1
    return float((weight * np.sort(exposure)).sum() / (count * total))


def novelty(user: NDArray[np.int64], track: NDArray[np.int64], listeners: NDArray[np.int64], n_users: int) -> NDArray[np.float64]:
    """Mean self-information -log2(popularity share) of each user's list, in bits, float64 (n_users,) (Zhou et al., PNAS 2010).

    A song's share is (listeners + 1) / (all listens + I), so that a song without listens has a finite value as well.

    Parameters
    ----------
    user, track : int64 (m,), the recommended pairs.
    listeners : int64 (I,), listeners of each song in train.
    """
    share = (listeners + 1) / (listeners.sum() + len(listeners))
    return _mean_by_user(user, -np.log2(share)[track], n_users)


def tail_share(user: NDArray[np.int64], track: NDArray[np.int64], bucket: NDArray[np.int8], n_users: int) -> NDArray[np.float64]:
    """Share of each user's list that is of the tail or has no listens, float64 (n_users,).

    Parameters
    ----------
    bucket : int8 (I,), as `evaluation.buckets.popularity_buckets` gives it.
    """
    rare = (bucket == TAIL) | (bucket == COLD)
    return _mean_by_user(user, rare[track].astype(np.float64), n_users)


def _mean_by_user(user: NDArray[np.int64], value: NDArray[np.float64], n_users: int) -> NDArray[np.float64]:
    """Mean of `value` over the pairs of each user; NaN for a user without any."""
    count = np.bincount(user, minlength=n_users).astype(np.float64)
    out: NDArray[np.float64] = np.full(n_users, np.nan)
    np.divide(np.bincount(user, weights=value, minlength=n_users), count, out=out, where=count > 0)
    return out
