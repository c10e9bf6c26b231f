"""Content profile over sparse features, scored through an inverted index: no vector of a song is ever made dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.confidence import confidences, mean_log
from collab.history import History
from collab.model import floored

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class PostingsModel:
    """Cosine of a song's features with the weighted mean of the features of what the listener plays.

    Parameters
    ----------
    name : engine name.
    history : what the listeners of the training set play.
    words : History of I songs: song i has features `words.of(i)`, rows of unit length.
    index : History of D features: feature d stands in songs `index.of(d)`.
    unit : mean of log(1 + plays) in training.
    """

    name: str
    history: History
    words: History
    index: History
    unit: float
    cold_tracks: bool = True

    @property
    def scorable(self) -> NDArray[np.bool_]:
        """Songs of which a feature is known, bool (I,)."""
        return np.asarray(np.diff(self.words.starts) > 0)

    @property
    def shape(self) -> tuple[int, int]:
        """(U, I)"""
        return len(self.history), len(self.words)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Scores float32 (b, I) for user rows int32 (b,)."""
        return floored(self.known(users), self.scorable)

    def fold_in(self, plays: sp.csr_matrix) -> NDArray[np.float32]:
        """Scores float32 (b, I) for b listeners described by their plays, CSR float32 (b, I)."""
        return self.folded_scores(History.of_matrix(plays))

    def folded_scores(self, plays: History) -> NDArray[np.float32]:
        """As `fold_in`, without scipy."""
        return floored(self.folded(plays), self.scorable)

    def learns_from(self, plays: History) -> NDArray[np.bool_]:
        """Whether each listener played a song whose features are known, bool (b,)."""
        known = self.scorable
        return np.array([bool(known[plays.of(row)[0]].any()) for row in range(len(plays))], np.bool_)

    def known(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """As `scores`, but songs without features have 0."""
        return self._cosines(self.history, users.tolist())

    def folded(self, plays: History) -> NDArray[np.float32]:
        """As `fold_in`, but songs without features have 0."""
        return self._cosines(plays, list(range(len(plays))))

    def _cosines(self, plays: History, rows: list[int]) -> NDArray[np.float32]:
        out = np.zeros((len(rows), len(self.words)), np.float32)
        for place, row in enumerate(rows):
            tracks, weights = plays.of(row)
            known = tracks < len(self.words)
            found, values, of = self.words.gather(tracks[known])
            profile = np.bincount(found, values * confidences(weights[known], self.unit)[of], len(self.index))
            asked = np.flatnonzero(profile)
            if len(asked):
                songs, weight, of = self.index.gather(asked)
                length = float(np.linalg.norm(profile))
                out[place] = np.bincount(songs, weight * profile[asked][of], len(self.words)) / length
        return out


def fit_postings(name: str, plays: sp.csr_matrix, features: sp.csr_matrix) -> PostingsModel:
    """Index the features, CSR float32 (I, D) with rows of unit length, of songs whose plays are CSR float32 (U, I)."""
    words, index = features.tocsr(), features.T.tocsr()
    words.sort_indices()
    index.sort_indices()
    unit = mean_log(plays.data)
    return PostingsModel(name, History.of_matrix(plays), History.of_matrix(words), History.of_matrix(index), unit)
