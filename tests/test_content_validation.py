"""Early stopping: whose songs are held out, which epoch is kept, and when training ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from beats import QUICK, SMALL, SPEC, songs, weights
from hypothesis import given
from hypothesis import strategies as st

from content.embedding import embed
from content.targets import read_targets
from content.training import train
from content.validation import best_epoch, patience_is_over, validation_songs
from data.errors import InputError

ARTISTS = [f"artist {song // 2}" for song in range(24)]
VALIDATED = replace(QUICK, epochs=6, schedule="constant", validation_share=0.25)


def held_out(artists, labels, share, seed=0, also=None):
    return validation_songs(artists, read_targets("mood", labels, also or {}, least_songs=1), share, seed)


@given(st.lists(st.integers(0, 20), min_size=20, max_size=40), st.floats(0.1, 0.5), st.integers(0, 9))
def test_no_artist_stands_on_both_sides(artists, share, seed):
    artists = [f"a{number}" for number in (*artists, *range(10))]
    held = held_out(artists, ["x", "y"] * (len(artists) // 2) + ["x"] * (len(artists) % 2), share, seed)
    inside = {artist for artist, out in zip(artists, held, strict=True) if not out}
    outside = {artist for artist, out in zip(artists, held, strict=True) if out}
    assert not inside & outside
    assert len(outside) == round(share * len(set(artists)))


def test_a_song_without_artist_is_its_own():
    assert held_out(["", ""] * 6, ["x", "y"] * 6, 0.25).sum() == 3
    assert held_out([], ["x", "y"] * 6, 0.25).sum() == 3


def test_all_songs_of_a_held_out_artist_are_held_out_for_all_labels():
    artists, labels = ["a", "b", "c", "d"] * 2, ["x", "y", "x", "y", "", "", "", ""]
    held = held_out(artists, labels, 0.25, also={"tags": ["t; u"] * 8})
    assert held[:4].sum() == 1
    np.testing.assert_array_equal(held[:4], held[4:])


def test_the_seed_chooses_the_artists():
    choices = {tuple(held_out(ARTISTS, ["x", "y"] * 12, 0.25, seed).tolist()) for seed in range(5)}
    assert len(choices) > 1


@pytest.mark.parametrize(("labels", "share"), [(["x", "y"] * 2, 0.1), (["x", "x", "x", "y"], 0.9)])
def test_too_few_artists_are_refused(labels, share):
    with pytest.raises(InputError, match="validation_share="):
        held_out(["a", "b", "c", "d"], labels, share)


def test_the_best_epoch_is_the_first_of_the_lowest_loss():
    assert best_epoch([0.9, 0.5, 0.7, 0.5]) == 2
    assert best_epoch([None, None, None]) == 3


def test_patience_counts_epochs_since_the_best():
    losses = [0.9, 0.5, 0.7, 0.6]
    assert [patience_is_over(losses[:n], 2) for n in range(1, 5)] == [False, False, False, True]
    assert not patience_is_over(losses * 9, 0)


@pytest.fixture(scope="module")
def validated():
    return train(*songs(24, 0), VALIDATED, SMALL, spec=SPEC, artists=ARTISTS)


def test_each_epoch_says_how_well_the_held_out_songs_are_told(validated):
    images, labels = songs(24, 0)
    held = held_out(ARTISTS, labels, 0.25)
    said = embed(validated, [image for image, out in zip(images, held, strict=True) if out])[1].argmax(1)
    right = np.mean([validated.classes[c] == label for c, label in zip(said, np.array(labels)[held], strict=True)])
    assert validated.history[validated.config["best_epoch"] - 1].validation_accuracy == pytest.approx(right)
    assert (validated.config["songs"], validated.config["validation_songs"]) == ((~held).sum(), held.sum())


def test_statistics_of_rows_leave_out_the_validation_songs(validated):
    images, labels = songs(24, 0)
    held = held_out(ARTISTS, labels, 0.25)
    together = np.concatenate([image for image, out in zip(images, held, strict=True) if not out]) / 255
    np.testing.assert_allclose(validated.module.row_mean.numpy(), together.mean(0), rtol=1e-5)


def test_a_run_that_gets_worse_stops_and_keeps_its_best_epoch():
    images, labels = songs(24, 0)
    rng = np.random.default_rng(3)
    noise = rng.permutation(labels).tolist()  # nothing to learn: validation only gets worse
    config = replace(VALIDATED, epochs=40, learning_rate=0.03, patience=2, validation_share=0.4)
    stopped = train(images, noise, config, SMALL, spec=SPEC, artists=ARTISTS)
    best = stopped.config["best_epoch"]
    assert len(stopped.history) == best + 2 < 40
    again = train(images, noise, replace(config, epochs=best, patience=0), SMALL, spec=SPEC, artists=ARTISTS)
    assert weights(again) == weights(stopped)


def test_without_validation_the_record_has_none():
    encoder = train(*songs(9, 0), QUICK, SMALL, spec=SPEC)
    assert [record.validation_loss for record in encoder.history] == [None] * 3
    assert encoder.config["best_epoch"] == 3


def test_validation_does_not_disturb_what_training_draws():
    """The held-out songs are looked at between epochs; torch's generator must not notice."""
    state = []
    train(*songs(24, 0), VALIDATED, SMALL, spec=SPEC, artists=ARTISTS, on_epoch=lambda _r: state.append(torch.rand(1).item()))
    assert len(set(state)) == 6
