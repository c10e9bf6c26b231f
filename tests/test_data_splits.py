"""Splits: disjoint, complete, by artist, balanced, saved as they are."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_split, group_folds, read_split, warm_split, write_split

N_USERS, N_TRACKS = 6, 12
ARTISTS = [f"artist {t // 3}" if t < 9 else "" for t in range(N_TRACKS)]


def listens_of(pairs, *, time=False):
    user, track = (np.array(column, np.int32) for column in (zip(*pairs, strict=True) if pairs else ([], [])))
    ids = (IdMap(tuple(f"u{u}" for u in range(N_USERS)), "user"), IdMap(tuple(f"t{t}" for t in range(N_TRACKS)), "track"))
    weight = np.arange(1, len(user) + 1, dtype=np.float32)
    return Listens(user, track, weight, np.arange(len(user), dtype=np.int64) if time else None, *ids)


def pairs_of(listens):
    return sorted(zip(listens.user.tolist(), listens.track.tolist(), strict=True))


some_pairs = st.lists(st.tuples(st.integers(0, N_USERS - 1), st.integers(0, N_TRACKS - 1)), max_size=60)
folds = st.integers(2, 6)


@settings(deadline=None)
@given(some_pairs, st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_warm_split_parts_all_listens_but_the_counted_ones(pairs, held_out, seed):
    listens = listens_of(pairs)
    split = warm_split(listens, ARTISTS, held_out=held_out, seed=seed)
    dropped = split.counts["hidden listens of songs without listens left in train (left out: cold)"]
    assert len(split.train) + len(split.test) + dropped == len(listens)
    assert split.counts["listens hidden"] == len(split.test) + dropped
    assert not set(pairs_of(split.train)) & set(pairs_of(split.test))
    assert set(pairs_of(split.train)) | set(pairs_of(split.test)) <= set(pairs)


@settings(deadline=None)
@given(some_pairs, st.floats(0.05, 0.95))
def test_a_warm_split_never_parts_what_a_user_played_of_one_artist(pairs, held_out):
    split = warm_split(listens_of(pairs), ARTISTS, held_out=held_out)
    seen = {(u, ARTISTS[t] or t) for u, t in pairs_of(split.train)}
    assert not seen & {(u, ARTISTS[t] or t) for u, t in pairs_of(split.test)}


@settings(deadline=None)
@given(some_pairs, st.floats(0.05, 0.95))
def test_every_user_of_a_warm_split_keeps_a_listen_in_train(pairs, held_out):
    listens = listens_of(pairs)
    assert set(warm_split(listens, ARTISTS, held_out=held_out).train.user) == set(listens.user)


@settings(deadline=None)
@given(some_pairs, st.integers(0, 2))
def test_a_cold_split_parts_all_listens_but_the_counted_ones(pairs, fold):
    listens = listens_of(pairs)
    of_track = np.arange(N_TRACKS, dtype=np.int32) % 3
    split = cold_split(listens, of_track, fold)
    dropped = split.counts["of users without any other listen (left out)"]
    assert len(split.train) + len(split.test) + dropped == len(listens)
    assert split.counts["listens of held-out songs"] == len(split.test) + dropped


@settings(deadline=None)
@given(some_pairs, st.integers(0, 2))
def test_cold_songs_are_all_candidates_with_listens_or_without(pairs, fold):
    of_track = np.arange(N_TRACKS, dtype=np.int32) % 3
    split = cold_split(listens_of(pairs), of_track, fold)
    np.testing.assert_array_equal(split.candidates, of_track == fold)
    assert split.cold_tracks[split.candidates].all()
    assert (split.train.track_counts()[split.cold_tracks] == 0).all()


def test_a_warm_split_hides_the_asked_share_of_each_users_artists():
    listens = listens_of([(u, t) for u in range(N_USERS) for t in range(N_TRACKS)])  # 3 artists and 3 single songs each
    split = warm_split(listens, ARTISTS, held_out=1 / 3)
    for u in range(N_USERS):
        assert len({ARTISTS[t] or t for v, t in pairs_of(split.test) if v == u}) == 2


def test_a_user_of_one_artist_stays_in_train_whole():
    split = warm_split(listens_of([(0, 0), (0, 1), (1, 0), (1, 5)]), ARTISTS, held_out=0.9)
    assert {(0, 0), (0, 1)} <= set(pairs_of(split.train))


def test_a_user_of_two_artists_never_loses_both():
    split = warm_split(listens_of([(u, t) for u in range(4) for t in (0, 3)]), ARTISTS, held_out=0.9)
    assert np.bincount(split.train.user, minlength=4)[:4].tolist() == [1, 1, 1, 1]


def test_repeated_events_of_a_pair_stay_together():
    listens = listens_of([(0, 0), (0, 0), (0, 0), (0, 5), (0, 9), (1, 0), (1, 5), (1, 9)], time=True)
    for seed in range(5):
        split = warm_split(listens, ARTISTS, held_out=0.5, seed=seed)
        assert sum(p == (0, 0) for p in pairs_of(split.train)) in (0, 3)


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    listens = listens_of([(u, t) for u in range(N_USERS) for t in range(N_TRACKS)])
    first, same, other = (pairs_of(warm_split(listens, ARTISTS, seed=s).test) for s in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.1])
def test_a_share_out_of_range_is_refused(held_out):
    with pytest.raises(InputError, match="must lie in"):
        warm_split(listens_of([]), ARTISTS, held_out=held_out)


def test_a_split_with_one_listen_on_both_sides_is_refused():
    listens, every = listens_of([(0, 0), (1, 1)]), np.ones(N_TRACKS, np.bool_)
    with pytest.raises(InputError, match="2 listens stand in train and in test, the first is user 'u0', track 't0'"):
        Split("warm", listens, listens, ~every, every)


def test_a_cold_song_with_listens_is_refused():
    every = np.ones(N_TRACKS, np.bool_)
    with pytest.raises(InputError, match="marked cold has listens"):
        Split("cold", listens_of([(0, 0)]), listens_of([]), every, every)


def test_a_test_song_that_is_no_candidate_is_refused():
    none = np.zeros(N_TRACKS, np.bool_)
    with pytest.raises(InputError, match="no candidate"):
        Split("cold", listens_of([]), listens_of([(0, 0)]), none, none)


groups = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("xyz")), min_size=6, max_size=80)


@settings(deadline=None)
@given(groups, folds, st.integers(0, 5))
def test_folds_never_divide_a_group_and_none_is_empty(rows, n_folds, seed):
    names, strata = [str(g) for g, _ in rows], [s for _, s in rows]
    if len(set(names)) < n_folds:
        return
    fold = group_folds(names, strata, n_folds, seed)
    assert set(fold.tolist()) == set(range(n_folds))
    for name in set(names):
        assert len({f for f, n in zip(fold.tolist(), names, strict=True) if n == name}) == 1


def test_folds_of_single_songs_are_balanced_in_every_stratum():
    strata = ["rock"] * 50 + ["jazz"] * 25 + ["blues"] * 10
    fold = group_folds([str(n) for n in range(85)], strata, 5, 0)
    for name, each in (("rock", 10), ("jazz", 5), ("blues", 2)):
        assert np.bincount(fold[np.array(strata) == name]).tolist() == [each] * 5


def test_folds_of_uneven_artists_are_balanced_nearly():
    rng = np.random.default_rng(0)
    artist = rng.integers(0, 150, 900)
    strata = np.array(["a", "b", "c", "d"])[(artist + rng.integers(0, 2, 900)) % 4]
    fold = group_folds([str(a) for a in artist], strata.tolist(), 10, 0)
    for name in "abcd":
        size = np.bincount(fold[strata == name], minlength=10)
        assert size.max() <= 1.25 * size.mean()
        assert size.min() >= 0.75 * size.mean()


def test_folds_depend_on_the_seed_alone():
    names, strata = [str(n // 2) for n in range(40)], ["x"] * 40
    first, same, other = (group_folds(names, strata, 4, seed).tolist() for seed in (0, 0, 1))
    assert first == same != other


@pytest.mark.parametrize(("n", "folds", "message"), [(3, 4, "at least as many groups"), (3, 1, "2 or more"), (0, 2, "found 0")])
def test_too_few_groups_or_folds_are_refused(n, folds, message):
    with pytest.raises(InputError, match=message):
        group_folds([str(i) for i in range(n)], ["x"] * n, folds, 0)


def same(first, second):
    for a, b in ((first.train, second.train), (first.test, second.test)):
        for name in ("user", "track", "weight", "time"):
            x, y = getattr(a, name), getattr(b, name)
            assert (x is None and y is None) or (x.dtype == y.dtype and np.array_equal(x, y))
        assert (a.users, a.tracks) == (b.users, b.tracks)
    assert np.array_equal(first.cold_tracks, second.cold_tracks)
    assert np.array_equal(first.candidates, second.candidates)
    return all(getattr(first, n) == getattr(second, n) for n in ("name", "fold", "seed", "counts"))


@settings(deadline=None, max_examples=15)
@given(some_pairs, st.booleans())
def test_save_then_load_is_the_identity(tmp_path_factory, pairs, time):
    path = tmp_path_factory.mktemp("splits") / "warm"
    split = warm_split(listens_of(pairs, time=time), ARTISTS, seed=4)
    write_split(path, split)
    assert same(read_split(path), split)


def test_names_with_dots_are_separate_files(tmp_path):
    listens = listens_of([(u, t) for u in range(N_USERS) for t in range(N_TRACKS)])
    for seed in (1, 2):
        write_split(tmp_path / f"warm-0.{seed}", warm_split(listens, ARTISTS, seed=seed))
    assert [read_split(tmp_path / f"warm-0.{seed}").seed for seed in (1, 2)] == [1, 2]


@pytest.fixture
def saved(tmp_path):
    write_split(tmp_path / "warm", warm_split(listens_of([(u, t) for u in range(6) for t in range(12)]), ARTISTS))
    return tmp_path / "warm"


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_truncated_file_is_refused(saved, keep):
    rows = saved.with_name("warm.npz")
    rows.write_bytes(rows.read_bytes()[:keep])
    with pytest.raises(InputError, match="cannot be read"):
        read_split(saved)


def test_a_missing_file_is_refused(saved):
    saved.with_name("warm.npz").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        read_split(saved)


def test_ids_that_do_not_fit_the_rows_are_refused(saved):
    meta = saved.with_name("warm.json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"tracks": ["t0"]}))
    with pytest.raises(InputError):
        read_split(saved)


def test_a_write_that_was_killed_half_way_is_never_read(saved, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("data.splits.saved.write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        write_split(saved, warm_split(listens_of([(0, 0), (0, 3)]), ARTISTS))
    with pytest.raises(InputError, match="does not exist"):
        read_split(saved)
