"""Which songs go with several others: seeds added, songs subtracted, and as much surprise as is asked for. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

WIDEST = 4  # at full surprise, songs of about the nearest 1 / WIDEST of the library come up


def by_seeds(unit: NDArray[np.float32], seeds: NDArray[np.int32], without: NDArray[np.int32]) -> NDArray[np.int32]:
    """All songs, those that go best with the seeds first: int32 (n,); ties go to the lower row. The seeds are among them.

    To each seed belongs a list of all songs by (cosine to this seed + mean cosine to all seeds) / 2. A song stands where it
    stands in the best of these lists: so every seed has its share, and what lies between the seeds comes before what only one
    of them knows. The mean of the seeds alone would be like none of seeds of different styles, the nearest seed alone would let
    the seed in the most crowded region fill the list; see docs/lists.md for the measurement. A song that is like one of
    `without` goes back, in each list, to the place of songs whose value is less by that (positive) cosine.

    Parameters
    ----------
    unit : float32 (n, d), rows of length 1, or of zeros where nothing is known; those come last.
    seeds, without : int32 (m,), m >= 1, and int32 (w,), rows.
    """
    if not len(seeds):
        raise InputError("at least one seed is needed")
    mean = unit @ unit[seeds].mean(axis=0)
    against = np.zeros(len(unit), np.float32)
    for row in without.tolist():
        against = np.maximum(against, unit @ unit[row])
    known = unit.any(axis=1)
    place = np.full(len(unit), len(unit), np.int64)
    value = np.full(len(unit), -np.inf, np.float32)
    for row in seeds.tolist():
        near = np.where(known, (unit @ unit[row] + mean) / 2, -np.inf).astype(np.float32)
        left = near - against  # and the place of a song that has lost something is where that is left of others
        place = np.minimum(place, np.where(against > 0, np.searchsorted(np.sort(-near), -left), ranks(near)))
        value = np.maximum(value, left)
    return np.lexsort((np.arange(len(unit)), -value, place)).astype(np.int32)


def ranks(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """0 for the largest, 1 for the next, ...; of equal ones the lower index first: int64 of the shape of `values`, (n,)."""
    place = np.empty(len(values), np.int64)
    place[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return place


def surprising(order: NDArray[np.int32], surprise: float, k: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """`order`, best first, shaken up: 0 leaves it, at 1 the first k are of about its first quarter.

    The song at place p is drawn with odds exp(-p / s), without replacement (by Gumbel noise: Vieira, 2014), where s grows by the
    same factor for each step of `surprise`, from nothing to a quarter of the songs: so half way is wide for a short list and yet
    near in a large library.

    Raises
    ------
    InputError : `surprise` lies outside of [0, 1].
    """
    if not 0 <= surprise <= 1:
        raise InputError(f"surprise={surprise} must lie in [0, 1]", hint="0 takes the nearest songs, 1 is wide")
    if surprise == 0:
        return order
    scale = k * (max(2.0, len(order) / WIDEST / k) ** surprise - 1.0)
    # Noise by row, not by place: a song keeps its luck when the order changes a little.
    luck = rng.gumbel(size=int(order.max(initial=0)) + 1)[order]
    return order[np.argsort(np.arange(len(order)) / scale - luck, kind="stable")]
