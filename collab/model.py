"""What every linear engine comes down to: one vector a user, one vector a song, scores by a matrix product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.content_map import AnyContentMap
from collab.folding import Fold
from collab.history import History
from collab.occurrence import occurrence
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

# Users multiplied at a time. A matrix library adds up in an order that depends on the shapes of both matrices and on where in
# them a row stands. So all products have one shape and each user has one place in it: then a score has one value, to the last
# bit, whatever block it is computed in.
TILE = 128
LARGE = 2**24  # numbers in the songs' factors; from here on a product is slow, and one user should not pay for so many
LARGE_TILE = 32


@dataclass(frozen=True)
class FactorModel:
    """A fitted engine whose score of user u and song i is `user_factors[u] @ item_factors[i]`.

    Parameters
    ----------
    name : engine name.
    user_factors : float32 (U, f); zeros for a user without listens, apart from a constant column if there is one.
    item_factors : float32 (I, f)
    scorable : bool (I,), songs whose score means something. All others share one score below every other.
    cold_tracks : whether songs without listens can be scored from their content.
    fold : plays -> user vector, for listeners who came after training and for today's plays.
    content_map : content -> item factors, or None for an engine without content.
    """

    name: str
    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    scorable: NDArray[np.bool_]
    cold_tracks: bool
    fold: Fold
    content_map: AnyContentMap | None = None

    def __post_init__(self) -> None:
        (n_items, width), users = self.item_factors.shape, self.user_factors.shape
        if users[1] != width or self.scorable.shape != (n_items,):
            raise InputError(
                f"factor model: user factors {users} and scorable {self.scorable.shape} must fit ({n_items}, {width})"
            )
        if not all(mapped(factors) or np.isfinite(factors).all() for factors in (self.user_factors, self.item_factors)):
            raise InputError(
                f"engine {self.name!r} diverged: its factors are not finite",
                code="diverged",
                hint="Lower the learning rate or raise the regularisation",
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(U, I)"""
        return len(self.user_factors), len(self.item_factors)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I), higher is better, of all songs for user rows int32 (b,).

        A user's scores are the same to the last bit whoever else is asked for.
        """
        return self._floored(self.known(users))

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) of all songs for b listeners described by their plays, CSR float32 (b, I)."""
        return self.folded_scores(History.of_matrix(plays))

    def folded_scores(self, plays: History) -> NDArray[np.float32]:
        """As `fold_in`, without scipy."""
        return self._floored(self.folded(plays))

    def learns_from(self, plays: History) -> NDArray[np.bool_]:
        """Whether the plays of each listener tell this model anything, bool (b,): a song is played that it has a vector for, and
        the listener's vector is another than without plays.
        """
        vectors = self.fold.vectors(plays, self.item_factors)
        idle = self.fold.vectors(History.empty(1), self.item_factors)
        told = (vectors != idle).any(axis=1)
        placed = [bool(told[row]) and bool(self.item_factors[plays.of(row)[0]].any()) for row in range(len(plays))]
        return np.array(placed, np.bool_)

    def known(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """The products alone, float32 (b, I): songs that cannot be scored are not put below the others."""
        return self._products(self.user_factors[users], users % self._tile)

    def folded(self, plays: History) -> NDArray[np.float32]:
        """The products alone for the listeners of `plays`, float32 (b, I)."""
        vectors = self.fold.vectors(plays, self.item_factors)
        return self._products(vectors, np.arange(len(vectors)) % self._tile)

    @property
    def _tile(self) -> int:
        return TILE if self.item_factors.size < LARGE else LARGE_TILE

    def _products(self, vectors: NDArray[np.float32], slot: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.float32]:
        """User vectors (b, f) times item factors; `slot` int (b,), the place of each in its tile."""
        size = self._tile
        place = occurrence(slot) * size + slot
        tiles = np.zeros((int(place.max(initial=-1)) // size + 1, size, vectors.shape[1]), np.float32)
        tiles.reshape(-1, tiles.shape[2])[place] = vectors
        scores = np.empty((len(vectors), len(self.item_factors)), np.float32)
        for number, tile in enumerate(tiles):
            here = np.flatnonzero(place // size == number)
            if len(here) == size and (np.diff(here) == 1).all() and (np.diff(slot[here]) == 1).all():
                np.matmul(tile, self.item_factors.T, out=scores[here[0] : here[-1] + 1])  # as in a run over all users: no copy
            else:
                scores[here] = (tile @ self.item_factors.T)[slot[here]]
        return scores

    def _floored(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Songs that cannot be scored share one score below every other of the same listener."""
        return floored(scores, self.scorable)


def floored(scores: NDArray[np.float32], scorable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scores (b, I) in which songs that are not `scorable`, bool (I,), share one score below every other of the same listener."""
    if not scorable.all():
        lowest = scores.min(axis=1, initial=0.0)
        scores[:, ~scorable] = (lowest - 1.0 - 0.01 * np.abs(lowest))[:, None]
    return scores


def mapped(array: NDArray[np.float32]) -> bool:
    """Whether an array is a view of a file: it was checked when it was written, and to read it all takes long."""
    return isinstance(array, np.memmap) or isinstance(array.base, np.memmap)
