"""The ridge map from content to factors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from collab.bridge import BridgeConfig, fit_bridge
from data.errors import InputError


@pytest.mark.parametrize("regularization", [0.1, 1.0, 30.0])
def test_the_bridge_equals_scikit_learns_ridge_with_sample_weights(regularization: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 7)).astype(np.float32), rng.normal(2.0, 1.0, size=(90, 5)).astype(np.float32)
    listeners = rng.integers(1, 50, 90)
    ours = fit_bridge(x, y, listeners, BridgeConfig(regularization, 10.0))
    theirs = Ridge(alpha=regularization).fit(x.astype(np.float64), y, sample_weight=listeners / (listeners + 10.0))
    np.testing.assert_allclose(ours[:-1], theirs.coef_.T, atol=1e-5)
    np.testing.assert_allclose(ours[-1], theirs.intercept_, atol=1e-5)


def test_one_song_gives_its_factors_as_the_intercept() -> None:
    w = fit_bridge(np.zeros((1, 3), np.float32), np.array([[1.0, 2.0]], np.float32), np.array([4]), BridgeConfig())
    np.testing.assert_allclose(w, [[0, 0], [0, 0], [0, 0], [1, 2]], atol=1e-7)


def test_no_song_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one song"):
        fit_bridge(np.zeros((0, 3), np.float32), np.zeros((0, 2), np.float32), np.zeros(0, np.int64), BridgeConfig())


def test_a_regularization_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="regularization=0"):
        BridgeConfig(regularization=0)
