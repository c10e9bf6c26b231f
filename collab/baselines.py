"""Engines to beat: chance, popularity, neighbours among songs, and the sound of what a listener plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidence, confidences, mean_log
from collab.content_map import ContentMap
from collab.content_scaling import ContentScaler
from collab.folding import ConstantFold, LeastSquaresFold, ProfileFold
from collab.history import History
from collab.model import FactorModel
from data.embeddings import unit_rows
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class RandomModel:
    """Scores that mean nothing, uniform in [0, 1), fixed by seed and user row whatever block they are asked in.

    Songs without listens are drawn like all others: as a control it must favour no song.
    """

    n_tracks: int
    seed: int
    name: str = "random"
    cold_tracks: bool = False

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I) for user rows int32 (b,)."""
        rows = [np.random.default_rng((self.seed, int(user))).random(self.n_tracks, dtype=np.float32) for user in users]
        return np.stack(rows) if rows else np.empty((0, self.n_tracks), np.float32)


def fit_popularity(plays: sp.csr_matrix) -> FactorModel:
    """Rank by the number of distinct listeners; one factor a song, the same for every user.

    Parameters
    ----------
    plays : CSR float32 (U, I)
    """
    listeners = np.bincount(plays.indices, minlength=plays.shape[1]).astype(np.float32)
    users = np.ones((plays.shape[0], 1), np.float32)
    fold = ConstantFold(np.ones(1, np.float32))
    return FactorModel("popularity", users, listeners[:, None], listeners > 0, False, fold)


@dataclass(frozen=True)
class ItemKNNConfig:
    """neighbours : most similar songs kept for each song. shrink : added to the norm, so that few common listeners count less."""

    neighbours: int = 100
    shrink: float = 10.0

    def __post_init__(self) -> None:
        if self.neighbours < 1 or self.shrink < 0:
            raise InputError(f"item-kNN: neighbours={self.neighbours} must be >= 1 and shrink={self.shrink} >= 0")


@dataclass(frozen=True)
class ItemKNNModel:
    """Score of a song = confidence-weighted sum of its similarities to what the user played.

    Parameters
    ----------
    plays : CSR float32 (U, I), confidences. unit : mean of log(1 + plays) in training.
    similarity : CSR float32 (I, I), row = played song, column = song to score.
    warm : bool (I,), songs with listens; all others share the score -1, below every sum of similarities.
    """

    plays: sp.csr_matrix
    similarity: sp.csr_matrix
    warm: NDArray[np.bool_]
    unit: float
    name: str = "item-knn"
    cold_tracks: bool = False

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I) for user rows int32 (b,)."""
        return self._sums(self.plays[users])

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) for b listeners described by their plays, CSR float32 (b, I)."""
        confident = plays.astype(np.float32, copy=True)
        confident.data = confidences(plays.data, self.unit)
        return self._sums(confident)

    def _sums(self, confident: sp.csr_matrix) -> NDArray[np.float32]:
        scores = np.asarray((confident @ self.similarity).toarray(), dtype=np.float32)
        scores[:, ~self.warm] = -1.0
        return scores


def fit_item_knn(plays: sp.csr_matrix, config: ItemKNNConfig, *, block: int = 1024) -> ItemKNNModel:
    """Cosine between songs' columns of confidences, shrunk, the best `neighbours` of each song kept.

    Memory is bounded by `block` * I similarities at a time.
    """
    import scipy.sparse as sp

    weights = confidence(plays)
    by_song = weights.T.tocsr()  # (I, U)
    norm = np.sqrt(np.asarray(by_song.multiply(by_song).sum(axis=1)).ravel())
    n_tracks = plays.shape[1]
    rows, columns, values = [], [], []
    for start in range(0, n_tracks, block):
        stop = min(start + block, n_tracks)
        product = (by_song[start:stop] @ weights).toarray()  # (block, I)
        cosine = product / (norm[start:stop, None] * norm[None, :] + config.shrink + 1e-12)
        cosine[np.arange(stop - start), np.arange(start, stop)] = 0.0
        kept = min(config.neighbours, n_tracks)
        best = np.argpartition(-cosine, kept - 1, axis=1)[:, :kept]
        values.append(np.take_along_axis(cosine, best, axis=1).ravel())
        rows.append(np.repeat(np.arange(start, stop), kept))
        columns.append(best.ravel())
    matrix = sp.coo_matrix(
        (np.concatenate(values, dtype=np.float32), (np.concatenate(rows), np.concatenate(columns))),
        shape=(n_tracks, n_tracks),
    ).tocsr()
    matrix.eliminate_zeros()
    return ItemKNNModel(weights, matrix, norm > 0, mean_log(plays.data))


def fit_content_profile(
    plays: sp.csr_matrix, scaler: ContentScaler, scaled: NDArray[np.float32], known: NDArray[np.bool_]
) -> FactorModel:
    """Cosine of a song with the mean of what the user plays, weighted by log(1 + plays).

    Parameters
    ----------
    plays : CSR float32 (U, I)
    scaled : float32 (I, c), what `scaler` made of the songs' vectors; zeros where `known` is False.
    known : bool (I,), songs with a vector.
    """
    units = unit_rows(scaled)
    fold = ProfileFold(mean_log(plays.data))
    profiles = fold.vectors(History.of_matrix(plays), units)
    return FactorModel("content", profiles, units, known, True, fold, identity_map(scaler, scaled.shape[1]))


@dataclass(frozen=True)
class ContentRidgeConfig:
    """regularization : L2 strength, > 0. alpha : confidence of an average listen; a song not played has 1."""

    regularization: float = 30.0
    alpha: float = 10.0

    def __post_init__(self) -> None:
        if not (self.regularization > 0 and self.alpha > 0):
            raise InputError(f"content-ridge: regularization={self.regularization} and alpha={self.alpha} must be > 0")


def fit_content_ridge(
    plays: sp.csr_matrix,
    scaler: ContentScaler,
    scaled: NDArray[np.float32],
    known: NDArray[np.bool_],
    config: ContentRidgeConfig,
) -> FactorModel:
    """A weighted ridge regression a listener: played or not, on the songs' content. The user half of implicit ALS with the songs'
    factors fixed at their content; learns what a listener likes in a sound, and what not.

    Parameters as of `fit_content_profile`.
    """
    warm = known & (np.bincount(plays.indices, minlength=len(known)) > 0)
    gram = (scaled[warm].T @ scaled[warm]).astype(np.float32)
    fold = LeastSquaresFold(mean_log(plays.data), config.alpha, config.regularization, gram)
    users = fold.vectors(History.of_matrix(plays), scaled)
    return FactorModel("content-ridge", users, scaled, known, True, fold, identity_map(scaler, scaled.shape[1]))


def identity_map(scaler: ContentScaler, width: int) -> ContentMap:
    """Scaled content is the song's vector as it is."""
    return ContentMap(scaler, np.vstack([np.eye(width, dtype=np.float32), np.zeros((1, width), np.float32)]))
