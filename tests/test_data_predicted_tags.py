"""Predicted tags: when one stands out, and a place in the catalogue that the user's labels never share."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.catalogue import Catalogue
from data.catalogue_file import SCHEMA
from data.errors import InputError
from data.ids import IdMap
from data.predicted_tags import (
    LIFT,
    PROBABLE,
    PredictedTags,
    colours_of_tags,
    read_predicted_tags,
    standing_out,
    store_predicted_tags,
    tagged_sounds,
)
from data.tracks import Track

NAMES = ("rock", "jazz", "Mellow")
SONG = Track("b", "/m/b.mp3", labels={"genre": "pop"}, content_hash="hash-b")
OTHER = Track("a", "/m/a.mp3", labels={"genre": "jazz"}, content_hash="hash-a")
P = {"hash-a": np.array([0.1, 0.9, 0.0], np.float32), "hash-b": np.array([0.8, 0.05, 1.0], np.float32)}


@pytest.fixture
def tagged(catalogue: Catalogue) -> Catalogue:
    """Two songs with tags."""
    for song in (SONG, OTHER):
        catalogue.put(song, root="/m", size=3, mtime_ns=7)
    store_predicted_tags(catalogue, "e1", NAMES, P)
    return catalogue


def songs(catalogue: Catalogue) -> tuple[str, ...]:
    tags = read_predicted_tags(catalogue)
    return tags.tracks.ids if tags is not None else ()


def library(*rows: list[float]) -> PredictedTags:
    table = np.array(rows, np.float32)
    return PredictedTags(
        ("rock", "jazz", "Mellow")[: table.shape[1]], IdMap(tuple(f"t{i}" for i in range(len(rows)))), table, "e"
    )


# when a tag stands out


def test_a_tag_that_is_probable_everywhere_does_not_stand_out():
    assert standing_out(np.float32([0.9]), np.float32([0.8]))[0] == 0


def test_a_tag_that_is_unusual_but_improbable_does_not_stand_out():
    assert standing_out(np.float32([0.9 * PROBABLE]), np.float32([0.0001]))[0] == 0


def test_a_tag_stands_out_from_both_bounds_on():
    mean = np.float32([PROBABLE / LIFT])
    assert standing_out(np.float32([1.01 * PROBABLE]), mean)[0] > 0
    assert standing_out(np.float32([0.99 * PROBABLE]), mean)[0] == 0


def test_the_weight_is_what_the_tag_adds_to_the_divergence_from_the_library():
    np.testing.assert_allclose(standing_out(np.float32([0.6, 0.3]), np.float32([0.2, 0.01])), [0.6 * np.log(3), 0.3 * np.log(30)])


def test_a_tag_that_no_song_has_is_no_division_by_zero():
    assert standing_out(np.zeros((2, 3), np.float32), np.zeros(3, np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_in_a_library_of_equal_songs_nothing_stands_out():
    assert not library([0.9, 0.5], [0.9, 0.5]).weights.any()


def test_tags_of_a_song_come_with_the_strongest_first():
    tags = library([0.3, 0.9, 0.0], *[[0.0, 0.0, 0.3]] * 9)
    assert tags.of("t0") == ("jazz", "rock")
    assert tags.of("t1") == ()
    assert tags.of("unknown") == ()


def test_songs_share_what_stands_out_in_both_of_them():
    tags = library([0.9, 0.5, 0.0], [0.4, 0.9, 0.9], *[[0.0, 0.0, 0.0]] * 9)
    assert tags.shared("t0", "t1") == ("jazz", "rock")
    assert tags.shared("t1", "t0") == ("jazz", "rock")
    assert tags.shared("t0", "t2") == tags.shared("t0", "unknown") == ()


def test_a_colour_is_one_of_the_commonest_tags_or_none():
    rock, jazz, both = [0.9, 0.0, 0.0], [0.0, 0.9, 0.0], [0.0, 0.4, 0.9]
    tags = library(*[rock] * 3, *[jazz] * 2, both, *[[0.0, 0.0, 0.0]] * 6)
    ids = [*tags.tracks.ids[:7], "unknown"]
    expected = ["rock"] * 3 + ["jazz"] * 2
    assert colours_of_tags(tags, ids) == [*expected, "Mellow", "", ""]
    # Where its strongest tag has no colour, the song's next one has.
    assert colours_of_tags(tags, ids, most=2) == [*expected, "jazz", "", ""]
    assert colours_of_tags(tags, ids, most=1) == ["rock"] * 3 + [""] * 5


def test_there_is_no_colour_where_nothing_stands_out():
    assert colours_of_tags(library([0.5], [0.5]), ["t0", "t1"]) == ["", ""]


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        library([0.5], [value])


def test_another_shape_or_type_is_refused():
    with pytest.raises(InputError, match=r"\(2, 1\)"):
        PredictedTags(("rock",), IdMap(("a", "b")), np.zeros((2, 2), np.float32), "e")
    with pytest.raises(InputError, match="float64"):
        PredictedTags(("rock",), IdMap(("a", "b")), np.zeros((2, 1)), "e")


# in the catalogue


def test_tags_come_back_as_they_were_ordered_by_song(tagged):
    tags = read_predicted_tags(tagged)
    assert tags is not None
    assert (tags.names, tags.tracks.ids, tags.encoder) == (NAMES, ("a", "b"), "e1")
    np.testing.assert_array_equal(tags.probabilities, [P["hash-a"], P["hash-b"]])


def test_tags_are_no_labels(tagged):
    assert tagged.label_kinds() == {"genre": 2}
    assert tagged.label_values("predicted tag") == {}
    assert [dict(track.labels) for track in tagged.tracks()] == [{"genre": "jazz"}, {"genre": "pop"}]
    assert set(tagged.label_sources()["a"]) == {"genre"}


def test_tags_do_not_change_the_state_of_the_songs(tagged):
    before = tagged.songs_state()
    store_predicted_tags(tagged, "e2", NAMES, P)
    assert tagged.songs_state() == before


def test_a_catalogue_without_tags_has_none(catalogue):
    assert read_predicted_tags(catalogue) is None
    assert tagged_sounds(catalogue, "e1", 3) == set()


def test_tags_of_sounds_that_no_song_has_are_not_read(tagged):
    store_predicted_tags(tagged, "e1", NAMES, {"hash-z": P["hash-a"]})
    assert songs(tagged) == ("a", "b")


def test_songs_of_equal_sound_have_equal_tags(tagged):
    tagged.put(replace(SONG, track_id="c", path="/m/c.mp3"), root="/m", size=3, mtime_ns=7)
    assert songs(tagged) == ("a", "b", "c")
    tagged.remove("b")
    assert songs(tagged) == ("a", "c")


def test_a_removed_song_takes_its_tags_with_it(tagged):
    tagged.remove("b")
    assert songs(tagged) == ("a",)
    assert tagged_sounds(tagged, "e1", 3) == {"hash-a"}


def test_a_song_whose_sound_changes_loses_its_tags(tagged):
    tagged.put(replace(SONG, content_hash="new"), root="/m", size=4, mtime_ns=8)
    assert songs(tagged) == ("a",)
    assert tagged_sounds(tagged, "e1", 3) == {"hash-a"}


def test_a_song_that_is_moved_or_labelled_anew_keeps_its_tags(tagged):
    tagged.put(replace(SONG, path="/n/b.mp3", labels={"genre": "rock"}), root="/n", size=3, mtime_ns=9)
    assert songs(tagged) == ("a", "b")


def test_tags_of_two_encoders_are_never_mixed(tagged):
    store_predicted_tags(tagged, "e2", ("x", "y"), {"hash-a": np.float32([0.5, 0.25])})
    tags = read_predicted_tags(tagged)
    assert tags is not None
    assert (tags.encoder, tags.names, tags.tracks.ids) == ("e2", ("x", "y"), ("a",))
    assert (tagged_sounds(tagged, "e1", 3), tagged_sounds(tagged, "e2", 2)) == (set(), {"hash-a"})


def test_a_row_of_another_length_is_damaged_and_counts_as_missing(tagged):
    with tagged.transaction() as db:
        db.execute("UPDATE predicted_tags SET probabilities = x'00' WHERE content_hash = 'hash-a'")
    with pytest.raises(InputError) as caught:
        read_predicted_tags(tagged)
    assert caught.value.code == "damaged"
    assert tagged_sounds(tagged, "e1", 3) == {"hash-b"}


# catalogues from before there were tags


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A catalogue of two songs as it was before there were tags."""
    path = tmp_path / "old.sqlite"
    with Catalogue.open(path, create=True) as catalogue:
        for song in (SONG, OTHER):
            catalogue.put(song, root="/m", size=3, mtime_ns=7)
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE predicted_tags; DROP TABLE tag_encoders; DROP INDEX tracks_by_sound")
    db.close()
    return path


def test_an_older_catalogue_is_read_and_has_no_tags(old):
    with Catalogue.open(old, readonly=True) as catalogue:
        assert [track.track_id for track in catalogue.tracks()] == ["a", "b"]
        assert read_predicted_tags(catalogue) is None
        assert tagged_sounds(catalogue, "e1", 3) == set()


def test_an_older_catalogue_takes_tags_and_loses_nothing(old):
    with Catalogue.open(old) as catalogue:
        store_predicted_tags(catalogue, "e1", NAMES, P)
        catalogue.remove("b")
        assert songs(catalogue) == ("a",)
        assert catalogue.track("a") == OTHER


def test_the_schema_stays_so_that_programs_without_tags_go_on_reading(old):
    with Catalogue.open(old) as catalogue:
        store_predicted_tags(catalogue, "e1", NAMES, P)
        assert catalogue.query("SELECT value FROM meta WHERE key = 'schema'") == [(SCHEMA,)]


def test_a_reader_of_an_older_catalogue_writes_nothing(old):
    before = old.read_bytes()
    Catalogue.open(old, readonly=True).close()
    assert old.read_bytes() == before
