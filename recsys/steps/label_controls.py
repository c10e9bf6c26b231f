"""The classical baseline of a label's table: a support vector machine on statistics of the hyper-images, on the same folds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from content.crossfit import FoldResult
from content.statistics import statistics_of
from evaluation.classical import classical_fold
from recsys.steps.fold_rows import FoldRows
from recsys.steps.images import Songs


def classical_folds(
    results: Sequence[FoldResult], rows: FoldRows, songs: Songs, values: Sequence[str], seed: int
) -> list[FoldResult]:
    """What the machine says of the rows that each network of `results` was asked about, in the same form.

    It hears whole songs, so all snippets of a song get one answer; under the split by snippet it hears snippets.
    """
    features = statistics_of(rows.images)
    labels = np.array([values[song] for song in rows.song])
    by_artist = rows.split != "snippet"
    groups = np.array([(by_artist and songs.tracks[song].artist) or f"\0{song}" for song in rows.song])
    out = []
    for result in results:
        train = np.flatnonzero((labels != "") & (rows.fold_of != result.fold))
        fold = classical_fold(features, labels, groups, train, result.rows, seed=seed)
        said = np.repeat(fold.log_probabilities.astype(np.float32), result.snippets, axis=0)
        out.append(dataclasses.replace(result, classes=fold.classes, log_probabilities=said, vectors=None, seconds=0.0))
    return out
