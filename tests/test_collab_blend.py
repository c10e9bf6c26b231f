"""The blend's arithmetic, and that weights are learned on the very scores that it gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from collab.blend import BlendModel, standardised, weighed
from collab.folding import ConstantFold
from collab.model import FactorModel
from collab.rule import Rule
from collab.weighing import WeighingConfig, ascend, pool_of
from data.errors import InputError

LISTENERS = np.array([5, 3, 1, 4, 0, 0, 0, 2])
KNOWN = np.array([True, True, True, True, True, True, False, True])  # nothing places song 6


def part(name: str, seed: int, scorable: np.ndarray = KNOWN, *, cold: bool = True) -> FactorModel:
    rng = np.random.default_rng(seed)
    factors = (rng.normal(size=(n, 3)).astype(np.float32) for n in (4, 8))
    return FactorModel(name, *factors, scorable, cold, ConstantFold(np.zeros(3, np.float32)))


def blend(rule: Rule, *parts: FactorModel) -> BlendModel:
    return BlendModel("hybrid", parts, rule, LISTENERS, np.array([1, 2, 3, 100]))


def all_scores(model: Any) -> np.ndarray:
    return model.scores(np.arange(4, dtype=np.int32))


def test_songs_with_listens_get_the_weighted_sum_of_standard_scores() -> None:
    als, sound = part("als", 0), part("content", 1)
    scores = all_scores(blend(Rule({"als": 0.75, "content": 0.25}, {"content": 1.0}), als, sound))
    warm = LISTENERS > 0
    expected = sum(
        weight * (raw[:, warm] - raw[:, warm].mean(axis=1, keepdims=True)) / raw[:, warm].std(axis=1, keepdims=True)
        for weight, raw in ((0.75, all_scores(als)), (0.25, all_scores(sound)))
    )
    np.testing.assert_allclose(scores[:, warm], expected, rtol=1e-4, atol=1e-5)


def test_songs_without_listens_are_ranked_by_their_own_weights() -> None:
    als, sound = part("als", 0), part("content", 1)
    scores = all_scores(blend(Rule({"als": 1.0}, {"content": 1.0}), als, sound))
    own = all_scores(sound)
    assert ((scores[:, 4] > scores[:, 5]) == (own[:, 4] > own[:, 5])).all()


def test_songs_without_listens_stand_as_a_group_where_the_mixed_weights_put_them() -> None:
    als, sound = part("als", 0), part("content", 1)
    both = [all_scores(blend(Rule({"als": 1.0}, cold), als, sound))[:, 4:6] for cold in ({"content": 1.0}, {"als": 1.0})]
    np.testing.assert_allclose(both[0].mean(axis=1), both[1].mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(both[0].std(axis=1), both[1].std(axis=1), atol=1e-5)


def test_a_song_that_no_part_can_score_stands_below_all_others() -> None:
    scores = all_scores(blend(Rule({"als": 1.0}, {"als": 1.0}), part("als", 0)))
    assert (scores[:, 6] < np.delete(scores, 6, axis=1).min(axis=1)).all()


def test_songs_without_listens_stand_below_where_no_part_can_place_them() -> None:
    model = blend(Rule({"als": 1.0}, {}), part("als", 0, LISTENERS > 0, cold=False))
    assert not model.cold_tracks
    scores = all_scores(model)
    assert (scores[:, 4:7].max(axis=1) < scores[:, LISTENERS > 0].min(axis=1)).all()


def test_a_song_moves_from_its_sound_to_its_listeners_as_they_gather() -> None:
    share = Rule({}, {}, trust=3.0).cold_share(np.array([0, 1, 3, 30]))
    np.testing.assert_allclose(share, [1, 0.75, 0.5, 3 / 33], rtol=1e-6)


def test_without_trust_the_first_listener_decides() -> None:
    assert Rule({}, {}).cold_share(np.array([0, 1, 9])).tolist() == [1, 0, 0]


def test_the_factor_on_content_is_interpolated_over_the_logarithm_of_songs() -> None:
    rule = Rule({}, {}, boost=((1, 4.0), (3, 2.0), (7, 1.0)))
    np.testing.assert_allclose(rule.boosts(np.array([0, 1, 3, 7, 500])), [4, 4, 2, 1, 1], rtol=1e-6)
    assert 1 < rule.boosts(np.array([5]))[0] < 2


def test_standard_scores_do_not_move_when_songs_without_listens_are_added() -> None:
    raw = all_scores(part("als", 0)).copy()
    more = np.hstack([raw, 50 + raw[:, :3]])
    warm, scorable = LISTENERS > 0, np.ones(8, np.bool_)
    one = standardised(raw.copy(), scorable, warm)
    two = standardised(more, np.ones(11, np.bool_), np.append(warm, [False] * 3))
    np.testing.assert_allclose(two[:, :8], one, rtol=1e-6)


def test_a_part_that_says_the_same_of_all_songs_adds_nothing() -> None:
    assert not standardised(np.full((2, 8), 3.0, np.float32), np.ones(8, np.bool_), LISTENERS > 0).any()


@pytest.mark.parametrize("trust", [0.0, 3.0])
def test_weights_are_learned_on_the_scores_that_the_blend_gives(trust: float) -> None:
    rule = Rule({"als": 0.7, "content": 0.3}, {"als": 0.1, "content": 0.9}, trust)
    parts = [part("als", 0), part("content", 1)]
    z = {p.name: standardised(p.known(np.arange(4, dtype=np.int32)), p.scorable, LISTENERS > 0) for p in parts}
    held_out = np.zeros((4, 8), np.bool_)
    held_out[:, 3] = True
    pool = pool_of(z, np.tile(KNOWN, (4, 1)), held_out, LISTENERS, 8, KNOWN & (LISTENERS == 0))
    assert pool.there.all()
    np.testing.assert_allclose(weighed(pool, rule), all_scores(blend(rule, *parts))[:, KNOWN], rtol=1e-4, atol=1e-5)


def test_ndcg_of_a_pool_is_that_of_the_formula() -> None:
    scores = np.array([[0.9, 0.1, 0.8, 0.3]], np.float32)
    held_out = np.array([[False, True, True, False]])
    pool = pool_of({"a": scores}, np.ones((1, 4), np.bool_), held_out, np.ones(4, np.int64), 4, np.zeros(4, np.bool_))
    by_hand = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    np.testing.assert_allclose(pool.ndcg(pool.scores[0]), [by_hand])


def test_songs_of_one_score_share_their_places() -> None:
    held_out = np.array([[True, False, False]])
    pool = pool_of(
        {"a": np.zeros((1, 3), np.float32)}, np.ones((1, 3), np.bool_), held_out, np.ones(3, np.int64), 3, np.zeros(3, np.bool_)
    )
    np.testing.assert_allclose(pool.ndcg(pool.scores[0]), [1 / np.log2(3)])


def test_the_search_finds_the_part_that_ranks_best() -> None:
    weights, _ = ascend(lambda w: np.full(50, w[1] / w.sum()) + np.linspace(0, 1e-3, 50), np.ones(3), patience=0.5)
    assert weights[1] > 0
    assert weights[[0, 2]].tolist() == [0, 0]


def test_the_search_keeps_its_start_where_nothing_is_gained_beyond_chance() -> None:
    rng = np.random.default_rng(0)
    weights, _ = ascend(lambda w: rng.normal(size=400), np.ones(3), patience=5.0)
    assert weights.tolist() == [1, 1, 1]


@pytest.mark.parametrize("bad", [{"cold_share": 0.0}, {"warm_share": 1.0}, {"listeners": 0}, {"pool": 0}, {"patience": -1.0}])
def test_choices_that_make_no_sense_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="weighing"):
        WeighingConfig(**bad)
