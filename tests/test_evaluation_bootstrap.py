"""Bootstrap over users: coverage, pairing, seeds, missing values."""

import numpy as np
import pytest

from evaluation.bootstrap import bootstrap_means, mean_interval, paired_difference


def test_the_interval_covers_the_true_mean_about_95_times_of_100():
    rng = np.random.default_rng(0)
    inside = 0
    for seed in range(300):
        interval = mean_interval(rng.exponential(size=80), draws=300, seed=seed)
        inside += interval.low <= 1.0 <= interval.high
    assert 0.90 <= inside / 300 <= 0.98


def test_the_width_is_that_of_the_standard_error():
    values = np.random.default_rng(0).normal(size=2000)
    interval = mean_interval(values, draws=2000)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(2000), rel=0.08)


def test_the_mean_is_that_of_the_finite_values_and_n_counts_them():
    interval = mean_interval(np.array([1.0, np.nan, 3.0]))
    assert (interval.value, interval.n) == (2.0, 2)


def test_no_values_give_nan_and_a_count_of_zero():
    interval = mean_interval(np.full(4, np.nan))
    assert interval.n == 0
    assert np.isnan([interval.value, interval.low, interval.high]).all()


def test_one_user_gives_an_interval_of_no_width():
    assert mean_interval(np.array([0.25]))[:3] == (0.25, 0.25, 0.25)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).random(50)
    assert mean_interval(values, seed=1) == mean_interval(values, seed=1)
    assert mean_interval(values, seed=1) != mean_interval(values, seed=2)


def test_columns_share_their_resamples():
    values = np.random.default_rng(0).random((40, 1))
    means = bootstrap_means(np.hstack([values, values + 0.5]), 100, np.random.default_rng(0))
    np.testing.assert_allclose(means[:, 1] - means[:, 0], 0.5)


def test_a_paired_difference_is_narrower_than_that_of_independent_users():
    rng = np.random.default_rng(0)
    user = rng.normal(size=300)
    first, second = user + 0.1 + 0.1 * rng.normal(size=300), user + 0.1 * rng.normal(size=300)
    paired = paired_difference(first, second)
    apart = paired_difference(first, rng.permutation(second))
    assert paired.low > 0
    assert paired.high - paired.low < 0.3 * (apart.high - apart.low)


def test_a_paired_difference_uses_users_known_to_both():
    paired = paired_difference(np.array([1.0, np.nan, 3.0]), np.array([0.0, 1.0, np.nan]))
    assert (paired.value, paired.n) == (1.0, 1)


def test_users_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="same users"):
        paired_difference(np.zeros(3), np.zeros(4))


def test_many_users_are_resampled_in_blocks_with_the_same_result(monkeypatch):
    values = np.random.default_rng(0).random((30, 2))
    whole = bootstrap_means(values, 20, np.random.default_rng(5))
    monkeypatch.setattr("evaluation.bootstrap._BLOCK_CELLS", 70)
    np.testing.assert_allclose(bootstrap_means(values, 20, np.random.default_rng(5)), whole)
