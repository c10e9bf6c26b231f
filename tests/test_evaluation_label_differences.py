"""Two architectures on the same songs, and one under several splits."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from data.errors import InputError
from evaluation.label_differences import flattery, song_difference
from evaluation.labels import LabelFold

CLASSES = ("a", "b", "c")


def folds(right, *, n=60, seed=0):
    """Two folds of n songs with two snippets each; a share `right` of the songs is named rightly."""
    out = []
    for number in range(2):
        rng = np.random.default_rng([7, number])
        truth = rng.integers(0, 3, n)
        guess = np.where(np.random.default_rng([seed, number]).random(n) < right, truth, (truth + 1) % 3)
        log_p = np.log(np.repeat(np.where(np.eye(3)[guess] > 0, 0.8, 0.1), 2, axis=0))
        labels = tuple(CLASSES[t] for t in truth)
        songs = tuple(f"{number}-{song}" for song in range(n))
        out.append(LabelFold(number, songs, labels, CLASSES, log_p, np.repeat(np.arange(n), 2), {}))
    return out


def units(per_artist=1):
    return {f"{fold}-{song}": f"{fold} {song // per_artist}" for fold in range(2) for song in range(60)}


def guesses(some):
    return [CLASSES[row] for fold in some for row in fold.log_probabilities[::2].argmax(axis=1)]


def truths(some):
    return [t for fold in some for t in fold.truth]


def test_the_difference_is_that_of_all_songs_together():
    good, poor = folds(0.9), folds(0.4, seed=1)
    found = song_difference(good, poor, units())
    hits = [np.mean([g == t for g, t in zip(guesses(f), truths(f), strict=True)]) for f in (good, poor)]
    assert found["song_precision_at_1"]["value"] == pytest.approx(hits[0] - hits[1])
    f1 = [f1_score(truths(f), guesses(f), average="macro") for f in (good, poor)]
    assert found["song_macro_f1"]["value"] == pytest.approx(f1[0] - f1[1])
    assert (found["songs"], found["units"]) == (120, 120)


def test_a_clear_difference_has_an_interval_without_0():
    found = song_difference(folds(0.9), folds(0.4, seed=1), units())
    assert all(found[name]["low"] > 0 for name in ("song_precision_at_1", "song_macro_f1"))


def test_an_architecture_against_itself_differs_by_nothing():
    assert song_difference(folds(0.6), folds(0.6), units())["song_precision_at_1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_songs_of_one_artist_are_resampled_together():
    """Where artists are all right or all wrong, there are as many independent observations as artists."""
    good, poor = folds(1.0), folds(1.0)
    for fold in poor:
        wrong = np.repeat(np.arange(60) // 10 % 2 == 0, 2)
        fold.log_probabilities[wrong] = np.roll(fold.log_probabilities[wrong], 1, axis=1)
    narrow = song_difference(good, poor, units())["song_precision_at_1"]
    wide = song_difference(good, poor, units(10))["song_precision_at_1"]
    assert wide["value"] == narrow["value"] == 0.5
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_the_interval_is_about_that_of_the_normal_approximation():
    good, poor = folds(1.0), folds(0.5, seed=1)
    found = song_difference(good, poor, units())["song_precision_at_1"]
    p = found["value"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / 120), rel=0.1)


def test_other_songs_are_refused():
    with pytest.raises(InputError, match="same held-out songs"):
        song_difference(folds(0.5), folds(0.5)[:1], units())


def test_a_split_flatters_by_what_it_has_more_than_the_split_by_artist():
    means = {"artist": {"loss": 1.0, "macro_f1": 0.5}, "snippet": {"loss": 0.5, "macro_f1": 0.75}, "song": {"loss": None}}
    assert flattery(means) == {"snippet": {"loss": -0.5, "macro_f1": 0.25}, "song": {}}


def test_without_the_split_by_artist_nothing_is_known():
    assert flattery({"song": {"loss": 1.0}}) == {}
