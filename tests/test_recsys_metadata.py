"""Sparse features from the catalogue, and the words for what the hybrid picked."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import InputError
from data.tracks import Track
from recsys.steps.choice import choice_in_words, choice_of
from recsys.steps.metadata import metadata_features


def tracks():
    return [
        Track("a", "/a", "X", labels={"genre": "jazz", "year": "1960"}),
        Track("b", "/b", "X", labels={"genre": "jazz"}),
        Track("c", "/c", "Y", labels={"genre": "rock", "year": "1960"}),
        Track("d", "/d", "Z", labels={"genre": "rock"}),
        Track("e", "/e"),
    ]


def test_songs_that_share_values_have_features_in_common():
    matrix = metadata_features(tracks(), ["genre", "artist"]).matrix.toarray()
    cosine = matrix @ matrix.T
    assert cosine[0, 1] == pytest.approx(1)
    assert cosine[0, 2] == 0


def test_rows_have_length_one_and_songs_without_values_none():
    lengths = np.linalg.norm(metadata_features(tracks(), ["genre", "year"]).matrix.toarray(), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 1, 0], atol=1e-6)


def test_a_value_of_one_song_only_is_left_out():
    assert metadata_features(tracks(), ["artist"]).matrix.shape == (5, 1)  # X; Y and Z have one song each


def test_equal_values_of_different_labels_are_different_features():
    songs = [Track(str(i), "/x", labels={"genre": "sad", "mood": "calm"} if i < 2 else {"mood": "sad"}) for i in range(4)]
    matrix = metadata_features(songs, ["genre", "mood"]).matrix.toarray()
    assert (matrix @ matrix.T)[0, 2] == 0


def test_a_name_that_stands_twice_counts_once():
    once, twice = (metadata_features(tracks(), names) for names in (["genre"], ["genre", "genre"]))
    np.testing.assert_array_equal(once.matrix.toarray(), twice.matrix.toarray())
    assert once.fingerprint == twice.fingerprint


def test_another_value_gives_another_fingerprint():
    changed = [*tracks()[:-1], Track("e", "/e", labels={"genre": "rock"})]
    assert metadata_features(tracks(), ["genre"]).fingerprint != metadata_features(changed, ["genre"]).fingerprint


def test_no_names_are_no_features():
    assert metadata_features(tracks(), []) is None


def test_an_unknown_name_is_told_with_those_that_there_are():
    with pytest.raises(InputError, match=r"'mood'.*artist, genre, year") as raised:
        metadata_features(tracks(), ["genre", "mood"])
    assert raised.value.code == "unknown-label"


def test_a_choice_is_told_in_per_cent():
    choice = {
        "weights": {"songs with listens": {"als": 0.6, "content": 0.4}, "songs without": {"als": 0.25, "content": 0.75}},
        "bridges": {"als": "kernel"},
        "validated": True,
        "listeners": 321,
        "why": "because",
    }
    picked, placed = choice_in_words(choice)
    assert "321 listeners (because)" in picked
    assert "songs with listens: als 60 %, content 40 %; songs without: content 75 %, als 25 %" in picked
    assert placed == "Songs without listens are placed in als by the songs that they sound like"


def test_of_an_engine_of_one_kind_nothing_was_chosen():
    from collab.engine import fit
    from data.ids import IdMap
    from data.listens import Listens

    ids = IdMap(("u",)), IdMap(("t",))
    one = Listens(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), None, *ids)
    assert choice_of(fit("popularity", one)) is None
    assert choice_in_words(None) == []
