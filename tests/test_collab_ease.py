"""EASE with content: its closed form, on whichever side it is solved."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from collab import ease
from collab.confidence import confidence
from collab.content_scaling import ContentScaler
from collab.ease import EaseConfig, fit_ease
from collab.model import FactorModel
from data.embeddings import unit_rows
from data.errors import InputError


def world(n_users: int, n_tracks: int = 30) -> tuple[sp.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.3, (n_users, n_tracks)).astype(np.float32)
    counts[:, -2:] = 0
    return sp.csr_matrix(counts), unit_rows(rng.normal(size=(n_tracks, 5)).astype(np.float32))


def by_definition(plays: sp.csr_matrix, content: np.ndarray, config: EaseConfig) -> np.ndarray:
    """R B with each column of B solved as the regression that it is: on all other songs, one after the other."""
    stacked = np.vstack([confidence(plays).toarray(), np.sqrt(config.content_weight) * content.T]).astype(np.float64)
    n = stacked.shape[1]
    weights = np.zeros((n, n))
    for song in range(n):
        others = np.delete(np.arange(n), song)
        x = stacked[:, others]
        weights[others, song] = np.linalg.solve(x.T @ x + config.regularization * np.eye(n - 1), x.T @ stacked[:, song])
    return confidence(plays).toarray() @ weights


def all_scores(model: FactorModel, n_users: int) -> np.ndarray:
    return model.scores(np.arange(n_users, dtype=np.int32))


@pytest.mark.parametrize("n_users", [8, 60])  # fewer than songs: the dual form; more: the primal one
def test_the_scores_of_songs_not_heard_are_those_of_the_definition(n_users: int) -> None:
    plays, content = world(n_users)
    config = EaseConfig(4.0, 2.0)
    scores = all_scores(fit_ease("ease", plays, content, config), n_users)
    unheard = plays.toarray() == 0
    np.testing.assert_allclose(scores[unheard], by_definition(plays, content, config)[unheard], atol=2e-4)


@pytest.mark.parametrize("n_users", [8, 60])
def test_a_listener_folded_in_with_the_training_plays_has_the_training_scores(n_users: int) -> None:
    plays, content = world(n_users)
    model = fit_ease("ease", plays, content, EaseConfig(4.0, 2.0))
    np.testing.assert_allclose(model.fold_in(plays), all_scores(model, n_users), atol=1e-4)


@pytest.mark.parametrize("n_users", [8, 60])
def test_a_song_that_comes_later_is_scored_as_if_it_had_been_there(n_users: int) -> None:
    plays, content = world(n_users)
    config, scaler = EaseConfig(4.0, 2.0), ContentScaler(np.zeros(5, np.float32), np.eye(5, dtype=np.float32), unit=True)
    there = all_scores(fit_ease("ease", plays, content, config, scaler), n_users)[:, -1]
    before = fit_ease("ease", plays[:, :-1], content[:-1], config, scaler)
    assert before.content_map is not None
    later = before.user_factors @ before.content_map.apply(content[-1:])[0]
    np.testing.assert_allclose(later, there, atol=1e-4)
    assert np.ptp(there) > 0.05


def test_without_content_a_song_nobody_played_stands_below_all_others() -> None:
    plays, _ = world(8)
    scores = all_scores(fit_ease("ease-cf", plays, None, EaseConfig(4.0)), 8)
    assert (scores[:, -2:].max(axis=1) < scores[:, :-2].min(axis=1)).all()


def test_too_large_a_catalogue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "MOST_CELLS", 100)
    with pytest.raises(InputError, match="8 listeners and 30 songs are too many"):
        fit_ease("ease", *world(8), EaseConfig())


@pytest.mark.parametrize("bad", [{"regularization": 0.0}, {"content_weight": -1.0}, {"regularization": float("nan")}])
def test_choices_that_make_no_sense_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match="ease:"):
        EaseConfig(**bad)
