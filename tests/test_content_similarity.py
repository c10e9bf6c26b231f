"""Similarity of songs: cosine on [0, 1], exact neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from content.similarity import by_similarity, similarity
from data.embeddings import unit_rows
from data.errors import InputError

VECTORS = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)


def test_a_song_is_wholly_alike_to_itself():
    np.testing.assert_allclose(np.diag(similarity(VECTORS, VECTORS)), 1.0, atol=1e-6)


def test_opposite_unrelated_and_zero_vectors():
    a = np.array([[1.0, 0.0]], np.float32)
    b = np.array([[-2.0, 0.0], [0.0, 3.0], [0.0, 0.0], [5.0, 0.0]], np.float32)
    np.testing.assert_allclose(similarity(a, b), [[0.0, 0.5, 0.5, 1.0]], atol=1e-6)


def test_similarity_stays_between_0_and_1():
    values = similarity(VECTORS * 1e6, VECTORS * 1e-6)
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert values.dtype == np.float32


def test_unit_rows_have_length_1_and_zeros_stay():
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)


def test_neighbours_are_those_of_a_full_sort():
    cosine = (VECTORS @ VECTORS[3]) / np.linalg.norm(VECTORS, axis=1) / np.linalg.norm(VECTORS[3])
    wanted = [row for row in np.argsort(-cosine) if row != 3]
    rows, values = by_similarity(unit_rows(VECTORS), 3)
    assert rows.tolist() == wanted
    np.testing.assert_allclose(values, (1 + cosine[wanted]) / 2, atol=1e-6)


@pytest.mark.parametrize("seed", [0, 17, 39])
def test_the_seed_is_never_in_the_answer_even_beside_its_double(seed):
    doubled = unit_rows(np.concatenate([VECTORS, VECTORS]))
    rows, values = by_similarity(doubled, seed)
    assert seed not in rows
    assert rows[0] == seed + 40
    assert values[0] == pytest.approx(1.0, abs=1e-6)


def test_ties_go_to_the_lower_row():
    rows, _ = by_similarity(unit_rows(np.ones((6, 3), np.float32)), 2)
    assert rows.tolist() == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("seed", [40, -1])
def test_a_seed_that_is_no_row_is_refused_by_name(seed):
    with pytest.raises(InputError, match=f"seed={seed}"):
        by_similarity(unit_rows(VECTORS), seed)
