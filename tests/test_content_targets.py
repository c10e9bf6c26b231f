"""Labels as targets: one head a label, several values a song, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from content.targets import Head, balanced_weights, read_targets
from data.errors import InputError
from data.label_values import multiple_values


@pytest.mark.parametrize(
    ("text", "values"), [("a; b; a", ("a", "b")), ("a", ("a",)), ("", ()), ("a;b", ("a", "b")), ("a; ; b ", ("a", "b"))]
)
def test_several_values_stand_in_one_text(text, values):
    assert multiple_values(text) == values


def test_a_label_is_multi_valued_if_any_text_holds_several():
    targets = read_targets("mood", ["q", "p"], {"tags": ["x; y", "x"], "genre": ["b", "a"]}, least_songs=1)
    assert targets.heads == (Head("mood", ("p", "q")), Head("tags", ("x", "y"), True), Head("genre", ("a", "b")))
    assert targets.outputs == 6


def test_a_song_without_a_label_is_known_by_the_others():
    targets = read_targets("mood", ["q", "", "p"], {"tags": ["", "x; y", ""]}, least_songs=1)
    assert [known.tolist() for known in targets.known] == [[True, False, True], [False, True, False]]
    assert targets.values[0].tolist() == [[0, 1], [0, 0], [1, 0]]
    assert targets.values[1].tolist() == [[0, 0], [1, 1], [0, 0]]


def test_rare_values_are_left_out_and_their_songs_stay_known():
    targets = read_targets("mood", ["q", "p", "p"], {"tags": ["x; y", "x; z", "w; z"]}, least_songs=2)
    assert targets.heads[1].classes == ("x", "z")
    assert targets.values[1].tolist() == [[1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "also", "message"),
    [
        (["a", "b"], {"mood": ["x", "y"]}, "primary one"),
        (["a", "b"], {"tags": ["x"]}, "2 songs and 1 texts of 'tags'"),
        (["a", "", "b"], {"tags": ["x; y", "", "x"]}, "1 of 3 songs have no 'mood' or 'tags'"),
        (["a", "b"], {"genre": ["x", ""]}, "all 1 songs have genre 'x'"),
        (["a", "b"], {"tags": ["x; y", "z"]}, "of the 3 values of 'tags' none is carried by 2 songs"),
        (["", ""], {"tags": ["x; y", "x"]}, "no song has the label 'mood'"),
    ],
)
def test_what_cannot_be_learned_is_refused(labels, also, message):
    with pytest.raises(InputError, match=message):
        read_targets("mood", labels, also, least_songs=2)


def test_classes_of_one_song_are_named_in_one_warning(caplog):
    read_targets("mood", ["a", "b", "c", "d", "e", "e"], {}, least_songs=1)
    assert [record.getMessage() for record in caplog.records] == [
        "only one song each has mood 'a', 'b', 'c', ...: the network can learn the song, not the class"
    ]


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0] * 5 + [1] * 2 + [2] * 9)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(balanced_weights(np.eye(3, dtype=np.float32)[labels]), expected, rtol=1e-6)


def test_a_class_without_songs_weighs_nothing():
    assert balanced_weights(np.array([[1, 0], [1, 0]], np.float32)).tolist() == [0.5, 0.0]
