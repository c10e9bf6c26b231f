"""From accurate to exploratory: popularity held against a song, as much as is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.model import floored
from data.errors import InputError
from data.recommender import FoldsIn, Recommender

if TYPE_CHECKING:
    import scipy.sparse as sp


def explored(scores: NDArray[np.float32], listeners: NDArray[np.int64], explore: float) -> NDArray[np.float32]:
    """Scores of the same songs with their popularity counted against them: z(score) - explore * z(log(1 + listeners)).

    Parameters
    ----------
    scores : float32 (b, n), of the n candidates for each of b listeners.
    listeners : int64 (n,), distinct listeners of each.
    explore : in [0, 1]. 0 leaves the scores as they are; at 1 popularity counts against a song as much as the score speaks for
        it.

    Raises
    ------
    InputError : `explore` lies outside of [0, 1].
    """
    check_explore(explore)
    if explore == 0 or not scores.shape[1]:
        return scores
    popularity = _standardised(np.log1p(listeners)[None])
    return (_standardised(scores) - explore * popularity).astype(np.float32)


def check_explore(explore: float) -> None:
    """Raise InputError unless `explore` lies in [0, 1]."""
    if not 0 <= explore <= 1:
        raise InputError(f"explore={explore} must lie in [0, 1]", hint="0 is the most accurate, 1 the most exploratory")


@dataclass(frozen=True)
class Exploring:
    """A recommender that explores: what `recommend --explore` ranks by, for the evaluation to measure.

    Parameters
    ----------
    recommender : a fitted engine.
    listeners : int64 (I,), distinct listeners of each song in training.
    explore : see `explored`.
    """

    recommender: Recommender
    listeners: NDArray[np.int64]
    explore: float

    def __post_init__(self) -> None:
        check_explore(self.explore)

    @property
    def name(self) -> str:
        """The engine's name and how much it explores."""
        return f"{self.recommender.name}, explore {self.explore:g}"

    @property
    def cold_tracks(self) -> bool:
        """Whether the engine ranks songs without listens."""
        return self.recommender.cold_tracks

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I) for user rows int32 (b,)."""
        return self._explored(self.recommender.scores(users))

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) for b listeners described by their plays. Raises InputError if the engine cannot fold in."""
        if not isinstance(self.recommender, FoldsIn):
            raise InputError(f"engine {self.recommender.name!r} cannot fold in new listeners", code="no-fold-in")
        return self._explored(self.recommender.fold_in(plays))

    def _explored(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.explore == 0:
            return scores
        scorable = getattr(self.recommender, "scorable", None)
        if scorable is None:
            scorable = np.ones(scores.shape[1], np.bool_)
        out = np.zeros(scores.shape, np.float32)
        out[:, scorable] = explored(scores[:, scorable], self.listeners[scorable], self.explore)
        return floored(out, scorable)


def _standardised(values: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows with mean 0 and standard deviation 1; zeros where all are equal."""
    mean = values.mean(axis=1, keepdims=True, dtype=np.float64)
    deviation = values.std(axis=1, keepdims=True, dtype=np.float64)
    steady = deviation > 1e-9 * np.maximum(1.0, np.abs(mean))
    return np.asarray(
        np.divide(values - mean, deviation, out=np.zeros(values.shape), where=np.broadcast_to(steady, values.shape))
    )
