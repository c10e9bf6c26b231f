"""The maps from content to factors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from collab import bridge
from collab.bridge import BridgeConfig, fit_bridge, fit_kernel
from collab.content_scaling import ContentScaler
from data.embeddings import unit_rows
from data.errors import InputError


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
