"""An explanation in numbers: the songs that carry a score, and how popular the song is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.blend import BlendModel
from collab.contributions import by_sound, contributions
from collab.explain import Taste
from collab.folding import RegressionFold
from collab.recommendation import Because, Source
from collab.rule import standard_popularity
from collab.serving import NO_COMPANY, ServingModel

LEAST = 0.01  # share below which a song is not named


class Popularity(NamedTuple):
    """Distinct listeners of a song, their share of all listeners, and what popularity by itself adds to the model's score: a
    blend may hold it against songs, then this is below 0 for the popular and above 0 for the others.
    """

    listeners: int
    share: float
    effect: float


def because(
    serving: ServingModel, taste: Taste, tracks: NDArray[np.int32], sources: Sequence[Source], most: int = 5
) -> list[tuple[Because, ...]]:
    """For each of n songs the up to `most` songs of the taste that speak most for it; () where nothing that was played counts.

    Shares are of the positive contributions, see `collab.contributions`; they do not add up to 1 where more songs speak for it.

    Parameters
    ----------
    tracks : int32 (n,), song rows. sources : where each came from.
    """
    none: list[tuple[Because, ...]] = [()] * len(tracks)
    if not len(taste.tracks) or not len(tracks):
        return none
    # Both the content engines and the step of the ladder below the model say "content-likes"; they add up the same songs.
    sound = np.array([source == "content-likes" and serving.engine not in NO_COMPANY for source in sources])
    silent = np.array([source in ("popular", "catalogue-diverse") for source in sources])
    told = np.zeros((len(taste.tracks), len(tracks)))
    for rows, rule in ((np.flatnonzero(sound), by_sound), (np.flatnonzero(~sound & ~silent), contributions)):
        if len(rows):
            told[:, rows] = rule(serving, taste, tracks[rows])
    return [_largest(serving, taste, column, most) for column in told.T]


def popularity_of(serving: ServingModel, track: int) -> Popularity:
    """How popular a song (a row) is, and what that does to its score."""
    listeners, model = int(serving.listeners[track]), serving.model
    effect = 0.0
    if isinstance(model, BlendModel) and model.rule.tail:
        effect = -model.rule.tail * float(standard_popularity(model.listeners)[track])
    return Popularity(listeners, listeners / max(1, serving.history.n_active), effect)


def is_exact(serving: ServingModel) -> bool:
    """Whether the contributions add up to scores that the engine learned, and not to those that it folds in (BPR, LightFM)."""
    return not any(isinstance(getattr(part, "fold", None), RegressionFold) for part in serving.parts)


def _largest(serving: ServingModel, taste: Taste, column: NDArray[np.float64], most: int) -> tuple[Because, ...]:
    positive = np.maximum(column, 0.0)
    total = float(positive.sum())
    if total <= 0:
        return ()
    best = np.argsort(-positive, kind="stable")[:most]
    shares = [(serving.tracks.ids[taste.tracks[at]], float(positive[at]) / total) for at in best.tolist()]
    return tuple(Because(track_id, share) for track_id, share in shares if share >= LEAST)
