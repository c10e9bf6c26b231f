"""How much a number of plays says about liking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse as sp


def mean_log(weights: NDArray[np.float32]) -> float:
    """Mean of log(1 + plays) over the stored cells, 1 where there are none: the unit of confidence."""
    mean = float(np.log1p(weights.astype(np.float64)).mean()) if len(weights) else 1.0
    return mean if mean > 0 else 1.0


def confidences(weights: NDArray[np.float32], unit: float) -> NDArray[np.float32]:
    """log(1 + plays) / `unit`, float32 of the shape of `weights`; `unit` is the `mean_log` of the training plays."""
    return (np.log1p(weights.astype(np.float64)) / unit).astype(np.float32)


def confidence(plays: sp.csr_matrix) -> sp.csr_matrix:
    """log(1 + plays), scaled to a mean of 1 over the stored cells.

    The logarithm keeps one obsessive listener from outweighing everybody else; the common scale makes one set of learning rates
    and regularisation strengths fit data in plays, in minutes and in ratings.

    Parameters
    ----------
    plays : CSR float32 (U, I), stored values > 0.

    Returns
    -------
    CSR float32 (U, I) with the same cells.
    """
    scaled = plays.astype(np.float32, copy=True)
    scaled.data = confidences(plays.data, mean_log(plays.data))
    return scaled
