"""What each song that a listener plays adds to the product of the listener's vector with a song's vector.

Every fold is a sum over the songs played, divided or multiplied by what depends on the listener as a whole: a length, or the
confidences inside the matrix that least squares inverts. With that left as it is, the sum falls apart into one part a song.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidences
from collab.folding import EaseFold, Factors, Fold, LeastSquaresFold, ProfileFold, RegressionFold, RowFold


def fold_shares(
    fold: Fold, tracks: NDArray[np.int32], weights: Factors, item_factors: Factors, vectors: Factors
) -> NDArray[np.float64]:
    """float64 (m, n): row j is what the j-th song played adds to x @ v for each of n vectors v, x being the listener's vector.

    The rows add up to x @ v, less what the engine gives to everybody (the intercept of `RegressionFold`, all of `ConstantFold`).

    Parameters
    ----------
    tracks : int32 (m,), song rows. weights : float32 (m,), plays.
    item_factors : float32 (I, f). vectors : float32 (n, f).
    """
    against = vectors.T.astype(np.float64)  # (f, n)
    if isinstance(fold, RowFold):
        width = vectors.shape[1]
        known = tracks < width
        told = np.zeros((len(tracks), len(vectors)))
        told[known] = confidences(weights[known], fold.unit)[:, None] * against[tracks[known]]
        return told
    played = item_factors[tracks].astype(np.float64)  # (m, f)
    if isinstance(fold, ProfileFold):
        parts = confidences(weights, fold.unit)[:, None] * played
        return np.asarray(parts @ against / (float(np.linalg.norm(parts.sum(axis=0))) or 1.0))
    if isinstance(fold, LeastSquaresFold):  # Hu, Koren and Volinsky, ICDM 2008, section 5, eq. 7
        confident = fold.alpha * confidences(weights, fold.unit).astype(np.float64)
        base = fold.gram.astype(np.float64) + fold.regularization * np.eye(item_factors.shape[1])
        whole = base + (played * (confident - 1)[:, None]).T @ played
        return np.asarray(confident[:, None] * (played @ np.linalg.solve(whole, against)))
    if isinstance(fold, EaseFold):
        scale = np.zeros(len(item_factors), np.float32)
        scale[: len(fold.scale)] = fold.scale
        return np.asarray((confidences(weights, fold.unit) * scale[tracks])[:, None] * (played @ (fold.inverse @ against)))
    if isinstance(fold, RegressionFold):
        confident = confidences(weights, fold.unit).astype(np.float64)
        means = (confident / max(float(confident.sum()), 1e-12))[:, None] * played
        return np.asarray(means @ (fold.weights[:-1].astype(np.float64) @ against))
    return np.zeros((len(tracks), len(vectors)))
