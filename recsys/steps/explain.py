"""Why a song has its place for a person, also a song that no list would show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collab.because import is_exact
from collab.fallback import Person
from collab.placing import Place, place_of
from data.asked_song import song_asker
from recsys.steps import reasons
from recsys.steps.current import current_model
from recsys.steps.recommend import in_model, liked_songs, note_on, terms_of
from recsys.steps.song_vectors import item_of
from recsys.workspace import open_workspace


def explain(root: Path, song: str, *, user: str | None = None, likes: Sequence[str] = (), explore: float = 0.0) -> dict[str, Any]:
    """Why `song` stands where it stands in what `recsys.steps.recommend` would say with the same user, likes and explore.

    Returns
    -------
    "user", "model_version", "song": {"rank" (among all songs that could be offered; None where nothing is known to rank it by),
    "of" (how many those are), "track_id", "name", "artist", "title", "album", "duration", "path", "score", "source", "reason",
    "cold", "heard", "liked", "tags", "because", "labels", "popularity" (see `recsys.steps.reasons`)}, "exact" (False where the
    contributions add up to a fold-in of the engine's and not to the very vector that it learned), "notes".

    Raises
    ------
    InputError : as `recsys.steps.recommend`; an unknown song, or one that the model does not know.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        track = song_asker(catalogue)(song)
        current = current_model(workspace, catalogue, [user] if user is not None else [])
        serving = current.serving
        row = serving.tracks.row(in_model(current, track.track_id))
        terms = terms_of(current, catalogue, 1, None, explore, because=reasons.SONGS)
        person = Person(user, liked_songs(current, catalogue, likes), current.newer.get(user or ""))
        place = place_of(serving, person, row, terms)
        speaking = catalogue.tracks_by_id(said.track_id for said in place.song.because)
        labels = reasons.labels_of(track, place.song.because, speaking, terms.shared_tags)
    told = item_of(place.song.rank, track) | {
        "rank": place.song.rank or None,
        "of": place.of,
        "name": track.name,
        "score": round(place.song.score, 6),
        "source": place.song.source,
        "reason": place.song.reason,
        "cold": place.song.cold,
        "heard": place.heard,
        "liked": place.liked,
        "tags": list(place.song.tags),
        "because": reasons.because_of(place.song.because, speaking),
        "labels": labels,
        "popularity": reasons.popularity_of(place.popularity),
    }
    notes = [*_notes(track.name, place), note_on(user, current, [place.song]), current.note]
    return {
        "user": user,
        "model_version": serving.version,
        "song": told,
        "exact": is_exact(serving),
        "notes": [note for note in notes if note],
    }


def _notes(name: str, place: Place) -> list[str]:
    if place.heard:
        return [f"{name} has been played already; no list would show it"]
    return [f"{name} is liked already; no list would show it"] if place.liked else []
