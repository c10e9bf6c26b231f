"""EASE: a closed-form model of song to song (Steck, WWW 2019), with the songs' content stacked under the plays.

Each song is regressed on all others: B = argmin |A - A B|^2 + regularization |B|^2 with a zero diagonal, where the rows of
A, (U + c, I), are the listeners' confidences and, under them, sqrt(content_weight) times the c columns of content. So two songs
are alike if the same people play them or if they sound alike, and a song without listens has its place by its sound.
Scores are R B. With P = (A'A + regularization I)^-1, B_ij = -P_ij / P_jj off the diagonal.

Solved on the smaller side. Dual form: with M = (A A' + regularization I)^-1, P = (I - A' M A) / regularization, so that for a
song not played by the listener the score is (R A' M)_u a_j / (regularization P_jj): a product of factors U + c wide, and exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidence, mean_log
from collab.content_map import ContentMap
from collab.content_scaling import ContentScaler
from collab.folding import EaseFold, RowFold
from collab.history import History
from collab.model import FactorModel
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

MOST_CELLS = 250_000_000  # of the larger factor matrix: 1 GB; time grows with the third power of its width


@dataclass(frozen=True)
class EaseConfig:
    """Choices of EASE.

    Parameters
    ----------
    regularization : L2 strength, > 0, in units of a squared confidence.
    content_weight : how much the content of a song counts beside its listeners, >= 0.
    """

    regularization: float = 200.0
    content_weight: float = 30.0

    def __post_init__(self) -> None:
        if not self.regularization > 0 or self.content_weight < 0:
            raise InputError(
                f"ease: regularization={self.regularization} must be > 0 and content_weight={self.content_weight} >= 0"
            )


def affordable(n_users: int, n_tracks: int, columns: int) -> bool:
    """Whether EASE fits the memory: its factors are min(I, U + c) wide."""
    return max(n_users, n_tracks) * min(n_tracks, n_users + columns) <= MOST_CELLS


def fit_ease(
    name: str,
    plays: sp.csr_matrix,
    scaled: NDArray[np.float32] | None,
    config: EaseConfig,
    scaler: ContentScaler | None = None,
) -> FactorModel:
    """Fit on plays, CSR float32 (U, I), and content of unit length, float32 (I, c), zeros where there is none; or None.

    With `scaler`, which made the content, songs that come later are scored as if they had been there without listens: exactly,
    for the vector of a song without listens is linear in its content.

    Raises
    ------
    InputError : the catalogue is too large (code "too-large").
    """
    n_users, n_tracks = plays.shape
    content = np.zeros((n_tracks, 0), np.float32) if scaled is None else scaled * np.float32(np.sqrt(config.content_weight))
    if not affordable(n_users, n_tracks, content.shape[1]):
        raise InputError(
            f"engine {name!r}: {n_users} listeners and {n_tracks} songs are too many for it",
            code="too-large",
            hint="Take 'als' or 'hybrid'",
        )
    confident = confidence(plays)
    scorable = (np.bincount(plays.indices, minlength=n_tracks) > 0) | content.any(axis=1)
    if n_tracks <= n_users + content.shape[1]:
        model, by_content = _primal(name, plays, confident, content, scorable, config.regularization)
    else:
        model, by_content = _dual(name, plays, confident, content, scorable, config.regularization)
    if scaler is None:
        return model
    weights = by_content * np.float32(np.sqrt(config.content_weight))
    content_map = ContentMap(scaler, np.vstack([weights, np.zeros((1, weights.shape[1]), np.float32)]))
    return replace(model, content_map=content_map)


def _dual(
    name: str,
    plays: sp.csr_matrix,
    confident: sp.csr_matrix,
    content: NDArray[np.float32],
    scorable: NDArray[np.bool_],
    reg: float,
) -> tuple[FactorModel, NDArray[np.float32]]:
    """The model, and content -> vector of a song without listens, float32 (c, U + c)."""
    n_users, by_song = plays.shape[0], confident.T.tocsr()
    gram = np.empty((n_users + content.shape[1],) * 2, np.float32)  # A A'; plays are sparse, so it is put together in parts
    gram[:n_users, :n_users] = (confident @ by_song).toarray()
    gram[:n_users, n_users:] = confident @ content
    gram[n_users:, :n_users] = gram[:n_users, n_users:].T
    gram[n_users:, n_users:] = content.T @ content
    inverse = _inverse(gram, reg)
    through = by_song @ inverse[:n_users]  # a' M for each song, first what its listeners give, then its content
    through += content @ inverse[n_users:]
    own = np.asarray(by_song.multiply(through[:, :n_users]).sum(axis=1)).ravel()  # a' M a
    own += np.einsum("ic,ic->i", through[:, n_users:], content)
    scale = np.maximum(1.0 - own, 1e-6).astype(np.float32)  # regularization * P_jj
    rows = through  # the same memory, for A' / scale
    rows[:, :n_users] = by_song.toarray()
    rows[:, n_users:] = content
    rows /= scale[:, None]
    fold = EaseFold(mean_log(plays.data), inverse, np.where(scorable, scale, 0).astype(np.float32))
    # Taken into the model, a new song's a would change M as well; by Sherman and Morrison that and its P_jj cancel to a alone.
    by_content = np.eye(content.shape[1], n_users + content.shape[1], n_users, dtype=np.float32)
    return FactorModel(name, gram[:n_users] @ inverse, rows, scorable, content.shape[1] > 0, fold), by_content


def _primal(
    name: str,
    plays: sp.csr_matrix,
    confident: sp.csr_matrix,
    content: NDArray[np.float32],
    scorable: NDArray[np.bool_],
    reg: float,
) -> tuple[FactorModel, NDArray[np.float32]]:
    """The model, and content -> vector of a song without listens, float32 (c, I)."""
    gram: NDArray[np.float32] = np.asarray((confident.T @ confident).toarray() + content @ content.T, np.float32)
    precision = _inverse(gram, reg)
    weights = np.asarray(-precision / np.diag(precision), np.float32)  # B
    np.fill_diagonal(weights, 0.0)
    fold, items = RowFold(mean_log(plays.data)), np.ascontiguousarray(weights.T)
    users = fold.vectors(History.of_matrix(plays), items)
    by_content = np.asarray(content.T @ precision, np.float32)  # the new song regressed on all others
    return FactorModel(name, users, items, scorable, content.shape[1] > 0, fold), by_content


def _inverse(gram: NDArray[np.float32], reg: float) -> NDArray[np.float32]:
    """(gram + reg I)^-1, float32, by Cholesky."""
    import scipy.linalg as la

    gram = np.array(gram, np.float32)
    gram[np.diag_indices(len(gram))] += np.float32(reg)
    lower, _ = la.lapack.spotrf(gram, lower=1, overwrite_a=1, clean=1)
    inverse, _ = la.lapack.spotri(lower, lower=1, overwrite_c=1)
    lower_half = np.tril(inverse)
    return np.asarray(lower_half + np.tril(inverse, -1).T, dtype=np.float32)
