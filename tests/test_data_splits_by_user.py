"""The split that hides listeners: they are in no row of train, and what they give is neither asked nor a candidate."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_user_split, read_split, write_split

N_USERS, N_TRACKS = 10, 12
ARTISTS = [f"artist {t // 2}" if t < 8 else "" for t in range(N_TRACKS)]  # 4 artists of 2 songs, 4 single songs
IDS = (IdMap(tuple(f"u{u}" for u in range(N_USERS)), "user"), IdMap(tuple(f"t{t}" for t in range(N_TRACKS)), "track"))
some_pairs = st.lists(st.tuples(st.integers(0, N_USERS - 1), st.integers(0, N_TRACKS - 1)), max_size=80, unique=True)
EVERYTHING = [(u, t) for u in range(N_USERS) for t in range(N_TRACKS)]
LEFT_OUT = "hidden listens of songs without listens in train (left out: cold)"


def listens_of(pairs):
    user, track = (np.array(column, np.int32) for column in (zip(*pairs, strict=True) if pairs else ([], [])))
    return Listens(user, track, np.ones(len(user), np.float32), None, *IDS)


def pairs_of(listens):
    return set(zip(listens.user.tolist(), listens.track.tolist(), strict=True))


@settings(deadline=None)
@given(some_pairs, st.floats(0.05, 0.95), st.integers(1, 4), st.integers(0, 5))
def test_train_given_test_and_the_counted_rest_part_all_listens(pairs, held_out, k, seed):
    split = cold_user_split(listens_of(pairs), ARTISTS, held_out=held_out, given=k, seed=seed)
    parts = [pairs_of(part) for part in (split.train, split.given, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert set.union(*parts) <= set(pairs)
    assert sum(map(len, parts)) + split.counts[LEFT_OUT] == len(pairs)


@settings(deadline=None)
@given(some_pairs, st.integers(1, 4), st.integers(0, 5))
def test_a_hidden_listener_is_in_no_row_of_train_and_gives_the_asked_artists(pairs, k, seed):
    split = cold_user_split(listens_of(pairs), ARTISTS, given=k, seed=seed)
    hidden = set(split.given.user.tolist())
    assert not hidden & set(split.train.user.tolist())
    assert set(split.test.user.tolist()) <= hidden
    for user in hidden:
        assert len({ARTISTS[t] or t for u, t in pairs_of(split.given) if u == user}) == k


@settings(deadline=None)
@given(some_pairs, st.integers(0, 5))
def test_no_artist_of_a_hidden_listener_is_given_and_asked(pairs, seed):
    split = cold_user_split(listens_of(pairs), ARTISTS, given=2, seed=seed)
    told = {(u, ARTISTS[t] or t) for u, t in pairs_of(split.given)}
    assert not told & {(u, ARTISTS[t] or t) for u, t in pairs_of(split.test)}


@settings(deadline=None)
@given(some_pairs, st.integers(0, 5))
def test_candidates_are_the_songs_that_others_play(pairs, seed):
    split = cold_user_split(listens_of(pairs), ARTISTS, seed=seed)
    np.testing.assert_array_equal(split.candidates, split.train.track_counts() > 0)


def test_the_asked_share_of_listeners_is_hidden():
    split = cold_user_split(listens_of(EVERYTHING), ARTISTS, held_out=0.3)
    assert len(set(split.given.user.tolist())) == split.counts["listeners hidden from train"] == 3


def test_listeners_of_too_few_artists_are_never_hidden():
    few = [(u, t) for u in range(N_USERS) for t in (0, 2, 4)]
    split = cold_user_split(listens_of(few), ARTISTS, given=3)
    assert (len(split.train), len(split.test), len(split.given)) == (len(few), 0, 0)


def test_songs_that_only_hidden_listeners_play_are_left_out_and_counted():
    alone = [(u, u) for u in range(N_USERS)] + [(u, 10) for u in range(N_USERS)]
    split = cold_user_split(listens_of(alone), [""] * N_TRACKS, held_out=0.5, given=1)
    own = [u for u in range(N_USERS) if u in set(split.given.user.tolist()) and (u, u) not in pairs_of(split.given)]
    assert split.counts[LEFT_OUT] == len(own)


def test_the_same_seed_hides_the_same_listeners():
    first, same, other = (pairs_of(cold_user_split(listens_of(EVERYTHING), ARTISTS, seed=s).test) for s in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize("arguments", [{"held_out": 0.0}, {"held_out": 1.0}, {"given": 0}])
def test_arguments_out_of_range_are_refused(arguments):
    with pytest.raises(InputError, match="must"):
        cold_user_split(listens_of([]), ARTISTS, **arguments)


@pytest.mark.parametrize("other", ["train", "test"])
def test_a_given_listen_that_stands_in_another_part_is_refused(other):
    none, one, every = listens_of([]), listens_of([(0, 0)]), np.ones(N_TRACKS, np.bool_)
    parts = {"train": none, "test": none} | {other: one}
    with pytest.raises(InputError, match=f"1 listens stand in {other} and in given"):
        Split("cold-user", *parts.values(), ~every, every, given=one)


def test_given_listens_over_other_songs_are_refused():
    none, every = listens_of([]), np.ones(N_TRACKS, np.bool_)
    other = Listens(none.user, none.track, none.weight, None, IDS[0], IdMap(("t0",)))
    with pytest.raises(InputError, match="train and given must share"):
        Split("cold-user", none, none, ~every, every, given=other)


def test_what_is_given_is_known_beside_train():
    split = cold_user_split(listens_of(EVERYTHING), ARTISTS)
    known = split.known()
    assert known.nnz == len(split.train) + len(split.given)
    assert not known.multiply(split.test.matrix()).nnz


def test_save_then_load_keeps_what_is_given(tmp_path):
    split = cold_user_split(listens_of(EVERYTHING), ARTISTS, seed=3)
    write_split(tmp_path / "cold-user", split)
    again = read_split(tmp_path / "cold-user")
    assert pairs_of(again.given) == pairs_of(split.given)
    assert pairs_of(again.test) == pairs_of(split.test)


def test_a_file_that_lost_what_was_given_is_refused(tmp_path):
    split = cold_user_split(listens_of(EVERYTHING), ARTISTS)
    write_split(tmp_path / "s", Split("s", split.train, split.test, split.cold_tracks, split.candidates))
    meta = json.loads((tmp_path / "s.json").read_text())
    (tmp_path / "s.json").write_text(json.dumps(meta | {"given": True}))
    with pytest.raises(InputError, match="cannot be read"):
        read_split(tmp_path / "s")


def test_a_file_of_the_earlier_schema_is_refused(tmp_path):
    write_split(tmp_path / "s", cold_user_split(listens_of(EVERYTHING), ARTISTS))
    meta = json.loads((tmp_path / "s.json").read_text())
    (tmp_path / "s.json").write_text(json.dumps(meta | {"schema": 1}))
    with pytest.raises(InputError, match="has schema 1, this program reads schema 2"):
        read_split(tmp_path / "s")
