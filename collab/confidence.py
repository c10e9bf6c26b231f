"""How much a number of plays says about liking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp


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
    logs = np.log1p(plays.data.astype(np.float64))
    mean = float(logs.mean()) if len(logs) else 1.0
    scaled.data = (logs / mean if mean > 0 else np.ones_like(logs)).astype(np.float32)
    return scaled
