"""The judge of compositions: no network, no hyper-image, other songs. Three unlike machines vote on block-level features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

# Chosen on real songs alone, before any composition was heard: on halves of the songs parted by artist the vote was as good as or
# better than each machine and than logistic regression (docs/composing.md).
SVM_C, SVM_SHARPNESS = 2.0, 2.0
LDA_SHRINKAGE = 0.3
TREES, LEAF, TRIED = 400, 2, 40
FLOOR = 1e-3  # no machine can forbid a class


@dataclass(frozen=True, eq=False)
class Judge:
    """Tells the class of a sound from `evaluation.composing_features.sound_features`.

    Parameters
    ----------
    classes : what it can say, sorted.
    mean, deviation : float64 (d,), of its training features.
    machines : scikit-learn classifiers, fitted on standardised features.
    """

    classes: tuple[str, ...]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    machines: tuple[Any, ...]

    def log_probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """The machines' vote, natural logarithms, float64 (n, classes); features (n, d)."""
        x = (np.asarray(features, np.float64) - self.mean) / self.deviation
        votes = sum(np.log(_probabilities(machine, x) + FLOOR) for machine in self.machines) / len(self.machines)
        result: NDArray[np.float64] = votes - np.log(np.exp(votes).sum(axis=1, keepdims=True))
        return result


def fit_judge(features: NDArray[np.floating], labels: NDArray[np.str_], *, seed: int) -> Judge:
    """Fit the judge: a support vector machine, a linear discriminant analysis and extremely randomised trees.

    Parameters
    ----------
    features : (n, d). labels : n values.

    Raises
    ------
    InputError : fewer than two labels, or one with fewer than two examples.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.svm import SVC

    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise InputError(f"a judge needs two labels or more to tell apart, not {classes.tolist()}", code="one-class")
    if counts.min() < 2:
        few = classes[counts.argmin()]
        raise InputError(f"a judge needs two songs of each label or more; {few!r} has {counts.min()}", code="too-few-songs")
    x = np.asarray(features, np.float64)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    machines = (
        SVC(C=SVM_C, decision_function_shape="ovr"),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=LDA_SHRINKAGE),
        ExtraTreesClassifier(TREES, min_samples_leaf=LEAF, max_features=min(TRIED, x.shape[1]), random_state=seed),
    )
    for machine in machines:
        machine.fit((x - mean) / deviation, labels)
    return Judge(tuple(classes.tolist()), mean, deviation, machines)


def _probabilities(machine: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, classes); of the support vector machine by the softmax of its values, whose order stays its own."""
    if hasattr(machine, "predict_proba"):
        said: NDArray[np.float64] = machine.predict_proba(x)
        return said
    values = machine.decision_function(x)
    if values.ndim == 1:
        values = np.column_stack([-values, values])
    values = np.exp(SVM_SHARPNESS * (values - values.max(axis=1, keepdims=True)))
    result: NDArray[np.float64] = values / values.sum(axis=1, keepdims=True)
    return result
