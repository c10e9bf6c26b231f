"""Principal components of the embeddings, for a picture in three dimensions (paper, section 6, figure 6). numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


def pca(vectors: NDArray[np.float32], k: int = 3) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Coordinates along the k directions of greatest variance, and the share of the variance that each holds.

    Parameters
    ----------
    vectors : float32 (n, d), n at least 1.
    k : number of directions, at least 1.

    Returns
    -------
    coordinates : float32 (n, k), centred; columns beyond the rank of the data are 0.
    explained : float64 (k,), 0 to 1, falling; all 0 if every vector is the same.

    The sign of a direction is arbitrary; it is chosen so that its largest loading is positive, hence the same data give the
    same picture.

    Raises
    ------
    InputError : no vectors, or k below 1.
    """
    if vectors.ndim != 2 or not len(vectors):
        raise InputError(f"vectors {vectors.shape} must be (n, d) with n at least 1")
    if k < 1:
        raise InputError(f"k={k} must be at least 1")
    centred = vectors - vectors.mean(axis=0, dtype=np.float64)  # (n, d) float64
    # The d x d covariance: d is 192 and n may be a million, so this is the small side.
    variances, directions = np.linalg.eigh(centred.T @ centred)
    variances = np.maximum(variances[::-1][:k], 0.0)
    directions = directions[:, ::-1][:, :k]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    total = float(np.einsum("nd,nd->", centred, centred))
    explained = np.zeros(k)
    coordinates = np.zeros((len(vectors), k), np.float32)
    # Directions beyond the rank hold rounding noise only.
    found = int((variances > 1e-12 * total).sum()) if total > 0 else 0
    explained[:found] = variances[:found] / total if found else 0.0
    coordinates[:, :found] = centred @ directions[:, :found]
    return coordinates, explained
