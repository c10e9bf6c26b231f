"""The split in time: nothing of the test lies before the cut, what cannot be dated is left out and counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.splits import temporal_split

N_USERS, N_TRACKS = 5, 8
IDS = (IdMap(tuple(f"u{u}" for u in range(N_USERS)), "user"), IdMap(tuple(f"t{t}" for t in range(N_TRACKS)), "track"))
events_lists = st.lists(
    st.tuples(st.integers(0, N_USERS - 1), st.integers(0, N_TRACKS - 1), st.integers(0, 20)), max_size=60, unique=True
)


def events_of(rows):
    user, track, time = (np.array(column, np.int64) for column in (zip(*rows, strict=True) if rows else ([], [], [])))
    weight = np.ones(len(user), np.float32)
    return Listens(user.astype(np.int32), track.astype(np.int32), weight, time, *IDS)


def pairs_of(listens):
    return set(zip(listens.user.tolist(), listens.track.tolist(), strict=True))


@settings(deadline=None)
@given(events_lists, st.floats(0.05, 0.95))
def test_no_event_of_a_test_pair_lies_before_the_cut(rows, held_out):
    split = temporal_split(events_of(rows), held_out=held_out)
    cut = split.counts["cut, Unix seconds"]
    assert all(time >= cut for user, track, time in rows if (user, track) in pairs_of(split.test))
    assert split.test.time is None or (split.test.time >= cut).all()


@settings(deadline=None)
@given(events_lists, st.floats(0.05, 0.95))
def test_train_is_exactly_the_pairs_with_an_event_before_the_cut(rows, held_out):
    split = temporal_split(events_of(rows), held_out=held_out)
    cut = split.counts["cut, Unix seconds"]
    assert pairs_of(split.train) == {(user, track) for user, track, time in rows if 0 < time < cut}


@settings(deadline=None)
@given(events_lists, st.floats(0.05, 0.95))
def test_every_event_stands_in_train_in_test_or_in_a_count(rows, held_out):
    split = temporal_split(events_of(rows), held_out=held_out)
    n = split.counts
    left_out = [number for what, number in n.items() if what.startswith("of ")]
    assert (
        n["events"] == len(rows) == n["events without a time (left out)"] + n["events before the cut"] + n["events after the cut"]
    )
    assert n["events after the cut"] - sum(left_out) == int(split.test.weight.sum())
    assert n["events before the cut"] == int(split.train.weight.sum())


@settings(deadline=None)
@given(events_lists, st.floats(0.05, 0.95))
def test_songs_without_listens_before_the_cut_stay_candidates_and_are_counted(rows, held_out):
    split = temporal_split(events_of(rows), held_out=held_out)
    assert split.candidates.all()
    assert split.counts["candidates without listens before the cut"] == int((split.train.track_counts() == 0).sum())
    kept = "test listens of songs without listens before the cut (kept: every song is a candidate)"
    assert split.counts[kept] == int(split.cold_tracks[split.test.track].sum())


def test_the_asked_share_of_first_hearings_lies_after_the_cut():
    split = temporal_split(events_of([(0, t, 1 + t) for t in range(8)] + [(1, t, 11 + t) for t in range(2)]), held_out=0.2)
    assert pairs_of(split.test) | {(1, 0), (1, 1)} == {(1, 0), (1, 1)}  # both of user 1, who has nothing in train
    assert split.counts["of users without a listen before the cut (left out)"] == 2


def test_what_a_listener_plays_again_is_not_to_be_found():
    split = temporal_split(events_of([(0, 0, 5), (0, 0, 50), (0, 1, 51)]), cut=10)
    assert (pairs_of(split.train), pairs_of(split.test)) == ({(0, 0)}, {(0, 1)})
    assert split.counts["of songs that the listener had played before (left out)"] == 1


def test_plays_after_the_cut_add_nothing_to_train():
    split = temporal_split(events_of([(0, 0, 5), (0, 0, 6), (0, 0, 50), (0, 0, 51)]), cut=10)
    assert split.train.weight.tolist() == [2.0]


def test_a_pair_also_played_at_an_unknown_time_is_in_neither():
    split = temporal_split(events_of([(0, 0, 5), (0, 1, 0), (0, 1, 50)]), cut=10)
    assert (pairs_of(split.train), pairs_of(split.test)) == ({(0, 0)}, set())


def test_songs_by_artists_that_the_listener_knows_are_counted():
    artists = ["a", "a", "b", "c", "", "", "", ""]
    split = temporal_split(
        events_of([(0, 0, 5), (0, 1, 50), (0, 2, 50), (1, 2, 5), (1, 0, 50), (0, 4, 5), (0, 5, 50)]), artists, cut=9
    )
    assert split.counts["test listens of artists whom the listener had played before the cut (kept)"] == 1


def test_listens_of_one_moment_leave_nothing_to_find():
    assert len(temporal_split(events_of([(0, t, 7) for t in range(5)])).test) == 0


def test_a_checkerboard_filled_in_order_is_parted_at_the_cut():
    board = [(u, t, 1 + t) for u in range(N_USERS) for t in range(N_TRACKS) if (u + t) % 2 == 0]
    split = temporal_split(events_of(board), cut=6)
    assert pairs_of(split.train) == {(u, t) for u, t, time in board if t < 5}
    assert pairs_of(split.test) == {(u, t) for u, t, time in board if t >= 5}
    assert np.flatnonzero(split.cold_tracks).tolist() == [5, 6, 7]


def test_listens_without_times_are_refused():
    listens = events_of([(0, 0, 1)])
    with pytest.raises(InputError, match="needs listens with times"):
        temporal_split(Listens(listens.user, listens.track, listens.weight, None, *IDS))


@pytest.mark.parametrize("held_out", [0.0, 1.0])
def test_a_share_out_of_range_is_refused(held_out):
    with pytest.raises(InputError, match="must lie in"):
        temporal_split(events_of([]), held_out=held_out)
