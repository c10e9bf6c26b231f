"""HetRec Last.fm: the filter, the two questions to one train, and tags that must not tell."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import table, write_lastfm2k

from data.errors import InputError
from data.published.lastfm2k import PLAYS, PLAYS_HEADER, TAGS, read, read_lastfm, trial

BOTH = ("warm", "cold")


@pytest.fixture
def folder(tmp_path):
    return write_lastfm2k(tmp_path / "lastfm2k")


def pairs(listens):
    return set(zip(listens.user.tolist(), listens.track.tolist(), strict=True))


def test_artists_with_fewer_than_three_listeners_or_without_a_tag_are_left_out_and_counted(tmp_path):
    plays = [(user, artist, 1) for user in range(1, 5) for artist in (10, 20)] + [(1, 30, 5), (2, 30, 5)]
    table(tmp_path / PLAYS, PLAYS_HEADER, plays)
    table(tmp_path / TAGS, ("userID", "artistID", "tagID"), [(9, 10, 1), (1, 30, 2)])
    read_set = read_lastfm(tmp_path)
    assert read_set.plays.tracks.ids == ("10",)
    assert len(read_set.plays) == 4
    assert read_set.counts["artists with fewer than 3 listeners or without a tag (left out)"] == 2


def test_warm_and_cold_share_one_train(folder):
    (one,) = read(folder, BOTH, (0,))
    warm, cold = one.splits
    assert (warm.name, cold.name) == BOTH
    assert warm.train is cold.train


def test_train_and_both_tests_with_what_is_left_out_are_all_plays(folder):
    plays = read_lastfm(folder).plays
    (one,) = read(folder, BOTH, (0,))
    left_out = sum(s.counts["of artists or users without any train play (left out)"] for s in one.splits)
    assert len(one.splits[0].train) + sum(len(s.test) for s in one.splits) + left_out == len(plays)
    assert not pairs(one.splits[0].test) & pairs(one.splits[1].test)


def test_cold_artists_have_no_train_play_and_are_the_only_cold_candidates(folder):
    (one,) = read(folder, BOTH, (0,))
    warm, cold = one.splits
    assert cold.candidates.any()
    assert cold.cold_tracks[cold.candidates].all()
    assert not (warm.candidates & cold.candidates).any()
    assert not warm.cold_tracks[warm.candidates].any()


def test_no_tag_assignment_of_a_hidden_pair_is_left_in_the_content(folder):
    lastfm = read_lastfm(folder)
    one = trial(lastfm, 0)
    hidden = pairs(lastfm.plays) - pairs(one.splits[0].train)
    expected = np.zeros((len(lastfm.plays.tracks), lastfm.n_tags))
    for user, artist, tag in zip(lastfm.tagger.tolist(), lastfm.tagged.tolist(), lastfm.tag.tolist(), strict=True):
        if (user, artist) not in hidden:
            expected[artist, tag] += 1
    assert np.array_equal(one.words().toarray(), expected)
    assert expected.sum() < len(lastfm.tag)


def test_an_artist_that_only_its_listeners_tagged_is_never_cold(tmp_path):
    plays = [(user, artist, 1) for user in range(1, 7) for artist in range(1, 9)] + [(7, 8, 1)]
    by_listener, by_other = [(1, artist, 1) for artist in range(1, 9)], [(7, artist, 1) for artist in (1, 2)]
    table(tmp_path / PLAYS, PLAYS_HEADER, plays)
    table(tmp_path / TAGS, ("userID", "artistID", "tagID"), by_listener + by_other)
    trials = read(tmp_path, ("cold",), range(20))
    cold = {one.splits[0].train.tracks.ids[row] for one in trials for row in np.flatnonzero(one.splits[0].candidates)}
    assert cold == {"1", "2"}


def test_the_same_seed_gives_the_same_split_and_another_one_another(folder):
    first, second, again = read(folder, BOTH, (0, 1, 0))
    assert np.array_equal(first.splits[1].candidates, again.splits[1].candidates)
    assert pairs(first.splits[0].test) == pairs(again.splits[0].test)
    assert not np.array_equal(first.splits[1].candidates, second.splits[1].candidates)


def test_only_the_protocols_asked_for_are_given(folder):
    assert [[s.name for s in one.splits] for one in read(folder, ("cold",), (0, 1))] == [["cold"], ["cold"]]


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        (PLAYS, b"1\t2", "has 2 cells, the header 3"),
        (PLAYS, b"1\t2\t", "has '' where an integer is due"),
        (PLAYS, b"1\t2\t-3", "has a negative number"),
        (PLAYS, b"1\t2\t0", "has weight 0"),
        (PLAYS, b"", "has 1 cells, the header 3"),
        (TAGS, b"1\tBj\xf6rk\t3\t1\t1\t2009", "has 'Bj\\xf6rk' where an integer is due"),
    ],
)
def test_a_broken_line_is_refused_with_file_and_line(folder, name, line, says):
    path = folder / name
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:4], line, *lines[4:]]))
    with pytest.raises(InputError) as caught:
        read_lastfm(folder)
    assert str(caught.value).startswith(f"{path}, line 5 {says}")


def test_a_pair_that_stands_twice_is_refused(folder):
    path = folder / PLAYS
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:2], *lines[1:]]))
    with pytest.raises(InputError, match="line 2 names a user and artist that stand again below"):
        read_lastfm(folder)


def test_another_table_is_refused(folder):
    (folder / PLAYS).write_text("user,artist\n1,2\n")
    with pytest.raises(InputError, match="line 1 must begin with the columns userID, artistID, weight"):
        read_lastfm(folder)


@pytest.mark.parametrize("name", [PLAYS, TAGS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name} does not exist"):
        read_lastfm(folder)


def test_a_set_without_artists_that_can_be_cold_is_refused(tmp_path):
    table(tmp_path / PLAYS, PLAYS_HEADER, [(user, 10, 1) for user in range(1, 5)])
    table(tmp_path / TAGS, ("userID", "artistID", "tagID"), [(1, 10, 1)])
    with pytest.raises(InputError, match="too few artists"):
        read(tmp_path, BOTH, (0,))
