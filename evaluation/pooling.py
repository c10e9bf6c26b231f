"""Pool the values of users over folds and seeds, and give each figure its interval and its paired difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.bootstrap import bootstrap_means, percentiles
from evaluation.measure import Key, Measurement


def slice_rows(
    pooled: Mapping[str, Measurement], slice_name: str, *, k: Sequence[int], n_users: int, draws: int, seed: int, reference: str
) -> tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, dict[str, Any]]]]:
    """Rows of one split and slice, and paired differences: (model, figures) each."""
    keys = _keys(pooled, slice_name, k)
    columns = [(model, key) for model in pooled for key in keys]
    nothing = np.full(n_users, np.nan)
    values = np.array([pooled[model].per_user.get(key, nothing) for model, key in columns]).reshape(-1, n_users).T
    values = values[np.isfinite(values).any(axis=1)]  # only users with a test listen in this slice are resampled
    means = bootstrap_means(values, draws, np.random.default_rng(seed))
    low, high = percentiles(means)
    column = {pair: number for number, pair in enumerate(columns)}
    base = [column[reference, key] for _, key in columns]
    gap, gap_low, gap_high = values - values[:, base], *percentiles(means - means[:, base])
    rows, differences = [], []
    for (model, key), c in column.items():
        n = int(np.isfinite(values[:, c]).sum())
        rows.append((model, _figures(key, float(np.nanmean(values[:, c])) if n else math.nan, float(low[c]), float(high[c]), n)))
        n = int(np.isfinite(gap[:, c]).sum())
        if model != reference and n:
            figures = _figures(key, float(np.nanmean(gap[:, c])), float(gap_low[c]), float(gap_high[c]), n)
            differences.append((model, figures))
    for model, measurement in pooled.items():
        overall = [(key, value) for key, value in measurement.overall.items() if key.slice == slice_name]
        rows += [(model, _figures(key, value, value, value, len(values))) for key, value in overall]
    rows.sort(key=lambda row: list(pooled).index(row[0]))
    return rows, differences


def _keys(pooled: Mapping[str, Measurement], slice_name: str, k: Sequence[int]) -> list[Key]:
    """Figures of a slice in the order in which they were measured; where no user has any, nDCG and recall stand for "none"."""
    measured = [key for m in pooled.values() for key in m.per_user if key.slice == slice_name]
    empty = [Key(slice_name, metric, depth) for depth in k for metric in ("ndcg", "recall")]
    return list(dict.fromkeys(measured)) or empty


def _figures(key: Key, value: float, low: float, high: float, n: int) -> dict[str, Any]:
    numbers = {"value": value, "low": low, "high": high}
    shown = {name: float(number) if math.isfinite(number) else None for name, number in numbers.items()}
    return {"slice": key.slice, "metric": key.metric, "k": key.k, **shown, "n_users": n}


def pool(parts: Sequence[Measurement]) -> Measurement:
    """Average over folds and seeds, for each user over those that tested this user."""
    per_user: dict[Key, NDArray[np.float64]] = {}
    for key in dict.fromkeys(key for part in parts for key in part.per_user):
        stack = np.array([part.per_user[key] for part in parts if key in part.per_user])
        known = np.isfinite(stack).sum(axis=0)
        out = np.full(stack.shape[1], np.nan)
        per_user[key] = np.divide(np.nansum(stack, axis=0), known, out=out, where=known > 0)
    overall = {key: float(np.mean([part.overall[key] for part in parts])) for key in parts[0].overall}
    return Measurement(per_user, overall)


def of_users(pooled: Mapping[str, Measurement], slice_name: str, keep: NDArray[np.bool_]) -> dict[str, Measurement]:
    """nDCG and recall of the users that `keep` marks, bool (U,), as the slice `slice_name`; all candidates stay ranked."""

    def cut(measurement: Measurement) -> Measurement:
        per_user = measurement.per_user.items()
        return Measurement(
            {
                key._replace(slice=slice_name): np.where(keep, values, np.nan)
                for key, values in per_user
                if key.slice == "all" and key.metric in ("ndcg", "recall")
            },
            {},
        )

    return {model: cut(measurement) for model, measurement in pooled.items()}
