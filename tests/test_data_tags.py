"""Names: from tags, from file names, and how they are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from data.tags import artist_and_title, clean, normalised, read_tags


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
