"""MusicBrainz ids in the fields of files and tables."""

from __future__ import annotations

import pytest

from data.musicbrainz import field_of, mbid_of, mbids_in

A, B = "0a1b2c3d-1111-2222-3333-444455556666", "ffffffff-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (A, A),
        (A.upper(), A),
        (f" {A}/{B}", A),
        (f"http://musicbrainz.org\0{A}", A),
        (f"no id;{B}", B),
        ("", ""),
        (A[:-1], ""),
        (A + "0", ""),
        (A.replace("-", ""), ""),
        ("'; DROP TABLE tracks; --", ""),
    ],
)
def test_an_id_is_a_uuid_and_nothing_else(text: str, expected: str) -> None:
    assert mbid_of(text) == expected


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("MUSICBRAINZ_TRACKID", "recording_mbid"),  # Vorbis
        ("MusicBrainz Track Id", "recording_mbid"),  # MP4
        ("musicbrainz/track id", "recording_mbid"),  # ASF
        ("ufid", "recording_mbid"),  # ID3
        ("musicbrainz_recordingid", "recording_mbid"),
        ("MusicBrainz Artist Id", "artist_mbid"),
        ("musicbrainz_albumid", "release_mbid"),
        ("MusicBrainz Release Track Id", ""),
        ("musicbrainz_albumartistid", ""),
        ("genre", ""),
    ],
)
def test_names_of_ids_in_each_format(name: str, field: str) -> None:
    assert field_of(name) == field


def test_the_standards_field_goes_before_another_of_the_same_id() -> None:
    tags = {"musicbrainz_trackid": [B], "ufid": [f"http://musicbrainz.org\0{A}"], "musicbrainz artist id": ["none", B]}
    assert mbids_in(tags) == (A, B, "")
