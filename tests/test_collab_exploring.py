"""The knob from accurate to exploratory."""

from __future__ import annotations

import numpy as np
import pytest

from collab.engine import fit
from collab.exploring import Exploring, explored
from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.recommender import FoldsIn

LISTENERS = np.array([100, 10, 1, 0])


def test_without_exploring_scores_stay_as_they_are() -> None:
    scores = np.array([[4, 3, 2, 1]], np.float32)
    assert explored(scores, LISTENERS, 0.0) is scores


def test_scores_less_the_standardised_logarithm_of_listeners() -> None:
    scores = np.array([[4, 3, 2, 0]], np.float32)
    z = (scores - scores.mean()) / scores.std()
    crowd = np.log1p(LISTENERS)
    expected = z - 0.5 * (crowd - crowd.mean()) / crowd.std()
    np.testing.assert_allclose(explored(scores, LISTENERS, 0.5), expected, atol=1e-6)


def test_fully_exploring_popularity_itself_says_nothing() -> None:
    crowd = np.log1p(LISTENERS)[None].astype(np.float32)
    np.testing.assert_allclose(explored(crowd, LISTENERS, 1.0), 0, atol=1e-6)


def test_more_exploring_gives_less_popular_lists() -> None:
    rng = np.random.default_rng(0)
    listeners = rng.integers(0, 500, 200)
    scores = (np.log1p(listeners) + rng.normal(size=(5, 200))).astype(np.float32)
    tops = [np.argsort(-explored(scores, listeners, e), axis=1)[:, :10] for e in (0.0, 0.3, 0.6, 1.0)]
    means = [float(listeners[top].mean()) for top in tops]
    assert means == sorted(means, reverse=True)
    assert means[0] > 1.5 * means[-1]


def test_equal_scores_and_equal_listeners_are_no_division_by_zero() -> None:
    np.testing.assert_array_equal(explored(np.full((2, 3), 7, np.float32), np.full(3, 4), 1.0), np.zeros((2, 3)))


@pytest.mark.parametrize("explore", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_value_out_of_range_is_one_clear_line(explore: float) -> None:
    with pytest.raises(InputError, match=r"explore=.* must lie in \[0, 1\]"):
        explored(np.zeros((1, 4), np.float32), LISTENERS, explore)


def listens() -> Listens:
    rng = np.random.default_rng(0)
    user, track = rng.integers(0, 20, 150).astype(np.int32), rng.integers(0, 27, 150).astype(np.int32)
    ids = IdMap(tuple(f"u{i}" for i in range(20))), IdMap(tuple(f"t{i}" for i in range(30)))
    return Listens(user, track, np.ones(150, np.float32), None, *ids)


def test_an_exploring_engine_is_a_recommender_that_folds_in() -> None:
    plays = listens()
    wrapped = Exploring(fit("als-cf", plays), plays.track_counts(), 0.4)
    assert isinstance(wrapped, FoldsIn)
    assert wrapped.name == "als-cf, explore 0.4"
    users = np.arange(20, dtype=np.int32)
    np.testing.assert_allclose(wrapped.fold_in(plays.matrix()), wrapped.scores(users), atol=1e-3)


def test_exploring_offers_no_song_that_the_engine_cannot_score() -> None:
    plays = listens()
    wrapped = Exploring(fit("als-cf", plays), plays.track_counts(), 1.0)
    scores = wrapped.scores(np.arange(20, dtype=np.int32))
    assert (scores[:, 27:].max(axis=1) < scores[:, :27].min(axis=1)).all()


def test_not_exploring_is_the_engine_itself() -> None:
    plays = listens()
    engine, users = fit("als-cf", plays), np.arange(20, dtype=np.int32)
    np.testing.assert_array_equal(Exploring(engine, plays.track_counts(), 0.0).scores(users), engine.scores(users))


def test_an_engine_that_cannot_fold_in_says_so() -> None:
    plays = listens()
    with pytest.raises(InputError, match="engine 'random' cannot fold in"):
        Exploring(fit("random", plays), plays.track_counts(), 0.5).fold_in(plays.matrix())
