"""Classification figures from log-probabilities: loss, precision@k, macro F1, confusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cross_entropy(log_probabilities: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Mean softmax cross-entropy in nats: -mean log p(true class).

    Rows whose true class the model does not know (truth -1) have no finite loss and are left out; NaN if none remains.

    Parameters
    ----------
    log_probabilities : (n, c), natural logarithm.
    truth : int64 (n,), column of the true class, -1 if the model has none for it.
    """
    known = truth >= 0
    if not known.any():
        return float("nan")
    return float(-log_probabilities[known, truth[known]].astype(np.float64).mean())


def precision_at(log_probabilities: NDArray[np.floating], truth: NDArray[np.int64], k: int) -> float:
    """Share of rows whose true class is among the k most probable (the paper's precision@k); NaN without rows.

    Equal probabilities count in expectation: a true class that shares the last place with two others counts a third. A true
    class that the model does not know (truth -1) counts as missed.
    """
    if not len(truth):
        return float("nan")
    known = truth >= 0
    own = log_probabilities[np.arange(len(truth)), truth][:, None]
    above = (log_probabilities > own).sum(axis=1)
    ties = (log_probabilities == own).sum(axis=1)
    return float(np.where(known, np.clip((k - above) / ties, 0, 1), 0.0).mean())


def confusion_matrix(truth: NDArray[np.int64], guess: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Counts, int64 (n_classes, n_classes): rows are true classes, columns guesses."""
    return np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Mean F1 over the classes that occur as truth or as guess, like scikit-learn's `f1_score(average="macro")`; else NaN."""
    hits = np.diag(confusion).astype(np.float64)
    occurrences = confusion.sum(axis=0) + confusion.sum(axis=1)
    present = occurrences > 0
    return float((2 * hits[present] / occurrences[present]).mean()) if present.any() else float("nan")


def mean_by_song(log_probabilities: NDArray[np.floating], song: NDArray[np.int64], n_songs: int) -> NDArray[np.float64]:
    """Log of the mean probability over the snippets of each song, float64 (n_songs, c).

    Probabilities are averaged, not their logarithms: one snippet that is surely wrong cannot veto all others. Every song must
    have a snippet.
    """
    total = np.zeros((n_songs, log_probabilities.shape[1]))
    np.add.at(total, song, np.exp(log_probabilities.astype(np.float64)))
    count = np.bincount(song, minlength=n_songs)[:, None]
    return np.log(np.maximum(total / count, np.finfo(np.float64).tiny))
