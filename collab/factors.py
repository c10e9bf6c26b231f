"""Collaborative factors by implicit alternating least squares (Hu, Koren and Volinsky, ICDM 2008)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidence
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp


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
    regularization: float = 30.0
    alpha: float = 10.0
    iterations: int = 15
    threads: int = 1

    def __post_init__(self) -> None:
        if self.components < 1 or self.iterations < 1 or self.threads < 0:
            raise InputError(f"als: components={self.components} and iterations={self.iterations} must be >= 1, threads >= 0")
        if not (self.regularization > 0 and self.alpha > 0):
            raise InputError(f"als: regularization={self.regularization} and alpha={self.alpha} must be > 0")


def fit_als(
    plays: sp.csr_matrix, config: ALSConfig, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Factorise confidences.

    Parameters
    ----------
    plays : CSR float32 (U, I)
    progress : called with (iterations done, iterations).

    Returns
    -------
    user factors float32 (U, components) and item factors float32 (I, components); zeros where a user or song has no listens.
    """
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

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
    users, items = np.array(model.user_factors, np.float32), np.array(model.item_factors, np.float32)
    users[np.diff(plays.indptr) == 0] = 0.0
    items[np.bincount(plays.indices, minlength=plays.shape[1]) == 0] = 0.0
    return users, items
