"""How alike two songs are, and which songs are most alike: cosine of the embeddings, exact. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.embeddings import unit_rows
from data.errors import InputError


def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarity of each row of `a` (m, d) to each row of `b` (n, d): float32 (m, n), (1 + cosine) / 2.

    1 is the same direction, 0.5 unrelated or unknown (a row of zeros), 0 opposite.
    """
    return from_cosine(unit_rows(a) @ unit_rows(b).T)


def by_similarity(unit: NDArray[np.float32], seed: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """All songs but one, those most like that one first; ties go to the lower row.

    Parameters
    ----------
    unit : float32 (n, d), rows of length 1, or of zeros.
    seed : row of the song to compare with; it is never in the answer.

    Returns
    -------
    rows, values : int32 and float32 (n - 1,), rows of `unit` and their similarity to the seed, in [0, 1].

    Raises
    ------
    InputError : `seed` is no row.
    """
    if not 0 <= seed < len(unit):
        raise InputError(f"seed={seed} must be a row of the {len(unit)} vectors")
    values = from_cosine(unit @ unit[seed])
    order = np.argsort(-values, kind="stable")
    rows = order[order != seed].astype(np.int32)
    return rows, values[rows]


def from_cosine(cosine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarity in [0, 1] of a cosine, float32 of its shape."""
    # Rounding takes a cosine a little beyond 1.
    values: NDArray[np.float32] = np.clip(np.float32(0.5) + np.float32(0.5) * cosine, 0.0, 1.0)
    return values
