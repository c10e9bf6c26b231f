"""Comparisons of label tables: two architectures on the same held-out songs, and one architecture under several splits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from evaluation import label_metrics
from evaluation.bootstrap import percentiles
from evaluation.labels import LabelFold

DRAWS = 2000
REFERENCE_SPLIT = "artist"  # what the other splits are said to flatter against


def song_difference(
    first: Sequence[LabelFold], second: Sequence[LabelFold], unit_of: Mapping[str, str], *, seed: int = 0
) -> dict[str, Any]:
    """First minus second in precision@1 and macro F1 of all held-out songs, with 95 % intervals by paired bootstrap over units.

    Unlike a mean over folds, these are figures of all songs together; a song that stands in several folds counts in each.

    Parameters
    ----------
    first, second : the same folds, seen by two architectures.
    unit_of : song id -> what is resampled as one: its artist, for songs of one artist are not independent; or the song itself.

    Returns
    -------
    {"song_precision_at_1": {"value", "low", "high"}, "song_macro_f1": {...}, "songs", "units"}.

    Raises
    ------
    InputError : the two do not hold out the same songs.
    """
    songs = [song for fold in first for song in fold.songs]
    if songs != [song for fold in second for song in fold.songs]:
        raise InputError("two architectures can only be compared on the same held-out songs, fold by fold")
    classes = sorted({c for fold in (*first, *second) for c in (*fold.classes, *fold.truth)})
    units, unit = np.unique(np.array([unit_of[song] for song in songs]), return_inverse=True)
    size = np.bincount(unit).astype(np.float64)
    # Rows of all that is resampled: one line a unit, so that a draw of units is a product of matrices.
    tables = [_outcomes(folds, classes, unit, len(units)) for folds in (first, second)]
    times = (
        np.random.default_rng(seed).multinomial(len(units), np.full(len(units), 1 / len(units)), size=DRAWS).astype(np.float64)
    )
    out: dict[str, Any] = {}
    for name, figure in (("song_precision_at_1", _precision), ("song_macro_f1", _macro_f1)):
        value = np.subtract(*(figure(table.sum(axis=0, keepdims=True), size.sum(keepdims=True)) for table in tables))
        draws = np.subtract(*(figure(times @ table, times @ size) for table in tables))
        low, high = percentiles(draws[:, None])
        out[name] = {"value": float(value[0]), "low": float(low[0]), "high": float(high[0])}
    return out | {"songs": len(songs), "units": len(units)}


def _outcomes(folds: Sequence[LabelFold], classes: Sequence[str], unit: NDArray[np.intp], n_units: int) -> NDArray[np.float64]:
    """Hits, true and guessed songs of each class, summed by unit: float64 (units, 3 * classes)."""
    number = {name: n for n, name in enumerate(classes)}
    truth, guess = [], []
    for fold in folds:
        log_p = label_metrics.mean_by_song(fold.log_probabilities, fold.snippet_song.astype(np.int64), len(fold.songs))
        truth += [number[t] for t in fold.truth]
        guess += [number[fold.classes[column]] for column in log_p.argmax(axis=1).tolist()]
    eye = np.eye(len(classes))
    true, said = eye[truth], eye[guess]  # (songs, classes)
    out = np.zeros((n_units, 3 * len(classes)))
    np.add.at(out, unit, np.hstack([true * said, true, said]))
    return out


def _precision(table: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of hits in each row of sums (draws, 3 * classes); `size` songs in each."""
    result: NDArray[np.float64] = table[:, : table.shape[1] // 3].sum(axis=1) / size
    return result


def _macro_f1(table: NDArray[np.float64], _size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean F1 over the classes that occur as truth or guess, as `label_metrics.macro_f1`, for each row of sums."""
    hits, true, said = np.split(table, 3, axis=1)
    occurrences = true + said
    f1 = np.divide(2 * hits, occurrences, out=np.zeros_like(hits), where=occurrences > 0)
    result: NDArray[np.float64] = f1.sum(axis=1) / np.maximum((occurrences > 0).sum(axis=1), 1)
    return result


def flattery(means: Mapping[str, Mapping[str, float | None]]) -> dict[str, dict[str, float]]:
    """By how much other splits flatter: each one's mean figures minus those of the split by artist.

    Parameters
    ----------
    means : split -> its "mean" of a label table.

    Returns
    -------
    split -> figure -> difference; empty without a split by artist or any other. A loss that flatters is below 0.
    """
    honest = means.get(REFERENCE_SPLIT)
    if honest is None:
        return {}
    out: dict[str, dict[str, float]] = {}
    for split, figures in means.items():
        if split == REFERENCE_SPLIT:
            continue
        pairs = {name: (value, honest.get(name)) for name, value in figures.items()}
        out[split] = {
            name: a - b
            for name, (a, b) in pairs.items()
            if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)
        }
    return out
