"""Compare recommenders over splits: fit on train only, rank all candidates, pool users, bootstrap over users."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from data.errors import InputError
from data.recommender import Recommender
from data.splits import Split
from evaluation.comparison import NOTES, Comparison
from evaluation.guards import train_view
from evaluation.history import HISTORY, history_lengths, history_slices
from evaluation.measure import SLICES, Measurement, answers_new_users, measure, positives_in_slices, split_slices
from evaluation.pooling import of_users, pool, slice_rows

Engine = Callable[[Split, int], Recommender]
Progress = Callable[[int, int], None]


class _Fit(NamedTuple):
    """One engine on one split with one seed; `measurement` is None where it cannot answer the split's listeners."""

    measurement: Measurement | None
    seconds: float
    about: dict[str, bool]


def compare(
    splits: Sequence[Split],
    engines: Mapping[str, Engine],
    *,
    k: Sequence[int] = (10,),
    seeds: Sequence[int] = (0,),
    slices: Sequence[str] = SLICES,
    bootstrap: int = 1000,
    reference: str | Sequence[str] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Fit every engine on every split with every seed and measure it.

    Splits of one name (folds of artists, repeats with other seeds) are pooled: each user's values are averaged over them first.
    Where a split holds given listens, models that cannot answer new listeners are left out of it, and a note says so.

    Parameters
    ----------
    splits : all over the same users and songs.
    engines : model name -> (train-only split, seed) -> fitted recommender.
    k : lengths of the list.
    seeds : given to the engines and to the breaking of ties.
    slices : of `SLICES`. Buckets of songs are left out where every candidate is cold, "cold" where none is; "history" parts users
        by their songs in train, and is left out where all have as many, or are new.
    bootstrap : resamples of the users.
    reference : model with which the others are compared in pairs, or several, of which the first that answers a split is taken;
        the last that answers if None.
    workers : threads, each of which fits one engine at a time; engines spend their time in compiled code that lets go of the
        interpreter. Results do not depend on it.
    progress : called with (fits done, fits in all).

    Raises
    ------
    InputError : nothing to compare, differing users, an unknown slice or reference, or k below 1.
    """
    preferred = [reference] if isinstance(reference, str) else list(reference or ())
    _check(splits, engines, k, seeds, preferred)
    rows: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    seconds: dict[str, dict[str, float]] = {}
    models: dict[str, dict[str, bool]] = {}
    left_out: list[str] = []
    done, fits = 0, len(splits) * len(engines) * len(seeds)
    for name in dict.fromkeys(split.name for split in splits):
        group = [split for split in splits if split.name == name]
        wanted = [s for s in slices if any(s in split_slices(split, slices) for split in group)]
        for number, split in enumerate(group):
            counts[name if len(group) == 1 else f"{name} {number + 1} of {len(group)}"] = _counts(split, wanted)
        # A model that is known not to answer new listeners is not fitted on them in vain.
        asked = {m: fit for m, fit in engines.items() if group[0].given is None or models.get(m, {}).get("new_users", True)}
        parts: dict[str, list[_Fit]] = {model: [] for model in asked}
        done += (len(engines) - len(asked)) * len(group) * len(seeds)
        for model, fitted in _fits(group, asked, k=k, seeds=seeds, slices=slices, workers=workers):
            parts[model].append(fitted)
            done += 1
            if progress is not None:
                progress(done, fits)
        models = {model: of_model[0].about for model, of_model in parts.items()} | models
        measured = {
            model: [fit.measurement for fit in of_model if fit.measurement is not None] for model, of_model in parts.items()
        }
        answered = {model: found for model, found in measured.items() if len(found) == len(parts[model])}
        silent = [model for model in engines if model not in answered]
        if silent:
            left_out.append(f"Left out of split {name}: cannot answer listeners who came after training: {', '.join(silent)}.")
        if not answered:
            continue
        seconds[name] = {m: round(float(np.mean([fit.seconds for fit in parts[m]])), 4) for m in answered}
        pooled = {model: pool(found) for model, found in answered.items()}
        against = next((m for m in preferred if m in pooled), list(pooled)[-1])
        candidates = round(float(np.mean([split.candidates.sum() for split in group])))
        n_users = len(group[0].train.users)
        for slice_name, of_slice in _sliced(pooled, group, [*wanted, *(s for s in slices if s == HISTORY)]):
            part, paired = slice_rows(
                of_slice, slice_name, k=k, n_users=n_users, draws=bootstrap, seed=group[0].seed, reference=against
            )
            rows += [{"model": m, "split": name, **figures, "n_candidates": candidates} for m, figures in part]
            differences += [{"model": m, "reference": against, "split": name, **figures} for m, figures in paired]
    return Comparison(rows, counts, differences, seconds, models, tuple(seeds), [*left_out, *NOTES])


def _fits(
    group: Sequence[Split],
    engines: Mapping[str, Engine],
    *,
    k: Sequence[int],
    seeds: Sequence[int],
    slices: Sequence[str],
    workers: int,
) -> Iterator[tuple[str, _Fit]]:
    """Fit and measure every engine on every split of a group, in order, several at a time; (model, fit) each."""
    jobs = [(model, split, seed) for model in engines for split in group for seed in seeds]

    def run(job: tuple[str, Split, int]) -> _Fit:
        model, split, seed = job
        begin = time.thread_time()
        fitted = engines[model](train_view(split), seed)
        spent = time.thread_time() - begin
        about = {"cold_songs": bool(fitted.cold_tracks), "new_users": answers_new_users(fitted)}
        if split.given is not None and not about["new_users"]:
            return _Fit(None, spent, about)
        return _Fit(measure(fitted, split, k=k, slices=split_slices(split, slices), seed=seed), spent, about)

    # One BLAS thread in each: with more, sums come in another order from run to run, and figures differ in the fourth digit.
    with threadpool_limits(1), ThreadPoolExecutor(workers) as threads:
        for (model, _, _), fitted in zip(jobs, threads.map(run, jobs), strict=True):
            yield model, fitted


def _sliced(
    pooled: Mapping[str, Measurement], group: Sequence[Split], wanted: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, Measurement]]]:
    """Each slice of songs with what was measured, and each slice of users, where there are several, with what is theirs."""
    for name in wanted:
        if name != HISTORY:
            yield name, pooled
        elif all(split.given is None for split in group):
            users = history_slices(history_lengths(group))
            if len(users) > 1:
                yield from ((part, of_users(pooled, part, keep)) for part, keep in users.items())


def _counts(split: Split, slices: Sequence[str]) -> dict[str, int]:
    """What the split's own filters counted, then users and test pairs that are measured."""
    test_pairs = positives_in_slices(split, slices)
    users = {"users": len(split.train.users), "users evaluated": len(np.unique(split.test.user))}
    users["users without a test listen (not evaluated)"] = users["users"] - users["users evaluated"]
    return {**split.counts, **users} | {f"test pairs, {name}": n for name, n in test_pairs.items()}


def _check(
    splits: Sequence[Split], engines: Mapping[str, Engine], k: Sequence[int], seeds: Sequence[int], reference: Sequence[str]
) -> None:
    if not splits or not engines or not k or not seeds:
        raise InputError("compare needs at least one split, one engine, one k and one seed")
    if min(k) < 1:
        raise InputError(f"k={min(k)} must be 1 or more")
    first = splits[0].train
    if any(s.train.users.ids != first.users.ids or s.train.tracks.ids != first.tracks.ids for s in splits):
        raise InputError("splits must share their users and tracks, else users cannot be pooled")
    for model in reference:
        if model not in engines:
            raise InputError(f"reference {model!r} must be one of {', '.join(engines)}")
