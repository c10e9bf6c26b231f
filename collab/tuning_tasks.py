"""What configurations are compared on: listens held out inside the given ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.errors import InputError
from data.ids import artist_numbers
from data.listens import Listens
from data.splits import Split, cold_split, group_folds, warm_split

FOLDS = 5  # of the artists; one fold is hidden in a task
HELD_OUT = 0.2  # share of each listener's other artists
FIRST_STAGE = 2  # tasks; of one alone nothing tells how much hangs on which artists it hides
MOST_LISTENERS = 2000  # measured in each task: enough for a steady choice, and bounds the time of a trial


@dataclass(frozen=True)
class Task:
    """One training set and what is to be found again with it.

    Parameters
    ----------
    warm : hidden songs of known listeners, songs that others play.
    cold : songs of hidden artists, or None where none can be hidden; its `train` is that of `warm`, so one fit serves both.
    group : the set of listens that it was cut from; tasks of one group share their listeners.
    stage : a configuration meets the tasks of stage 0 first, and those of stage 1 only if it was not left far behind.
    """

    warm: Split
    cold: Split | None
    group: str = ""
    stage: int = 0


def validation_tasks(
    listens: Listens,
    artists: Sequence[str],
    *,
    pairs: int = FOLDS,
    seed: int = 0,
    group: str = "",
    listeners: int = MOST_LISTENERS,
) -> list[Task]:
    """Hide a fifth of the artists, then a fifth of each listener's other artists, `pairs` times with other artists hidden.

    Parameters
    ----------
    artists : I names, "" where unknown: such a song is its own artist. () if none is known.
    listeners : measured on each side of a task; a sample where there are more.

    Raises
    ------
    InputError : too few listens to hide any (code "too-few-listens").
    """
    if pairs < 1:
        raise InputError(f"pairs={pairs} must be 1 or more")
    names = artists if len(artists) else [""] * len(listens.tracks)
    number = artist_numbers(names, listens.tracks)
    n_artists, folds = int(number.max(initial=-1)) + 1, max(FOLDS, pairs)
    fold_of = None
    if n_artists >= folds:
        fold_of = group_folds([str(n) for n in number], [""] * len(number), folds, seed)
    tasks = []
    for pair in range(pairs):
        cold = None if fold_of is None else cold_split(listens, fold_of, pair, seed=seed + pair)
        rest = listens if cold is None else cold.train
        warm = _sampled(warm_split(rest, names, held_out=HELD_OUT, seed=seed + pair), listeners)
        if cold is not None and len(cold.test):
            cold = _sampled(replace(cold, train=warm.train, cold_tracks=warm.cold_tracks), listeners)
            tasks.append(Task(warm, cold, group, int(pair >= FIRST_STAGE)))
        elif len(warm.test):
            tasks.append(Task(warm, None, group, int(pair >= FIRST_STAGE)))
    tasks = [task for task in tasks if len(task.warm.test)]
    if not tasks:
        raise InputError(
            "there are too few listens to hold any out: no listener plays songs by two artists that others play too",
            code="too-few-listens",
        )
    return tasks


def _sampled(split: Split, most: int) -> Split:
    """The split with the test listens of `most` listeners at most."""
    users = np.unique(split.test.user)
    if len(users) <= most:
        return split
    chosen = np.random.default_rng([split.seed, 13]).permutation(users)[:most]
    return replace(split, test=split.test.where(np.isin(split.test.user, chosen)))
