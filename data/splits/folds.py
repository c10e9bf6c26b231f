"""Folds of rows that keep groups whole: artists, as a rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


def group_folds(groups: Sequence[str], strata: Sequence[str], folds: int, seed: int) -> NDArray[np.int32]:
    """Assign n rows to folds so that no group is divided and each stratum is spread evenly.

    Greedy, as in scikit-learn's StratifiedGroupKFold: groups in random order, large ones first; each goes to the fold where the
    strata stay most even.

    Parameters
    ----------
    groups : n group names (artists); rows of one group share a fold.
    strata : n class names to balance.

    Returns
    -------
    int32 (n,), fold of each row in [0, folds).

    Raises
    ------
    InputError : fewer groups than folds.
    """
    if folds < 2:
        raise InputError(f"folds={folds} must be 2 or more")
    names, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < folds:
        raise InputError(
            f"folds={folds} needs at least as many groups (artists), found {len(names)}",
            code="too-few-groups",
            hint="Take fewer folds" if len(names) > 1 else "Add songs by others: one group cannot be divided",
        )
    classes, class_of = np.unique(np.asarray(strata, dtype=str), return_inverse=True)
    table = np.zeros((len(names), len(classes)))
    np.add.at(table, (group_of, class_of), 1.0)
    share = table / table.sum(axis=0)  # each class weighs the same, rare ones too
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-table[order].sum(axis=1), kind="stable")]
    size = np.zeros(folds)
    load = np.zeros((folds, len(classes)))
    fold_of_group = np.zeros(len(names), np.int32)
    for group in order:
        # Squared load grows least in the fold that lacks these classes; size breaks ties.
        cost = (2 * load * share[group] + share[group] ** 2).sum(axis=1) + 1e-9 * size
        best = int(np.argmin(cost))
        fold_of_group[group] = best
        load[best] += share[group]
        size[best] += table[group].sum()
    return fold_of_group[group_of]
