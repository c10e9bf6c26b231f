"""Collaborative factors: implicit ALS (Hu, Koren and Volinsky, ICDM 2008) and BPR (Rendle et al., UAI 2009)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidence, mean_log
from collab.folding import LeastSquaresFold, RegressionFold, fit_regression
from collab.history import History
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

# The modules of implicit import one another: two threads that begin at different ends wait for each other forever.
_IMPORTING = Lock()


@dataclass(frozen=True)
class ALSConfig:
    """Choices of alternating least squares.

    Parameters
    ----------
    components : factors a user and a song.
    regularization : L2 strength; matters most of all, see docs.
    alpha : confidence of an average listen (a song not played has confidence 1).
    iterations : rounds over users and songs.
    threads : results do not depend on it; 0 takes all cores.
    """

    components: int = 64
    regularization: float = 100.0
    alpha: float = 40.0
    iterations: int = 15
    threads: int = 1

    def __post_init__(self) -> None:
        if self.components < 1 or self.iterations < 1 or self.threads < 0:
            raise InputError(f"als: components={self.components} and iterations={self.iterations} must be >= 1, threads >= 0")
        if not (self.regularization > 0 and self.alpha > 0):
            raise InputError(f"als: regularization={self.regularization} and alpha={self.alpha} must be > 0")


def fit_als(
    plays: sp.csr_matrix, config: ALSConfig, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], LeastSquaresFold]:
    """Factorise confidences.

    The last half step, over listeners, is done once more and exactly: it is the fold-in, so a listener of the training set and
    the same listener folded in have one vector.

    Parameters
    ----------
    plays : CSR float32 (U, I)
    progress : called with (iterations done, iterations).

    Returns
    -------
    user factors float32 (U, components) and item factors float32 (I, components), zeros where a user or song has no listens; and
    how listeners are folded in.
    """
    from threadpoolctl import threadpool_limits

    with _IMPORTING:
        from implicit.cpu.als import AlternatingLeastSquares

    def report(iteration: int, _seconds: float, _loss: float | None) -> None:
        if progress is not None:
            progress(iteration + 1, config.iterations)

    # implicit runs its own threads over rows; a BLAS that starts more inside each of them only slows it down (and it warns).
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=config.components,
            regularization=config.regularization,
            alpha=config.alpha,
            iterations=config.iterations,
            num_threads=config.threads,
            random_state=seed,
        )
        model.fit(confidence(plays), show_progress=False, callback=report)
    items = np.array(model.item_factors, np.float32)
    items[np.bincount(plays.indices, minlength=plays.shape[1]) == 0] = 0.0
    fold = LeastSquaresFold(mean_log(plays.data), config.alpha, config.regularization, items.T @ items)
    return fold.vectors(History.of_matrix(plays), items), items, fold


@dataclass(frozen=True)
class BPRConfig:
    """Choices of Bayesian personalised ranking: components, learning_rate > 0, regularization >= 0, epochs, and how strongly the
    fold-in is shrunk to the mean listener.
    """

    components: int = 64
    learning_rate: float = 0.01
    regularization: float = 0.01
    epochs: int = 100
    fold_regularization: float = 10.0

    def __post_init__(self) -> None:
        if self.components < 1 or self.epochs < 1:
            raise InputError(f"bpr: components={self.components} and epochs={self.epochs} must be 1 or more")
        if not self.learning_rate > 0 or self.regularization < 0 or not self.fold_regularization > 0:
            raise InputError(
                f"bpr: learning_rate={self.learning_rate} and fold_regularization={self.fold_regularization} must be > 0, "
                f"regularization={self.regularization} >= 0"
            )


def fit_bpr(
    plays: sp.csr_matrix, config: BPRConfig, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], RegressionFold]:
    """Learn to rank played songs above others; one thread, so that one seed gives one result.

    Returns
    -------
    user factors float32 (U, components + 1), the last column 1, item factors float32 (I, components + 1), the last column the
    song's bias, zeros where a song has no listens; and how listeners are folded in.
    """
    with _IMPORTING:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=config.components,
        learning_rate=config.learning_rate,
        regularization=config.regularization,
        iterations=config.epochs,
        num_threads=1,
        random_state=seed,
    )
    model.fit(plays, show_progress=False)
    if progress is not None:
        progress(config.epochs, config.epochs)
    users, items = np.array(model.user_factors, np.float32), np.array(model.item_factors, np.float32)
    users[np.diff(plays.indptr) == 0] = 0.0
    users[:, -1] = 1.0  # implicit keeps the song's bias in the last column, and 1 for each listener
    items[np.bincount(plays.indices, minlength=plays.shape[1]) == 0] = 0.0
    return users, items, fit_regression(users, History.of_matrix(plays), items, mean_log(plays.data), config.fold_regularization)
