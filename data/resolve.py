"""Which songs of the catalogue an artist of a listening history means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.names import artist_key
from data.tracks import Track

ARTIST_LABEL = "lastfm_artist_id"


class Resolved(NamedTuple):
    """Pairs (item, track) that belong together: item int64 (m,), track row int64 (m,); ordered by item, then track."""

    item: NDArray[np.int64]
    track: NDArray[np.int64]


def resolve_artists(
    items: Sequence[str], names: Sequence[str], tracks: Sequence[Track], *, mbids: Sequence[str] | None = None
) -> Resolved:
    """Items that are artists: each is all songs of that artist.

    Songs whose label `lastfm_artist_id` is the number, or whose MusicBrainz artist id is the artist's; where there are none,
    songs without such a label whose artist has the same name (case, accents, punctuation, "The" and guests aside). A song with
    another number is another artist's, whatever the names, and so is one with another MusicBrainz id.

    Parameters
    ----------
    items, names : n of Last.fm's numbers and n artists' names, "" where unknown.
    tracks : the catalogue; row r is `tracks[r]`.
    mbids : n MusicBrainz artist ids, "" where unknown.
    """
    by_number: dict[str, list[int]] = {}
    by_mbid: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for row, track in enumerate(tracks):
        number = track.labels.get(ARTIST_LABEL)
        if number:
            by_number.setdefault(number, []).append(row)
        elif track.artist:
            by_name.setdefault(artist_key(track.artist), []).append(row)
        if track.artist_mbid:
            by_mbid.setdefault(track.artist_mbid.lower(), []).append(row)
    pairs: list[tuple[int, int]] = []
    for item, (number, name, mbid) in enumerate(zip(items, names, mbids or [""] * len(items), strict=True)):
        rows = (
            by_number.get(number) or by_mbid.get(mbid.lower() or "-") or (by_name.get(artist_key(name)) if name else None) or []
        )
        pairs += [(item, row) for row in rows if not mbid or tracks[row].artist_mbid.lower() in ("", mbid.lower())]
    table = np.asarray(pairs, np.int64).reshape(-1, 2)
    return Resolved(table[:, 0], table[:, 1])
