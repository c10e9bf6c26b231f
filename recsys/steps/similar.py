"""Songs that sound like one song."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.asked_song import song_asker
from data.errors import InputError
from data.list_limits import Gate, Limits
from recsys.steps.song_vectors import item_of, song_vectors, tags_in_common
from recsys.workspace import open_workspace


def similar(
    root: Path,
    song: str,
    *,
    k: int = 10,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
) -> dict[str, Any]:
    """The `k` songs whose embeddings are closest to that of `song`; similarity in [0, 1], 1 = same; the song itself is left out.

    Parameters
    ----------
    song : see `data.asked_song`. artist_cap, album_cap, keep_duplicates : see `data.list_limits`.

    Returns
    -------
    "track_id", "name", "items": each {"rank", "track_id", "artist", "title", "album", "duration" (s), "path", "similarity",
    "tags" (predicted ones that stand out in both songs)}; "hidden": songs left out because the list or the seed has that
    recording already, each {"track_id", "name", "of" (a track id), "why"}.

    Raises
    ------
    InputError : no workspace or embeddings, an unknown song, or one without embedding; k or a cap below 1.
    """
    from content.similarity import by_similarity

    if k < 1:
        raise InputError(f"k={k} must be at least 1")
    gate = Gate(Limits(artist_cap, album_cap, keep_duplicates))
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        track = song_asker(catalogue)(song)
        vectors = song_vectors(workspace, catalogue)
        shared = tags_in_common(catalogue)
    seed = vectors.row(track)
    order, values = by_similarity(vectors.unit, seed)
    similarity = dict(zip(order.tolist(), values.tolist(), strict=True))
    gate.stands(track, vectors.unit[seed])
    items = [
        item_of(rank, vectors.tracks[row])
        | {"similarity": round(similarity[row], 6), "tags": shared(track.track_id, vectors.tracks[row].track_id)}
        for rank, row in enumerate(vectors.admitted(order.tolist(), gate, k), start=1)
    ]
    return {"track_id": track.track_id, "name": track.name, "items": items, "hidden": [d._asdict() for d in gate.duplicates]}
