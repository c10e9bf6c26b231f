"""Coverage, Gini, novelty, tail share and popularity buckets: known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.beyond import catalogue_coverage, gini, novelty, tail_share
from evaluation.buckets import COLD, HEAD, MIDDLE, TAIL, popularity_buckets


def test_gini_of_equal_exposure_is_zero():
    assert gini(np.full(10, 7)) == pytest.approx(0.0)


def test_gini_of_one_song_that_takes_all_is_all_but_one_share():
    assert gini(np.array([0, 0, 0, 12])) == pytest.approx(3 / 4)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=20).filter(any))
def test_gini_equals_its_definition_by_pairs(exposure):
    x = np.array(exposure)
    expected = np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) * x.sum())
    assert gini(x) == pytest.approx(expected)


def test_gini_of_no_exposure_is_nan():
    assert np.isnan(gini(np.zeros(3, np.int64)))


def test_coverage_is_the_share_of_songs_shown():
    assert catalogue_coverage(np.array([0, 3, 1, 0])) == 0.5


def test_coverage_without_candidates_is_nan():
    assert np.isnan(catalogue_coverage(np.array([], np.int64)))


def test_novelty_of_equally_popular_songs_is_the_logarithm_of_their_number():
    user, track = np.array([0, 0]), np.array([1, 5])
    assert novelty(user, track, np.full(8, 3), 1)[0] == pytest.approx(3.0)


def test_novelty_is_the_mean_over_the_list_and_nan_without_a_list():
    listeners = np.array([7, 0])  # shares 8/9 and 1/9
    values = novelty(np.array([0, 0]), np.array([0, 1]), listeners, 2)
    assert values[0] == pytest.approx((-np.log2(8 / 9) - np.log2(1 / 9)) / 2)
    assert np.isnan(values[1])


def test_tail_share_counts_tail_and_cold():
    bucket = np.array([HEAD, MIDDLE, TAIL, COLD], np.int8)
    assert tail_share(np.zeros(4, np.int64), np.arange(4), bucket, 1)[0] == 0.5


def test_buckets_follow_the_shares_of_listens():
    listeners = np.array([0, 50, 10, 20, 10, 10])  # 50 %; 70, 80 %; the rest; none
    assert popularity_buckets(listeners).tolist() == [COLD, HEAD, MIDDLE, MIDDLE, TAIL, TAIL]


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=40))
def test_head_is_the_smallest_set_with_half_of_all_listens(listeners):
    counts = np.array(listeners, np.int64)
    bucket = popularity_buckets(counts)
    head = np.sort(counts[bucket == HEAD])
    assert ((bucket == COLD) == (counts == 0)).all()
    if counts.sum():
        assert head.sum() >= 0.5 * counts.sum()
        assert head[1:].sum() < 0.5 * counts.sum()


@pytest.mark.parametrize(("head", "middle"), [(0.0, 0.8), (0.9, 0.8), (0.5, 1.0)])
def test_bucket_borders_out_of_order_are_refused(head, middle):
    with pytest.raises(ValueError, match="must satisfy"):
        popularity_buckets(np.array([1]), head=head, middle=middle)
