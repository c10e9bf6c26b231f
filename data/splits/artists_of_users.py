"""The artists that each listener plays, in random order: what a split takes or leaves whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.ids import artist_numbers
from data.listens import Listens


class ArtistsOfUsers(NamedTuple):
    """The m (user, artist) pairs of n listens.

    Parameters
    ----------
    user : int64 (m,), user of each pair.
    place : int64 (m,), place of the pair among its user's pairs in a random order, from 0.
    of_listen : int64 (n,), pair of each listen.
    size : int64 (U,), artists of each user.
    """

    user: NDArray[np.int64]
    place: NDArray[np.int64]
    of_listen: NDArray[np.int64]
    size: NDArray[np.int64]


def artists_of_users(listens: Listens, artists: Sequence[str], rng: np.random.Generator) -> ArtistsOfUsers:
    """Group listens by user and artist; `artists` are I names, "" where unknown (such a song is its own artist)."""
    group = artist_numbers(artists, listens.tracks)[listens.track].astype(np.int64)
    pair, of_listen = np.unique(listens.user.astype(np.int64) * (len(listens.tracks) + 1) + group, return_inverse=True)
    user = pair // (len(listens.tracks) + 1)
    order = np.lexsort((rng.random(len(pair)), user))
    start = np.searchsorted(user[order], np.arange(len(listens.users)))
    place = np.empty(len(pair), np.int64)
    place[order] = np.arange(len(pair)) - start[user[order]]
    return ArtistsOfUsers(user, place, of_listen, np.bincount(user, minlength=len(listens.users)))


def hide_artists(listens: Listens, artists: Sequence[str], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which listens to hide, bool (n,): all of a share of each listener's artists.

    What is hidden together is all that one listener played of one artist: where plays are counted per artist, hiding one song
    while its sibling with the same count stays would ask for nothing. At least one artist of each listener is hidden and one
    stays; a listener of one artist keeps it.

    Parameters
    ----------
    artists : I names, "" where unknown (such a song is its own artist).
    share : of each listener's artists, in (0, 1).
    """
    pairs = artists_of_users(listens, artists, rng)
    most = np.maximum(1, pairs.size - 1)
    quota = np.where(pairs.size > 1, np.clip(np.round(pairs.size * share), 1, most), 0).astype(np.int64)
    hidden: NDArray[np.bool_] = (pairs.place < quota[pairs.user])[pairs.of_listen]
    return hidden
