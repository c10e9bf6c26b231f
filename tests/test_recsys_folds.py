"""Which songs are held out together, and what names a cached fold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.notation import architecture
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.errors import InputError
from data.tracks import Track
from recsys.steps.evaluate_labels import report_name
from recsys.steps.folds import shuffle_known, song_folds
from recsys.steps.training import training_fingerprint


def tracks(artists, labelled):
    """Two songs an artist; the songs of the first `labelled` artists carry a mood."""
    return [
        Track(f"{a}-{s}", "", artist=f"artist {a}", labels={"mood": f"Q{(a + s) % 2}"} if a < labelled else {})
        for a in range(artists)
        for s in range(2)
    ]


def test_no_artist_stands_in_two_folds():
    some = tracks(12, 12)
    folds = song_folds(some, "mood", "artist", 3, 0)
    assert len({(track.artist, folds[track.track_id]) for track in some}) == 12


@pytest.mark.parametrize("seed", range(5))
def test_every_fold_has_labelled_songs_where_few_carry_the_label(seed):
    some = tracks(12, 6)
    folds = song_folds(some, "mood", "artist", 6, seed)
    assert set(folds) == {track.track_id for track in some}
    assert {folds[track.track_id] for track in some if track.labels} == set(range(6))


def test_fewer_labelled_artists_than_folds_are_refused():
    with pytest.raises(InputError, match="folds=7"):
        song_folds(tracks(12, 6), "mood", "artist", 7, 0)


def test_the_name_of_a_training_follows_the_order_of_its_songs():
    def name(examples):
        return training_fingerprint("mood", architecture("paper"), TrainingConfig(), HyperImageSpec(), examples)

    assert name([("a", "x"), ("b", "y")]) != name([("b", "y"), ("a", "x")])


def test_threads_and_device_do_not_name_a_training_and_epochs_do():
    def name(**changes):
        config = replace(TrainingConfig(), **changes)
        return training_fingerprint("mood", architecture("paper"), config, HyperImageSpec(), [("a", "x")])

    assert name() == name(threads=2) == name(device="cpu")
    assert name() != name(epochs=3)


def test_shuffled_labels_are_the_same_labels_elsewhere():
    values = ["a", "", "b", "c", "", "d", "e", "f", "g", "h"]
    shuffled = shuffle_known(values, seed=1)
    assert sorted(shuffled) == sorted(values)
    assert [value == "" for value in shuffled] == [value == "" for value in values]
    assert shuffled != values


@pytest.mark.parametrize("label", ["genre/sub", "..", "", "ge nre", "x" * 300])
def test_a_label_of_any_name_gives_a_plain_file_name(label):
    name = report_name(label, "artist")
    assert "/" not in name
    assert name.startswith("labels-")
    assert len(name) < 100
