"""A playlist from songs to be like, songs not to be like, and a listener."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.list_limits import Gate, Limits
from recsys.steps.asked_songs import asked_songs, rows_of
from recsys.steps.lengths import check_length, prefix_for, seconds_of, usual_length
from recsys.steps.song_vectors import SongVectors, item_of, song_vectors, tags_in_common
from recsys.steps.taste_of_user import Heard, places_by_model
from recsys.workspace import open_workspace

SONGS = 20
MOST_SEED = 2**32 - 1


def playlist(
    root: Path,
    seeds: Sequence[str] = (),
    *,
    without: Sequence[str] = (),
    user: str | None = None,
    heard: bool = False,
    k: int | None = None,
    minutes: float | None = None,
    surprise: float = 0.0,
    seed: int = 0,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
) -> dict[str, Any]:
    """`k` songs (default 20), or about so many minutes, that go with the seeds and the user, in an order that flows.

    Parameters
    ----------
    seeds, without : songs to be like and not to be like, see `data.asked_song`; or playlist files, for all their songs. None of
        them is returned. See `content.mixing` for what they do.
    user : a listener whom the model knows: of songs that the seeds place alike, those that the model recommends come first (the
        geometric mean of both places counts); without seeds the model alone decides.
    heard : keep what the user has played.
    surprise, seed : in [0, 1], and what it is drawn with: see `content.mixing.surprising`.
    artist_cap, album_cap, keep_duplicates : see `data.list_limits`.

    Returns
    -------
    "seeds", "without" (track ids), "user", "items": each {"rank", "track_id", "artist", "title", "album", "duration" (s), "path",
    "similarity" (to the nearest seed, in [0, 1]; None without seeds), "like" (the id of that seed), "tags" (predicted ones that
    stand out in both)}; "minutes", "mean_step" (1 - similarity of neighbours), "hidden" as of `recsys.steps.similar`, "notes".

    Raises
    ------
    InputError : neither seed nor user; as `recsys.steps.similar`; an unknown user; a song that is both seed and without; nothing
        is left.
    """
    _check(seeds, user, k, minutes, seed)
    gate = Gate(Limits(artist_cap, album_cap, keep_duplicates))
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        wanted, unwanted = asked_songs(catalogue, seeds), asked_songs(catalogue, without)
        vectors = song_vectors(workspace, catalogue)
        told = None if user is None else places_by_model(workspace, catalogue, user, vectors)
        shared = tags_in_common(catalogue)
    plus, plus_notes = rows_of(vectors, wanted, one_must_be=bool(seeds))
    minus, minus_notes = rows_of(vectors, unwanted, one_must_be=False)
    both = sorted(set(plus.tolist()) & set(minus.tolist()))
    if both:
        raise InputError(f"{vectors.tracks[both[0]].name} is both a seed and among the songs to be unlike")
    for row in (*plus.tolist(), *minus.tolist()):
        gate.stands(vectors.tracks[row], vectors.unit[row])
    order = _order(vectors, plus, minus, told, keep_heard=heard)
    picked = _picked(vectors, order, gate, k, minutes, surprise, seed)
    if not picked:
        raise InputError("no song is left for the list", code="nothing-left", hint="Loosen the limits, or add songs")
    flowing = _flowing(vectors, picked)
    items = _items(vectors, flowing, plus, shared)
    return {
        "seeds": [vectors.tracks[row].track_id for row in plus.tolist()],
        "without": [vectors.tracks[row].track_id for row in minus.tolist()],
        "user": user,
        "items": items,
        "minutes": round(seconds_of([vectors.tracks[row] for row in flowing], usual_length(vectors.tracks)) / 60, 2),
        "mean_step": _mean_step(vectors, flowing),
        "hidden": [duplicate._asdict() for duplicate in gate.duplicates],
        "notes": [*plus_notes, *minus_notes, *([] if told is None or not told.note else [told.note])],
    }


def _check(seeds: Sequence[str], user: str | None, k: int | None, minutes: float | None, seed: int) -> None:
    check_length(k, minutes)
    if not seeds and user is None:
        raise InputError("a playlist needs a seed or a user", hint="Give songs with --seed, or --user")
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed={seed} must lie in [0, {MOST_SEED}]")


def _order(
    vectors: SongVectors, plus: NDArray[np.int32], minus: NDArray[np.int32], told: Heard | None, *, keep_heard: bool
) -> NDArray[np.int32]:
    """All songs that may be in the list, the most fitting first."""
    from content.mixing import by_seeds, ranks

    if len(plus) and told is None:
        order = by_seeds(vectors.unit, plus, minus)
    elif told is not None:
        scores = told.scores
        if len(minus):  # without seeds, what sounds like these comes after all that does not
            against = (vectors.unit @ vectors.unit[minus].T).max(axis=1)
            told_of = scores[np.isfinite(scores)]
            spread = float(np.ptp(told_of)) if len(told_of) else 0.0
            scores = (scores - spread * np.maximum(against, 0)).astype(np.float32)
        place = np.log1p(ranks(scores))
        if len(plus):
            by_sound = by_seeds(vectors.unit, plus, minus)
            place[by_sound] += np.log1p(np.arange(len(by_sound)))
        order = np.argsort(place, kind="stable").astype(np.int32)
    out = np.zeros(len(vectors.tracks), np.bool_)
    out[plus] = out[minus] = True
    if told is not None and not keep_heard:
        out[told.heard] = True
    return order[~out[order]]


def _picked(
    vectors: SongVectors,
    order: NDArray[np.int32],
    gate: Gate,
    k: int | None,
    minutes: float | None,
    surprise: float,
    seed: int,
) -> list[int]:
    from content.mixing import surprising

    usual = usual_length(vectors.tracks)
    count = (k or SONGS) if minutes is None else max(1, round(60 * minutes / usual))
    shaken = surprising(order, surprise, count, np.random.default_rng(seed)).tolist()
    if minutes is None:
        return vectors.admitted(shaken, gate, count)
    kept: list[int] = []
    total = 0.0
    for row in shaken:
        if total >= 60 * minutes:
            break
        if gate.admits(vectors.tracks[row], vectors.unit[row]):
            kept.append(row)
            total += seconds_of([vectors.tracks[row]], usual)
    return kept[: prefix_for([vectors.tracks[row] for row in kept], minutes, usual)]


def _flowing(vectors: SongVectors, picked: list[int]) -> list[int]:
    """The songs in an order that flows, from the most fitting one."""
    from content.ordering import flowing_order

    return [picked[at] for at in flowing_order(vectors.unit[picked], first=0).tolist()]


def _mean_step(vectors: SongVectors, rows: list[int]) -> float | None:
    from content.ordering import steps

    return round(float(steps(vectors.unit[rows]).mean()), 6) if len(rows) > 1 else None


def _items(vectors: SongVectors, rows: list[int], plus: NDArray[np.int32], shared: Any) -> list[dict[str, Any]]:
    from content.similarity import from_cosine

    items = []
    for rank, row in enumerate(rows, start=1):
        track = vectors.tracks[row]
        told: dict[str, Any] = {"similarity": None, "like": None, "tags": []}
        if len(plus):
            near = from_cosine(vectors.unit[plus] @ vectors.unit[row])
            seed = vectors.tracks[plus[int(near.argmax())]].track_id
            told = {"similarity": round(float(near.max()), 6), "like": seed, "tags": shared(seed, track.track_id)}
        items.append(item_of(rank, track) | told)
    return items
