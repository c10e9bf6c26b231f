"""The maps from content to factors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from collab import bridge
from collab.bridge import BridgeConfig, fit_bridge, fit_kernel
from collab.content_map import toward_norm
from collab.content_scaling import ContentScaler
from collab.engine import EngineConfig, fit
from collab.factors import ALSConfig
from collab.model import FactorModel
from collab.new_songs import with_new_songs
from collab.serving import serving_model
from data.embeddings import SongEmbeddings, unit_rows
from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens


def plain(width: int) -> ContentScaler:
    return ContentScaler(np.zeros(width, np.float32), np.eye(width, dtype=np.float32), unit=False)


@pytest.mark.parametrize("regularization", [0.1, 1.0, 30.0])
def test_the_bridge_equals_scikit_learns_ridge_with_sample_weights(regularization: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 7)).astype(np.float32), rng.normal(2.0, 1.0, size=(90, 5)).astype(np.float32)
    listeners = rng.integers(1, 50, 90)
    ours = fit_bridge(plain(7), x, y, listeners, BridgeConfig(regularization=regularization, trust=10.0)).weights
    theirs = Ridge(alpha=regularization).fit(x.astype(np.float64), y, sample_weight=listeners / (listeners + 10.0))
    np.testing.assert_allclose(ours[:-1], theirs.coef_.T, atol=1e-5)
    np.testing.assert_allclose(ours[-1], theirs.intercept_, atol=1e-5)


def test_one_song_gives_its_factors_as_the_intercept() -> None:
    w = fit_bridge(plain(3), np.zeros((1, 3), np.float32), np.array([[1.0, 2.0]], np.float32), np.array([4]), BridgeConfig())
    np.testing.assert_allclose(w.weights, [[0, 0], [0, 0], [0, 0], [1, 2]], atol=1e-7)


def test_no_song_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one song"):
        fit_bridge(plain(3), np.zeros((0, 3), np.float32), np.zeros((0, 2), np.float32), np.zeros(0, np.int64), BridgeConfig())


def test_a_regularization_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="regularization=0"):
        BridgeConfig(regularization=0)


def sounds(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return unit_rows(rng.normal(size=(n, 6)).astype(np.float32)), rng.normal(2.0, 1.0, size=(n, 4)).astype(np.float32)


def test_the_kernel_bridge_equals_scikit_learns_kernel_ridge_about_the_mean() -> None:
    x, y = sounds()
    made = fit_kernel(plain(6), x, np.ones(60, np.int64), np.ones(60, np.bool_), BridgeConfig(kernel_regularization=2.0))
    gram = np.maximum(x @ x.T, 0).astype(np.float64) ** 2
    theirs = KernelRidge(alpha=2.0, kernel="precomputed").fit(gram, y - y.mean(axis=0)).predict(gram) + y.mean(axis=0)
    np.testing.assert_allclose(made.map_to(y).apply(x), theirs, atol=1e-4)


def test_the_kernel_bridge_places_few_songs_as_its_map_does() -> None:
    x, y = sounds()
    heard = np.arange(60) < 50
    made = fit_kernel(plain(6), x, heard.astype(np.int64), heard, BridgeConfig())
    np.testing.assert_allclose(made.place(y, x[50:]), made.map_to(y).apply(x[50:]), atol=1e-5)


def test_the_kernel_bridge_rests_on_the_songs_with_most_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MOST_LANDMARKS", 2)
    x, _ = sounds(5)
    made = fit_kernel(plain(6), x, np.array([1, 9, 0, 8, 2]), np.array([True, True, True, True, False]), BridgeConfig())
    assert made.rows.tolist() == [1, 3]


def test_a_kernel_bridge_without_a_song_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one song"):
        fit_kernel(plain(6), sounds(3)[0], np.zeros(3, np.int64), np.ones(3, np.bool_), BridgeConfig())


def test_lengths_come_to_the_mean_by_the_formula() -> None:
    placed = toward_norm(np.array([[3.0, 4.0], [0.0, 1.0]], np.float32), 0.5, 2.0)
    # |x| = 5 -> (5 + .5 * 2) / 1.5 = 4, |x| = 1 -> (1 + 1) / 1.5 = 4 / 3
    np.testing.assert_allclose(placed, [[2.4, 3.2], [0.0, 4 / 3]], rtol=1e-6)


@pytest.mark.parametrize("shrinkage", [0.25, 1.0, 100.0])
def test_shrinking_leaves_directions_unchanged(shrinkage: float) -> None:
    _, y = sounds()
    np.testing.assert_allclose(unit_rows(toward_norm(y, shrinkage, 3.0)), unit_rows(y), atol=1e-6)


def test_no_shrinkage_gives_the_vectors_to_the_bit() -> None:
    _, y = sounds()
    assert toward_norm(y, 0.0, 3.0).tobytes() == y.tobytes()


def test_a_vector_of_zeros_has_no_direction_and_stays() -> None:
    assert not toward_norm(np.zeros((2, 3), np.float32), 1.0, 3.0).any()


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_shrinkage_that_is_no_strength_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"norm_shrinkage=.*>= 0"):
        BridgeConfig(norm_shrinkage=value)


def heard_and_new() -> tuple[Listens, SongEmbeddings]:
    """Twelve listeners; the last six of 26 songs have no listens."""
    rng = np.random.default_rng(3)
    users, tracks = IdMap(tuple(f"u{i}" for i in range(12)), "user"), IdMap(tuple(f"t{i}" for i in range(26)), "track")
    pairs = np.unique(rng.integers(0, [12, 20], size=(120, 2)), axis=0)
    plays = rng.integers(1, 9, len(pairs)).astype(np.float32)
    listens = Listens(pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32), plays, None, users, tracks)
    return listens, SongEmbeddings(tracks, rng.normal(size=(26, 6)).astype(np.float32), "encoder-1")


def fitted(name: str, shrinkage: float) -> FactorModel:
    model = fit(name, *heard_and_new(), EngineConfig(als=ALSConfig(8, 3.0), bridge=BridgeConfig(norm_shrinkage=shrinkage)))
    assert isinstance(model, FactorModel)
    return model


@pytest.mark.parametrize("name", ["als", "bpr", "ease"])
def test_songs_without_listens_are_shrunk_toward_the_mean_length_of_those_with(name: str) -> None:
    plain, shrunk = fitted(name, 0.0).item_factors, fitted(name, 2.0).item_factors
    np.testing.assert_array_equal(shrunk[:20], plain[:20])
    mean = np.linalg.norm(plain[:20], axis=1).mean()
    wanted = (np.linalg.norm(plain[20:], axis=1) + 2 * mean) / 3
    np.testing.assert_allclose(np.linalg.norm(shrunk[20:], axis=1), wanted, rtol=1e-4)


@pytest.mark.parametrize("name", ["als", "bpr", "ease"])
def test_a_song_placed_after_training_gets_the_vector_of_one_placed_in_training(name: str) -> None:
    model, (_, content) = fitted(name, 2.0), heard_and_new()
    assert model.content_map is not None
    later = model.content_map.apply(model.content_map.scaler.transform(content.vectors[20:]))
    np.testing.assert_allclose(later, model.item_factors[20:], atol=1e-5)
    assert not np.allclose(later, fitted(name, 0.0).item_factors[20:], atol=1e-3)


def with_arrivals(shrinkage: float) -> FactorModel:
    """Trained on 23 songs, the last three without listens; then three more arrive."""
    listens, content = heard_and_new()
    early = SongEmbeddings(IdMap(content.tracks.ids[:23], "track"), content.vectors[:23], content.fingerprint)
    known = Listens(listens.user, listens.track, listens.weight, None, listens.users, early.tracks)
    model = fit("als", known, early, EngineConfig(als=ALSConfig(8, 3.0), bridge=BridgeConfig(norm_shrinkage=shrinkage)))
    serving = serving_model(model, known, early, [""] * 23, listens_fingerprint="listens-1")
    grown = with_new_songs(serving, content, {}).model
    assert isinstance(grown, FactorModel)
    return grown


def test_songs_that_arrive_in_a_served_model_are_shrunk_as_those_of_training_are() -> None:
    plain, shrunk = with_arrivals(0.0).item_factors, with_arrivals(2.0).item_factors
    mean = float(np.linalg.norm(plain[:20].astype(np.float64), axis=1).mean())
    np.testing.assert_allclose(shrunk[20:], toward_norm(plain[20:], 2.0, mean), atol=1e-5)
    assert not np.allclose(shrunk[23:], plain[23:], atol=1e-3)
