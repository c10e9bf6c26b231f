"""Who played what: the collaborative half's only input."""

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
class Listens:
    """Interactions of U users with I tracks, one row a (user, track) pair or event.

    Parameters
    ----------
    user : int32 (n,), rows of `users`.
    track : int32 (n,), rows of `tracks`.
    weight : float32 (n,), plays or strength, finite and > 0.
    time : int64 (n,), Unix seconds, or None where unknown.
    users, tracks : id maps; `tracks` may hold songs that nobody played (they are cold).
    """

    user: NDArray[np.int32]
    track: NDArray[np.int32]
    weight: NDArray[np.float32]
    time: NDArray[np.int64] | None
    users: IdMap
    tracks: IdMap

    def __post_init__(self) -> None:
        n = len(self.user)
        if len(self.track) != n or len(self.weight) != n or (self.time is not None and len(self.time) != n):
            raise InputError(
                f"listens: user, track, weight and time must be equally long, got {n}, {len(self.track)}, "
                f"{len(self.weight)}, {None if self.time is None else len(self.time)}"
            )
        for name, rows, ids in (("user", self.user, self.users), ("track", self.track, self.tracks)):
            if n and (int(rows.min()) < 0 or int(rows.max()) >= len(ids)):
                raise InputError(f"listens: {name} rows must lie in [0, {len(ids)})")
        if n and not (np.isfinite(self.weight).all() and float(self.weight.min()) > 0):
            raise InputError("listens: weights must be finite and > 0", code="bad-weight")

    def __len__(self) -> int:
        return len(self.user)

    @property
    def shape(self) -> tuple[int, int]:
        """(U, I)"""
        return len(self.users), len(self.tracks)

    def matrix(self) -> sp.csr_matrix:
        """CSR float32 (U, I); weights of repeated pairs are added; indices sorted."""
        import scipy.sparse as sp  # a quarter of a second: answers that need no matrix do not wait for it

        matrix = sp.coo_matrix((self.weight, (self.user, self.track)), shape=self.shape, dtype=np.float32).tocsr()
        matrix.sort_indices()
        return matrix

    def where(self, keep: NDArray[np.bool_]) -> Listens:
        """The rows for which `keep`, bool (n,), holds; the id maps stay."""
        time = None if self.time is None else self.time[keep]
        return Listens(self.user[keep], self.track[keep], self.weight[keep], time, self.users, self.tracks)

    def track_counts(self) -> NDArray[np.int64]:
        """Number of distinct listeners of each track, int64 (I,)."""
        return np.bincount(self.matrix().indices, minlength=len(self.tracks)).astype(np.int64)
