"""What every linear engine comes down to: one vector a user, one vector a song, scores by a matrix product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from collab.content_scaling import ContentScaler
from collab.occurrence import occurrence
from data.errors import InputError

# Users multiplied at a time. A matrix library adds up in an order that depends on the shapes of both matrices and on where in
# them a row stands. So all products have one shape and each user has one place in it: then a score has one value, to the last
# bit, whatever block it is computed in.
TILE = 32


@dataclass(frozen=True)
class ContentMap:
    """How a song's own vector becomes a song vector of the model, also for songs that did not exist when it was trained.

    Parameters
    ----------
    scaler : raw vectors (n, d) -> scaled (n, c).
    weights : float32 (c + 1, f); the last row is the intercept.
    """

    scaler: ContentScaler
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.weights.shape[0] != self.scaler.width + 1:
            raise InputError(f"content map: weights {self.weights.shape} must have {self.scaler.width + 1} rows")

    def apply(self, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Song vectors float32 (n, f) of scaled content (n, c)."""
        return np.asarray(scaled @ self.weights[:-1] + self.weights[-1], dtype=np.float32)


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
    content_map : content -> item factors, or None for an engine without content.
    """

    name: str
    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    scorable: NDArray[np.bool_]
    cold_tracks: bool
    content_map: ContentMap | None = None

    def __post_init__(self) -> None:
        (n_items, width), users = self.item_factors.shape, self.user_factors.shape
        if users[1] != width or self.scorable.shape != (n_items,):
            raise InputError(
                f"factor model: user factors {users} and scorable {self.scorable.shape} must fit ({n_items}, {width})"
            )
        if not (np.isfinite(self.user_factors).all() and np.isfinite(self.item_factors).all()):
            raise InputError(
                f"engine {self.name!r} diverged: its factors are not finite",
                code="diverged",
                hint="Lower the learning rate or raise the regularisation",
            )

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I), higher is better, of all songs for user rows int32 (b,).

        A user's scores are the same to the last bit whoever else is asked for.
        """
        slot = users % TILE
        place = occurrence(slot) * TILE + slot
        tiles = np.zeros((int(place.max(initial=-1)) // TILE + 1, TILE, self.user_factors.shape[1]), np.float32)
        tiles.reshape(-1, tiles.shape[2])[place] = self.user_factors[users]
        scores = np.empty((len(users), len(self.item_factors)), np.float32)
        for number, tile in enumerate(tiles):
            here = np.flatnonzero(place // TILE == number)
            scores[here] = (tile @ self.item_factors.T)[slot[here]]
        scores[:, ~self.scorable] = self.floor
        return scores

    @cached_property
    def floor(self) -> np.float32:
        """A score below every product of factors (Cauchy-Schwarz): that of songs that cannot be scored."""
        longest = [float(np.linalg.norm(f, axis=1).max(initial=0.0)) for f in (self.user_factors, self.item_factors)]
        return np.float32(-1.01 * longest[0] * longest[1] - 1.0)
