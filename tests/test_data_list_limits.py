"""What a list may hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.errors import InputError
from data.list_limits import SAME_SOUND, Gate, Limits
from data.tracks import Track

SONG = Track("t0", "/0.mp3", "Nina Simone", "Sinnerman", "Pastel Blues", {}, 622.0, "hash0", recording_mbid="m" * 36)
OTHER = Track("t1", "/1.mp3", "Odetta", "Spiritual Trilogy", "Ballads", {}, 300.0, "hash1", recording_mbid="n" * 36)


def vector(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


@pytest.mark.parametrize(
    ("same", "why"),
    [
        ({"content_hash": "hash0"}, "same file"),
        ({"recording_mbid": "m" * 36}, "same recording"),
        ({"artist": "nina simone", "title": "Sinnerman!"}, "same artist and title"),
    ],
)
def test_the_same_recording_comes_in_once_and_says_why(same, why):
    gate = Gate(Limits())
    assert gate.admits(SONG)
    assert not gate.admits(replace(OTHER, **same))
    assert [(d.track_id, d.of, d.why) for d in gate.duplicates] == [("t1", "t0", why)]


def test_different_songs_both_come_in():
    gate = Gate(Limits())
    assert gate.admits(SONG, vector(0.0))
    assert gate.admits(OTHER, vector(1.0))
    assert gate.duplicates == []


CLOSE, FAR = 0.9 * np.arccos(SAME_SOUND), 1.1 * np.arccos(SAME_SOUND)


@pytest.mark.parametrize(
    ("angle", "change", "hidden"),
    [
        (CLOSE, {"title": "Sinnerman (Remastered)", "duration": 622.5}, True),
        (CLOSE, {"title": "", "duration": 622.5}, True),
        (CLOSE, {"title": "", "duration": 0.0}, True),
        (FAR, {"title": "", "duration": 622.5}, False),
        (CLOSE, {"title": "", "duration": 630.0}, False),
        (CLOSE, {"title": "Feeling Good", "duration": 622.5}, False),
    ],
)
def test_the_same_sound_is_a_duplicate_only_with_equal_length_and_no_other_title(angle, change, hidden):
    gate = Gate(Limits())
    gate.stands(SONG, vector(0.0))
    assert gate.admits(replace(OTHER, **change), vector(angle)) is not hidden


def test_silence_is_no_sound_to_compare():
    gate = Gate(Limits())
    gate.stands(replace(SONG, title=""), np.zeros(2, np.float32))
    assert gate.admits(replace(OTHER, title="", duration=622.0), np.zeros(2, np.float32))


def test_unknown_names_ids_and_hashes_are_nobodys():
    gate = Gate(Limits())
    assert all(gate.admits(Track(f"t{n}", f"/{n}.mp3")) for n in range(3))


def test_duplicates_are_kept_on_request():
    gate = Gate(Limits(keep_duplicates=True))
    assert gate.admits(SONG)
    assert gate.admits(replace(SONG, track_id="t9"))


def test_an_artist_has_no_more_songs_than_the_cap_in_whatever_case():
    gate = Gate(Limits(artist_cap=2))
    songs = [Track(f"t{n}", f"/{n}", name, f"song {n}") for n, name in enumerate(["ABBA", "Abba", "abba", "Cher"])]
    assert [gate.admits(song) for song in songs] == [True, True, False, True]
    assert gate.duplicates == []


def test_an_album_has_no_more_songs_than_the_cap_and_equal_titles_of_albums_are_two():
    gate = Gate(Limits(album_cap=1))
    songs = [
        Track("1", "/1", "A", "x", "Greatest Hits"),
        Track("2", "/2", "A", "y", "Greatest Hits"),
        Track("3", "/3", "B", "z", "Greatest Hits"),
        Track("4", "/4", "C", "v", "Greatest Hits", album_artist="B"),
    ]
    assert [gate.admits(song) for song in songs] == [True, False, True, False]


def test_unknown_artists_and_albums_are_not_limited():
    gate = Gate(Limits(artist_cap=1, album_cap=1))
    assert all(gate.admits(Track(f"t{n}", f"/{n}", "", f"song {n}")) for n in range(4))


def test_a_seed_takes_no_place_unless_it_counts():
    for counts in (False, True):
        gate = Gate(Limits(artist_cap=1))
        gate.stands(SONG, counts=counts)
        assert gate.admits(Track("t5", "/5", "Nina Simone", "Feeling Good")) is not counts


@pytest.mark.parametrize("bad", [{"artist_cap": 0}, {"album_cap": -1}])
def test_a_cap_below_one_is_refused_by_name(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        Limits(**bad)
