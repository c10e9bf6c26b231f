"""Names: from tags, from file names, and how they are compared."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data.tags import LONGEST, artist_and_title, clean, normalised, number_of, read_tags, year_of


def tagged(path: Path, **tags: str) -> Path:
    with soundfile.SoundFile(path, "w", 8000, 1, format="FLAC") as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(np.zeros(8000, np.float32))
    return path


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("Miles Davis - So What", ("Miles Davis", "So What")),
        ("Miles_Davis-So_What", ("Miles Davis", "So What")),
        ("Jay-Z - Hard Knock Life", ("Jay-Z", "Hard Knock Life")),
        ("01 - Miles Davis - So What", ("Miles Davis", "So What")),
        ("01 - So What", ("", "So What")),
        ("07. So What", ("", "So What")),
        ("So What", ("", "")),
        ("MT-0001", ("", "")),
        ("99", ("", "")),
    ],
)
def test_artist_and_title_of_file_names(stem: str, expected: tuple[str, str]) -> None:
    assert artist_and_title(stem) == expected


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert normalised("  BJÖRK & The Guðmundur-Trio ") == normalised("björk and the guðmundur trio")
    assert normalised("!!!") == "!!!" != normalised("???")
    assert normalised("東京事変") == "東京事変"


def test_text_of_tags_is_one_valid_line() -> None:
    assert clean(" a\x00b\nc\ud800 ") == "a b c?"


def test_tags_win_over_the_file_name(tmp_path: Path) -> None:
    tags = read_tags(tagged(tmp_path / "X - Y.flac", artist="Ärtist", title="Títle", album="Al", genre="Jazz"))
    assert (tags.artist, tags.title, tags.album, tags.genre) == ("Ärtist", "Títle", "Al", "Jazz")


def test_a_file_that_is_no_audio_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"ID3" + b"\xff" * 50)
    assert read_tags(tmp_path / "a.mp3").artist == ""


MBID = "0a1b2c3d-1111-2222-3333-444455556666"


def id3(path: Path, *frames: tuple[str, bytes]) -> Path:
    """A file that begins with an ID3v2.4 header of these frames; `read_tags` needs no sound."""

    def size(n: int) -> bytes:
        return bytes((n >> shift) & 0x7F for shift in (21, 14, 7, 0))

    body = b"".join(name.encode() + size(len(content)) + b"\0\0" + content for name, content in frames)
    path.write_bytes(b"ID3\x04\0\0" + size(len(body)) + body + b"\xff\xfb\x90\0" + bytes(2000))
    return path


def test_id3_tells_album_artist_year_number_and_musicbrainz_ids(tmp_path: Path) -> None:
    tags = read_tags(
        id3(
            tmp_path / "a.mp3",
            ("TIT2", b"\x03Title"),
            ("TPE2", b"\x03Various"),
            ("TDRC", b"\x031999-05-01"),
            ("TRCK", b"\x033/12"),
            ("UFID", b"http://musicbrainz.org\0" + MBID.encode()),
            ("TXXX", b"\x03MusicBrainz Album Id\0" + MBID.upper().encode()),
            ("TXXX", b"\x01" + "MusicBrainz Artist Id".encode("utf-16") + b"\0\0" + f"{MBID}/x".encode("utf-16")),
        )
    )
    assert (tags.title, tags.album_artist, tags.year, tags.number) == ("Title", "Various", 1999, 3)
    assert (tags.recording_mbid, tags.artist_mbid, tags.release_mbid) == (MBID, MBID, MBID)


def test_vorbis_comments_tell_the_same(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "a.flac"
    with av.open(path, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=44100)
        names = ("MUSICBRAINZ_TRACKID", "MUSICBRAINZ_ARTISTID", "MUSICBRAINZ_ALBUMID")
        container.metadata.update({"album_artist": "Various", "track": "3/4", "date": "2001-02"} | dict.fromkeys(names, MBID))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    tags = read_tags(path)
    assert (tags.album_artist, tags.year, tags.number) == ("Various", 2001, 3)
    assert (tags.recording_mbid, tags.artist_mbid, tags.release_mbid) == (MBID, MBID, MBID)


def test_a_hostile_tag_becomes_one_short_line(tmp_path: Path) -> None:
    title = "a\nb\0c\x1b[31m\u202e" + "x" * 1_000_000
    tags = read_tags(id3(tmp_path / "a.mp3", ("TIT2", b"\x03" + title.encode()), ("TPE1", b"\x03\r\n\t\x07")))
    assert tags.title.startswith("a")
    assert len(tags.title) <= LONGEST
    assert not any(unicodedata.category(c) == "Cc" or c == "\u202e" for c in tags.title + tags.artist)


def test_ids_numbers_and_years_that_are_none_are_unknown(tmp_path: Path) -> None:
    bad = ("TXXX", b"\x03MusicBrainz Album Id\0../../etc/passwd")
    tags = read_tags(id3(tmp_path / "a.mp3", ("TDRC", b"\x03soon"), ("TRCK", b"\x03A1"), bad))
    assert (tags.year, tags.number, tags.release_mbid) == (0, 0, "")


@pytest.mark.parametrize(
    ("text", "year"),
    [("1999", 1999), ("1.5.1999", 1999), ("20010501", 2001), ("2001-02-03T10:00", 2001), ("99", 0), ("19991", 0), ("0000", 0)],
)
def test_the_year_of_a_date(text: str, year: int) -> None:
    assert year_of(text) == year


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("03/12", 3), (7, 7), ("", 0), ("-1", 0), ("12345", 0), ("²", 0)])
def test_the_number_of_a_song(text: str | int, number: int) -> None:
    assert number_of(text) == number
