"""An order in which neighbours sound alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from content import ordering
from content.ordering import flowing_order, steps
from data.embeddings import unit_rows
from data.errors import InputError


def cloud(n: int, seed: int = 0, width: int = 4) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32))


def length(unit: np.ndarray, order: np.ndarray | tuple) -> float:
    rows = unit[list(order)].astype(np.float64)
    return float((1 - np.einsum("nd,nd->n", rows[1:], rows[:-1])).sum())


def shortest(unit: np.ndarray, first: int | None) -> float:
    return min(length(unit, p) for p in itertools.permutations(range(len(unit))) if first is None or p[0] == first)


@pytest.mark.parametrize("first", [None, 0, 4])
@pytest.mark.parametrize("seed", range(3))
def test_of_few_songs_the_order_is_the_shortest(seed, first):
    unit = cloud(7, seed)
    assert length(unit, flowing_order(unit, first=first)) == pytest.approx(shortest(unit, first), abs=1e-5)


@pytest.mark.parametrize("first", [None, 2])
def test_the_search_for_many_comes_within_two_percent_of_the_shortest(first, monkeypatch):
    monkeypatch.setattr(ordering, "EXACT", 1)
    ratios = [
        length(unit, flowing_order(unit, first=first)) / shortest(unit, first) for unit in (cloud(7, seed) for seed in range(20))
    ]
    assert np.mean(ratios) < 1.02


@pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 60, 150])
def test_every_song_stands_once(n):
    assert sorted(flowing_order(cloud(n)).tolist()) == list(range(n))


@pytest.mark.parametrize("n", [5, 40])
def test_the_first_song_stays_where_that_is_asked_for(n):
    assert flowing_order(cloud(n), first=3)[0] == 3


def test_songs_on_a_circle_are_put_in_its_order():
    angle = np.linspace(0, np.pi / 2, 40)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    shuffled = np.random.default_rng(0).permutation(40)
    order = shuffled[flowing_order(unit[shuffled])].tolist()
    assert order in (list(range(40)), list(range(39, -1, -1)))


def test_the_same_songs_have_the_same_order():
    assert flowing_order(cloud(50)).tolist() == flowing_order(cloud(50)).tolist()


def test_songs_without_a_vector_are_kept():
    unit = cloud(20)
    unit[5] = 0
    assert sorted(flowing_order(unit).tolist()) == list(range(20))


def test_steps_are_one_less_the_similarity_of_neighbours():
    unit = np.array([[1, 0], [0, 1], [0, -1], [0, -1]], np.float32)
    np.testing.assert_allclose(steps(unit), [0.5, 1.0, 0.0], atol=1e-6)


def test_too_many_songs_and_a_first_that_is_none_are_refused():
    with pytest.raises(InputError, match="5001 songs are too many"):
        flowing_order(np.zeros((5001, 1), np.float32))
    with pytest.raises(InputError, match="first=9"):
        flowing_order(cloud(9), first=9)
