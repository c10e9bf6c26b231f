"""Sparse features of songs from what the catalogue says of them: artist, genre, year, any label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.errors import InputError
from data.files import fingerprint
from data.ids import IdMap
from data.item_features import ItemFeatures, tf_idf
from data.tracks import Track

ARTIST = "artist"


def metadata_features(tracks: Sequence[Track], names: Sequence[str]) -> ItemFeatures | None:
    """One column a value, rows weighted by tf-idf, of unit length; a value of one song only ties it to no other and is left out.

    Parameters
    ----------
    tracks : the songs, in the order that they are wanted in.
    names : "artist", or kinds of labels; a name that stands twice counts once. Without names there are no features.

    Raises
    ------
    InputError : no song has a label of that name (code "unknown-label").
    """
    import scipy.sparse as sp

    names = list(dict.fromkeys(names))
    if not names:
        return None
    there = sorted({kind for track in tracks for kind in track.labels} | ({ARTIST} if any(t.artist for t in tracks) else set()))
    unknown = [name for name in names if name not in there]
    if unknown:
        raise InputError(
            f"metadata {unknown[0]!r}: no song of the catalogue has it; there are {', '.join(there) or 'none'}",
            code="unknown-label",
        )
    cells: list[tuple[int, str]] = []
    for row, track in enumerate(tracks):
        values = ((name, track.artist if name == ARTIST else track.labels.get(name, "")) for name in names)
        cells += [(row, f"{name}={value}") for name, value in values if value]
    columns = IdMap.of((value for _, value in cells), "value")
    rows = np.array([row for row, _ in cells], np.int64)
    places = columns.rows([value for _, value in cells])
    counts = sp.csr_matrix((np.ones(len(cells)), (rows, places)), shape=(len(tracks), len(columns)))
    ids = IdMap(tuple(track.track_id for track in tracks), "track")
    made_of = sorted([ids.ids[row], value] for row, value in cells)
    return ItemFeatures(ids, tf_idf(counts), fingerprint("metadata", names, made_of))
