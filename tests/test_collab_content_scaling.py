"""Scaling of embeddings before they become side features."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from collab.content_scaling import ScalingConfig, fit_scaler
from data.embeddings import unit_rows
from data.errors import InputError


def correlated(n: int = 80, d: int = 12, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 3)) @ rng.normal(size=(3, d)) + 0.3 * rng.normal(size=(n, d)) + 5.0).astype(np.float32)


ALL = np.ones(80, np.bool_)


def test_standardised_columns_equal_those_of_scikit_learn() -> None:
    x = correlated()
    scaled = fit_scaler(x, ALL, ScalingConfig(standardise=True, unit=False)).transform(x)
    np.testing.assert_allclose(scaled, StandardScaler().fit_transform(x.astype(np.float64)), atol=1e-4)


def test_principal_components_equal_those_of_scikit_learn_but_for_the_sign() -> None:
    x = correlated()
    scaled = fit_scaler(x, ALL, ScalingConfig(standardise=False, components=3, unit=False)).transform(x)
    np.testing.assert_allclose(np.abs(scaled), np.abs(PCA(3).fit_transform(x.astype(np.float64))), atol=1e-4)


def test_rows_have_unit_length() -> None:
    x = correlated()
    scaled = fit_scaler(x, ALL, ScalingConfig(components=4)).transform(x)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1.0, atol=1e-6)


def test_songs_outside_the_fit_do_not_change_it() -> None:
    x, rows = correlated(), np.arange(80) < 60
    other = np.where(rows[:, None], x, x * 100)
    one, two = (fit_scaler(v, rows, ScalingConfig(components=4)) for v in (x, other))
    np.testing.assert_array_equal(one.projection, two.projection)
    np.testing.assert_array_equal(one.mean, two.mean)


def test_a_constant_column_is_dropped() -> None:
    x = correlated()
    x[:, 4] = 7.0
    scaler = fit_scaler(x, ALL, ScalingConfig())
    moved = x.copy()
    moved[:, 4] = 1e6
    np.testing.assert_array_equal(scaler.transform(moved), scaler.transform(x))


def test_auto_standardises_correlated_columns() -> None:
    x = correlated() * np.geomspace(1, 100, 12).astype(np.float32)
    auto, yes = (fit_scaler(x, ALL, ScalingConfig(standardise=s)) for s in ("auto", True))
    np.testing.assert_array_equal(auto.projection, yes.projection)


def test_auto_keeps_the_spread_of_principal_components() -> None:
    x = PCA(10).fit_transform(correlated().astype(np.float64)).astype(np.float32)
    auto, no = (fit_scaler(x, ALL, ScalingConfig(standardise=s)) for s in ("auto", False))
    np.testing.assert_array_equal(auto.projection, no.projection)


@pytest.mark.parametrize("widths", [(12, 40), (40, 12), (12, 1)])
def test_parts_side_by_side_weigh_the_same_however_wide_they_are(widths: tuple[int, int]) -> None:
    x = np.hstack([correlated(d=d, seed=d) for d in widths])
    scaled = fit_scaler(x, ALL, ScalingConfig(unit=False), widths).transform(x)
    one, two = np.split(scaled, [widths[0]], axis=1)
    np.testing.assert_allclose([(one**2).sum(axis=1).mean(), (two**2).sum(axis=1).mean()], 1.0, rtol=1e-4)


def test_one_part_alone_is_scaled_as_if_there_were_no_parts() -> None:
    x = correlated()
    one, none = (fit_scaler(x, ALL, ScalingConfig(components=4), widths) for widths in ((12,), ()))
    np.testing.assert_array_equal(one.projection, none.projection)


def test_one_song_alone_maps_to_zeros() -> None:
    x = correlated(1)
    assert not fit_scaler(x, np.ones(1, np.bool_), ScalingConfig(components=2)).transform(x).any()


def test_identical_songs_map_to_zeros() -> None:
    x = np.full((5, 4), 3.3, np.float32)
    assert not fit_scaler(x, np.ones(5, np.bool_), ScalingConfig()).transform(x).any()


def test_vectors_of_another_width_are_refused() -> None:
    with pytest.raises(InputError, match=r"must be \(n, 12\)"):
        fit_scaler(correlated(), ALL, ScalingConfig()).transform(np.zeros((2, 11), np.float32))


def test_no_song_to_fit_on_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one song"):
        fit_scaler(correlated(), ~ALL, ScalingConfig())


@pytest.mark.parametrize("bad", [{"components": 0}, {"standardise": "yes"}])
def test_bad_choices_are_refused(bad: dict) -> None:
    with pytest.raises(InputError, match=next(iter(bad))):
        ScalingConfig(**bad)


def test_unit_rows_leave_zeros_alone() -> None:
    np.testing.assert_array_equal(unit_rows(np.array([[3, 4], [0, 0]], np.float32)), np.array([[0.6, 0.8], [0, 0]], np.float32))
