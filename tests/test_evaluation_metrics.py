"""Ranking metrics: hand formulas, scikit-learn goldens, ties, masking."""

from math import isnan, log2

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from evaluation import metrics
from evaluation.ranking import candidate_block, rank_positives, top_k


def ranks_of(scores, test, train=None, candidates=None, seed=0):
    scores = np.asarray(scores, np.float32)
    train = np.zeros(scores.shape) if train is None else train
    candidates = np.ones(scores.shape[1], np.bool_) if candidates is None else np.asarray(candidates, np.bool_)
    block = candidate_block(scores, sp.csr_matrix(np.asarray(train)), candidates)
    return rank_positives(block, sp.csr_matrix(np.asarray(test)), np.random.default_rng(seed))


SCORES = [[5, 4, 3, 2, 1, 0]]
TEST = [[0, 1, 0, 1, 0, 0]]  # places 2 and 4 of six


def test_recall_is_hits_over_positives():
    assert metrics.recall(ranks_of(SCORES, TEST), 3)[0] == pytest.approx(1 / 2)


def test_precision_is_hits_over_k():
    assert metrics.precision(ranks_of(SCORES, TEST), 5)[0] == pytest.approx(2 / 5)


def test_ndcg_discounts_by_the_logarithm_of_the_place():
    expected = (1 / log2(3) + 1 / log2(5)) / (1 / log2(2) + 1 / log2(3))
    assert metrics.ndcg(ranks_of(SCORES, TEST), 4)[0] == pytest.approx(expected)


def test_ndcg_ideal_is_cut_at_k():
    assert metrics.ndcg(ranks_of([[3, 2, 1]], [[1, 1, 1]]), 2)[0] == pytest.approx(1.0)


def test_average_precision_is_the_mean_precision_at_hits():
    assert metrics.average_precision(ranks_of(SCORES, TEST), 6)[0] == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_average_precision_divides_by_k_if_there_are_more_positives():
    assert metrics.average_precision(ranks_of([[3, 2, 1]], [[1, 1, 1]]), 2)[0] == pytest.approx(1.0)


def test_hit_rate_asks_for_one_hit():
    ranks = ranks_of(SCORES, TEST)
    assert [metrics.hit_rate(ranks, k)[0] for k in (1, 2)] == [0.0, 1.0]


def test_reciprocal_rank_is_one_over_the_place_of_the_first_hit():
    ranks = ranks_of(SCORES, TEST)
    assert [metrics.reciprocal_rank(ranks, k)[0] for k in (1, 6)] == [0.0, 0.5]


def test_auc_is_the_share_of_ordered_pairs():
    # Negatives score 5, 3, 1, 0; the positive 4 beats three of four, the positive 2 beats two.
    assert metrics.auc(ranks_of(SCORES, TEST))[0] == pytest.approx((3 + 2) / 8)


def test_auc_of_one_common_score_is_a_half():
    ranks = ranks_of(np.zeros((1, 9)), [[1, 1, 1, 0, 0, 0, 0, 0, 0]])
    assert metrics.auc(ranks)[0] == pytest.approx(0.5)


def test_auc_is_nan_if_every_candidate_is_positive():
    assert isnan(metrics.auc(ranks_of([[2, 1]], [[1, 1]]))[0])


@pytest.mark.parametrize("metric", [*metrics.AT_K])
def test_a_user_without_positives_is_nan_and_does_not_touch_others(metric):
    scores = np.tile(SCORES, (3, 1))
    values = metrics.AT_K[metric](ranks_of(scores, [TEST[0], [0] * 6, TEST[0]]), 4, None)
    alone = metrics.AT_K[metric](ranks_of(SCORES, TEST), 4, None)[0]
    assert isnan(values[1])
    assert values[[0, 2]] == pytest.approx(alone)


def test_a_block_without_any_user_gives_no_values():
    ranks = ranks_of(np.zeros((0, 4)), np.zeros((0, 4)))
    assert metrics.recall(ranks, 3).shape == (0,)


def test_an_empty_slice_is_nan_for_everyone():
    ranks = ranks_of(SCORES, TEST)
    assert isnan(metrics.ndcg(ranks, 3, np.zeros(2, np.bool_))[0])


def test_a_slice_restricts_positives_but_not_candidates():
    ranks = ranks_of(SCORES, TEST)
    later = ranks.track == 3  # stands on place 4, below the other positive
    assert metrics.reciprocal_rank(ranks, 6, later)[0] == pytest.approx(1 / 4)
    assert metrics.recall(ranks, 4, later)[0] == 1.0
    assert metrics.auc(ranks, later)[0] == pytest.approx(2 / 4)  # the other positive is no negative


def test_songs_of_train_are_no_candidates():
    ranks = ranks_of(SCORES, TEST, train=[[1, 0, 0, 0, 0, 0]])
    assert ranks.rank.tolist() == [0, 2]
    assert ranks.size.tolist() == [5]


def test_songs_that_are_no_candidates_are_not_ranked():
    ranks = ranks_of(SCORES, TEST, candidates=[0, 1, 0, 1, 1, 1])
    assert ranks.rank.tolist() == [0, 1]


def test_a_song_in_train_and_test_is_refused():
    with pytest.raises(ValueError, match="song 1 stands in train and in test"):
        ranks_of(SCORES, TEST, train=[[0, 1, 0, 0, 0, 0]])


def test_a_test_song_that_is_no_candidate_is_refused():
    with pytest.raises(ValueError, match="test song 3 is no candidate"):
        ranks_of(SCORES, TEST, candidates=[1, 1, 1, 0, 1, 1])


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        ranks_of([[1, np.nan]], [[1, 0]])


def test_minus_infinity_is_a_score_like_any_other():
    ranks = ranks_of([[1, -np.inf, -np.inf]], [[0, 1, 0]])
    assert metrics.auc(ranks)[0] == pytest.approx(1 - 1.5 / 2)


@pytest.fixture
def many():
    rng = np.random.default_rng(7)
    scores = np.round(rng.normal(size=(40, 60)), 1).astype(np.float32)  # rounding makes ties
    kind = rng.random((40, 60))
    return scores, kind < 0.15, kind > 0.8  # test, train


def test_auc_equals_scikit_learn_with_ties(many):
    scores, test, train = many
    values = metrics.auc(ranks_of(scores, test, train))
    expected = [roc_auc_score(test[u][~train[u]], scores[u][~train[u]]) for u in range(len(scores))]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_ndcg_equals_scikit_learn_without_ties(many):
    _, test, train = many
    scores = np.random.default_rng(1).permuted(np.tile(np.arange(60.0), (40, 1)), axis=1)
    values = metrics.ndcg(ranks_of(scores, test, train), 10)
    expected = [ndcg_score([test[u][~train[u]].astype(float)], [scores[u][~train[u]]], k=10) for u in range(40)]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_average_precision_of_the_whole_list_equals_scikit_learn(many):
    _, test, _ = many
    scores = np.random.default_rng(1).permuted(np.tile(np.arange(60.0), (40, 1)), axis=1)
    expected = [average_precision_score(test[u], scores[u]) for u in range(40)]
    np.testing.assert_allclose(metrics.average_precision(ranks_of(scores, test), 60), expected, atol=1e-12)


def listed(scores, test, train, k):
    """Whether each place of a user's top k holds a test song, by plain sorting, and how many test songs there are."""
    for u in range(len(scores)):
        order = [t for t in np.argsort(-scores[u], kind="stable") if not train[u, t]]
        yield [bool(test[u, t]) for t in order[:k]], int(test[u].sum())


BY_HAND = {
    "recall": lambda hits, n, k: sum(hits) / n,
    "precision": lambda hits, n, k: sum(hits) / k,
    "hit_rate": lambda hits, n, k: float(any(hits)),
    "map": lambda hits, n, k: sum(sum(hits[: i + 1]) / (i + 1) for i in range(k) if hits[i]) / min(k, n),
    "mrr": lambda hits, n, k: next((1 / (i + 1) for i in range(k) if hits[i]), 0.0),
    "ndcg": lambda hits, n, k: sum(1 / log2(i + 2) for i in range(k) if hits[i]) / sum(1 / log2(i + 2) for i in range(min(k, n))),
}


@pytest.mark.parametrize("metric", BY_HAND)
@pytest.mark.parametrize("k", [1, 5, 20])
def test_every_metric_equals_its_formula_over_a_sorted_list(many, metric, k):
    _, test, train = many
    scores = np.random.default_rng(1).permuted(np.tile(np.arange(60.0), (40, 1)), axis=1)
    expected = [BY_HAND[metric](hits, n, k) for hits, n in listed(scores, test, train, k)]
    np.testing.assert_allclose(metrics.AT_K[metric](ranks_of(scores, test, train), k, None), expected, atol=1e-12)


def test_every_metric_has_a_formula_above():
    assert set(BY_HAND) == set(metrics.AT_K)


def test_tied_ndcg_is_scikit_learns_average_over_orders_in_expectation(many):
    scores, test, _ = many
    draws = np.mean([metrics.ndcg(ranks_of(scores, test, seed=s), 10) for s in range(300)], axis=0)
    expected = [ndcg_score([test[u].astype(float)], [scores[u]], k=10) for u in range(40)]
    np.testing.assert_allclose(draws, expected, atol=0.05)
    assert draws.mean() == pytest.approx(np.mean(expected), abs=0.004)


def test_tied_positives_never_share_a_place():
    ranks = ranks_of(np.zeros((50, 6)), np.tile([1, 1, 1, 1, 0, 0], (50, 1)))
    assert all(len(set(ranks.rank[ranks.user == u])) == 4 for u in range(50))
    assert ranks.rank.max() == 5


def test_ties_are_broken_evenly_over_all_places():
    ranks = ranks_of(np.zeros((6000, 5)), np.tile([1, 0, 0, 0, 0], (6000, 1)))
    share = np.bincount(ranks.rank, minlength=5) / 6000
    np.testing.assert_allclose(share, 0.2, atol=0.025)


def test_the_same_seed_breaks_ties_the_same_way():
    test = np.tile([1, 1, 0, 0, 0, 0], (20, 1))
    first, second = (ranks_of(np.zeros((20, 6)), test, seed=3).rank for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_random_scores_find_k_of_n():
    rng = np.random.default_rng(0)
    ranks = ranks_of(rng.random((2000, 100)), rng.random((2000, 100)) < 0.1)
    assert np.nanmean(metrics.recall(ranks, 10)) == pytest.approx(10 / 100, abs=0.01)


def test_a_block_gives_the_same_ranks_as_each_user_alone(many):
    _, test, train = many
    scores = np.random.default_rng(2).normal(size=test.shape)
    whole = metrics.ndcg(ranks_of(scores, test, train), 10)
    alone = [metrics.ndcg(ranks_of(scores[u : u + 1], test[u : u + 1], train[u : u + 1]), 10)[0] for u in range(40)]
    np.testing.assert_array_equal(whole, alone)


def test_k_below_one_is_refused():
    with pytest.raises(ValueError, match="k=0 must be 1 or more"):
        metrics.recall(ranks_of(SCORES, TEST), 0)


def top_of(scores, k, train=None, candidates=None, seed=0):
    scores = np.asarray(scores, np.float32)
    train = np.zeros(scores.shape) if train is None else np.asarray(train)
    candidates = np.ones(scores.shape[1], np.bool_) if candidates is None else np.asarray(candidates, np.bool_)
    user, track = top_k(candidate_block(scores, sp.csr_matrix(train), candidates), k, np.random.default_rng(seed))
    return [sorted(track[user == u].tolist()) for u in range(len(scores))]


def test_top_k_are_the_best_candidates_outside_train():
    assert top_of([[9, 8, 7, 6, 5]], 2, train=[[1, 0, 0, 0, 0]], candidates=[1, 0, 1, 1, 1]) == [[2, 3]]


def test_top_k_of_fewer_candidates_is_all_of_them():
    assert top_of([[3, 2, 1], [3, 2, 1]], 5, train=[[0, 1, 0], [1, 1, 1]]) == [[0, 2], []]


def test_top_k_keeps_what_is_above_a_tie_and_draws_the_rest():
    lists = top_of(np.tile([5, 1, 1, 1, 0], (400, 1)), 2)
    assert all(top[0] == 0 and len(top) == 2 for top in lists)
    share = np.bincount([top[1] for top in lists], minlength=5) / 400
    np.testing.assert_allclose(share, [0, 1 / 3, 1 / 3, 1 / 3, 0], atol=0.08)


def test_top_k_agrees_with_the_ranks(many):
    scores, test, train = many
    scores = scores + np.random.default_rng(0).random(scores.shape) * 0.01
    ranks = ranks_of(scores, test, train)
    lists = top_of(scores, 10, train)
    hits = [sum(test[u, t] for t in lists[u]) / 10 for u in range(40)]
    np.testing.assert_allclose(metrics.precision(ranks, 10), hits)
