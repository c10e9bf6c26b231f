"""Listens: checks, matrix, counts."""

import numpy as np
import pytest

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens

USERS, TRACKS = IdMap(("ann", "bob"), "user"), IdMap(("x", "y", "z"), "track")


def listens_of(user, track, weight, time=None):
    time = None if time is None else np.array(time, np.int64)
    return Listens(np.array(user, np.int32), np.array(track, np.int32), np.array(weight, np.float32), time, USERS, TRACKS)


def test_the_matrix_adds_the_weights_of_repeated_pairs():
    matrix = listens_of([0, 1, 0], [2, 0, 2], [1, 5, 2]).matrix()
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix.toarray(), [[0, 0, 3], [5, 0, 0]])


def test_track_counts_are_listeners_not_events():
    counts = listens_of([0, 0, 1], [2, 2, 2], [1, 1, 1]).track_counts()
    assert counts.dtype == np.int64
    assert counts.tolist() == [0, 0, 2]


def test_nobody_played_anything():
    listens = listens_of([], [], [])
    assert len(listens) == 0
    assert listens.shape == listens.matrix().shape == (2, 3)
    assert listens.track_counts().tolist() == [0, 0, 0]


def test_where_keeps_rows_times_and_id_maps():
    part = listens_of([0, 1], [0, 1], [1, 2], [10, 20]).where(np.array([False, True]))
    assert (part.user.tolist(), part.track.tolist(), part.weight.tolist(), part.time.tolist()) == ([1], [1], [2.0], [20])
    assert part.users is USERS


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_not_positive_and_finite_are_refused(weight):
    with pytest.raises(InputError, match="finite and > 0") as caught:
        listens_of([0], [0], [weight])
    assert caught.value.code == "bad-weight"


@pytest.mark.parametrize(("user", "track", "name"), [(2, 0, "user"), (-1, 0, "user"), (0, 3, "track"), (0, -1, "track")])
def test_rows_outside_the_id_maps_are_refused(user, track, name):
    with pytest.raises(InputError, match=f"{name} rows must lie in"):
        listens_of([user], [track], [1])


@pytest.mark.parametrize(("track", "weight", "time"), [([0], [1, 1], None), ([0, 1], [1], None), ([0, 1], [1, 1], [5])])
def test_columns_of_unequal_length_are_refused(track, weight, time):
    with pytest.raises(InputError, match="equally long"):
        listens_of([0, 1], track, weight, time)
