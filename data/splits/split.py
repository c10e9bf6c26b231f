"""The record of a split: what is learned from, what is told late, what is to be found; disjoint by construction."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.listens import Listens

if TYPE_CHECKING:
    import scipy.sparse as sp


@dataclass(frozen=True)
class Split:
    """Listens to learn from and listens to be found again, over the same users and tracks.

    Parameters
    ----------
    name : "warm", "temporal", "cold", "cold-user".
    train, test : share `users` and `tracks`; no (user, track) pair stands in both.
    cold_tracks : bool (I,), songs without any listen in train.
    candidates : bool (I,), the songs that are ranked; each test pair's song is one.
    fold : which fold of artists is held out, or -1.
    seed : the seed that made it.
    counts : (what, number) in the order in which filters were applied; for the report.
    given : what listeners whom train does not hold tell when they arrive, or None; same users and tracks; apart from both others.
        Engines learn nothing from it: it is folded in. A song that a user has given is no candidate for that user.
    """

    name: str
    train: Listens
    test: Listens
    cold_tracks: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    fold: int = -1
    seed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    given: Listens | None = None

    def __post_init__(self) -> None:
        parts = {"train": self.train, "test": self.test} | ({} if self.given is None else {"given": self.given})
        for name, part in parts.items():
            if part.users.ids != self.train.users.ids or part.tracks.ids != self.train.tracks.ids:
                raise InputError(f"split {self.name!r}: train and {name} must share their users and tracks")
        for first, second in combinations(parts, 2):
            self._check_apart(first, parts[first], second, parts[second])
        if self.cold_tracks[self.train.track].any():
            raise InputError(f"split {self.name!r}: a song marked cold has listens in train")
        if not self.candidates[self.test.track].all():
            raise InputError(f"split {self.name!r}: a test listen's song is no candidate")

    def _check_apart(self, first: str, listens: Listens, second: str, others: Listens) -> None:
        """Raise InputError (code "overlap") if a (user, track) pair stands in both."""
        both = np.intersect1d(_pairs(listens), _pairs(others))
        if len(both):
            user, track = divmod(int(both[0]), self.train.shape[1])
            raise InputError(
                f"split {self.name!r}: {len(both)} listens stand in {first} and in {second}, the first is user "
                f"{self.train.users.ids[user]!r}, track {self.train.tracks.ids[track]!r}",
                code="overlap",
            )

    def known(self) -> sp.csr_matrix:
        """What is known of each user when songs are ranked: train and given, CSR float32 (U, I)."""
        train = self.train.matrix()
        return train if self.given is None else (train + self.given.matrix()).tocsr()


def _pairs(listens: Listens) -> NDArray[np.int64]:
    """One number a (user, track) pair, int64 (n,)."""
    return listens.user.astype(np.int64) * max(1, listens.shape[1]) + listens.track
