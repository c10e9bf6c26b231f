"""Choosing which listens to hide, whole artists of a listener at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.ids import artist_numbers
from data.listens import Listens


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
    group = artist_numbers(artists, listens.tracks)[listens.track].astype(np.int64)
    pair, pair_of = np.unique(listens.user.astype(np.int64) * (len(listens.tracks) + 1) + group, return_inverse=True)
    user_of_pair = pair // (len(listens.tracks) + 1)
    order = np.lexsort((rng.random(len(pair)), user_of_pair))
    start = np.searchsorted(user_of_pair[order], np.arange(len(listens.users)))
    rank = np.empty(len(pair), np.int64)
    rank[order] = np.arange(len(pair)) - start[user_of_pair[order]]
    size = np.bincount(user_of_pair, minlength=len(listens.users))
    quota = np.where(size > 1, np.clip(np.round(size * share), 1, np.maximum(1, size - 1)), 0).astype(np.int64)
    hidden: NDArray[np.bool_] = (rank < quota[user_of_pair])[pair_of]
    return hidden
