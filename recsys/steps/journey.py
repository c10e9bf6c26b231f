"""A smooth way from one song to another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.asked_song import song_asker
from data.errors import InputError
from data.list_limits import Duplicate, Gate, Limits, album_key, artist_key
from data.tracks import Track
from recsys.steps.lengths import check_length, number_for, seconds_of, usual_length
from recsys.steps.song_vectors import SongVectors, item_of, song_vectors
from recsys.workspace import open_workspace

SONGS = 10
MOST = 500  # songs of a way
ROUNDS = 50  # ways that are tried to keep recordings from standing twice


def path(
    root: Path,
    start: str,
    end: str,
    *,
    k: int | None = None,
    minutes: float | None = None,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
) -> dict[str, Any]:
    """A way of `k` songs (default 10) or about so many minutes from `start` to `end`, both included; see `content.journey`.

    Parameters
    ----------
    start, end : see `data.asked_song`. artist_cap, album_cap, keep_duplicates : see `data.list_limits`; the ends count.

    Returns
    -------
    "from", "to" (track ids), "items": each {"rank", "track_id", "artist", "title", "album", "duration" (s), "path", "similarity"
    (to the song before; None for the first)}; "minutes", "mean_step", "largest_step" (1 - similarity of neighbours), "hidden" as
    of `recsys.steps.similar`, "notes".

    Raises
    ------
    InputError : as `recsys.steps.similar`; k below 2 or above 500; both ends are one song.
    """
    check_length(k, minutes)
    if k is not None and not 2 <= k <= MOST:
        raise InputError(f"k={k} must lie in [2, {MOST}]: a way has two ends")
    limits = Limits(artist_cap, album_cap, keep_duplicates)
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        ask = song_asker(catalogue)
        ends = ask(start), ask(end)
        vectors = song_vectors(workspace, catalogue)
    if ends[0].track_id == ends[1].track_id:
        raise InputError(f"{ends[0].name} is both start and end of the way", hint="Give two different songs")
    rows = vectors.row(ends[0]), vectors.row(ends[1])
    walk = _walker(vectors, rows, limits)
    if minutes is None:
        found, hidden = walk(k or SONGS)
    else:
        tried: dict[int, tuple[list[int], list[Duplicate]]] = {}

        def make(count: int) -> list[Track]:
            tried[count] = walk(min(count, MOST))
            return [vectors.tracks[row] for row in tried[count][0]]

        tracks = number_for(make, minutes, usual_length(vectors.tracks), 2)
        found, hidden = next(way for way in tried.values() if len(way[0]) == len(tracks))
    return _answer(vectors, found, hidden, k)


def _walker(vectors: SongVectors, ends: tuple[int, int], limits: Limits) -> Callable[[int], tuple[list[int], list[Duplicate]]]:
    """A function from a number of songs to a way of that many, and the duplicates that it does without."""
    from content.journey import Cap, journey

    keys = ((artist_key, limits.artist_cap), (album_key, limits.album_cap))
    caps = [Cap(_codes([key(track) for track in vectors.tracks]), cap) for key, cap in keys if cap is not None]

    def walk(k: int) -> tuple[list[int], list[Duplicate]]:
        blocked = np.zeros(len(vectors.tracks), np.bool_)
        hidden: dict[str, Duplicate] = {}
        for _ in range(ROUNDS):
            way = journey(vectors.unit, *ends, k, blocked=blocked, caps=caps).tolist()
            repeats = [] if limits.keep_duplicates else _repeats(vectors, way)
            hidden |= {repeat.track_id: repeat for repeat in repeats}
            if not repeats:
                break
            blocked[[vectors.rows[repeat.track_id] for repeat in repeats]] = True
        else:
            way = [row for row in way if not blocked[row]]
        return way, list(hidden.values())

    return walk


def _repeats(vectors: SongVectors, way: list[int]) -> list[Duplicate]:
    """The songs between the ends that are the recording of an end or of a song before."""
    gate = Gate(Limits())
    for end in (way[0], way[-1]):
        gate.stands(vectors.tracks[end], vectors.unit[end])
    for row in way[1:-1]:
        gate.admits(vectors.tracks[row], vectors.unit[row])
    return gate.duplicates


def _codes(keys: list[str]) -> NDArray[np.int32]:
    """Equal numbers for equal keys, -1 for the empty one: int32 (n,)."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(key for key in keys if key))}
    return np.array([numbers.get(key, -1) for key in keys], np.int32)


def _answer(vectors: SongVectors, way: list[int], hidden: list[Duplicate], k: int | None) -> dict[str, Any]:
    from content.ordering import steps

    tracks = [vectors.tracks[row] for row in way]
    step = steps(vectors.unit[way])
    near = [None, *(round(float(1 - value), 6) for value in step)]
    items = [item_of(rank, track) | {"similarity": near[rank - 1]} for rank, track in enumerate(tracks, start=1)]
    notes = [f"only {len(way)} songs: the library and the limits leave no longer way"] if k and len(way) < k else []
    return {
        "from": tracks[0].track_id,
        "to": tracks[-1].track_id,
        "items": items,
        "minutes": round(seconds_of(tracks, usual_length(tracks)) / 60, 2),
        "mean_step": round(float(step.mean()), 6),
        "largest_step": round(float(step.max()), 6),
        "hidden": [duplicate._asdict() for duplicate in hidden],
        "notes": notes,
    }
