"""Cross-validation of labels: folds, figures against scikit-learn, controls, shape of the JSON."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, log_loss, top_k_accuracy_score

from data.errors import InputError
from evaluation import label_metrics
from evaluation.label_folds import label_folds, snippet_folds
from evaluation.labels import FIGURES, LabelFold, fold_figures, label_table, majority_fold

CLASSES = ("blues", "jazz", "pop", "rock")
TRAIN = {"blues": 10, "jazz": 40, "pop": 20, "rock": 30}


def fold_of(number=0, n=30, signal=1.0, seed=0):
    rng = np.random.default_rng([seed, number])
    truth = rng.integers(0, 4, n)
    song = np.concatenate([np.arange(n), rng.integers(0, n, 2 * n)])
    logits = rng.normal(size=(3 * n, 4))
    logits[np.arange(3 * n), truth[song]] += signal
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = tuple(CLASSES[t] for t in truth)
    return LabelFold(number, tuple(f"s{number}-{i}" for i in range(n)), labels, CLASSES, log_p.astype(np.float32), song, TRAIN)


def snippet_truth(fold):
    return np.array([CLASSES.index(t) for t in fold.truth])[fold.snippet_song]


def test_the_loss_equals_scikit_learns_log_loss():
    fold = fold_of()
    probability = np.exp(fold.log_probabilities.astype(float))
    probability /= probability.sum(axis=1, keepdims=True)  # float32 logarithms sum to 1 only nearly
    expected = log_loss(snippet_truth(fold), probability, labels=range(4))
    assert fold_figures(fold)["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("k", [1, 3])
def test_precision_at_k_equals_scikit_learns_top_k_accuracy(k):
    fold = fold_of()
    expected = top_k_accuracy_score(snippet_truth(fold), fold.log_probabilities, k=k, labels=range(4))
    assert fold_figures(fold)[f"precision_at_{k}"] == pytest.approx(expected)


def test_macro_f1_equals_scikit_learns():
    fold = fold_of()
    expected = f1_score(snippet_truth(fold), fold.log_probabilities.argmax(axis=1), average="macro")
    assert fold_figures(fold)["macro_f1"] == pytest.approx(expected)


def test_macro_f1_leaves_out_a_class_that_never_occurs():
    assert label_metrics.macro_f1(np.array([[3, 0, 0], [0, 2, 0], [0, 0, 0]])) == 1.0


def test_the_confusion_matrix_equals_scikit_learns():
    fold = fold_of()
    table = label_table("genre", "song", "paper", [fold])
    expected = confusion_matrix(snippet_truth(fold), fold.log_probabilities.argmax(axis=1), labels=range(4))
    assert table["confusion"] == expected.tolist()
    assert sum(map(sum, table["song_confusion"])) == len(fold.songs)


def test_a_songs_probability_is_the_mean_of_its_snippets():
    log_p = np.log([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    by_song = label_metrics.mean_by_song(log_p, np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(np.exp(by_song), [[0.55, 0.45], [0.4, 0.6]])


def test_equal_probabilities_count_in_expectation():
    log_p = np.log(np.full((5, 4), 0.25))
    assert label_metrics.precision_at(log_p, np.arange(5) % 4, 3) == pytest.approx(3 / 4)


def test_songs_gain_from_several_snippets():
    table = label_table("genre", "song", "paper", [fold_of(f, signal=1.0) for f in range(5)])
    assert table["mean"]["song_precision_at_1"] > table["mean"]["precision_at_1"]


def test_the_majority_control_guesses_the_most_frequent_training_label():
    fold = fold_of(n=200)
    figures = fold_figures(majority_fold(fold))
    assert figures["song_precision_at_1"] == fold.truth.count("jazz") / 200
    assert figures["song_precision_at_3"] == 1 - fold.truth.count("blues") / 200


def test_the_json_has_its_stable_members_and_is_plain():
    table = label_table(
        "mood",
        "artist",
        "IC(5,15,64)F(192)O",
        [fold_of(f) for f in range(3)],
        controls={"shuffled_labels": [fold_of(9, signal=0)]},
    )
    assert {"label", "split", "architecture", "folds", "mean", "controls"} <= set(table)
    assert all({"fold", *FIGURES} <= set(fold) for fold in table["folds"])
    assert set(table["controls"]) == {"majority", "shuffled_labels"}
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_mean_and_sd_are_those_of_the_folds():
    table = label_table("mood", "song", "paper", [fold_of(f) for f in range(4)])
    values = [fold["precision_at_1"] for fold in table["folds"]]
    assert table["mean"]["precision_at_1"] == pytest.approx(np.mean(values))
    assert table["sd"]["precision_at_1"] == pytest.approx(np.std(values, ddof=1))
    assert table["low"]["precision_at_1"] < table["mean"]["precision_at_1"] < table["high"]["precision_at_1"]


def test_one_fold_has_no_spread():
    table = label_table("mood", "song", "paper", [fold_of()])
    assert table["sd"]["loss"] is None
    assert table["low"]["loss"] is None


def test_a_label_that_training_lacks_is_missed_and_counted():
    fold = LabelFold(0, ("a", "b"), ("ska", "pop"), ("jazz", "pop"), np.log([[0.1, 0.9], [0.1, 0.9]]), np.arange(2), {"pop": 3})
    table = label_table("genre", "artist", "paper", [fold])
    assert table["mean"]["precision_at_3"] == 0.5
    assert table["mean"]["loss"] == pytest.approx(-np.log(0.9))
    assert table["classes"] == ["jazz", "pop", "ska"]
    assert 1 in table["counts"].values()


def test_a_table_without_folds_is_refused():
    with pytest.raises(InputError, match="at least one fold"):
        label_table("genre", "song", "paper", [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": ("jazz",)}, "one label a song"),
        ({"log_probabilities": np.zeros((2, 3))}, "must be"),
        ({"log_probabilities": np.full((2, 2), 0.4)}, "logarithms"),
        ({"snippet_song": np.array([0, 0])}, "snippet_song"),
    ],
)
def test_a_malformed_fold_is_refused(change, message):
    good = {"songs": ("a", "b"), "truth": ("jazz", "pop"), "classes": ("jazz", "pop")}
    good |= {"log_probabilities": np.log(np.full((2, 2), 0.5)), "snippet_song": np.arange(2), "train_labels": {}}
    LabelFold(0, **good)
    with pytest.raises(InputError, match=message):
        LabelFold(0, **(good | change))


names = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "c", "d", "e", "f"]), st.sampled_from(["x", "y"])), min_size=8, max_size=40
)


@settings(deadline=None)
@given(names, st.integers(0, 5))
def test_no_artist_stands_in_two_folds(rows, seed):
    songs = [str(n) for n in range(len(rows))]
    artists, labels = zip(*rows, strict=True)
    if len({a or s for a, s in zip(artists, songs, strict=True)}) < 2:
        return
    fold = label_folds(songs, artists, labels, split="artist", folds=2, seed=seed)
    for artist in set(artists) - {""}:
        assert len({f for f, a in zip(fold, artists, strict=True) if a == artist}) == 1
    assert set(fold) == {0, 1}


@settings(deadline=None)
@given(names, st.integers(2, 8))
def test_a_song_split_spreads_songs_and_labels_evenly(rows, folds):
    labels = [label for _, label in rows]
    fold = label_folds([str(n) for n in range(len(rows))], [""] * len(rows), labels, split="song", folds=folds, seed=0)
    for label in set(labels):
        size = np.bincount(fold[np.array(labels) == label], minlength=folds)
        assert size.max() - size.min() <= 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=3, max_size=30), st.integers(2, 5))
def test_every_snippet_is_in_one_fold_and_folds_are_equal(counts, folds):
    if sum(counts) < folds:
        return
    fold = snippet_folds(counts, folds=folds, seed=0)
    assert [len(f) for f in fold] == counts
    size = np.bincount(np.concatenate(fold), minlength=folds)
    assert size.max() - size.min() <= 1


def test_a_snippet_split_parts_songs():
    assert any(len(set(fold.tolist())) > 1 for fold in snippet_folds([6] * 10, folds=5, seed=0))


def test_a_song_without_artist_is_not_joined_with_an_artist_called_like_it():
    fold = label_folds(["abba", "1", "2"], ["", "abba", "abba"], ["x"] * 3, split="artist", folds=2, seed=0)
    assert fold[1] == fold[2] != fold[0]


@pytest.mark.parametrize(
    ("split", "message"), [("snippet", "snippet_folds"), ("album", "'album' must be one of snippet, song, artist")]
)
def test_other_splits_are_refused(split, message):
    with pytest.raises(InputError, match=message):
        label_folds(["a", "b"], ["", ""], ["x", "y"], split=split, folds=2, seed=0)


def test_fewer_snippets_than_folds_are_refused():
    with pytest.raises(InputError, match="folds=4"):
        snippet_folds([1, 2], folds=4, seed=0)
