"""What each user has played, in plain arrays: serving needs no sparse-matrix library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

    from data.listens import Listens


@dataclass(frozen=True)
class History:
    """Plays of U users in compressed rows: user u played `tracks[starts[u]:starts[u + 1]]`.

    Parameters
    ----------
    starts : int64 (U + 1,)
    tracks : int32 (n,), song rows, ascending within a user, each once.
    weights : float32 (n,), plays.
    """

    starts: NDArray[np.int64]
    tracks: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not len(self.starts) or self.starts[0] != 0 or not self.starts[-1] == len(self.tracks) == len(self.weights):
            raise InputError("history: starts must run from 0 to the number of plays", code="damaged")

    @classmethod
    def of_listens(cls, listens: Listens) -> History:
        """Plays added up for each (user, song)."""
        return cls.of_matrix(listens.matrix())

    @classmethod
    def of_matrix(cls, plays: sp.csr_matrix) -> History:
        """From CSR (U, I) with sorted indices."""
        return cls(plays.indptr.astype(np.int64), plays.indices.astype(np.int32), plays.data.astype(np.float32))

    @classmethod
    def empty(cls, users: int) -> History:
        """Users who played nothing."""
        return cls(np.zeros(users + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))

    @classmethod
    def of_rows(cls, rows: Sequence[tuple[NDArray[np.int32], NDArray[np.float32]]]) -> History:
        """From the songs, ascending, and plays of one user after the other."""
        starts = np.concatenate([[0], np.cumsum([len(tracks) for tracks, _ in rows])]).astype(np.int64)
        tracks, weights = ([row[part] for row in rows] for part in (0, 1))
        return cls(
            starts,
            np.concatenate([np.empty(0, np.int32), *tracks], dtype=np.int32),
            np.concatenate([np.empty(0, np.float32), *weights], dtype=np.float32),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, user: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Songs int32 (m,) and plays float32 (m,) of one user row."""
        cells = slice(int(self.starts[user]), int(self.starts[user + 1]))
        return self.tracks[cells], self.weights[cells]

    def gather(self, rows: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
        """The cells of several rows, one row after the other: songs int32 (m,), weights float32 (m,), and which of `rows` each
        is of, int64 (m,).
        """
        begin, count = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        of = np.repeat(np.arange(len(rows)), count)
        cells = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
        return self.tracks[cells], self.weights[cells], of

    @cached_property
    def n_active(self) -> int:
        """Number of users who played anything."""
        return int((np.diff(self.starts) > 0).sum())
