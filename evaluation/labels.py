"""The cross-validation table of a label, as the paper's Table 1, with what it needs to be believed: controls and spread.

Main figures are per snippet, as in the paper; those per song (the snippets' mean probability) stand beside them with the prefix
"song_".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from evaluation import label_metrics

FIGURES = ("loss", "precision_at_1", "precision_at_3", "macro_f1")
SONG_FIGURES = tuple(f"song_{name}" for name in FIGURES)


@dataclass(frozen=True)
class LabelFold:
    """What one network said of the snippets that were held out from it.

    Parameters
    ----------
    fold : number of the fold.
    songs : n ids of the songs with a held-out snippet.
    truth : n true labels.
    classes : c classes of the network, column order.
    log_probabilities : floating (s, c), natural logarithm, one row a snippet.
    snippet_song : int (s,), row of `songs` of each snippet; every song has one or more.
    train_labels : label -> number of songs (or snippets) with it in training; the majority control is made of these.
    """

    fold: int
    songs: tuple[str, ...]
    truth: tuple[str, ...]
    classes: tuple[str, ...]
    log_probabilities: NDArray[np.floating]
    snippet_song: NDArray[np.integer]
    train_labels: Mapping[str, int]

    def __post_init__(self) -> None:
        n, s = len(self.songs), len(self.snippet_song)
        if len(self.truth) != n or n == 0:
            raise InputError(
                f"fold {self.fold}: {n} songs and {len(self.truth)} labels; there must be one label a song, and a song"
            )
        if self.log_probabilities.shape != (s, len(self.classes)):
            raise InputError(
                f"fold {self.fold}: log_probabilities {self.log_probabilities.shape} must be ({s}, {len(self.classes)})"
            )
        if np.isnan(self.log_probabilities).any() or (s and float(self.log_probabilities.max()) > 1e-3):
            raise InputError(f"fold {self.fold}: log_probabilities must be logarithms of probabilities: no NaN, none above 0")
        if not np.array_equal(np.unique(self.snippet_song), np.arange(n)):
            raise InputError(f"fold {self.fold}: snippet_song must name each of the {n} songs at least once and no other")


def label_table(
    label: str,
    split: str,
    architecture: str,
    folds: Sequence[LabelFold],
    *,
    controls: Mapping[str, Sequence[LabelFold]] | None = None,
) -> dict[str, Any]:
    """The JSON of `evaluate labels`: folds, their mean, spread and interval, controls, confusion matrices.

    Parameters
    ----------
    label : "genre", "mood", ...
    split : "snippet", "song" or "artist".
    folds : one or more.
    controls : name -> folds of the same procedure with something taken away, e.g. "shuffled_labels"; "majority" is added here.

    Returns
    -------
    dict with "label", "split", "architecture", "folds", "mean", "controls"; besides "sd", "low", "high" (95 % interval of the
    mean, Student's t over folds, None with one fold), "classes", "confusion" (per snippet) and
    "song_confusion" (rows are the truth), "counts" and "notes". Figures that are not defined are None.

    Raises
    ------
    InputError : no fold.
    """
    if not folds:
        raise InputError("a label table needs at least one fold")
    rows = [fold_figures(fold) for fold in folds]
    majority = [fold_figures(majority_fold(fold)) for fold in folds]
    given = {name: [fold_figures(fold) for fold in some] for name, some in (controls or {}).items()}
    classes = sorted({c for fold in folds for c in (*fold.classes, *fold.truth)})
    mean, sd, low, high = _spread(rows)
    unseen = sum(t not in fold.classes for fold in folds for t in fold.truth)
    return {
        "label": label,
        "split": split,
        "architecture": architecture,
        "folds": [_clean(row) for row in rows],
        "mean": _clean(mean),
        "sd": _clean(sd),
        "low": _clean(low),
        "high": _clean(high),
        "controls": {name: _clean(_spread(some)[0]) for name, some in {"majority": majority, **given}.items()},
        "classes": classes,
        "confusion": _sum_confusion(folds, classes, per_song=False),
        "song_confusion": _sum_confusion(folds, classes, per_song=True),
        "counts": {
            "songs": len({song for fold in folds for song in fold.songs}),
            "snippets": sum(len(fold.snippet_song) for fold in folds),
            "songs of a label that their fold's training lacks (counted as missed, left out of the loss)": unseen,
        },
        "notes": [
            "Figures are per snippet; those with the prefix song_ are per song, from the mean probability of its snippets.",
            "The interval is Student's t over folds: folds share training songs, so it is a guide, not a proof.",
        ],
    }


def fold_figures(fold: LabelFold) -> dict[str, float]:
    """Figures of one fold: "fold", `FIGURES` per snippet, `SONG_FIGURES` per song; NaN where undefined."""
    out: dict[str, float] = {"fold": fold.fold}
    classes = sorted({*fold.classes, *fold.truth})
    for prefix, per_song in (("", False), ("song_", True)):
        log_p, truth = _predictions(fold, per_song=per_song)
        out[f"{prefix}loss"] = label_metrics.cross_entropy(log_p, truth)
        out[f"{prefix}precision_at_1"] = label_metrics.precision_at(log_p, truth, 1)
        out[f"{prefix}precision_at_3"] = label_metrics.precision_at(log_p, truth, 3)
        out[f"{prefix}macro_f1"] = label_metrics.macro_f1(_confusion(fold, classes, per_song=per_song))
    return out


def majority_fold(fold: LabelFold) -> LabelFold:
    """What the class frequencies of training alone would say: the same for every snippet."""
    counts = np.array([fold.train_labels.get(c, 0) for c in fold.classes], np.float64) + 1  # so that no class is impossible
    log_p = np.tile(np.log(counts / counts.sum()), (len(fold.snippet_song), 1))
    return LabelFold(fold.fold, fold.songs, fold.truth, fold.classes, log_p, fold.snippet_song, fold.train_labels)


def _predictions(fold: LabelFold, *, per_song: bool) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Log-probabilities (m, c) and true columns int64 (m,), -1 for a label that is no class; m snippets or songs."""
    column = {name: number for number, name in enumerate(fold.classes)}
    truth = np.array([column.get(t, -1) for t in fold.truth], np.int64)
    song = fold.snippet_song.astype(np.int64)
    if per_song:
        return label_metrics.mean_by_song(fold.log_probabilities, song, len(fold.songs)), truth
    return fold.log_probabilities, truth[song]


def _confusion(fold: LabelFold, classes: Sequence[str], *, per_song: bool) -> NDArray[np.int64]:
    """Confusion matrix over `classes`, rows are the truth."""
    number = {name: n for n, name in enumerate(classes)}
    log_p, _ = _predictions(fold, per_song=per_song)
    of_song = np.array([number[t] for t in fold.truth], np.int64)
    truth = of_song if per_song else of_song[fold.snippet_song.astype(np.int64)]
    guess = np.array([number[c] for c in fold.classes], np.int64)[log_p.argmax(axis=1)]
    return label_metrics.confusion_matrix(truth, guess, len(classes))


def _sum_confusion(folds: Sequence[LabelFold], classes: Sequence[str], *, per_song: bool) -> list[list[int]]:
    total = np.zeros((len(classes), len(classes)), np.int64)
    for fold in folds:
        total += _confusion(fold, classes, per_song=per_song)
    return [[int(n) for n in row] for row in total]


def _spread(rows: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], ...]:
    """Mean, standard deviation (n - 1), lower and upper bound of the mean's 95 % interval, over the folds with that figure."""
    from scipy.stats import t

    mean, sd, low, high = {}, {}, {}, {}
    for name in (*FIGURES, *SONG_FIGURES):
        values = np.array([row[name] for row in rows])
        values = values[np.isfinite(values)]
        n = len(values)
        mean[name] = float(values.mean()) if n else math.nan
        sd[name] = float(values.std(ddof=1)) if n > 1 else math.nan
        reach = float(t.ppf(0.975, n - 1)) * sd[name] / math.sqrt(n) if n > 1 else math.nan
        most = math.inf if name.endswith("loss") else 1.0  # with two folds the interval is wider than what can be
        low[name], high[name] = max(mean[name] - reach, 0.0), min(mean[name] + reach, most)
    return mean, sd, low, high


def _clean(figures: Mapping[str, float]) -> dict[str, float | int | None]:
    """Plain JSON numbers; None for what is not finite."""
    return {name: value if isinstance(value, int) or math.isfinite(value) else None for name, value in figures.items()}
