"""The bridge: a closed-form ridge regression from content to collaborative factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


@dataclass(frozen=True)
class BridgeConfig:
    """Choices of the bridge.

    Parameters
    ----------
    regularization : strength of the ridge penalty, > 0. Results are flat from 1 to 30.
    trust : a song with n listeners weighs n / (n + trust): factors of rarely played songs are mostly noise.
    """

    regularization: float = 1.0
    trust: float = 10.0

    def __post_init__(self) -> None:
        if not self.regularization > 0 or self.trust < 0:
            raise InputError(f"bridge: regularization={self.regularization} must be > 0 and trust={self.trust} >= 0")


def fit_bridge(
    scaled: NDArray[np.float32], factors: NDArray[np.float32], listeners: NDArray[np.int64], config: BridgeConfig
) -> NDArray[np.float32]:
    """Learn content -> factors from n songs that have both.

    Minimises sum_i w_i |x_i W + b - y_i|^2 + regularization |W|^2 with w_i = n_i / (n_i + trust).
    The intercept b is not penalised.

    Parameters
    ----------
    scaled : float32 (n, c), scaled content.
    factors : float32 (n, f), collaborative factors.
    listeners : int64 (n,), distinct listeners of each song, >= 1.

    Returns
    -------
    float32 (c + 1, f): W, and b as the last row.

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
    return np.vstack([slope, y_mean - x_mean @ slope]).astype(np.float32)
