"""Compare recommenders over splits: fit on train only, rank all candidates, pool users, bootstrap over users."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from data.errors import InputError
from data.recommender import Recommender
from data.splits import Split
from evaluation.bootstrap import bootstrap_means, percentiles
from evaluation.guards import train_view
from evaluation.measure import SLICES, Key, Measurement, measure, positives_in_slices, split_slices

Engine = Callable[[Split, int], Recommender]
Progress = Callable[[int, int], None]

NOTES = (
    "All candidates are ranked, none is sampled; songs that a user has in train are left out of that user's candidates.",
    "Equal scores are ordered at random; for AUC they count half.",
    "A user's values are averaged over folds and seeds first; intervals are 95 % percentile bootstrap over users.",
    "Differences are paired: the same resamples of users for both models.",
    "Engines were fitted on a view of the split whose test is empty.",
    "coverage and gini are figures of all lists together: they have no interval over users.",
)


@dataclass(frozen=True)
class Comparison:
    """Figures of every model on every split; `as_dict` is the stable JSON.

    Parameters
    ----------
    rows : {"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}; "k" is None for figures
        of the whole list; "value", "low", "high" are None where no user has a test listen in the slice.
    counts : split -> what was counted before and after each filter, in order.
    differences : {"model", "reference", "split", "slice", "metric", "k", "value", "low", "high", "n_users"}: model - reference.
    train_seconds : split -> model -> CPU seconds of one fit, mean over folds and seeds. The one figure that a second run changes.
    """

    rows: Sequence[Mapping[str, Any]]
    counts: Mapping[str, Mapping[str, int]]
    differences: Sequence[Mapping[str, Any]] = ()
    train_seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)
    notes: Sequence[str] = NOTES

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for `data.files.write_json`."""
        return {
            "rows": [dict(row) for row in self.rows],
            "counts": {split: dict(counts) for split, counts in self.counts.items()},
            "differences": [dict(row) for row in self.differences],
            "train_seconds": {split: dict(seconds) for split, seconds in self.train_seconds.items()},
            "seeds": list(self.seeds),
            "notes": list(self.notes),
        }


def compare(
    splits: Sequence[Split],
    engines: Mapping[str, Engine],
    *,
    k: Sequence[int] = (10,),
    seeds: Sequence[int] = (0,),
    slices: Sequence[str] = SLICES,
    bootstrap: int = 1000,
    reference: str | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Fit every engine on every split with every seed and measure it.

    Splits of one name (folds of artists, repeats with other seeds) are pooled: each user's values are averaged over them first.

    Parameters
    ----------
    splits : all over the same users and songs.
    engines : model name -> (train-only split, seed) -> fitted recommender.
    k : lengths of the list.
    seeds : given to the engines and to the breaking of ties.
    slices : of "all", "head", "middle", "tail"; the last three are left out where every candidate is cold.
    bootstrap : resamples of the users.
    reference : model with which the others are compared in pairs; the last of `engines` if None.
    workers : threads, each of which fits one engine at a time; engines spend their time in compiled code that lets go of the
        interpreter. Results do not depend on it.
    progress : called with (fits done, fits in all).

    Raises
    ------
    InputError : nothing to compare, differing users, an unknown slice or reference, or k below 1.
    """
    _check(splits, engines, k, seeds, reference)
    against = reference or list(engines)[-1]
    rows: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    seconds: dict[str, dict[str, float]] = {}
    done, fits = 0, len(splits) * len(engines) * len(seeds)
    for name in dict.fromkeys(split.name for split in splits):
        group = [split for split in splits if split.name == name]
        wanted = [s for s in slices if any(s in split_slices(split, slices) for split in group)]
        for number, split in enumerate(group):
            counts[name if len(group) == 1 else f"{name} {number + 1} of {len(group)}"] = _counts(split, wanted)
        jobs = [(model, split, seed) for model in engines for split in group for seed in seeds]

        def run(job: tuple[str, Split, int]) -> tuple[Measurement, float]:
            model, split, seed = job
            begin = time.thread_time()
            fitted = engines[model](train_view(split), seed)
            spent = time.thread_time() - begin
            return measure(fitted, split, k=k, slices=split_slices(split, slices), seed=seed), spent

        parts: dict[str, list[tuple[Measurement, float]]] = {model: [] for model in engines}
        # One BLAS thread in each: with more, sums come in another order from run to run, and figures differ in the fourth digit.
        with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
            for (model, _, _), measured in zip(jobs, pool.map(run, jobs), strict=True):
                parts[model].append(measured)
                done += 1
                if progress is not None:
                    progress(done, fits)
        pooled = {model: _pool([measurement for measurement, _ in of_model]) for model, of_model in parts.items()}
        seconds[name] = {model: round(float(np.mean([spent for _, spent in of_model])), 4) for model, of_model in parts.items()}
        candidates = round(float(np.mean([split.candidates.sum() for split in group])))
        n_users = len(group[0].train.users)
        for slice_name in wanted:
            part, paired = _slice_rows(
                pooled, slice_name, k=k, n_users=n_users, draws=bootstrap, seed=group[0].seed, reference=against
            )
            rows += [{"model": m, "split": name, **figures, "n_candidates": candidates} for m, figures in part]
            differences += [{"model": m, "reference": against, "split": name, **figures} for m, figures in paired]
    return Comparison(rows, counts, differences, seconds, tuple(seeds))


def _slice_rows(
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


def _pool(parts: Sequence[Measurement]) -> Measurement:
    """Average over folds and seeds, for each user over those that tested this user."""
    per_user: dict[Key, NDArray[np.float64]] = {}
    for key in dict.fromkeys(key for part in parts for key in part.per_user):
        stack = np.array([part.per_user[key] for part in parts if key in part.per_user])
        known = np.isfinite(stack).sum(axis=0)
        out = np.full(stack.shape[1], np.nan)
        per_user[key] = np.divide(np.nansum(stack, axis=0), known, out=out, where=known > 0)
    overall = {key: float(np.mean([part.overall[key] for part in parts])) for key in parts[0].overall}
    return Measurement(per_user, overall)


def _counts(split: Split, slices: Sequence[str]) -> dict[str, int]:
    """What the split's own filters counted, then users and test pairs that are measured."""
    test_pairs = positives_in_slices(split, slices)
    users = {"users": len(split.train.users), "users evaluated": len(np.unique(split.test.user))}
    users["users without a test listen (not evaluated)"] = users["users"] - users["users evaluated"]
    return {**split.counts, **users} | {f"test pairs, {name}": n for name, n in test_pairs.items()}


def _check(
    splits: Sequence[Split], engines: Mapping[str, Engine], k: Sequence[int], seeds: Sequence[int], reference: str | None
) -> None:
    if not splits or not engines or not k or not seeds:
        raise InputError("compare needs at least one split, one engine, one k and one seed")
    if min(k) < 1:
        raise InputError(f"k={min(k)} must be 1 or more")
    first = splits[0].train
    if any(s.train.users.ids != first.users.ids or s.train.tracks.ids != first.tracks.ids for s in splits):
        raise InputError("splits must share their users and tracks, else users cannot be pooled")
    if reference is not None and reference not in engines:
        raise InputError(f"reference {reference!r} must be one of {', '.join(engines)}")
