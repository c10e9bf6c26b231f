"""How a song's own vector becomes a song vector of a model, also for songs that did not exist when it was trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.content_scaling import ContentScaler
from data.errors import InputError

POWER = 2  # of the cosine: near neighbours count, the many that are a little alike do not


@dataclass(frozen=True)
class ContentMap:
    """A linear map.

    Parameters
    ----------
    scaler : raw vectors (n, d) -> scaled (n, c).
    weights : float32 (c + 1, f); the last row is the intercept.
    shrinkage, norm : what `toward_norm` does to the vectors: alpha and mu; nothing by default.
    """

    scaler: ContentScaler
    weights: NDArray[np.float32]
    shrinkage: float = 0.0
    norm: float = 0.0

    def __post_init__(self) -> None:
        if self.weights.shape[0] != self.scaler.width + 1:
            raise InputError(f"content map: weights {self.weights.shape} must have {self.scaler.width + 1} rows")

    def apply(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Song vectors float32 (n, f) of scaled content (n, c)."""
        vectors = np.asarray(scaled @ self.weights[:-1] + self.weights[-1], dtype=np.float32)
        return toward_norm(vectors, self.shrinkage, self.norm)


@dataclass(frozen=True)
class KernelMap:
    """Kernel ridge regression on m songs with listens: a song takes after those that sound most like it.

    Parameters
    ----------
    scaler : raw vectors (n, d) -> scaled (n, c), rows of unit length.
    landmarks : float32 (m, c), their scaled content.
    weights : float32 (m + 1, f), coefficients; the last row is the vector of a song that sounds like none of them.
    shrinkage, norm : what `toward_norm` does to the vectors: alpha and mu; nothing by default.
    """

    scaler: ContentScaler
    landmarks: NDArray[np.float32]
    weights: NDArray[np.float32]
    shrinkage: float = 0.0
    norm: float = 0.0

    def __post_init__(self) -> None:
        if self.weights.shape[0] != len(self.landmarks) + 1 or self.landmarks.shape[1] != self.scaler.width:
            raise InputError(f"kernel map: weights {self.weights.shape} and landmarks {self.landmarks.shape} do not fit")

    def apply(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Song vectors float32 (n, f) of scaled content (n, c)."""
        vectors = np.asarray(kernel(scaled, self.landmarks) @ self.weights[:-1] + self.weights[-1], dtype=np.float32)
        return toward_norm(vectors, self.shrinkage, self.norm)


AnyContentMap = ContentMap | KernelMap


def kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """max(cosine, 0) ** POWER of rows of unit length, float32 (n, m)."""
    cosine = a @ b.T
    np.maximum(cosine, 0, out=cosine)
    return np.asarray(cosine**POWER, dtype=np.float32)


def toward_norm(vectors: NDArray[np.float32], shrinkage: float, norm: float) -> NDArray[np.float32]:
    """Bring lengths toward `norm`, directions as they are: x * (|x| + alpha mu) / (|x| (1 + alpha)), float32 (n, f).

    Songs placed by content inherit the popularity of the songs that they sound like, as their length (Meehan & Pauwels, RecSys
    2025). Vectors of zeros stay.

    Parameters
    ----------
    shrinkage : alpha, >= 0; 0 gives `vectors` themselves, and the larger, the nearer lengths come to `norm`.
    norm : mu, the mean length of songs with listens.
    """
    if not shrinkage:
        return vectors
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    wanted = (length + shrinkage * norm) / (1 + shrinkage)
    factor = np.divide(wanted, length, out=np.zeros_like(length), where=length > 0)
    return np.asarray(vectors * factor, dtype=np.float32)
