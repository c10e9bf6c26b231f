"""Answers: what to play next. Light on purpose: numpy and SQLite, no torch, no lightfm, no pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from collab.because import popularity_of
from collab.fallback import Person, Terms
from collab.recommendation import Recommendation
from data.asked_song import song_asker
from data.catalogue import Catalogue
from data.errors import InputError
from data.list_limits import Limits
from data.predicted_tags import PredictedTags, read_predicted_tags
from data.tracks import Track
from recsys.steps import reasons
from recsys.steps.current import Current, current_model
from recsys.steps.song_vectors import item_of
from recsys.steps.unrepeated import unrepeated_answer
from recsys.workspace import open_workspace


def recommend(
    root: Path,
    *,
    user: str | None = None,
    likes: Sequence[str] = (),
    k: int = 10,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
    explore: float = 0.0,
) -> dict[str, Any]:
    """The best `k` songs that `user` has not heard.

    An unknown user, or none, gets the fallback, and "known_user" and "notes" say so.

    Parameters
    ----------
    likes : songs, see `data.asked_song`. album_cap, keep_duplicates : see `data.list_limits`.
    explore : from 0, accurate, to 1, where popularity counts against a song as much as the model speaks for it.

    Returns
    -------
    {"user", "known_user", "model_version", "items": [{"rank", "track_id", "artist", "title", "album", "duration" (s), "path",
    "score", "source", "reason", "cold", "tags", "because", "labels", "popularity"}], "hidden": as of `recsys.steps.similar`,
    "notes": lines for a person}; "tags" are predicted, and shared with the song that "reason" compares with; the last three are
    explained in `recsys.steps.reasons`.

    Raises
    ------
    InputError : no workspace, no model, an unknown song among the likes, k, artist_cap or explore out of range, or nothing is
        left to recommend.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        current = current_model(workspace, catalogue, [user] if user is not None else [])
        likes = liked_songs(current, catalogue, likes)
        terms = terms_of(current, catalogue, k, artist_cap, explore, because=reasons.SONGS)
        person, limits = Person(user, likes, current.newer.get(user or "")), Limits(None, album_cap, keep_duplicates)
        picked, hidden = unrepeated_answer(current.serving, catalogue, person, terms, limits)
        notes = [note for note in (note_on(user, current, picked), current.note) if note]
        known = user is not None and user in current.serving.users
        items = _items(catalogue, current, picked, terms)
    return {
        "user": user,
        "known_user": known,
        "model_version": current.serving.version,
        "items": items,
        "hidden": [duplicate._asdict() for duplicate in hidden],
        "notes": notes,
    }


def _shared_tags(catalogue: Catalogue) -> Callable[[str, str], Sequence[str]]:
    """What `collab.fallback.recommend` asks for; the tags are read when the first reason asks for one."""

    @cache
    def tags() -> PredictedTags | None:
        return read_predicted_tags(catalogue)

    def shared(a: str, b: str) -> Sequence[str]:
        known = tags()
        return () if known is None else known.shared(a, b)

    return shared


def liked_songs(current: Current, catalogue: Catalogue, likes: Sequence[str]) -> list[str]:
    """Track ids of the songs that are liked. Raises InputError for what is no song, or none that the model knows."""
    if not likes:
        return []
    ask = song_asker(catalogue)
    return [in_model(current, ask(like).track_id) for like in likes]


def in_model(current: Current, track_id: str) -> str:
    """The same id. Raises InputError if the model does not know the song."""
    if track_id not in current.serving.tracks:
        raise InputError(f"song {track_id!r} is not in the model yet", hint="Run `recsys embed`, then `recsys train-hybrid`")
    return track_id


def terms_of(
    current: Current, catalogue: Catalogue, k: int, artist_cap: int | None, explore: float, *, because: int = 0
) -> Terms:
    """What holds for every answer from this catalogue."""
    names: dict[str, Track] = {}

    def name_of(track_id: str) -> str:
        if track_id not in names:
            names.update(catalogue.tracks_by_id([track_id]))
        return names[track_id].name if track_id in names else track_id

    return Terms(
        k,
        current.gone,
        artist_cap,
        explore=explore,
        name_of=name_of,
        shared_tags=_shared_tags(catalogue),
        because=because,
    )


def note_on(user: str | None, current: Current, picked: Sequence[Recommendation]) -> str:
    """What an answer to a user whom the model does not know rests on; "" for one it knows."""
    if user is None or user in current.serving.users:
        return ""
    what = "what they played since it was trained" if user in current.newer else "the songs they like"
    if any(item.source == "content-likes" for item in picked):
        return f"user {user!r} is unknown to the model; the answer rests on the sound of {what}"
    if any(item.source in ("hybrid-likes", "hybrid-content", "collaborative") for item in picked):
        return f"user {user!r} is unknown to the model; the answer rests on {what}"
    if any(item.source == "popular" for item in picked):
        return f"user {user!r} is unknown; this is what most listeners play. Give songs with --like for a better answer"
    return f"user {user!r} is unknown; this is a choice from all sounds. Give songs with --like for a better answer"


def _items(catalogue: Catalogue, current: Current, picked: Sequence[Recommendation], terms: Terms) -> list[dict[str, Any]]:
    """The recommended songs with their names and explanations."""
    speaking = (song.track_id for item in picked for song in item.because)
    tracks = catalogue.tracks_by_id([*(item.track_id for item in picked), *speaking])
    items = []
    for item in picked:
        track, row = tracks[item.track_id], current.serving.tracks.row(item.track_id)
        told = {
            "score": round(float(item.score), 6),
            "source": item.source,
            "reason": item.reason,
            "cold": item.cold,
            "tags": list(item.tags),
            "because": reasons.because_of(item.because, tracks),
            "labels": reasons.labels_of(track, item.because, tracks, terms.shared_tags),
            "popularity": reasons.popularity_of(popularity_of(current.serving, row)),
        }
        items.append(item_of(item.rank, track) | told)
    return items
