"""Accuracy of nearest neighbours, artist by artist: from distances to hits, and from hits to intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from data.embeddings import unit_rows

DRAWS = 2000
Floats = NDArray[np.float64]


def hits(distance: Floats, labels: NDArray[np.str_], artists: NDArray[np.str_], queries: Sequence[int], k: int) -> Floats:
    """1 where the vote of the k nearest songs by other artists names a query's label, else 0; float64 (queries,).

    The label with most votes wins; among equals the one whose nearest song is nearest.

    Parameters
    ----------
    distance : (queries, candidates), infinite for what is no candidate.
    labels, artists : of all candidates, in the order of the columns.
    queries : column of each query; a song is never its own neighbour, nor is any by its artist.
    """
    out = np.zeros(len(queries))
    for row, query in enumerate(queries):
        allowed = np.flatnonzero((artists != artists[query]) & np.isfinite(distance[row]))
        nearest = allowed[np.argsort(distance[row, allowed], kind="stable")[:k]]
        names, first, votes = np.unique(labels[nearest], return_index=True, return_counts=True)
        if len(names):
            out[row] = names[np.lexsort((first, -votes))[0]] == labels[query]
    return out


def euclidean(vectors: NDArray[np.floating], queries: NDArray[np.integer]) -> Floats:
    """Distance of each query to each row, float64 (queries, n)."""
    x = vectors.astype(np.float64)
    squares = (x**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[queries][:, None] + squares[None] - 2 * x[queries] @ x.T, 0))


def cosine(vectors: NDArray[np.floating], queries: NDArray[np.integer]) -> Floats:
    """1 - cosine of each query with each row, float64 (queries, n)."""
    unit = unit_rows(vectors.astype(np.float32)).astype(np.float64)
    return 1 - unit[queries] @ unit.T


def standardised(vectors: NDArray[np.floating], train: NDArray[np.integer]) -> Floats:
    """Each dimension less its mean and divided by its deviation over the training rows."""
    deviation = vectors[train].std(axis=0)
    return ((vectors - vectors[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype(np.float64)


def whitened(vectors: NDArray[np.floating], train: NDArray[np.integer]) -> Floats:
    """Principal axes of the training rows, each of variance 1, without those of less than 1/10,000 of the largest's."""
    centred = (vectors - vectors[train].mean(axis=0)).astype(np.float64)
    _, deviation, axes = np.linalg.svd(centred[train], full_matrices=False)
    kept = deviation > 0.01 * deviation[0]
    result: Floats = centred @ axes[kept].T / deviation[kept] * np.sqrt(len(train))
    return result


Normalisation = Callable[[NDArray[np.floating], NDArray[np.integer], NDArray[np.integer]], Floats]
# (vectors of all songs, training rows, queries) -> distances. Cosine takes vectors at unit length: raw cosine is "unit".
NORMALISATIONS: Mapping[str, Normalisation] = {
    "raw": lambda v, _train, q: euclidean(v, q),
    "unit": lambda v, _train, q: cosine(v, q),
    "centred": lambda v, train, q: cosine(v - v[train].mean(axis=0), q),
    "standardised": lambda v, train, q: cosine(standardised(v, train), q),
    "whitened": lambda v, train, q: cosine(whitened(v, train), q),
}


def interval(values: Floats, artists: NDArray[np.str_], *, seed: int = 0) -> tuple[float, float, float]:
    """Mean and its 95 % interval by bootstrap over artists: songs of one artist are no independent observations."""
    names, unit = np.unique(artists, return_inverse=True)
    size, total = np.bincount(unit), np.bincount(unit, values)
    times = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    low, high = np.percentile((times @ total) / (times @ size), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)
