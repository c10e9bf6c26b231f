"""How alike two songs are, and which songs are most alike: cosine of the embeddings, exact. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.embeddings import unit_rows
from data.errors import InputError


def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarity of each row of `a` (m, d) to each row of `b` (n, d): float32 (m, n), (1 + cosine) / 2.

    1 is the same direction, 0.5 unrelated or unknown (a row of zeros), 0 opposite.
    """
    return _from_cosine(unit_rows(a) @ unit_rows(b).T)


def most_similar(
    vectors: NDArray[np.float32],
    seed: int,
    k: int,
    *,
    artists: Sequence[str] | None = None,
    per_artist: int | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The k songs most like one song, best first; ties go to the lower row.

    Parameters
    ----------
    vectors : float32 (n, d).
    seed : row of the song to compare with; it is never in the answer.
    k : how many; fewer come back if there are not as many.
    artists : one a row; needed for `per_artist`.
    per_artist : at most this many songs of one artist, also of the seed's; songs of unknown artist ("") are not limited.

    Returns
    -------
    rows, values : int32 and float32 (up to k,), rows of `vectors` and their similarity to the seed.

    Raises
    ------
    InputError : `seed` is no row, `k` or `per_artist` is below 1, or `artists` does not fit.
    """
    if not 0 <= seed < len(vectors):
        raise InputError(f"seed={seed} must be a row of the {len(vectors)} vectors")
    if k < 1:
        raise InputError(f"k={k} must be at least 1")
    unit = unit_rows(vectors)
    values = _from_cosine(unit @ unit[seed])
    order = np.lexsort((np.arange(len(values)), -values))
    order = order[order != seed]
    if per_artist is not None:
        order = _capped(order, artists, per_artist, k, len(vectors))
    rows = order[:k].astype(np.int32)
    return rows, values[rows]


def _capped(order: NDArray[np.intp], artists: Sequence[str] | None, per_artist: int, k: int, songs: int) -> NDArray[np.intp]:
    """The first k of `order` that leave no artist with more than `per_artist` songs."""
    if per_artist < 1:
        raise InputError(f"per_artist={per_artist} must be at least 1")
    if artists is None or len(artists) != songs:
        raise InputError(f"per_artist needs artists, one for each of the {songs} vectors")
    kept: list[int] = []
    taken: dict[str, int] = {}
    for row in order.tolist():
        artist = artists[row]
        if artist and taken.get(artist, 0) >= per_artist:
            continue
        taken[artist] = taken.get(artist, 0) + 1
        kept.append(row)
        if len(kept) == k:
            break
    return np.array(kept, np.intp)


def _from_cosine(cosine: NDArray[np.float32]) -> NDArray[np.float32]:
    # Rounding takes a cosine a little beyond 1.
    values: NDArray[np.float32] = np.clip(np.float32(0.5) + np.float32(0.5) * cosine, 0.0, 1.0)
    return values
