"""Who asks, what is known of them, and what the model says to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.explain import Taste
from collab.history import History
from collab.serving import ServingModel


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
class Person:
    """Who asks.

    Parameters
    ----------
    user : external id, or None. An unknown one is no error: the sources of the answer say what it rests on.
    likes : track ids that the person likes; never returned.
    newer : what the person played since the model was trained.
    """

    user: str | None = None
    likes: Sequence[str] = ()
    newer: Plays | None = None


def trained_on(serving: ServingModel, row: int) -> bool:
    """Whether the model was trained on listens of this user row (-1 for nobody)."""
    return row >= 0 and bool(serving.history.starts[row + 1] > serving.history.starts[row])


def taste_of(serving: ServingModel, row: int, person: Person) -> Taste:
    """Plays of the model's history and newer ones added up; a song that is only liked has none."""
    liked = np.array([serving.tracks.row(like) for like in dict.fromkeys(person.likes)], np.int32)
    tracks, plays = serving.history.of(row) if row >= 0 else (np.empty(0, np.int32), np.empty(0, np.float32))
    if person.newer is not None:
        tracks, plays = np.concatenate([tracks, person.newer.tracks]), np.concatenate([plays, person.newer.plays])
    tracks = np.concatenate([tracks, liked]).astype(np.int32)
    plays = np.concatenate([plays, np.zeros(len(liked), np.float32)])
    distinct, position = np.unique(tracks, return_inverse=True)
    total = np.bincount(position, plays, minlength=len(distinct)).astype(np.float32)
    return Taste(distinct, total, np.isin(distinct, liked))


def scores_for(
    serving: ServingModel, rows: Sequence[int], tastes: Sequence[Taste], people: Sequence[Person]
) -> list[NDArray[np.float32] | None]:
    """What the model says to each person, float32 (I,): as trained, or folded in where anything is newer; None where nothing."""
    told: list[NDArray[np.float32] | None] = [None] * len(people)
    trained = [at for at, row in enumerate(rows) if trained_on(serving, row)]
    fresh = [at for at, taste in enumerate(tastes) if len(taste.tracks) and _is_newer(serving, rows[at], people[at])]
    if fresh:
        plays = History.of_rows([(tastes[at].tracks, tastes[at].weights(serving.average_play)) for at in fresh])
        learns = np.flatnonzero(serving.model.learns_from(plays))
        fresh = [fresh[at] for at in learns.tolist()]
        plays = History.of_rows([plays.of(at) for at in learns.tolist()])
        for at, scores in zip(fresh, serving.model.folded_scores(plays) if fresh else (), strict=True):
            told[at] = scores
    trained = [at for at in trained if told[at] is None]
    if trained:
        for at, scores in zip(trained, serving.model.scores(np.array([rows[at] for at in trained], np.int32)), strict=True):
            told[at] = scores
    return told


def _is_newer(serving: ServingModel, row: int, person: Person) -> bool:
    """Whether anything is known of a person that the model was not trained with."""
    return bool(person.likes) or person.newer is not None or not trained_on(serving, row)
