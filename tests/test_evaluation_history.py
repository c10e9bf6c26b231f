"""Slices of listeners by the length of their history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, warm_split
from evaluation.compare import compare
from evaluation.history import history_lengths, history_slices

lengths = st.lists(st.integers(-1, 40), max_size=50).map(lambda values: np.array(values, np.int64))


@given(lengths, st.integers(2, 5))
def test_slices_part_the_tested_users(history, parts):
    slices = history_slices(history, parts=parts)
    each = sum((keep.astype(int) for keep in slices.values()), np.zeros(len(history), int))
    np.testing.assert_array_equal(each, history >= 0)
    assert all(keep.any() for keep in slices.values())


@given(lengths)
def test_names_hold_the_bounds_of_the_slice(history):
    for name, keep in history_slices(history).items():
        low, high = map(int, name.removeprefix("history ").split("-"))
        assert low <= history[keep].min() <= history[keep].max() == high


def test_thirds_are_even_where_lengths_differ():
    slices = history_slices(np.arange(1, 31))
    assert {name: int(keep.sum()) for name, keep in slices.items()} == {
        "history 1-10": 10,
        "history 11-20": 10,
        "history 21-30": 10,
    }


def test_equal_histories_make_one_slice():
    assert list(history_slices(np.full(9, 4))) == ["history 4-4"]


def board(held):
    """Users 0..8 play songs 0..u+1; the songs of `held` are to be found."""
    pairs = np.array([(u, t) for u in range(9) for t in range(u + 2)], np.int32)
    ids = IdMap(tuple(f"u{u}" for u in range(9))), IdMap(tuple(f"t{t}" for t in range(10)))
    listens = Listens(pairs[:, 0], pairs[:, 1], np.ones(len(pairs), np.float32), None, *ids)
    hidden = np.isin(listens.track, held)
    every = np.ones(10, np.bool_)
    train = listens.where(~hidden)
    return Split("warm", train, listens.where(hidden), train.track_counts() == 0, every)


def test_a_history_is_the_mean_over_the_splits_that_test_the_user():
    first, second = board([0]), board([1, 9])
    assert history_lengths([first, second])[[0, 8]].tolist() == [1, 8]  # user 8: 9 songs of 10, then 8: 8.5 rounds to even


def test_a_user_without_test_listens_has_no_history():
    assert history_lengths([board([9])]).tolist() == [-1] * 8 + [9]


class Popular:
    name, cold_tracks = "popular", False

    def __init__(self, counts):
        self.counts = counts

    def scores(self, users):
        return np.tile(self.counts, (len(users), 1)).astype(np.float32)


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(0)
    users, tracks = np.nonzero(rng.random((60, 40)) < rng.uniform(0.1, 0.8, (60, 1)))
    ids = IdMap(tuple(f"u{u}" for u in range(60))), IdMap(tuple(f"t{t}" for t in range(40)))
    listens = Listens(users.astype(np.int32), tracks.astype(np.int32), np.ones(len(users), np.float32), None, *ids)
    engines = {name: lambda split, seed: Popular(split.train.track_counts()) for name in ("popular", "again")}
    return compare([warm_split(listens, [""] * 40, seed=s) for s in (0, 1)], engines, bootstrap=50)


def of_slice(rows, metric, prefix):
    return [r for r in rows if r["model"] == "popular" and r["metric"] == metric and r["slice"].startswith(prefix)]


@pytest.mark.parametrize("metric", ["recall", "ndcg"])
def test_the_mean_over_all_users_is_that_of_the_slices(comparison, metric):
    (whole,) = of_slice(comparison.rows, metric, "all")
    parts = of_slice(comparison.rows, metric, "history ")
    assert len(parts) == 3
    assert sum(r["n_users"] for r in parts) == whole["n_users"]
    mean = sum(r["value"] * r["n_users"] for r in parts) / whole["n_users"]
    assert mean == pytest.approx(whole["value"])


def test_slices_have_paired_differences(comparison):
    found = of_slice(comparison.differences, "recall", "history ")
    assert [(r["value"], r["low"], r["high"]) for r in found] == [(0.0, 0.0, 0.0)] * 3
