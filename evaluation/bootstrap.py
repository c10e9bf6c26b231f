"""95 % intervals by bootstrap over users (Efron & Tibshirani 1993, percentile method), vectorised and seeded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLOCK_CELLS = 4_000_000  # bounds the weights held at once to 32 MB


class Interval(NamedTuple):
    """A mean over n users and its 95 % interval; all NaN if n is 0."""

    value: float
    low: float
    high: float
    n: int


def bootstrap_means(values: NDArray[np.float64], draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Column means of `draws` resamples of the rows, float64 (draws, m).

    All columns share each resample, so differences of columns are paired. NaN cells are left out of their column's mean.

    Parameters
    ----------
    values : float64 (n, m), one row a user.
    """
    n, m = values.shape
    out = np.full((draws, m), np.nan)
    if n == 0:
        return out
    present = np.isfinite(values)
    filled, weight = np.where(present, values, 0.0), present.astype(np.float64)
    step = max(1, _BLOCK_CELLS // n)
    for start in range(0, draws, step):
        b = min(step, draws - start)
        picked = rng.integers(0, n, size=(b, n)) + np.arange(b)[:, None] * n
        times = np.bincount(picked.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)  # how often each user was drawn
        count = times @ weight
        np.divide(times @ filled, count, out=out[start : start + b], where=count > 0)
    return out


def percentiles(means: NDArray[np.float64], *, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper bound of each column of bootstrap means (draws, m); NaN for a column without values."""
    low, high = np.full(means.shape[1], np.nan), np.full(means.shape[1], np.nan)
    known = np.isfinite(means).any(axis=0)
    if known.any() and len(means):
        tail = 50 * (1 - level)
        low[known], high[known] = np.nanpercentile(means[:, known], [tail, 100 - tail], axis=0)
    return low, high


def mean_interval(values: NDArray[np.float64], *, draws: int = 1000, seed: int = 0) -> Interval:
    """Mean of the finite values, float64 (n,), one a user, with its interval. One user gives an interval of no width."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    low, high = percentiles(bootstrap_means(known[:, None], draws, np.random.default_rng(seed)))
    return Interval(float(known.mean()), float(low[0]), float(high[0]), len(known))


def paired_difference(first: NDArray[np.float64], second: NDArray[np.float64], *, draws: int = 1000, seed: int = 0) -> Interval:
    """Mean of first - second over the users for which both are known, with its interval.

    Two models measured on the same users: their shared ups and downs cancel, so this interval is far narrower than those of the
    two means suggest.

    Raises
    ------
    ValueError : the two are not equally long.
    """
    if first.shape != second.shape:
        raise ValueError(f"first {first.shape} and second {second.shape} must hold the same users")
    return mean_interval(first - second, draws=draws, seed=seed)
