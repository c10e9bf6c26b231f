"""The bridge: closed-form regressions from content to collaborative factors, linear and by kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from collab.content_map import ContentMap, KernelMap, kernel
from collab.content_scaling import ContentScaler
from data.errors import InputError

MOST_LANDMARKS = 2000  # time grows with the third power of their number, memory with the second


@dataclass(frozen=True)
class BridgeConfig:
    """Choices of the bridge.

    Parameters
    ----------
    kind : "kernel" or "ridge" (linear). The kernel is ahead on every set measured, see docs.
    regularization : strength of the ridge penalty, > 0.
    trust : a song with n listeners weighs n / (n + trust): factors of rarely played songs are mostly noise.
    kernel_regularization : of the kernel ridge, > 0, in units of the kernel of a song with itself, which is 1.
    norm_shrinkage : how far the lengths of placed songs are brought to the mean length of songs with listens, finite, >= 0; 0 not
        at all. A longer vector is recommended to more people, so this evens out who is shown; see `content_map.toward_norm`.
    """

    kind: Literal["kernel", "ridge"] = "kernel"
    regularization: float = 3.0
    trust: float = 10.0
    kernel_regularization: float = 3.0
    norm_shrinkage: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ("kernel", "ridge"):
            raise InputError(f'bridge: kind={self.kind!r} must be "kernel" or "ridge"')
        if not (self.regularization > 0 and self.kernel_regularization > 0) or self.trust < 0:
            raise InputError(
                f"bridge: regularization={self.regularization} and kernel_regularization={self.kernel_regularization} must be "
                f"> 0 and trust={self.trust} >= 0"
            )
        if not 0 <= self.norm_shrinkage < float("inf"):
            raise InputError(
                f"bridge: norm_shrinkage={self.norm_shrinkage} must be a finite number >= 0; 0 leaves vectors as they are"
            )


def fit_bridge(
    scaler: ContentScaler,
    scaled: NDArray[np.float32],
    factors: NDArray[np.float32],
    listeners: NDArray[np.int64],
    config: BridgeConfig,
) -> ContentMap:
    """Learn content -> factors from n songs that have both.

    Minimises sum_i w_i |x_i W + b - y_i|^2 + regularization |W|^2 with w_i = n_i / (n_i + trust).
    The intercept b is not penalised.

    Parameters
    ----------
    scaled : float32 (n, c), what `scaler` made of the songs' vectors.
    factors : float32 (n, f), collaborative factors.
    listeners : int64 (n,), distinct listeners of each song, >= 1.

    Raises
    ------
    InputError : n is 0.
    """
    if not len(scaled):
        raise InputError("the bridge needs at least one song with listens and an embedding", code="no-content")
    x, y = scaled.astype(np.float64), factors.astype(np.float64)
    weight = (listeners / (listeners + config.trust))[:, None]
    x_mean = (weight * x).sum(axis=0) / weight.sum()
    y_mean = (weight * y).sum(axis=0) / weight.sum()
    x, y = x - x_mean, y - y_mean
    gram = (weight * x).T @ x + config.regularization * np.eye(x.shape[1])
    slope = np.linalg.solve(gram, (weight * x).T @ y)
    return ContentMap(scaler, np.vstack([slope, y_mean - x_mean @ slope]).astype(np.float32))


@dataclass(frozen=True)
class KernelBridge:
    """The costly half of kernel ridge regression, shared by all factors that are mapped to.

    Parameters
    ----------
    scaler, landmarks : see `KernelMap`. rows : int64 (m,), which songs the landmarks are.
    factor : float32 (m, m), Cholesky factor of K + regularization I.
    """

    scaler: ContentScaler
    landmarks: NDArray[np.float32]
    rows: NDArray[np.int64]
    factor: NDArray[np.float32]

    def map_to(self, factors: NDArray[np.float32]) -> KernelMap:
        """Content -> factors, float32 (I, f), learned on the landmarks' rows; shrinks to their mean where nothing is alike."""
        from scipy.linalg import cho_solve

        y = factors[self.rows]
        mean = y.mean(axis=0)
        weights = cho_solve((self.factor, True), y - mean, check_finite=False)
        return KernelMap(self.scaler, self.landmarks, np.vstack([weights, mean]).astype(np.float32))

    def place(self, factors: NDArray[np.float32], scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """What `map_to(factors).apply(scaled)` gives, float32 (n, f), at less cost where n songs are fewer than factors."""
        from scipy.linalg import cho_solve

        y = factors[self.rows]
        mean = y.mean(axis=0)
        shares = cho_solve((self.factor, True), kernel(self.landmarks, scaled), check_finite=False)
        return np.asarray(shares.T @ (y - mean) + mean, dtype=np.float32)


def fit_kernel(
    scaler: ContentScaler,
    scaled: NDArray[np.float32],
    listeners: NDArray[np.int64],
    known: NDArray[np.bool_],
    config: BridgeConfig,
) -> KernelBridge:
    """Prepare kernel ridge regression on the songs with most listeners, `MOST_LANDMARKS` at most.

    Parameters
    ----------
    scaled : float32 (I, c), rows of unit length. listeners : int64 (I,). known : bool (I,), songs with content.

    Raises
    ------
    InputError : no song has both content and listens.
    """
    from scipy.linalg import cho_factor

    rows = np.flatnonzero(known & (listeners > 0))
    if not len(rows):
        raise InputError("the bridge needs at least one song with listens and an embedding", code="no-content")
    rows = np.sort(rows[np.argsort(-listeners[rows], kind="stable")][:MOST_LANDMARKS])
    landmarks = np.ascontiguousarray(scaled[rows], np.float32)
    gram = kernel(landmarks, landmarks)
    gram[np.diag_indices(len(rows))] += np.float32(config.kernel_regularization)
    factor, _ = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    return KernelBridge(scaler, landmarks, rows.astype(np.int64), np.asarray(factor, np.float32))
