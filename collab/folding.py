"""Fold-in: the user vector of a listener from plays alone, in closed form, without training again.

Each rule gives the very vector that its engine gives a listener of the training set with these plays. Needs numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidences
from collab.history import History
from data.embeddings import unit_rows

Factors = NDArray[np.float32]


class Fold(Protocol):
    """How plays become user vectors. The fields of an implementation are arrays and floats: they are stored as they are."""

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """User vectors float32 (b, f) of the b listeners of `plays`, whose songs are rows of `item_factors`, float32 (I, f).

        A listener without plays gets zeros (or what the engine gives to everybody).
        """
        ...


@dataclass(frozen=True)
class ConstantFold:
    """Everybody has the same vector, as with popularity."""

    vector: Factors

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """`vector` once for each listener."""
        return np.tile(np.asarray(self.vector, np.float32), (len(plays), 1))


@dataclass(frozen=True)
class ProfileFold:
    """Mean of the songs' vectors, weighted by confidence, of unit length.

    Parameters
    ----------
    unit : mean of log(1 + plays) in training, see `collab.confidence`.
    """

    unit: float

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """float32 (b, f), rows of length 1, or of zeros."""
        return unit_rows(_weighted_sums(plays, item_factors, self.unit))


@dataclass(frozen=True)
class LeastSquaresFold:
    """The user half of implicit least squares (Hu, Koren and Volinsky, ICDM 2008, eq. 4).

    x = (Y'Y + sum (c - 1) y y' + regularization I)^-1 sum c y over the songs played, with c = alpha * confidence.

    Parameters
    ----------
    unit : mean of log(1 + plays) in training.
    gram : float32 (f, f), Y'Y over the songs with listens.
    """

    unit: float
    alpha: float
    regularization: float
    gram: Factors

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """float32 (b, f). One listener after the other: a vector does not depend on whose it is computed with.

        Solved in as many unknowns as there are songs, or factors, whichever is less: with B for the part of the matrix that all
        listeners share and G = Y B^-1 Y', x = B^-1 Y' (I + (C - I) G)^-1 c.
        """
        width = item_factors.shape[1]
        out = np.zeros((len(plays), width), np.float32)
        base = self.gram.astype(np.float64) + self.regularization * np.eye(width)
        inverse = np.linalg.inv(base)
        for row in range(len(plays)):
            tracks, weights = plays.of(row)
            if not len(tracks):
                continue
            confident = self.alpha * confidences(weights, self.unit).astype(np.float64)
            played = item_factors[tracks].astype(np.float64)
            if len(tracks) < width:
                half = played @ inverse
                inner = np.eye(len(tracks)) + (confident - 1)[:, None] * (half @ played.T)
                out[row] = np.linalg.solve(inner, confident) @ half
            else:
                out[row] = np.linalg.solve(base + (played * (confident - 1)[:, None]).T @ played, confident @ played)
        return out


@dataclass(frozen=True)
class RegressionFold:
    """For engines without a closed form: a ridge regression, over the listeners of the training set, from the mean vector of what
    they play to the vector that the engine learned for them.

    Parameters
    ----------
    unit : mean of log(1 + plays) in training.
    weights : float32 (f + 1, f); the last row is the intercept.
    idle : float32 (f,), the vector of a listener without plays.
    """

    unit: float
    weights: Factors
    idle: Factors

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """float32 (b, f)"""
        known = np.diff(plays.starts) > 0
        means = mean_vectors(plays, item_factors, self.unit)
        out = means @ self.weights[:-1] + self.weights[-1]
        return np.where(known[:, None], out, self.idle).astype(np.float32)


@dataclass(frozen=True)
class EaseFold:
    """x = (sum c a) M over the songs played, in the dual form of EASE; see `collab.ease`.

    Parameters
    ----------
    unit : mean of log(1 + plays) in training.
    inverse : float32 (f, f), M = (A A' + regularization I)^-1.
    scale : float32 (I,), a = scale * item factor; 0 for songs that were placed by their content, which add nothing.
    """

    unit: float
    inverse: Factors
    scale: Factors

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """float32 (b, f)"""
        scale = np.zeros(len(item_factors), np.float32)
        scale[: len(self.scale)] = self.scale  # songs that came after training add nothing
        return np.asarray(_weighted_sums(plays, item_factors, self.unit, scale) @ self.inverse, np.float32)


@dataclass(frozen=True)
class RowFold:
    """The plays themselves, as confidences: the user vector of item-to-item engines (f = I songs of the training set)."""

    unit: float

    def vectors(self, plays: History, item_factors: Factors) -> Factors:
        """float32 (b, f)"""
        out = np.zeros((len(plays), item_factors.shape[1]), np.float32)
        for row in range(len(plays)):
            tracks, weights = plays.of(row)
            known = tracks < out.shape[1]
            out[row, tracks[known]] = confidences(weights[known], self.unit)
        return out


def fit_regression(users: Factors, plays: History, item_factors: Factors, unit: float, regularization: float) -> RegressionFold:
    """Learn `RegressionFold` from the listeners with plays; `users`, float32 (U, f), is what the engine learned for them.

    Their last column is 1 for everybody and meets the songs' biases.
    """
    idle = np.zeros(users.shape[1], np.float32)
    idle[-1] = 1.0
    known = np.diff(plays.starts) > 0
    x = mean_vectors(plays, item_factors, unit)[known].astype(np.float64)
    y = users[known].astype(np.float64)
    if not len(x):
        return RegressionFold(unit, np.zeros((users.shape[1] + 1, users.shape[1]), np.float32), idle)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    spread = float(np.mean((x - x_mean) ** 2)) or 1.0
    gram = (x - x_mean).T @ (x - x_mean) + regularization * spread * np.eye(x.shape[1])
    slope = np.linalg.solve(gram, (x - x_mean).T @ (y - y_mean))
    return RegressionFold(unit, np.vstack([slope, y_mean - x_mean @ slope]).astype(np.float32), idle)


def mean_vectors(plays: History, item_factors: Factors, unit: float) -> Factors:
    """Mean of the songs' vectors, weighted by confidence, float32 (b, f); zeros without plays."""
    total = np.array([confidences(plays.of(row)[1], unit).sum() for row in range(len(plays))], np.float32)
    return (_weighted_sums(plays, item_factors, unit) / np.maximum(total, 1e-12)[:, None]).astype(np.float32)


def _weighted_sums(plays: History, item_factors: Factors, unit: float, scale: Factors | None = None) -> Factors:
    """Sum of confidence * vector (* scale) over the songs of each listener, float32 (b, f)."""
    out = np.zeros((len(plays), item_factors.shape[1]), np.float32)
    for row in range(len(plays)):
        tracks, weights = plays.of(row)
        confident = confidences(weights, unit)
        out[row] = (confident if scale is None else confident * scale[tracks]) @ item_factors[tracks]
    return out
