"""The classical baseline: a support vector machine on fixed features, on the folds of the networks it is compared with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.splits import group_folds

C = 2.0  # Weight of the hinge loss, with standardised features and the usual kernel width, 1 / (d * variance).
CALIBRATION_FOLDS = 3
MOST_EXAMPLES = 6000  # The kernel matrix of so many is 288 MB; more than that are drawn at random.


class ClassicalFold(NamedTuple):
    """What the machine says of the rows that it was not fitted on: log-probabilities float64 (m, c), columns are `classes`."""

    classes: tuple[str, ...]
    log_probabilities: NDArray[np.float64]


def classical_fold(
    features: NDArray[np.floating],
    labels: NDArray[np.str_],
    groups: NDArray[np.str_],
    train: NDArray[np.integer],
    test: NDArray[np.integer],
    *,
    seed: int,
) -> ClassicalFold:
    """Fit a support vector machine (radial kernel) on rows `train` and ask it for rows `test`.

    Features are standardised by the training rows. Its decision values become probabilities by one temperature that is fitted on
    training rows held out in turn (Guo et al. 2017): the order of the classes stays the machine's own.

    Parameters
    ----------
    features : (n, d). labels : n values, none "". groups : n names; rows of one group are never parted while calibrating.
    train, test : row numbers.

    Raises
    ------
    InputError : the training rows have fewer than two labels.
    """
    rng = np.random.default_rng(seed)
    if len(train) > MOST_EXAMPLES:
        train = np.sort(rng.choice(train, MOST_EXAMPLES, replace=False))
    known = labels[train]
    classes = np.unique(known)
    if len(classes) < 2:
        raise InputError(f"a classifier needs two labels or more to learn from, not {classes.tolist()}", code="one-class")
    mean, deviation = features[train].mean(axis=0), features[train].std(axis=0)
    scaled = (features - mean) / np.where(deviation > 0, deviation, 1)
    x = scaled[train].astype(np.float64)
    kernel = _kernel(x, x)
    values = _decide(kernel, known, _kernel(scaled[test].astype(np.float64), x), classes)
    beta = _inverse_temperature(*_held_out_values(kernel, known, groups[train], classes, seed))
    return ClassicalFold(tuple(classes.tolist()), _log_softmax(beta * values))


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-|a - b|^2 / d) of each pair, for features of variance 1: scikit-learn's gamma="scale". Made here by one product of
    matrices, once for all fits of a fold, which is far faster than the library's own loop."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * (a @ b.T)
    result: NDArray[np.float64] = np.exp(-np.maximum(squares, 0) / a.shape[1])
    return result


def _decide(
    kernel: NDArray[np.float64], known: NDArray[np.str_], to_test: NDArray[np.float64], classes: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Decision values (m, c); a class that `known` lacks gets less than all others."""
    from sklearn.svm import SVC

    machine: Any = SVC(kernel="precomputed", C=C).fit(kernel, known)
    found = machine.decision_function(to_test)
    if found.ndim == 1:
        found = np.column_stack([-found, found])
    values = np.tile(found.min(axis=1, keepdims=True) - 1, (1, len(classes)))
    values[:, np.searchsorted(classes, machine.classes_)] = found
    return values


def _held_out_values(
    kernel: NDArray[np.float64], known: NDArray[np.str_], groups: NDArray[np.str_], classes: NDArray[np.str_], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Decision values of training rows from machines that were not fitted on them, and their true columns; maybe of no row."""
    values, truth = [np.zeros((0, len(classes)))], [np.zeros(0, np.int64)]
    folds = min(CALIBRATION_FOLDS, len(np.unique(groups)))
    part = group_folds(groups.tolist(), known.tolist(), folds, seed) if folds > 1 else np.zeros(len(known), np.int32)
    for fold in range(folds):
        inside, outside = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        if len(outside) and len(np.unique(known[inside])) > 1:
            values.append(_decide(kernel[np.ix_(inside, inside)], known[inside], kernel[np.ix_(outside, inside)], classes))
            truth.append(np.searchsorted(classes, known[outside]).astype(np.int64))
    return np.concatenate(values), np.concatenate(truth)


def _inverse_temperature(values: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The factor of the decision values whose softmax has the least cross-entropy; 1 without examples."""
    from scipy.optimize import minimize_scalar

    if not len(truth):
        return 1.0

    def loss(log_beta: float) -> float:
        return float(-_log_softmax(np.exp(log_beta) * values)[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x))


def _log_softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = values - values.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
