"""Sparse side features of songs: words, tags, artists, genres; what is known of a song besides its sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.ids import IdMap

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class ItemFeatures:
    """One sparse row a song.

    Parameters
    ----------
    tracks : I song ids, row order.
    matrix : CSR float32 (I, D), finite and >= 0; an empty row says that nothing is known of the song.
    fingerprint : names what they were made of.
    """

    tracks: IdMap
    matrix: sp.csr_matrix
    fingerprint: str

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or self.matrix.shape[0] != len(self.tracks):
            raise InputError(f"item features: matrix {self.matrix.shape} must have {len(self.tracks)} rows")
        if self.matrix.dtype != np.float32:
            raise InputError(f"item features: values must be float32, got {self.matrix.dtype}")
        if len(self.matrix.data) and not (np.isfinite(self.matrix.data).all() and float(self.matrix.data.min()) >= 0):
            raise InputError("item features: values must be finite and >= 0", code="bad-weight")

    def aligned(self, tracks: IdMap) -> tuple[sp.csr_matrix, NDArray[np.bool_]]:
        """Rows in the order of `tracks`: CSR float32 (len(tracks), D), and bool (len(tracks),) where anything is known.

        Songs that are not among these get an empty row.
        """
        import scipy.sparse as sp

        rows = self.tracks.rows(tracks.ids)
        here = np.flatnonzero(rows >= 0)
        pick = sp.csr_matrix((np.ones(len(here), np.float32), (here, rows[here])), shape=(len(tracks), len(self.tracks)))
        matrix = (pick @ self.matrix).tocsr().astype(np.float32)
        return matrix, np.diff(matrix.indptr) > 0


def tf_idf(counts: sp.csr_matrix, *, fewest: int = 2) -> sp.csr_matrix:
    """Weight words: log(1 + count) * log(I / songs with the word), rows of unit length (Salton & Buckley, 1988).

    Parameters
    ----------
    counts : CSR (I, D), >= 0.
    fewest : words of fewer songs are left out; a word of one song ties it to no other.

    Returns
    -------
    CSR float32 (I, words kept), sorted; a song without any kept word has an empty row.
    """
    import scipy.sparse as sp

    counts = sp.csr_matrix(counts, dtype=np.float64, copy=True)
    counts.eliminate_zeros()
    songs = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(songs >= fewest)
    counts = counts[:, kept]
    counts.data = np.log1p(counts.data)
    weighted = (counts @ sp.diags(np.log(counts.shape[0] / np.maximum(songs[kept], 1)))).tocsr()
    weighted.eliminate_zeros()  # a word of every song says nothing
    return unit_length(weighted)


def unit_length(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Rows brought to length 1, CSR float32 (n, D), sorted; an empty row stays."""
    import scipy.sparse as sp

    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled = sp.csr_matrix(sp.diags(1 / np.maximum(length, 1e-30)) @ matrix, dtype=np.float32)
    scaled.sort_indices()
    return scaled
