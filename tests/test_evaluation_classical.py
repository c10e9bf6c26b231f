"""The support vector machine beside the networks: what it learns from, what it says."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from data.errors import InputError
from evaluation import classical
from evaluation.classical import classical_fold


@pytest.fixture
def examples():
    """120 rows of 3 classes that overlap; features of very different size."""
    rng = np.random.default_rng(0)
    labels = np.array(["blues", "jazz", "rock"])[np.arange(120) % 3]
    features = rng.normal(size=(120, 6)) + 1.5 * (labels[:, None] == np.array(["blues", "jazz", "rock"] * 2))
    return features * [1, 10, 100, 1000, 0.1, 0.01], labels, np.array([f"a{n // 2}" for n in range(120)])


TRAIN, TEST = np.arange(90), np.arange(90, 120)


def test_it_decides_as_scikit_learns_own_pipeline_does(examples):
    features, labels, groups = examples
    scaler = StandardScaler().fit(features[TRAIN])
    machine = SVC(C=classical.C).fit(scaler.transform(features[TRAIN]), labels[TRAIN])
    expected = machine.classes_[machine.decision_function(scaler.transform(features[TEST])).argmax(axis=1)]
    fold = classical_fold(features, labels, groups, TRAIN, TEST, seed=0)
    assert np.array(fold.classes)[fold.log_probabilities.argmax(axis=1)].tolist() == expected.tolist()


def test_it_says_probabilities_that_are_better_than_chance(examples):
    fold = classical_fold(*examples, TRAIN, TEST, seed=0)
    np.testing.assert_allclose(np.exp(fold.log_probabilities).sum(axis=1), 1)
    truth = np.searchsorted(fold.classes, examples[1][TEST])
    assert -fold.log_probabilities[np.arange(30), truth].mean() < 0.8 * np.log(3)


def test_labels_and_features_of_tested_rows_change_nothing(examples):
    features, labels, groups = examples
    before = classical_fold(features, labels, groups, TRAIN, TEST[:1], seed=0)
    other, wrong = features.copy(), labels.copy()
    other[TEST[1:]] += 1e6
    wrong[TEST] = "polka"
    after = classical_fold(other, wrong, groups, TRAIN, TEST[:1], seed=0)
    assert before.classes == after.classes
    np.testing.assert_array_equal(before.log_probabilities, after.log_probabilities)


def test_the_same_seed_gives_the_same_bytes(examples):
    one, two = (classical_fold(*examples, TRAIN, TEST, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.log_probabilities, two.log_probabilities)


def test_two_classes_are_enough_and_a_constant_feature_does_no_harm(examples):
    features, labels, groups = examples
    two = np.flatnonzero(labels != "rock")
    fold = classical_fold(np.hstack([features, np.ones((120, 1))]), labels, groups, two[:60], two[60:], seed=0)
    assert fold.classes == ("blues", "jazz")
    assert (np.array(fold.classes)[fold.log_probabilities.argmax(axis=1)] == labels[two[60:]]).mean() > 0.7


def test_a_class_of_one_artist_can_be_calibrated(examples):
    features, labels, groups = examples
    groups = np.where(labels == "rock", "the rockers", groups)
    assert np.isfinite(classical_fold(features, labels, groups, TRAIN, TEST, seed=0).log_probabilities).all()


def test_one_artist_alone_needs_no_calibration(examples):
    features, labels, _ = examples
    fold = classical_fold(features, labels, np.full(120, "one"), TRAIN, TEST, seed=0)
    assert np.isfinite(fold.log_probabilities).all()


def test_more_examples_than_memory_is_given_are_drawn(examples, monkeypatch):
    monkeypatch.setattr(classical, "MOST_EXAMPLES", 30)
    drawn = classical_fold(*examples, TRAIN, TEST, seed=0)
    assert drawn.log_probabilities.shape == (30, 3)


def test_one_label_is_refused(examples):
    features, labels, groups = examples
    with pytest.raises(InputError, match="two labels"):
        classical_fold(features, labels, groups, np.flatnonzero(labels == "jazz"), TEST, seed=0)
