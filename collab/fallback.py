"""The ladder from what is known of a listener to songs: model, likes, popularity, and the catalogue itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.diversity import in_laps, spread
from collab.explain import Taste, explain, no_tags
from collab.ranking import tie_order
from collab.recommendation import SOURCES, Recommendation, Source
from collab.serving import ServingModel
from data.errors import InputError

POPULAR_PER_ARTIST = 2


@dataclass(frozen=True)
class Plays:
    """Listens of one person that the model has not seen.

    Parameters
    ----------
    tracks : int32 (n,), rows of the serving model's songs.
    plays : float32 (n,), > 0.
    """

    tracks: NDArray[np.int32]
    plays: NDArray[np.float32]


@dataclass(frozen=True)
class _Ask:
    """What the steps of the ladder are asked.

    Parameters
    ----------
    row : the user's row, or -1.
    allowed : bool (I,), songs that may be offered. ties : int64 (I,), lower goes first among equals.
    room : int64 (A,), songs that each artist may still have. count : songs still wanted.
    """

    serving: ServingModel
    row: int
    taste: Taste
    allowed: NDArray[np.bool_]
    ties: NDArray[np.int64]
    room: NDArray[np.int64]
    count: int


@dataclass(frozen=True)
class _Offer:
    """Songs of one step, best first: tracks int64 (n,), scores float32 (n,) and n sources."""

    tracks: NDArray[np.int64]
    scores: NDArray[np.float32]
    sources: list[Source]


_NOTHING = _Offer(np.empty(0, np.int64), np.empty(0, np.float32), [])


def recommend(
    serving: ServingModel,
    user: str | None = None,
    likes: Sequence[str] = (),
    k: int = 10,
    *,
    heard_extra: Plays | None = None,
    unavailable: NDArray[np.int32] | None = None,
    artist_cap: int | None = None,
    exclude_heard: bool = True,
    name_of: Callable[[str], str] = str,
    shared_tags: Callable[[str, str], Sequence[str]] = no_tags,
    seed: int = 0,
) -> list[Recommendation]:
    """The best songs for one person, from the highest step of the ladder that knows anything, filled up from the steps below.

    1. The user has listens in the model: its scores, for songs with listens and, by their sound, for songs without. Likes given
       besides weigh as much as the model (both as z-scores).
    2. Likes, or listens newer than the model: songs that sound like them.
    3. Nothing known: what most listeners play; first at most 2 songs an artist, then the next 2, so that a list is never short.
    4. No listens either: songs spread over sounds and artists.

    Parameters
    ----------
    user : external id, or None. An unknown one is no error: the sources of the answer say what it rests on.
    likes : track ids that the person likes; never returned.
    k : length of the list; shorter only where there are fewer songs, or the artist cap leaves fewer.
    heard_extra : what the person played since the model was trained.
    unavailable : int32 (n,), song rows that must not be offered.
    artist_cap : at most so many songs of one artist, or None.
    exclude_heard : leave out what the person played.
    name_of : track id -> name, for the reasons.
    shared_tags : two track ids -> predicted tags that stand out in both, for the reasons.
    seed : breaks ties.

    Raises
    ------
    InputError : k or artist_cap below 1, an unknown like (code "unknown-id"), or every song is heard (code "all-heard").
    """
    if k < 1 or (artist_cap is not None and artist_cap < 1):
        raise InputError(f"k={k} and artist_cap={artist_cap} must be 1 or more")
    row = -1 if user is None else int(serving.users.rows([user])[0])
    liked = np.array([serving.tracks.row(like) for like in dict.fromkeys(likes)], np.int32)
    taste = _taste(serving, row, heard_extra, liked)
    allowed = np.ones(len(serving.tracks), np.bool_)
    allowed[liked] = False
    if unavailable is not None:
        allowed[unavailable] = False
    if exclude_heard:
        allowed[taste.tracks] = False
    if not allowed.any():
        raise InputError(
            f"user {user!r} has heard all {len(allowed)} songs" if user is not None else "no song is left to recommend",
            code="all-heard",
            hint="Add songs",
        )
    order = np.random.default_rng(seed).permutation(len(allowed))
    ties = tie_order(np.arange(len(allowed)), np.full(len(allowed), max(row, 0)), order)
    picked: list[tuple[int, float, Source]] = []
    room = np.full(int(serving.artists.max()) + 1, artist_cap or len(allowed), np.int64)
    for step in (_by_model, _by_taste, _popular, _diverse):
        offer = step(_Ask(serving, row, taste, allowed, ties, room, k - len(picked)))
        for track, score, source in zip(offer.tracks.tolist(), offer.scores.tolist(), offer.sources, strict=True):
            if len(picked) < k and room[serving.artists[track]] > 0:
                room[serving.artists[track]] -= 1
                picked.append((track, score, source))
        allowed[offer.tracks] = False  # a lower step does not offer them again
        if len(picked) == k:
            break
    rows, sources = np.array([p[0] for p in picked], np.int32), [p[2] for p in picked]
    reasons = explain(serving, rows, sources, taste, name_of, shared_tags)
    return [
        Recommendation(serving.tracks.ids[track], rank, score, source, reason.text, not serving.listeners[track], reason.tags)
        for rank, ((track, score, source), reason) in enumerate(zip(picked, reasons, strict=True), start=1)
    ]


def _taste(serving: ServingModel, row: int, extra: Plays | None, liked: NDArray[np.int32]) -> Taste:
    """Plays of the model's history and newer ones added up; a song that is only liked has none."""
    tracks, plays = serving.history.of(row) if row >= 0 else (np.empty(0, np.int32), np.empty(0, np.float32))
    if extra is not None:
        tracks, plays = np.concatenate([tracks, extra.tracks]), np.concatenate([plays, extra.plays])
    tracks = np.concatenate([tracks, liked]).astype(np.int32)
    plays = np.concatenate([plays, np.zeros(len(liked), np.float32)])
    distinct, position = np.unique(tracks, return_inverse=True)
    total = np.bincount(position, plays, minlength=len(distinct)).astype(np.float32)
    return Taste(distinct, total, np.isin(distinct, liked))


def _by_model(ask: _Ask) -> _Offer:
    serving, taste = ask.serving, ask.taste
    if ask.row < 0 or not len(serving.history.of(ask.row)[0]):
        return _NOTHING
    tracks = np.flatnonzero(ask.allowed & serving.model.scorable)
    scores = serving.model.scores(np.array([ask.row], np.int32))[0][tracks]
    liked = taste.tracks[taste.liked]
    if serving.has_content[liked].any():
        scores = _z(scores) + _z(_likeness(serving, liked, np.ones(len(liked), np.float32))[tracks])
    best = np.lexsort((ask.ties[tracks], -scores))
    warm, cold = SOURCES[serving.engine]
    return _Offer(tracks[best], scores[best], [warm if n else cold for n in serving.listeners[tracks[best]]])


def _by_taste(ask: _Ask) -> _Offer:
    serving, taste = ask.serving, ask.taste
    if not serving.has_content[taste.tracks].any():
        return _NOTHING
    tracks = np.flatnonzero(ask.allowed & serving.has_content)
    weights = np.log1p(taste.plays)
    weights[taste.liked] = weights.max() or 1.0  # to say that one likes a song counts as much as to play it most
    scores = _likeness(serving, taste.tracks, weights)[tracks]
    best = np.lexsort((ask.ties[tracks], -scores))
    return _Offer(tracks[best], scores[best], ["content-likes"] * len(tracks))


def _popular(ask: _Ask) -> _Offer:
    serving = ask.serving
    tracks = np.flatnonzero(ask.allowed & (serving.listeners > 0))
    tracks = tracks[np.lexsort((ask.ties[tracks], -serving.listeners[tracks]))]
    tracks = tracks[in_laps(serving.artists[tracks], POPULAR_PER_ARTIST)]
    share = serving.listeners[tracks] / max(1, serving.history.n_active)
    return _Offer(tracks, share.astype(np.float32), ["popular"] * len(tracks))


def _diverse(ask: _Ask) -> _Offer:
    serving = ask.serving
    tracks, unlike = spread(serving.content, serving.artists, allowed=ask.allowed, room=ask.room, count=ask.count, ties=ask.ties)
    return _Offer(tracks, unlike, ["catalogue-diverse"] * len(tracks))


def _likeness(serving: ServingModel, tracks: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of every song with the weighted mean of `tracks`, float32 (I,)."""
    profile = weights @ serving.content[tracks]
    return np.asarray(serving.content @ (profile / max(float(np.linalg.norm(profile)), 1e-12)), dtype=np.float32)


def _z(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores with mean 0 and standard deviation 1, so that two kinds can be added; zeros where all are equal."""
    deviation = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / np.float32(deviation) if deviation > 0 else np.zeros_like(scores)
