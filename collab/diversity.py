"""Lists for a person of whom nothing is known: spread over artists and over sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collab.occurrence import occurrence


def in_laps(artists: NDArray[np.int32], per_artist: int) -> NDArray[np.int64]:
    """Reorder a ranked list in laps: first at most `per_artist` songs of each artist in list order, then the next as many, ...

    Parameters
    ----------
    artists : int32 (n,), artist numbers in list order, best first.

    Returns
    -------
    int64 (n,), positions in the new order.
    """
    return np.argsort(occurrence(artists) // per_artist, kind="stable")


def unlike_each_other(
    relevance: NDArray[np.float32], content: NDArray[np.float32], artists: NDArray[np.int32], count: int, per_artist: int
) -> NDArray[np.int64]:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), both halves counted alike: the most relevant song, then
    always the one whose relevance, less its likeness to the nearest song chosen before, is greatest.

    Parameters
    ----------
    relevance : float32 (n,), >= 0, falling.
    content : float32 (n, c), rows of unit length; a row of zeros is like nothing.
    artists : int32 (n,), artist numbers; nobody has more than `per_artist` songs while another has fewer, then as many again.

    Returns
    -------
    int64 (min(count, n),), positions in the order of choice.
    """
    value = relevance / max(float(relevance.max(initial=0)), 1e-12)
    likeness = np.zeros(len(value), np.float32)
    used = np.zeros(int(artists.max(initial=-1)) + 1, np.int64)
    left, chosen = np.ones(len(value), np.bool_), list[int]()
    while len(chosen) < min(count, len(value)):
        lap = np.where(left, used[artists] // per_artist, len(value))
        best = int(np.argmax(np.where(lap == lap.min(), value - likeness, -np.inf)))
        chosen.append(best)
        left[best] = False
        used[artists[best]] += 1
        likeness = np.maximum(likeness, content @ content[best])
    return np.array(chosen, np.int64)


def spread(
    content: NDArray[np.float32],
    artists: NDArray[np.int32],
    *,
    allowed: NDArray[np.bool_],
    room: NDArray[np.int64],
    count: int,
    ties: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Farthest-point choice (Gonzalez 1985): the most central song, then always the one least like all chosen so far.

    Artists take turns: nobody has a second song while another has none.

    Parameters
    ----------
    content : float32 (I, c), rows of unit length; zeros where there is none (such songs come last within a turn).
    artists : int32 (I,), artist numbers. room : int64 (A,), songs that each artist may still have.
    allowed : bool (I,), songs to choose from.
    ties : int64 (I,), lower goes first among equals.

    Returns
    -------
    tracks int64 (n,), n <= count, and how unlike the songs before it each is: float32 (n,), 1 - cosine; 1 for the first.
    """
    known = content.any(axis=1)
    # Unplaced songs look like everything else, so they are taken when nothing placed is left to take.
    likeness = np.where(known, -content @ content[allowed & known].sum(axis=0), np.inf) if known.any() else np.zeros(len(content))
    used = np.zeros(len(room), np.int64)
    free, chosen, unlike = allowed.copy(), list[int](), list[float]()
    while len(chosen) < count:
        open_to_choice = np.flatnonzero(free & (used[artists] < room[artists]))
        if not len(open_to_choice):
            break
        turn = used[artists[open_to_choice]]
        best = np.lexsort((ties[open_to_choice], likeness[open_to_choice], turn))[0]
        track = int(open_to_choice[best])
        unlike.append(1.0 - float(likeness[track]) if chosen and np.isfinite(likeness[track]) else 1.0)
        if not chosen:
            likeness = np.where(known, -1.0, np.inf)
        likeness = np.maximum(likeness, content @ content[track])
        free[track] = False
        used[artists[track]] += 1
        chosen.append(track)
    return np.array(chosen, np.int64), np.array(unlike, np.float32)
