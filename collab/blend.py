"""The hybrid as it scores: a weighted sum of engines, each brought to a common scale for each listener."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from collab.content_map import AnyContentMap
from collab.history import History
from collab.model import FactorModel, floored
from collab.postings import PostingsModel
from collab.rule import Rule, standard_popularity
from collab.weighing import Pool

if TYPE_CHECKING:
    import scipy.sparse as sp

TINY = 1e-6  # deviations below this are rounding
CONTENT_PARTS = ("content", "content-ridge", "features")


Part = FactorModel | PostingsModel


@dataclass(frozen=True)
class BlendModel:
    """Score = sum over parts of weight * z, z being the part's score less its mean over the songs with listens, by its deviation;
    see `Rule` for the weights.

    A song that a part cannot score stands at that part's mean; one that no part can score stands below all others.

    Parameters
    ----------
    name : engine name.
    parts : fitted engines over the same users and songs.
    rule : their weights.
    listeners : int64 (I,), distinct listeners of each song.
    songs_of_user : int64 (U,), songs of each listener of the training set.
    choice : what was tried, picked and why, as JSON-able values.
    """

    name: str
    parts: tuple[Part, ...]
    rule: Rule
    listeners: NDArray[np.int64]
    songs_of_user: NDArray[np.int64]
    choice: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def scorable(self) -> NDArray[np.bool_]:
        """Songs that some part can score, bool (I,)."""
        cold = self.listeners == 0
        known = [
            part.scorable & np.where(cold, self.rule.cold.get(part.name, 0.0) > 0, self.rule.mixed.get(part.name, 0.0) > 0)
            for part in self.parts
        ]
        return np.asarray(np.any(known, axis=0), dtype=np.bool_)

    @property
    def cold_tracks(self) -> bool:
        """Whether songs without listens are ranked."""
        return any(part.cold_tracks and self.rule.cold.get(part.name, 0.0) > 0 for part in self.parts)

    @property
    def content_map(self) -> AnyContentMap | None:
        """A content map of some part; all parts share its scaler."""
        maps = (part.content_map for part in self.parts if isinstance(part, FactorModel))
        return next((found for found in maps if found is not None), None)

    @property
    def shape(self) -> tuple[int, int]:
        """(U, I)"""
        return len(self.songs_of_user), len(self.listeners)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I) of all songs for user rows int32 (b,)."""
        return floored(self._sum([part.known(users) for part in self.parts], self.songs_of_user[users]), self.scorable)

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) for b listeners described by their plays, CSR float32 (b, I)."""
        return self.folded_scores(History.of_matrix(plays))

    def folded_scores(self, plays: History) -> NDArray[np.float32]:
        """As `fold_in`, without scipy."""
        scores = self._sum([part.folded(plays) for part in self.parts], np.diff(plays.starts))
        return floored(scores, self.scorable)

    def learns_from(self, plays: History) -> NDArray[np.bool_]:
        """Whether the plays of each listener tell any part that counts something, bool (b,)."""
        return np.asarray(np.any([part.learns_from(plays) for part in self.parts], axis=0), dtype=np.bool_)

    def _sum(self, raw: list[NDArray[np.float32]], songs: NDArray[np.int64]) -> NDArray[np.float32]:
        warm, cold = self.listeners > 0, (self.listeners == 0) & self.scorable
        boosts = self.rule.boosts(songs)[:, None]
        mixed, apart = np.zeros(raw[0].shape, np.float32), np.zeros(raw[0].shape, np.float32)
        weights = zip(*self.rule.weights([part.name for part in self.parts]), strict=True)
        for part, scores, (for_all, for_cold) in zip(self.parts, raw, weights, strict=True):
            z = standardised(scores, part.scorable, warm)
            if part.name in CONTENT_PARTS:
                z *= boosts
            mixed += z * np.float32(for_all)
            apart += z * np.float32(for_cold)
        base = cold if cold.sum() > 1 else self.scorable
        if not base.any():
            return mixed
        (mean, deviation), (own_mean, own_deviation) = _moments(mixed[:, base]), _moments(apart[:, base])
        ratio = np.divide(deviation, own_deviation, out=np.zeros_like(deviation), where=own_deviation > TINY)
        apart -= own_mean
        apart *= ratio
        apart += mean - mixed
        apart *= self.rule.cold_share(self.listeners)
        mixed += apart
        if self.rule.tail:
            mixed -= np.float32(self.rule.tail) * standard_popularity(self.listeners)
        return mixed


def _moments(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each row, float32 (b, 1) twice."""
    mean = values.mean(axis=1, dtype=np.float64, keepdims=True)
    return mean.astype(np.float32), values.std(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)


def weighed(pool: Pool, rule: Rule, boost: float = 1.0) -> NDArray[np.float32]:
    """What a blend of the pool's parts gives to its songs, float32 (b, p), as `BlendModel` scores them."""
    factor = np.array([boost if name in CONTENT_PARTS else 1.0 for name in pool.names])
    for_all, for_cold = (weights * factor for weights in rule.weights(pool.names))
    mixed, apart = pool.blend(for_all), pool.blend(for_cold)
    mean, own_mean = pool.means @ for_all, pool.means @ for_cold
    deviation, own = (np.sqrt(np.maximum(np.einsum("bij,i,j->b", pool.covariances, w, w), 0)) for w in (for_all, for_cold))
    ratio = np.divide(deviation, own, out=np.zeros_like(deviation), where=own > TINY)
    matched = (apart - own_mean[:, None]) * ratio[:, None] + mean[:, None]
    blend: NDArray[np.float32] = mixed + rule.cold_share(pool.listens) * (matched - mixed)
    return (blend - np.float32(rule.tail) * pool.popularity).astype(np.float32)


def standardised(scores: NDArray[np.float32], scorable: NDArray[np.bool_], warm: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Each row less its mean, by its standard deviation, both over the songs with listens; 0 for songs that cannot be scored.

    Songs with listens only, so that a catalogue that doubles overnight does not move the scale.

    Parameters
    ----------
    scores : float32 (b, I), overwritten. scorable, warm : bool (I,).
    """
    base = scorable & warm if (scorable & warm).any() else scorable
    if not base.any():
        return np.zeros_like(scores)
    reference = scores[:, base]
    mean = reference.mean(axis=1, dtype=np.float64)
    deviation = reference.std(axis=1, dtype=np.float64)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 1e-9 * np.maximum(1.0, np.abs(mean)))
    scores -= mean.astype(np.float32)[:, None]
    scores *= scale.astype(np.float32)[:, None]
    scores[:, ~scorable] = 0.0
    return scores
