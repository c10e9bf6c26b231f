"""The steps of the ladder: what each can offer to one person, best first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.diversity import in_laps, spread, unlike_each_other
from collab.explain import Taste
from collab.exploring import explored
from collab.recommendation import SOURCES, Source
from collab.serving import ServingModel

POPULAR_PER_ARTIST = 2
POPULAR_CHOICE = 5  # times as many popular songs as are wanted are looked at for songs that sound unlike each other


@dataclass(frozen=True)
class Ask:
    """What the steps of the ladder are asked.

    Parameters
    ----------
    scores : float32 (I,), the model's for this person; None where it has nothing to say.
    stranger : whether the model was trained without this person.
    allowed : bool (I,), songs that may be offered. ties : int64 (I,), lower goes first among equals.
    room : int64 (A,), songs that each artist may still have. capped : whether that is a limit at all.
    count : songs still wanted.
    explore : in [0, 1], see `collab.exploring`.
    """

    serving: ServingModel
    scores: NDArray[np.float32] | None
    stranger: bool
    taste: Taste
    allowed: NDArray[np.bool_]
    ties: NDArray[np.int64]
    room: NDArray[np.int64]
    capped: bool
    count: int
    explore: float


@dataclass(frozen=True)
class Offer:
    """Songs of one step, best first: tracks int64 (n,), scores float32 (n,) and n sources."""

    tracks: NDArray[np.int64]
    scores: NDArray[np.float32]
    sources: list[Source]


_NOTHING = Offer(np.empty(0, np.int64), np.empty(0, np.float32), [])


def by_model(ask: Ask) -> Offer:
    """What the model says, of all songs that it can score."""
    serving = ask.serving
    if ask.scores is None:
        return _NOTHING
    tracks = np.flatnonzero(ask.allowed & serving.scorable)
    tracks, scores = _best(ask, tracks, ask.scores[tracks])
    says = SOURCES[serving.engine]
    warm, cold = (says.stranger, says.stranger_cold) if ask.stranger else (says.warm, says.cold)
    return Offer(tracks, scores, [warm if n else cold for n in serving.listeners[tracks]])


def by_taste(ask: Ask) -> Offer:
    """Songs that sound like what this person played or likes."""
    serving, taste = ask.serving, ask.taste
    if not serving.has_content[taste.tracks].any():
        return _NOTHING
    weights = np.log1p(taste.weights(1.0))
    tracks = np.flatnonzero(ask.allowed & serving.has_content)
    profile = weights @ serving.content[taste.tracks]
    cosine = serving.content[tracks] @ (profile / max(float(np.linalg.norm(profile)), 1e-12))
    tracks, scores = _best(ask, tracks, np.asarray(cosine, np.float32))
    return Offer(tracks, scores, ["content-likes"] * len(tracks))


def popular(ask: Ask) -> Offer:
    """What most listeners play, spread over artists and, among the most popular, over sounds."""
    serving = ask.serving
    tracks = np.flatnonzero(ask.allowed & (serving.listeners > 0))
    tracks = tracks[np.lexsort((ask.ties[tracks], -serving.listeners[tracks]))]
    tracks = tracks[in_laps(serving.artists[tracks], POPULAR_PER_ARTIST)]
    share = (serving.listeners[tracks] / max(1, serving.history.n_active)).astype(np.float32)
    head = slice(0, POPULAR_CHOICE * ask.count)
    first = unlike_each_other(
        share[head], serving.content[tracks[head]], serving.artists[tracks[head]], ask.count, POPULAR_PER_ARTIST
    )
    first = first[np.argsort(-share[first], kind="stable")]
    order = np.concatenate([first, np.setdiff1d(np.arange(len(tracks)), first)])
    return Offer(tracks[order], share[order], ["popular"] * len(tracks))


def diverse(ask: Ask) -> Offer:
    """Songs spread over sounds and artists."""
    serving = ask.serving
    tracks, unlike = spread(serving.content, serving.artists, allowed=ask.allowed, room=ask.room, count=ask.count, ties=ask.ties)
    return Offer(tracks, unlike, ["catalogue-diverse"] * len(tracks))


def _best(ask: Ask, tracks: NDArray[np.int64], scores: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Songs and scores by score, explored if that is asked for: as many as are wanted, or all where artists are capped."""
    scores = explored(scores[None], ask.serving.listeners[tracks], ask.explore)[0]
    if not ask.capped and ask.count < len(tracks):
        rank = len(tracks) - ask.count
        kept = scores >= np.partition(scores, rank)[rank]
        tracks, scores = tracks[kept], scores[kept]
    best = np.lexsort((ask.ties[tracks], -scores))
    best = best if ask.capped else best[: ask.count]
    return tracks[best], scores[best]
