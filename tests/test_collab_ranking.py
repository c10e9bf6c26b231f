"""Blocked top-k."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.history import History
from collab.ranking import Ranking, top_k
from data.errors import InputError


def history(rows: list[list[int]]) -> History:
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    tracks = np.array([t for row in rows for t in sorted(row)], np.int32)
    return History(starts, tracks, np.ones(len(tracks), np.float32))


def by_hand(table: np.ndarray, k: int, seen: list[list[int]], candidates: np.ndarray) -> list[list[float]]:
    """Scores of each list, by plain sorting."""
    lists = []
    for scores, heard in zip(table, seen, strict=True):
        left = [float(s) for t, s in enumerate(scores) if candidates[t] and t not in heard]
        lists.append(sorted(left, reverse=True)[:k])
    return lists


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, list[list[int]], np.ndarray, int, int]:
    users, tracks = draw(st.integers(1, 7)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    table = rng.integers(-2, 3, (users, tracks)).astype(np.float32)  # few values: many ties
    seen = [sorted(rng.choice(tracks, rng.integers(0, tracks + 1), replace=False).tolist()) for _ in range(users)]
    return table, seen, rng.random(tracks) < 0.8, draw(st.integers(1, 14)), draw(st.integers(1, 8))


def ranked(case: tuple, block: int | None, seed: int = 0) -> Ranking:
    table, seen, candidates, k, _ = case
    users = np.arange(len(table), dtype=np.int32)
    return top_k(lambda u: table[u], users, k, seen=history(seen), candidates=candidates, block=block, seed=seed)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_blocks_change_nothing(case: tuple) -> None:
    whole, blocked = ranked(case, len(case[0])), ranked(case, case[4])
    for name in ("users", "starts", "tracks", "scores"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(blocked, name))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_lists_hold_the_best_scores_and_neither_heard_songs_nor_padding(case: tuple) -> None:
    table, seen, candidates, k, _ = case
    ranking = ranked(case, None)
    for user, expected in enumerate(by_hand(table, k, seen, candidates)):
        tracks, scores = ranking.of(user)
        assert scores.tolist() == expected
        assert scores.tolist() == table[user, tracks].tolist()
        assert len(set(tracks.tolist())) == len(tracks)
        assert not set(tracks.tolist()) & set(seen[user])
        assert candidates[tracks].all()


def test_default_blocks_give_the_same_as_one_user_at_a_time() -> None:
    table = np.random.default_rng(0).random((40, 300)).astype(np.float32)
    users = np.arange(40, dtype=np.int32)
    one, many = (top_k(lambda u: table[u], users, 10, block=b) for b in (1, None))
    np.testing.assert_array_equal(one.tracks, many.tracks)


def test_memory_is_bounded_by_the_block() -> None:
    asked = []

    def scores(users: np.ndarray) -> np.ndarray:
        asked.append(len(users))
        return np.zeros((len(users), 5), np.float32)

    top_k(scores, np.arange(10, dtype=np.int32), 2, block=4)
    assert asked == [4, 4, 2]


def ties(seed: int, user: int = 0) -> list[int]:
    return top_k(lambda u: np.zeros((len(u), 50), np.float32), np.array([user], np.int32), 10, seed=seed).tracks.tolist()


def test_equal_scores_are_ordered_by_the_seed() -> None:
    assert ties(1) == ties(1)
    assert ties(1) != ties(2)


def test_equal_scores_are_not_in_catalogue_order() -> None:
    assert ties(1) != list(range(10))


def test_equal_scores_differ_between_users() -> None:
    assert ties(1, 0) != ties(1, 1)


def test_every_song_wins_ties_equally_often() -> None:
    first = [ties(seed, user)[0] for seed in range(40) for user in range(25)]
    counts = np.bincount(first, minlength=50)
    assert counts.min() > 5  # 20 expected
    assert counts.max() < 45


def test_a_list_longer_than_the_catalogue_holds_the_catalogue() -> None:
    ranking = top_k(lambda u: np.tile(np.arange(4, dtype=np.float32), (len(u), 1)), np.array([0], np.int32), 9)
    assert ranking.tracks.tolist() == [3, 2, 1, 0]


def test_no_users_give_an_empty_ranking() -> None:
    ranking = top_k(lambda u: np.zeros((len(u), 3), np.float32), np.empty(0, np.int32), 2)
    assert (ranking.starts.tolist(), len(ranking.tracks)) == ([0], 0)


def test_nan_scores_are_a_bug_that_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="NaN"):
        top_k(lambda u: np.full((len(u), 5), np.nan, np.float32), np.array([0], np.int32), 2)


@pytest.mark.parametrize("bad", [{"k": 0}, {"k": 1, "block": 0}])
def test_a_length_or_block_of_zero_is_refused(bad: dict) -> None:
    with pytest.raises(InputError, match="must be 1 or more"):
        top_k(lambda u: np.zeros((len(u), 3), np.float32), np.array([0], np.int32), **bad)


def test_a_wide_table_with_long_histories_is_ranked_as_by_hand() -> None:
    """More songs than groups of the bound; users who heard nothing, some, and most of them."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, 5000)).astype(np.float32)
    table[3] = 0.0
    seen = [sorted(rng.choice(5000, n, replace=False).tolist()) for n in (0, 300, 4995, 10, 2000)]
    best = np.argsort(-table[1])[:300]
    seen[1] = sorted(best.tolist())  # the very best ones
    candidates = rng.random(5000) < 0.9
    for allowed in (np.ones(5000, np.bool_), candidates):
        ranking = top_k(lambda u: table[u], np.arange(5, dtype=np.int32), 100, seen=history(seen), candidates=allowed)
        for user, expected in enumerate(by_hand(table, 100, seen, allowed)):
            tracks, scores = ranking.of(user)
            assert scores.tolist() == expected
            assert not set(tracks.tolist()) & set(seen[user])
            assert allowed[tracks].all()


def test_the_scores_that_are_ranked_are_not_written_to() -> None:
    table = np.random.default_rng(0).random((3, 40)).astype(np.float32)
    table.flags.writeable = False
    top_k(lambda u: table, np.arange(3, dtype=np.int32), 5, seen=history([[1], [2], [3]]), candidates=np.arange(40) > 4)


def test_blocks_are_full_tiles_where_that_fits() -> None:
    from collab.model import TILE
    from collab.ranking import BLOCK_CELLS, users_at_a_time

    assert users_at_a_time(50_000) == TILE
    assert users_at_a_time(10_000) % TILE == 0
    assert users_at_a_time(10_000) * 10_000 <= BLOCK_CELLS
    assert users_at_a_time(10**9) == 1
