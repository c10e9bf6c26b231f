"""Explanations as JSON: which songs carry a recommendation, which labels they share with it, what popularity does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collab.because import Popularity
from collab.recommendation import Because
from data.label_values import multiple_values
from data.resolve import ARTIST_LABEL
from data.tracks import Track

SONGS = 5  # that are named for one recommendation
TAG = "predicted tag"

Shared = Callable[[str, str], Sequence[str]]


def because_of(songs: Sequence[Because], tracks: Mapping[str, Track]) -> list[dict[str, Any]]:
    """The songs that speak for another: {"track_id", "name", "share" in (0, 1]}, the largest share first."""
    return [{"track_id": song.track_id, "name": _name(song.track_id, tracks), "share": round(song.share, 4)} for song in songs]


def labels_of(track: Track, songs: Sequence[Because], tracks: Mapping[str, Track], shared: Shared) -> list[dict[str, Any]]:
    """What a song has in common with those that speak for it, {"kind", "value", "songs" (their ids)}: artist, labels, and
    predicted tags (kind "predicted tag"); what most of them share first.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for song in songs:
        other = tracks.get(song.track_id)
        if other is None:
            continue
        for common in _in_common(track, other, shared):
            found.setdefault(common, []).append(song.track_id)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return [{"kind": kind, "value": value, "songs": ids} for (kind, value), ids in ordered]


def popularity_of(told: Popularity) -> dict[str, Any]:
    """{"listeners", "share" (of all listeners), "effect" (on the score)}."""
    return {"listeners": told.listeners, "share": round(told.share, 6), "effect": round(told.effect, 6)}


def _in_common(a: Track, b: Track, shared: Shared) -> list[tuple[str, str]]:
    common = [("artist", a.artist)] if a.artist and a.artist == b.artist else []
    for kind, value in a.labels.items():
        if kind != ARTIST_LABEL and kind in b.labels:
            theirs = set(multiple_values(b.labels[kind]))
            common += [(kind, one) for one in multiple_values(value) if one in theirs]
    return common + [(TAG, tag) for tag in shared(a.track_id, b.track_id)]


def _name(track_id: str, tracks: Mapping[str, Track]) -> str:
    return tracks[track_id].name if track_id in tracks else track_id
