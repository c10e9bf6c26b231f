"""Which song a person means."""

from __future__ import annotations

import pytest

from data.asked_song import song_asker
from data.errors import InputError
from data.tracks import Track

SONGS = [
    Track("a/1.mp3", "/music/a/1.mp3", "Björk", "Jóga"),
    Track("a/2.mp3", "/music/a/2.mp3", "Björk", "Hunter"),
    Track("b/1.mp3", "/music/b/1.mp3", "Simon & Garfunkel", "America"),
    Track("b/2.mp3", "/music/b/2.mp3", "Hunter", "The Boxer"),
    *(Track(f"c/{n}.mp3", f"/music/c/{n}.mp3", f"Band {n}", "Intro") for n in range(8)),
    Track("d/1.mp3", "/music/d/1.mp3"),
]


@pytest.fixture
def ask(catalogue, tmp_path):
    for song in SONGS:
        catalogue.put(song, root="/music", size=1, mtime_ns=1)
    return song_asker(catalogue, tmp_path)


@pytest.mark.parametrize(
    ("text", "track_id"),
    [
        ("a/1.mp3", "a/1.mp3"),
        ("/music/b/1.mp3", "b/1.mp3"),
        ("/music/x/../b/./1.mp3", "b/1.mp3"),
        ("Björk - Jóga", "a/1.mp3"),
        ("bjork  JOGA", "a/1.mp3"),
        ("simon and garfunkel: america", "b/1.mp3"),
        ("Jóga", "a/1.mp3"),
        ("hunter", "a/2.mp3"),
        ("Band 3 - Intro", "c/3.mp3"),
    ],
)
def test_a_song_is_found_by_id_path_name_and_title(ask, text, track_id):
    assert ask(text).track_id == track_id


def test_a_path_is_taken_from_the_folder_and_through_links(catalogue, tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "x.mp3").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "music")
    path = str(tmp_path / "music" / "x.mp3")
    catalogue.put(Track("x", path), root=str(tmp_path), size=1, mtime_ns=1)
    ask = song_asker(catalogue, tmp_path)
    assert {ask(text).track_id for text in ("music/x.mp3", "./link/x.mp3", path)} == {"x"}


def test_an_id_goes_before_a_title(catalogue, tmp_path):
    catalogue.put(Track("Blue", "/music/1.mp3", "A", "Red"), root="/music", size=1, mtime_ns=1)
    catalogue.put(Track("2", "/music/2.mp3", "B", "Blue"), root="/music", size=1, mtime_ns=1)
    assert song_asker(catalogue, tmp_path)("Blue").path == "/music/1.mp3"


def test_of_a_title_of_several_songs_five_are_listed(ask):
    with pytest.raises(InputError) as raised:
        ask("intro")
    assert raised.value.code == "ambiguous"
    assert str(raised.value).count("(id c/") == 5
    assert "8 songs" in str(raised.value)
    assert "and 3 more" in str(raised.value)


@pytest.mark.parametrize(("text", "meant"), [("Bjork - Jogga", "a/1.mp3"), ("the boxr", "b/2.mp3"), ("d/11.mp3", "d/1.mp3")])
def test_for_an_unknown_song_the_nearest_is_named(ask, text, meant):
    with pytest.raises(InputError) as raised:
        ask(text)
    assert raised.value.code == "unknown-id"
    assert f"(id {meant})" in raised.value.hint


@pytest.mark.parametrize("text", ["", " ", "qqqqqqqq wwwww", "\0", "\udcff", "/etc/passwd", "x" * 10_000])
def test_nonsense_is_refused_in_one_line(ask, text):
    with pytest.raises(InputError) as raised:
        ask(text)
    assert raised.value.code == "unknown-id"
    assert "\n" not in str(raised.value)
