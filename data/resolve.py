"""Which songs of the catalogue an item of a listening history means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.tags import normalised
from data.tracks import Track

ARTIST_LABEL = "lastfm_artist_id"


class Resolved(NamedTuple):
    """Pairs (item, track) that belong together: item int64 (m,), track row int64 (m,); ordered by item, then track."""

    item: NDArray[np.int64]
    track: NDArray[np.int64]


def resolve_tracks(items: Sequence[str], ids: IdMap) -> Resolved:
    """Items that are track ids: each is one song or none."""
    rows = ids.rows(items)
    known = np.flatnonzero(rows >= 0)
    return Resolved(known, rows[known].astype(np.int64))


def resolve_artists(items: Sequence[str], names: Sequence[str], tracks: Sequence[Track]) -> Resolved:
    """Items that are Last.fm's numbers of artists: each is all songs of that artist.

    Songs whose label `lastfm_artist_id` is the number; where there are none, songs without such a label whose artist has the same
    name (case, accents and punctuation aside). A song with another number is another artist's, whatever the names.

    Parameters
    ----------
    items, names : n numbers and n artists' names, "" where unknown.
    tracks : the catalogue; row r is `tracks[r]`.
    """
    by_number: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for row, track in enumerate(tracks):
        number = track.labels.get(ARTIST_LABEL)
        if number:
            by_number.setdefault(number, []).append(row)
        elif track.artist:
            by_name.setdefault(normalised(track.artist), []).append(row)
    pairs: list[tuple[int, int]] = []
    for item, (number, name) in enumerate(zip(items, names, strict=True)):
        rows = by_number.get(number) or (by_name.get(normalised(name)) if name else None) or []
        pairs += [(item, row) for row in rows]
    table = np.asarray(pairs, np.int64).reshape(-1, 2)
    return Resolved(table[:, 0], table[:, 1])
