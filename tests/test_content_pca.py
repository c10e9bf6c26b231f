"""Principal components against numpy's singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from content.pca import pca
from data.errors import InputError

VECTORS = (np.random.default_rng(0).normal(size=(50, 7)) * [5, 3, 2, 1, 1, 1, 0.5] + 4).astype(np.float32)


def test_equals_the_singular_value_decomposition():
    centred = VECTORS - VECTORS.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    coordinates, explained = pca(VECTORS, 3)
    np.testing.assert_allclose(np.abs(coordinates), np.abs(u * s)[:, :3], atol=1e-4)
    np.testing.assert_allclose(explained, (s**2 / (s**2).sum())[:3], rtol=1e-5)


def test_coordinates_are_centred_and_float32():
    coordinates, _ = pca(VECTORS)
    assert coordinates.dtype == np.float32
    np.testing.assert_allclose(coordinates.mean(0), 0, atol=1e-5)


def test_all_components_hold_all_of_the_variance():
    assert pca(VECTORS, 7)[1].sum() == pytest.approx(1.0)


def test_the_sign_does_not_depend_on_the_order_of_the_songs():
    forward, backward = pca(VECTORS)[0], pca(VECTORS[::-1])[0]
    np.testing.assert_allclose(forward, backward[::-1], atol=1e-4)


def test_columns_beyond_the_rank_are_zero():
    line = np.outer(np.arange(6), [1.0, 2.0]).astype(np.float32)
    coordinates, explained = pca(line, 3)
    assert explained.tolist() == [pytest.approx(1.0), 0.0, 0.0]
    assert not coordinates[:, 1:].any()


@pytest.mark.parametrize("songs", [1, 4])
def test_equal_songs_stand_in_one_place(songs):
    coordinates, explained = pca(np.ones((songs, 5), np.float32), 3)
    assert coordinates.shape == (songs, 3)
    assert not coordinates.any()
    assert not explained.any()


@pytest.mark.parametrize(("vectors", "k", "message"), [(np.zeros((0, 3), np.float32), 3, "at least 1"), (VECTORS, 0, "k=0")])
def test_wrong_arguments_are_refused(vectors, k, message):
    with pytest.raises(InputError, match=message):
        pca(vectors, k)
