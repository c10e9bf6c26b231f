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
from collab.weighing import Pool

if TYPE_CHECKING:
    import scipy.sparse as sp

CONTENT_PARTS = ("content", "content-ridge", "features")


@dataclass(frozen=True)
class Rule:
    """How much each part counts.

    A part's weight for a song with n listeners is warm + (cold - warm) * trust / (n + trust): what its content says gives way to
    what its listeners say as they gather. The parts of content alone are further multiplied by `boost` for a listener with few
    songs.

    Parameters
    ----------
    warm, cold : part -> weight for songs with many listeners, and with none.
    trust : listeners at which a song stands half way, >= 0; 0 is a hard switch at the first listener.
    boost : (songs of a listener, factor) pairs, ascending; between them the factor is interpolated over log(1 + songs), beyond
        the last it is 1; () for 1 throughout.
    """

    warm: Mapping[str, float]
    cold: Mapping[str, float]
    trust: float = 0.0
    boost: tuple[tuple[int, float], ...] = ()

    def song_weights(self, part: str, listeners: NDArray[np.int64]) -> NDArray[np.float32]:
        """The weight of a part for each song, float32 of the shape of `listeners`."""
        alone = np.where(listeners == 0, 1.0, self.trust / np.maximum(listeners + self.trust, 1e-9))
        warm, cold = self.warm.get(part, 0.0), self.cold.get(part, 0.0)
        weights: NDArray[np.float32] = (warm + (cold - warm) * alone).astype(np.float32)
        return weights

    def boosts(self, songs: NDArray[np.int64]) -> NDArray[np.float32]:
        """The factor of content for listeners with so many songs, float32 of the shape of `songs`."""
        if not self.boost:
            return np.ones(songs.shape, np.float32)
        at, factor = zip(*self.boost, strict=True)
        factors: NDArray[np.float32] = np.interp(np.log1p(songs), np.log1p(at), factor).astype(np.float32)
        return factors


Part = FactorModel | PostingsModel


@dataclass(frozen=True)
class BlendModel:
    """Score = sum over parts of weight * z, z being the part's score less its mean over the songs with listens, by its deviation.

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
        known = [part.scorable & (self.rule.song_weights(part.name, self.listeners) > 0) for part in self.parts]
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
        boosts = self.rule.boosts(songs)[:, None]
        total = np.zeros(raw[0].shape, np.float32)
        for part, scores in zip(self.parts, raw, strict=True):
            weights = self.rule.song_weights(part.name, self.listeners)
            z = standardised(scores, part.scorable, self.listeners > 0)
            z *= weights
            if part.name in CONTENT_PARTS:
                z *= boosts
            total += z
        return total


def weighed(pool: Pool, rule: Rule, boost: float = 1.0) -> NDArray[np.float32]:
    """What a blend of the pool's parts gives to its songs, float32 (b, p), as `BlendModel` scores them."""
    total = np.zeros(pool.there.shape, np.float32)
    for name, scores in zip(pool.names, pool.scores, strict=True):
        weights = rule.song_weights(name, pool.listens)
        total += scores * (weights * np.float32(boost) if name in CONTENT_PARTS else weights)
    return total


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
