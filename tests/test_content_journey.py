"""A way from one song to another in small steps."""

from __future__ import annotations

import numpy as np
import pytest

from content.journey import Cap, journey, waypoints
from content.ordering import steps
from data.embeddings import unit_rows
from data.errors import InputError


def circle(n: int = 90) -> np.ndarray:
    """Unit vectors on a quarter of a circle, one a degree, float32 (n, 2)."""
    angle = np.linspace(0, np.pi / 2, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def cloud(n: int = 300, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32))


def test_waypoints_are_evenly_spaced_on_the_great_circle():
    a, b = cloud()[:2]
    points = waypoints(a, b, 7).astype(np.float64)
    angles = np.arccos(np.einsum("nd,nd->n", points[1:], points[:-1]))
    np.testing.assert_allclose(angles, np.arccos(float(a @ b)) / 6, rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, rtol=1e-5)


def test_waypoints_begin_and_end_at_the_songs():
    a, b = cloud()[:2]
    np.testing.assert_allclose(waypoints(a, b, 5)[[0, -1]], [a, b], atol=1e-6)


@pytest.mark.parametrize("other", [1.0, -1.0])
def test_waypoints_between_equal_and_opposite_songs_are_finite(other):
    a = cloud()[0]
    assert np.isfinite(waypoints(a, other * a, 5)).all()


def test_on_a_circle_the_way_takes_the_songs_at_even_distances():
    assert journey(circle(91), 0, 90, 10).tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]


def test_both_ends_are_included_and_no_song_stands_twice():
    way = journey(cloud(), 3, 7, 25).tolist()
    assert (way[0], way[-1]) == (3, 7)
    assert len(set(way)) == len(way) == 25


def test_a_way_is_smoother_than_the_nearest_song_to_each_waypoint():
    unit, ours, naive = cloud(), [], []
    for end in range(1, 21):
        ours.append(steps(unit[journey(unit, 0, end, 12)]))
        taken = [0, end]
        for stop in waypoints(unit[0], unit[end], 12)[1:-1]:
            near = unit @ stop
            near[taken] = -2
            taken.insert(-1, int(near.argmax()))
        naive.append(steps(unit[taken]))
    assert np.mean(ours) < 0.8 * np.mean(naive)
    assert np.mean([step.max() for step in ours]) < 0.8 * np.mean([step.max() for step in naive])


def test_blocked_songs_are_passed_by():
    blocked = np.zeros(91, np.bool_)
    blocked[30] = True
    way = journey(circle(91), 0, 90, 10, blocked=blocked).tolist()
    assert 30 not in way
    assert len(way) == 10


def test_songs_without_a_vector_are_passed_by():
    unit = circle(91)
    unit[40:50] = 0
    assert not set(journey(unit, 0, 90, 10).tolist()) & set(range(40, 50))


def test_no_code_stands_more_often_than_its_cap_ends_included():
    codes = (np.arange(300) % 40).astype(np.int32)
    way = journey(cloud(), 0, 41, 20, caps=[Cap(codes, 1)])
    assert len(way) == 20
    assert np.bincount(codes[way]).max() == 1


def test_songs_of_no_code_are_not_limited():
    assert len(journey(cloud(), 0, 1, 20, caps=[Cap(np.full(300, -1, np.int32), 1)])) == 20


def test_where_the_limits_leave_too_few_the_way_is_shorter():
    codes = (np.arange(300) % 4).astype(np.int32)
    way = journey(cloud(), 0, 1, 20, caps=[Cap(codes, 2)])
    assert 2 <= len(way) <= 8
    assert np.bincount(codes[way]).max() <= 2


def test_of_two_songs_the_way_is_these_two():
    assert journey(cloud(2), 1, 0, 10).tolist() == [1, 0]


def test_all_songs_can_be_on_the_way():
    assert sorted(journey(cloud(12), 0, 1, 12).tolist()) == list(range(12))


@pytest.mark.parametrize(("ends", "k", "said"), [((0, 1), 1, "k=1"), ((0, 0), 5, "two different songs")])
def test_a_way_without_two_ends_is_refused(ends, k, said):
    with pytest.raises(InputError, match=said):
        journey(cloud(), *ends, k)
