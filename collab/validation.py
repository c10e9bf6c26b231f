"""Held-out listens inside the training listens: what weights and engines are chosen on, never the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.weighing import Pool, WeighingConfig, pool_of
from data.ids import artist_numbers
from data.listens import Listens
from data.splits.artists_of_users import hide_artists

FEWEST_ARTISTS = 40  # to hide, if that is no more than a third of all
FEWEST_LISTENERS = 30  # with a held-out song; with fewer, what they like is no guide


@dataclass(frozen=True)
class Validation:
    """Training listens without two things: whole artists, and some artists of each listener.

    Parameters
    ----------
    train : what remains; parts are fitted on it.
    new_songs : bool (I,), songs of hidden artists: as if they arrived today.
    hidden_artists : how many they are.
    users : int32 (b,), the listeners to be asked about.
    new, other : bool (b, I), held-out songs of hidden artists, and of the others.
    seen : bool (b, I), songs in `train`.
    listeners : int64 (I,), listeners of each song in `train`.
    """

    train: Listens
    new_songs: NDArray[np.bool_]
    hidden_artists: int
    users: NDArray[np.int32]
    new: NDArray[np.bool_]
    other: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    listeners: NDArray[np.int64]

    @property
    def tells_of_new(self) -> bool:
        """Whether enough listeners play songs of hidden artists to choose by."""
        return int(self.new.any(axis=1).sum()) >= FEWEST_LISTENERS

    @property
    def tells_of_others(self) -> bool:
        """Whether enough listeners have other held-out songs to choose by."""
        return int(self.other.any(axis=1).sum()) >= FEWEST_LISTENERS

    @property
    def doubt(self) -> float:
        """By how much the standard error over listeners is too small for what is said of new songs: the hidden artists are a draw
        as the listeners are, and where both count alike, L listeners and A artists make it sqrt(1 + L / A) times as large.
        """
        return float(np.sqrt(1 + int(self.new.any(axis=1).sum()) / max(1, self.hidden_artists)))

    def among_new(self, parts: Mapping[str, NDArray[np.float32]], size: int) -> Pool:
        """Hidden artists' songs, ranked among one another; `parts`: part -> float32 (b, I)."""
        allowed = np.broadcast_to(self.new_songs, self.new.shape)
        return pool_of(parts, allowed, self.new, self.listeners, size, self.new_songs)

    def among_all(
        self,
        parts: Mapping[str, NDArray[np.float32]],
        size: int,
        scorable: NDArray[np.bool_],
        rows: NDArray[np.int64] | slice = slice(None),
    ) -> Pool:
        """The other held-out songs, ranked among all songs that the listener has not heard, but those of hidden artists.

        Some of them have lost their only listener, and the share of those is what can be known of how often listeners come to a
        song that nobody has played before: with n1 songs of one listener among n listens, n1 / n (Good, Biometrika 1953).

        Parameters
        ----------
        parts : part -> float32 (b, I), or (rows, I) where only some listeners are asked about.
        scorable : bool (I,), songs that any part can score.
        """
        allowed = ~self.seen[rows] & ~self.new_songs & scorable
        cold = scorable & (self.listeners == 0)
        return pool_of(parts, allowed, self.other[rows] & scorable, self.listeners, size, cold)


def hold_out(
    listens: Listens, artists: Sequence[str], placeable: NDArray[np.bool_], config: WeighingConfig, seed: int
) -> Validation:
    """Hide a share of the artists with listens, then a share of each listener's other artists.

    Parameters
    ----------
    placeable : bool (I,), songs with content; only artists of such songs are hidden whole, since nothing can place the others.
    artists : I names, "" where unknown; () if none is known: then each song is its own artist.
    """
    rng = np.random.default_rng([seed, 5])
    names = artists if len(artists) else [""] * len(listens.tracks)
    number = artist_numbers(names, listens.tracks)
    played = np.unique(number[listens.track[placeable[listens.track]]])
    enough = min(max(round(config.cold_share * len(played)), FEWEST_ARTISTS), len(played) // 3)
    chosen = rng.permutation(played)[: max(1, enough)]
    of_hidden = np.isin(number, chosen)
    rest = listens.where(~of_hidden[listens.track])
    hidden = hide_artists(rest, names, config.warm_share, rng)
    train = rest.where(~hidden)
    seen = train.matrix()
    active = np.diff(seen.indptr) > 0
    new_songs = of_hidden & placeable
    new, other = listens.where(new_songs[listens.track]).matrix(), rest.where(hidden).matrix()
    asked = np.flatnonzero(active & ((np.diff(new.indptr) > 0) | (np.diff(other.indptr) > 0)))
    users = np.sort(rng.permutation(asked)[: config.listeners]).astype(np.int32)
    held = [part[users].toarray() > 0 for part in (new, other, seen)]
    return Validation(train, new_songs, len(np.unique(number[new_songs])), users, held[0], held[1], held[2], train.track_counts())


def co_listens(listens: Listens) -> bool:
    """Whether anybody plays two songs; if nobody does, no two songs are ever played by the same person, and there is nothing
    collaborative to learn.
    """
    return bool(len(listens)) and bool((np.diff(listens.matrix().indptr) > 1).any())
