"""The split that hides listeners: people who arrive after training, with a few songs that they say they like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.errors import InputError
from data.listens import Listens
from data.splits.artists_of_users import artists_of_users
from data.splits.split import Split


def cold_user_split(listens: Listens, artists: Sequence[str], *, held_out: float = 0.2, given: int = 3, seed: int = 0) -> Split:
    """Hide some listeners from train wholly; songs of a few of their artists are given on arrival, the others are to be found.

    Only listeners of more than `given` artists can be hidden: of the others nothing would be left to find. Artists are given or
    hidden whole, as in `warm_split`, and for its reason. Candidates are the songs with listens in train.

    Parameters
    ----------
    artists : I names, "" where unknown (such a song is its own artist).
    held_out : share of those listeners, in (0, 1); at least one is hidden if there is one.
    given : artists, 1 or more.
    """
    if not 0 < held_out < 1:
        raise InputError(f"held_out={held_out} must lie in (0, 1)")
    if given < 1:
        raise InputError(f"given={given} must be 1 or more")
    rng = np.random.default_rng(seed)
    pairs = artists_of_users(listens, artists, rng)
    eligible = np.flatnonzero(pairs.size > given)
    hidden_users = np.zeros(len(listens.users), np.bool_)
    if len(eligible):
        hidden_users[rng.choice(eligible, max(1, round(len(eligible) * held_out)), replace=False)] = True
    hidden = hidden_users[listens.user]
    told = hidden & (pairs.place < given)[pairs.of_listen]
    train = listens.where(~hidden)
    known = train.track_counts() > 0
    asked = hidden & ~told
    scorable = asked & known[listens.track]
    test = listens.where(scorable)
    counts = {
        "listens": len(listens),
        "listeners": int((pairs.size > 0).sum()),
        f"listeners of more than {given} artists": len(eligible),
        "listeners hidden from train": int(hidden_users.sum()),
        "their listens": int(hidden.sum()),
        f"given when they arrive (songs of {given} artists each)": int(told.sum()),
        "hidden listens of songs without listens in train (left out: cold)": int((asked & ~scorable).sum()),
        "test listens": len(test),
        "test users": len(np.unique(test.user)),
        "candidates": int(known.sum()),
    }
    return Split("cold-user", train, test, ~known, known, -1, seed, counts, listens.where(told))
