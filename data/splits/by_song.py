"""Splits that hide songs: some songs of each listener (warm), or songs from everybody (cold)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.listens import Listens
from data.splits.artists_of_users import hide_artists
from data.splits.split import Split


def warm_split(listens: Listens, artists: Sequence[str], *, held_out: float = 0.2, seed: int = 0) -> Split:
    """Hide a share of what each user plays; the songs themselves stay known through other listeners.

    What is hidden together is all that one user played of one artist, see `hide_artists`; a user of one artist stays in train
    whole.

    Parameters
    ----------
    artists : I names, "" where unknown (such a song is its own artist).
    held_out : share of each user's artists, in (0, 1).
    """
    if not 0 < held_out < 1:
        raise InputError(f"held_out={held_out} must lie in (0, 1)")
    hidden = hide_artists(listens, artists, held_out, np.random.default_rng(seed))
    train = listens.where(~hidden)
    known = train.track_counts() > 0
    scorable = hidden & known[listens.track]
    test = listens.where(scorable)
    counts = {
        "listens": len(listens),
        "listens hidden": int(hidden.sum()),
        "hidden listens of songs without listens left in train (left out: cold)": int((hidden & ~scorable).sum()),
        "test listens": len(test),
        "test users": len(np.unique(test.user)),
        "candidates": int(known.sum()),
    }
    return Split("warm", train, test, ~known, known, -1, seed, counts)


def cold_split(listens: Listens, fold_of_track: NDArray[np.int32], fold: int, *, seed: int = 0) -> Split:
    """Hide every listen of the songs of one fold: songs that arrived today.

    Parameters
    ----------
    fold_of_track : int32 (I,), as `group_folds` gives it for artists, so no artist stands on both sides.
    """
    held = fold_of_track == fold
    train = listens.where(~held[listens.track])
    active = np.bincount(train.user, minlength=len(listens.users)) > 0
    in_test = held[listens.track]
    test = listens.where(in_test & active[listens.user])
    cold = train.track_counts() == 0
    counts = {
        "listens": len(listens),
        "songs held out": int(held.sum()),
        "listens of held-out songs": int(in_test.sum()),
        "of users without any other listen (left out)": int((in_test & ~active[listens.user]).sum()),
        "test listens": len(test),
        "test users": len(np.unique(test.user)),
        "candidates": int(held.sum()),
    }
    return Split("cold", train, test, cold, held, fold, seed, counts)
