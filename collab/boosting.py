"""How much more content counts for a listener of whom little is known, learned by making known listeners little known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from collab.blend import CONTENT_PARTS, Part, standardised, weighed
from collab.history import History
from collab.rule import Rule
from collab.validation import Validation
from collab.weighing import WeighingConfig, better

SONGS = (1, 4)  # of a listener's songs that are left
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
PATIENCE = 2.0  # standard errors that a factor must gain; few listeners are asked, so chance reaches further than for the weights
LISTENERS = 150


def learn_boost(
    rule: Rule,
    parts: Mapping[str, Part],
    validation: Validation,
    config: WeighingConfig,
    seed: int,
) -> tuple[tuple[int, float], ...]:
    """Fold listeners in from a few of their songs and see which factor on the parts of content ranks the held-out songs best.

    Returns
    -------
    (songs, factor) pairs for `Rule.boost`, the last with factor 1; () where nothing is gained.
    """
    if not any(name in CONTENT_PARTS and rule.mixed.get(name) for name in parts):
        return ()
    plays = validation.train.matrix()
    count = np.diff(plays.indptr)[validation.users]
    rng = np.random.default_rng([seed, 7])
    knots: list[tuple[int, float]] = []
    for songs in SONGS:
        rows = np.flatnonzero((count > 2 * songs) & validation.other.any(axis=1))
        rows = rows[rng.permutation(len(rows))[:LISTENERS]]
        if len(rows) < LISTENERS // 5:
            continue
        few = _a_few(History.of_matrix(plays[validation.users[rows]]), songs, rng)
        knots.append((songs, _best_factor(rule, parts, validation, rows, few, config)))
    if not knots or all(factor == 1.0 for _, factor in knots):
        return ()
    usual = max(int(np.median(count)), knots[-1][0] + 1)  # where the weights themselves were learned
    return (*knots, (usual, 1.0))


def _best_factor(
    rule: Rule,
    parts: Mapping[str, Part],
    validation: Validation,
    rows: NDArray[np.int64],
    few: History,
    config: WeighingConfig,
) -> float:
    warm, scorable = validation.listeners > 0, np.any([part.scorable for part in parts.values()], axis=0)
    scores = {name: standardised(part.folded(few), part.scorable, warm) for name, part in parts.items()}
    pool = validation.among_all(scores, config.pool, scorable, rows)

    def measure(factor: float) -> NDArray[np.float64]:
        return pool.ndcg(weighed(pool, rule, factor))

    return better(measure, 1.0, measure(1.0), [factor for factor in FACTORS if factor != 1.0], PATIENCE)[0]


def _a_few(plays: History, songs: int, rng: np.random.Generator) -> History:
    """`songs` random songs of each listener."""
    kept = np.zeros(len(plays.tracks), np.bool_)
    for row in range(len(plays)):
        begin, end = int(plays.starts[row]), int(plays.starts[row + 1])
        kept[begin + rng.permutation(end - begin)[:songs]] = True
    starts = np.concatenate([[0], np.cumsum(kept)])[plays.starts]
    return History(starts.astype(np.int64), plays.tracks[kept], plays.weights[kept])
