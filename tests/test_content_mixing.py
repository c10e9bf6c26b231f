"""Songs that go with several others."""

from __future__ import annotations

import numpy as np
import pytest

from content.mixing import by_seeds, ranks, surprising
from data.embeddings import unit_rows
from data.errors import InputError

NONE = np.empty(0, np.int32)


def rows(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def styles(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Songs of three styles, n each, at right angles; the third is crowded about its centre. Vectors, and styles int (3 n,)."""
    rng = np.random.default_rng(seed)
    style = np.repeat(np.arange(3), n)
    spread = np.where(style == 2, 0.1, 0.4)[:, None]
    return unit_rows((4 * np.eye(12)[style] + 4 * spread * rng.normal(size=(3 * n, 12))).astype(np.float32)), style


def test_with_one_seed_the_nearest_come_first():
    unit, _ = styles()
    assert by_seeds(unit, rows(5), NONE).tolist() == np.argsort(-(unit @ unit[5]), kind="stable").tolist()


def test_every_seed_has_its_share_although_one_lies_in_a_crowd():
    unit, style = styles()
    first = by_seeds(unit, rows(0, 130), NONE)[:22]
    assert min((style[first] == 0).sum(), (style[first] == 2).sum()) >= 8


def test_what_is_like_a_subtracted_song_goes_back():
    unit, style = styles()
    before = by_seeds(unit, rows(0, 70), NONE)[:30]
    after = by_seeds(unit, rows(0, 70), rows(75))[:30]
    assert (style[before] == 1).sum() >= 10
    assert (style[after] == 1).sum() <= (style[before] == 1).sum() // 3


def test_a_subtracted_song_of_another_style_changes_little():
    unit, _ = styles()
    before, after = by_seeds(unit, rows(0), NONE)[:20], by_seeds(unit, rows(0), rows(140))[:20]
    assert len(np.intersect1d(before, after)) >= 12


def test_songs_without_a_vector_come_last():
    unit, _ = styles()
    unit[[3, 8]] = 0
    assert sorted(by_seeds(unit, rows(0, 70), rows(130))[-2:].tolist()) == [3, 8]


def test_no_seed_is_refused():
    with pytest.raises(InputError, match="seed"):
        by_seeds(styles()[0], NONE, NONE)


def test_ranks_count_from_the_largest():
    assert ranks(np.array([0.1, 0.9, 0.9, -np.inf], np.float32)).tolist() == [2, 0, 1, 3]


def test_without_surprise_nothing_changes():
    order = rows(4, 2, 0, 1, 3)
    assert surprising(order, 0.0, 2, np.random.default_rng(0)) is order


def mean_place(surprise: float, n: int = 2000, k: int = 20) -> float:
    order = np.arange(n, dtype=np.int32)
    return float(np.mean([surprising(order, surprise, k, np.random.default_rng(s))[:k].mean() for s in range(30)]))


def test_the_more_surprise_the_farther_the_songs_come_from():
    places = [mean_place(surprise) for surprise in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert places == sorted(places)
    assert places[0] == 9.5
    assert 2000 / 8 < places[-1] < 2000 / 2


def test_a_little_surprise_stays_near_in_a_large_library():
    assert mean_place(0.2, n=20_000) < 100


def test_the_same_seed_gives_the_same_surprise_and_another_another():
    order = np.arange(500, dtype=np.int32)
    first, again, other = (surprising(order, 0.5, 20, np.random.default_rng(s))[:20].tolist() for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_no_song_is_lost_or_doubled_by_surprise():
    order = np.random.default_rng(0).permutation(300).astype(np.int32)
    assert sorted(surprising(order, 1.0, 20, np.random.default_rng(0)).tolist()) == list(range(300))


@pytest.mark.parametrize("surprise", [-0.1, 1.1, float("nan")])
def test_surprise_beyond_its_bounds_is_refused(surprise):
    with pytest.raises(InputError, match="surprise="):
        surprising(rows(0, 1), surprise, 1, np.random.default_rng(0))
