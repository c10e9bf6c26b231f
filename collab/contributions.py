"""Which of the songs that somebody played carry the score of another song, and by how much: exact for what the scores are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collab.blend import CONTENT_PARTS, TINY, BlendModel, Part, standardised
from collab.confidence import confidences
from collab.explain import Taste
from collab.fold_shares import fold_shares
from collab.history import History
from collab.postings import PostingsModel
from collab.serving import ServingModel

Rows = NDArray[np.int64]
Shares = NDArray[np.float64]


def contributions(serving: ServingModel, taste: Taste, tracks: NDArray[np.int32]) -> Shares:
    """float64 (m, n): what the j-th song of a taste adds to the model's score of each of n songs; negative where it takes away.

    Every part of the model is linear in what was played once the listener's own scale (length, mean, deviation) is left as it
    is; a blend adds its parts up by its weights. So the column of a song adds up to its score as folded in, less constants of the
    model: the popularity that a blend counts against songs, and intercepts of engines that are no sum over plays.

    Parameters
    ----------
    tracks : int32 (n,), song rows.
    """
    weights = taste.weights(serving.average_play)
    if isinstance(serving.model, BlendModel):
        return _of_blend(serving.model, taste.tracks, weights, tracks)
    return _of_part(serving.model, taste.tracks, weights, _groups(tracks))


def by_sound(serving: ServingModel, taste: Taste, tracks: NDArray[np.int32]) -> Shares:
    """As `contributions`, to the cosine with the taste's profile by which the ladder ranks where the model has nothing to say."""
    weights = np.log1p(taste.weights(1.0)).astype(np.float64)
    parts = weights[:, None] * serving.content[taste.tracks]
    length = float(np.linalg.norm(parts.sum(axis=0))) or 1.0
    return np.asarray(parts @ serving.content[tracks].T / length)


def _groups(tracks: NDArray[np.int32]) -> list[Rows]:
    return [np.array([track], np.int64) for track in tracks.tolist()]


def _of_blend(model: BlendModel, played: NDArray[np.int32], weights: NDArray[np.float32], tracks: NDArray[np.int32]) -> Shares:
    """As `BlendModel._sum`, song by song: the same weights, means and deviations."""
    warm, cold = model.listeners > 0, (model.listeners == 0) & model.scorable
    base = np.flatnonzero(cold if cold.sum() > 1 else model.scorable)
    boost = float(model.rule.boosts(np.array([len(played)]))[0])
    plays = History.of_rows([(played, weights)])
    n = len(tracks)
    mixed, apart = np.zeros((len(played), n + 1)), np.zeros((len(played), n + 1))  # the last column: the mean over `base`
    whole, own = np.zeros(len(model.listeners)), np.zeros(len(model.listeners))
    for part, *given in zip(model.parts, *model.rule.weights([part.name for part in model.parts]), strict=True):
        for_all, for_cold = (weight * (boost if part.name in CONTENT_PARTS else 1.0) for weight in given)
        if not for_all and not for_cold:
            continue
        shares, scores = _standard_shares(part, plays, tracks, base, warm)
        mixed += for_all * shares
        apart += for_cold * shares
        whole += for_all * scores
        own += for_cold * scores
    if not len(base):
        return mixed[:, :n]
    own_deviation = float(own[base].std())
    ratio = float(whole[base].std()) / own_deviation if own_deviation > TINY else 0.0
    matched = (apart[:, :n] - apart[:, n:]) * ratio + mixed[:, n:]
    return np.asarray(mixed[:, :n] + model.rule.cold_share(model.listeners)[tracks] * (matched - mixed[:, :n]))


def _standard_shares(
    part: Part, plays: History, tracks: NDArray[np.int32], base: Rows, warm: NDArray[np.bool_]
) -> tuple[Shares, NDArray[np.float64]]:
    """Contributions to the standardised scores of `tracks` and to their mean over `base`, (m, n + 1); all such scores, (I,)."""
    scorable = part.scorable
    reference = np.flatnonzero(scorable & warm if (scorable & warm).any() else scorable)
    played, weights = plays.of(0)
    raw = _scores(part, plays)
    deviation = float(raw[reference].std(dtype=np.float64)) if len(reference) else 0.0
    standard = standardised(raw[None].copy(), scorable, warm)[0].astype(np.float64)
    if deviation <= 1e-9 * max(1.0, abs(float(raw[reference].mean(dtype=np.float64))) if len(reference) else 1.0):
        return np.zeros((len(played), len(tracks) + 1)), standard
    placed = base[scorable[base]]
    told = _of_part(part, played, weights, [*_groups(tracks), placed, reference])
    mean = told[:, -1:]
    known = np.append(scorable[tracks], [len(placed) / max(1, len(base))])
    return (told[:, :-1] - mean) / deviation * known, standard


def _scores(part: Part, plays: History) -> NDArray[np.float32]:
    """The part's scores for one listener, float32 (I,), by the fewest columns that tell anything."""
    if isinstance(part, PostingsModel):
        return np.asarray(part.folded(plays)[0], np.float32)
    vector = part.fold.vectors(plays, part.item_factors)[0]
    told = np.flatnonzero(vector)
    if 4 * len(told) < len(vector):
        return np.asarray(part.item_factors[:, told] @ vector[told], np.float32)
    return np.asarray(part.item_factors @ vector, np.float32)


def _of_part(part: Part, played: NDArray[np.int32], weights: NDArray[np.float32], groups: list[Rows]) -> Shares:
    """Contributions of m songs to the mean score of each of n groups of songs, (m, n); 0 of an empty group."""
    if isinstance(part, PostingsModel):
        return _of_postings(part, played, weights, groups)
    factors = part.item_factors
    means = [_mean_row(factors, rows) for rows in groups]
    return fold_shares(part.fold, played, weights, factors, np.asarray(means).reshape(len(groups), factors.shape[1]))


def _mean_row(factors: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
    """Mean of these rows, float32 (f,); zeros of none."""
    if len(rows) < 100:
        return np.asarray(factors[rows].sum(axis=0) / max(1, len(rows)), np.float32)
    weights = np.zeros(len(factors), np.float32)  # of many a product: the rows would be copied, and the factors are large
    weights[rows] = 1 / len(rows)
    return np.asarray(weights @ factors, np.float32)


def _of_postings(part: PostingsModel, played: NDArray[np.int32], weights: NDArray[np.float32], groups: list[Rows]) -> Shares:
    confident = confidences(weights, part.unit).astype(np.float64)
    known = np.flatnonzero(played < len(part.words))
    features, values, of = part.words.gather(played[known])
    parts = values * confident[known][of]
    length = float(np.linalg.norm(np.bincount(features, parts, len(part.index)))) or 1.0
    told = np.zeros((len(played), len(groups)))
    for column, rows in enumerate(groups):
        words, weight, _ = part.words.gather(rows)
        mean = np.bincount(words, weight, len(part.index)) / max(1, len(rows))
        told[known, column] = np.bincount(of, parts * mean[features], len(known)) / length
    return told
