"""What is held out together: by chance, as laws; and by a file."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.errors import InputError
from data.tracks import Track
from recsys.steps.fold_rows import deal, matched_training, on_both_sides, parts
from recsys.steps.folds import used_values
from recsys.steps.images import Songs

CONFIG = TrainingConfig()  # snippets of 215 frames


class Images(list):
    """Images that lie in memory, with the specification that those of the cache carry."""

    cache = SimpleNamespace(spec=HyperImageSpec())


@st.composite
def libraries(draw):
    """Songs of known and unknown artists, with and without a mood, of one to four snippets; every frame has its own number."""
    n = draw(st.integers(6, 30))
    artists = draw(st.lists(st.sampled_from(["", "anna", "ben", "cleo", "dan"]), min_size=n, max_size=n))
    moods = draw(st.lists(st.sampled_from(["", "sad", "glad"]), min_size=n, max_size=n))
    lengths = draw(st.lists(st.integers(100, 900), min_size=n, max_size=n))
    tracks = [
        Track(f"t{i}", "", artist=artist, labels={"mood": mood} if mood else {}, content_hash=f"h{i}")
        for i, (artist, mood) in enumerate(zip(artists, moods, strict=True))
    ]
    ends = np.cumsum(lengths)
    images = Images(np.arange(end - length, end)[:, None] for end, length in zip(ends, lengths, strict=True))
    return Songs(tracks, images, 0)


def dealt(songs, split, folds=2, seed=0):
    labelled = [track for track in songs.tracks if track.labels] or songs.tracks
    groups = {(split == "artist" and track.artist) or track.track_id for track in labelled}
    if split != "snippet" and len(groups) < folds:  # too few to divide
        with pytest.raises(InputError, match="folds=2"):
            deal(songs, songs.tracks, "mood", split, folds, seed, CONFIG)
        return None
    return deal(songs, songs.tracks, "mood", split, folds, seed, CONFIG)


def sides(rows, name_of_row):
    """The names on the training side and those on the test side, for each tested fold."""
    for fold in rows.tested:
        inside, outside = np.flatnonzero(rows.fold_of != fold), np.flatnonzero(rows.fold_of == fold)
        yield {name_of_row(row) for row in inside} - {""}, {name_of_row(row) for row in outside} - {""}


@settings(deadline=None, max_examples=60)
@given(libraries(), st.integers(0, 3))
def test_no_artist_and_no_song_stands_on_both_sides_of_a_split_by_artist(songs, seed):
    if (rows := dealt(songs, "artist", seed=seed)) is not None:
        for name in (lambda row: songs.tracks[row].artist, lambda row: songs.tracks[row].track_id):
            assert all(not inside & outside for inside, outside in sides(rows, name))


@settings(deadline=None, max_examples=60)
@given(libraries(), st.integers(0, 3))
def test_no_song_stands_on_both_sides_of_a_split_by_song(songs, seed):
    if (rows := dealt(songs, "song", seed=seed)) is not None:
        assert all(not inside & outside for inside, outside in sides(rows, lambda row: songs.tracks[rows.song[row]].track_id))


@settings(deadline=None, max_examples=30)
@given(libraries(), st.integers(0, 3))
def test_no_frame_of_a_snippet_stands_on_both_sides_of_a_split_by_snippet(songs, seed):
    rows = dealt(songs, "snippet", seed=seed)
    heard = [[set(image.ravel().tolist()) for image in (rows.images[r] for r in range(len(rows.song))) if len(image)]]
    for fold in rows.tested:
        inside, outside = (set().union(*(f for f, k in zip(heard[0], rows.fold_of, strict=True) if (k == fold) is out))
                           for out in (False, True))  # fmt: skip
        assert not inside & outside


@settings(deadline=None, max_examples=30)
@given(libraries(), st.sampled_from(["snippet", "song", "artist"]))
def test_every_row_is_tested_once(songs, split):
    if (rows := dealt(songs, split)) is not None:
        assert len(rows.fold_of) == len(rows.images) == len(rows.song)
        assert set(rows.fold_of.tolist()) <= set(rows.tested)


def test_folds_of_any_name_are_all_tested():
    assert parts(["a", "b", "c"]) == ((0, 1, 2), (0, 1, 2))


@pytest.mark.parametrize(
    ("names", "tested", "used"),
    [
        (("test_filtered", "train_filtered", "valid_filtered"), (0,), (0, 1)),
        (("test", "training", "validation"), (0,), (0, 1)),
        (("train", "valid"), (1,), (0, 1)),
    ],
)
def test_of_train_validation_and_test_the_test_part_alone_is_tested(names, tested, used):
    assert [set(x) for x in parts(names)] == [set(tested), set(used)]


def test_a_train_part_alone_is_refused():
    with pytest.raises(InputError, match=r"none called test or validation.*Give the file of the test part"):
        parts(["train"])


def test_artists_and_copies_on_both_sides_are_warned_of():
    tracks = [Track(f"t{i}", "", artist=artist, content_hash=h) for i, (artist, h) in enumerate(["ax", "ay", "bx", "bz"])]
    folds, known = np.array([0, 1, 1, 1], np.int32), np.ones(4, bool)
    warnings = on_both_sides(tracks, folds, known)
    assert [w for w in warnings if "1 artists" in w]
    assert [w for w in warnings if "1 songs" in w and "copies" in w]
    assert on_both_sides(tracks, np.array([0, 0, -1, 1], np.int32), known) == ()


def test_rows_that_are_left_out_lose_their_label():
    songs = Songs([Track(f"t{i}", "", labels={"mood": "sad"}) for i in range(3)], Images([np.zeros((9, 1))] * 3), 0)
    rows = dealt(songs, "song")._replace(fold_of=np.array([0, -1, 1], np.int32))
    assert used_values(songs, rows, "mood") == ["sad", "", "sad"]


@pytest.mark.parametrize("split", ["snippet", "song", "artist"])
def test_a_network_learns_from_as_many_snippets_under_each_split(split):
    lengths = [1290] * 12  # six snippets each
    tracks = [Track(f"t{i}", "", labels={"mood": "sad" if i % 2 else "glad"}) for i in range(12)]
    songs = Songs(tracks, Images(np.zeros((n, 1), np.uint8) for n in lengths), 0)
    rows = deal(songs, tracks, "mood", split, 3, 0, CONFIG)
    config = matched_training(CONFIG, rows)
    learned = config.epochs * config.snippets_per_song * len(rows.song)
    assert abs(learned / (CONFIG.epochs * CONFIG.snippets_per_song * len(songs.tracks)) - 1) <= 0.1
