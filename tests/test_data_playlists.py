"""Playlist files: written so that players and people read them, read with suspicion."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.playlists.entries import Entry, one_line
from data.playlists.files import MOST_BYTES, check_target, format_of, playlist_text, read_playlist, write_playlist
from data.playlists.m3u8 import m3u8_text, parse_m3u
from data.tracks import Track

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
SONG = Entry("/music/Björk/Jóga.flac", "Björk", "Jóga", "Homogenic", 305.4, MBID)
BARE = Entry("/music/#1 hit.mp3")


def read(tmp_path: Path, data: bytes | str, name: str = "list.m3u8") -> list[Entry]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_playlist(path).entries


def test_m3u8_is_the_published_form():
    assert m3u8_text([SONG, BARE], title="Iceland") == (
        "#EXTM3U\n#PLAYLIST:Iceland\n#EXTINF:305,Björk - Jóga\n/music/Björk/Jóga.flac\n#EXTINF:-1,#1 hit.mp3\n/music/#1 hit.mp3\n"
    )


def test_the_file_is_utf_8_without_a_byte_order_mark(tmp_path):
    write_playlist(tmp_path / "a.m3u8", m3u8_text([SONG]))
    assert (tmp_path / "a.m3u8").read_bytes().startswith(b"#EXTM3U\n#EXTINF:305,Bj\xc3\xb6rk")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/music/lists/a.mp3", "a.mp3"),
        ("/music/a.mp3", "../a.mp3"),
        ("/music/lists/#a.mp3", "./#a.mp3"),
        ("/music/lists/ a.mp3", "./ a.mp3"),
        ("/music/lists/http:/a.mp3", "./http:/a.mp3"),
        ("/music/lists/\ufeffa.mp3", "./\ufeffa.mp3"),
    ],
)
def test_relative_paths_start_at_the_playlist_and_pass_for_nothing_else(path, written):
    text = m3u8_text([Entry(path)], folder=Path("/music/lists"))
    assert text.splitlines()[-1] == written
    assert [entry.location for entry in parse_m3u(text, Path("/music/lists"))[0]] == [path]


def test_line_breaks_in_names_become_spaces():
    entry = Entry("/a.mp3", "x\n#EXTINF:1,evil\n/etc/passwd", "t\r\x00\u2028\x1b[31m", seconds=1)
    text = m3u8_text([entry], title="a\nb")
    assert text == "#EXTM3U\n#PLAYLIST:a b\n#EXTINF:1,x #EXTINF:1,evil /etc/passwd - t [31m\n/a.mp3\n"


def test_a_path_with_a_line_break_is_left_out_of_m3u8_and_said_so_and_stands_in_jspf():
    odd = Entry("/music/a\nb.mp3", title="odd")
    text, left_out = playlist_text([odd, SONG], "m3u8", title="", folder=None)
    assert left_out == [odd]
    assert "a\nb" not in text
    text, left_out = playlist_text([odd, SONG], "jspf", title="", folder=None)
    assert left_out == []
    assert json.loads(text)["playlist"]["track"][0]["location"] == ["file:///music/a%0Ab.mp3"]


def test_jspf_is_the_published_form():
    text, _ = playlist_text([SONG], "jspf", title="Iceland", folder=None)
    assert json.loads(text) == {
        "playlist": {
            "title": "Iceland",
            "track": [
                {
                    "location": ["file:///music/Bj%C3%B6rk/J%C3%B3ga.flac"],
                    "title": "Jóga",
                    "creator": "Björk",
                    "album": "Homogenic",
                    "duration": 305400,
                    "identifier": [f"https://musicbrainz.org/recording/{MBID}"],
                }
            ],
        }
    }


NAMES = st.text(st.characters(exclude_characters="/\0\r\n", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


@given(
    st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=1, max_size=5), st.sampled_from(["m3u8", "jspf"]), st.booleans()
)
def test_what_is_written_is_read_back(paths, form, relative):
    folder = Path("/music/lists")
    entries = [Entry("/music/" + "/".join(parts), "An artist", "A - title", seconds=12) for parts in paths]
    text, left_out = playlist_text(entries, form, title="t", folder=folder if relative else None)
    assert not left_out
    if form == "m3u8":
        back, unusable = parse_m3u(text, folder)
    else:
        from data.playlists.jspf import parse_jspf

        back, unusable = parse_jspf(json.loads(text), folder)
    assert unusable == 0
    assert [entry.location for entry in back] == [entry.location for entry in entries]
    assert {(entry.artist, entry.title, entry.seconds) for entry in back} == {("An artist", "A - title", 12.0)}


def test_jspf_that_listenbrainz_writes_is_read_by_its_musicbrainz_ids(tmp_path):
    text = json.dumps({"playlist": {"track": [{"identifier": f"https://musicbrainz.org/recording/{MBID}", "title": "Jóga"}, 7]}})
    (entry,) = read(tmp_path, text, "list.jspf")
    assert (entry.recording_mbid, entry.title, entry.remote) == (MBID, "Jóga", True)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path, ends):
    text = ends.join(["#EXTM3U", "#EXTINF:10,A - B", "a.mp3", "", "# a remark", "sub/b.mp3", ""])
    assert [entry.location for entry in read(tmp_path, text)] == [str(tmp_path / "a.mp3"), str(tmp_path / "sub/b.mp3")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings_in_use_are_read(tmp_path, encoding):
    (entry,) = read(tmp_path, "#EXTM3U\n#EXTINF:10,Björk - Jóga\n/music/Jóga.mp3\n".encode(encoding), "list.m3u")
    assert (entry.location, entry.artist, entry.title) == ("/music/Jóga.mp3", "Björk", "Jóga")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("file:///music/a%20b.mp3", "/music/a b.mp3"),
        ("file://localhost/music/a.mp3", "/music/a.mp3"),
        ("file:/music/a.mp3", "/music/a.mp3"),
        ("FILE:///music/a#1?.mp3", "/music/a#1?.mp3"),
        ("sub\\a.mp3", "/lists/sub/a.mp3"),
        ("../../../etc/passwd", "/etc/passwd"),
        ("$(touch x); `id`.mp3", "/lists/$(touch x); `id`.mp3"),
    ],
)
def test_lines_are_made_absolute_paths_and_nothing_more(line, path):
    entries, unusable = parse_m3u(line, Path("/lists"))
    assert ([entry.location for entry in entries], unusable) == ([path], 0)
    assert not entries[0].remote


@pytest.mark.parametrize("url", ["http://example.org/a.mp3", "https://user:pw@host/x", "smb://nas/a.mp3", "file://nas/a.mp3"])
def test_urls_are_kept_as_remote(url):
    ((entry,), unusable) = parse_m3u(url, Path("/lists"))
    assert (entry.location, entry.remote, unusable) == (url, True, 0)


@pytest.mark.parametrize(
    "line", ["spotify:track:1", "javascript:alert(1)", "a\0b.mp3", "x" * 40_000, "file:relative.mp3", "http://["]
)
def test_lines_that_name_nothing_are_counted(line):
    entries, unusable = parse_m3u(line, Path("/lists"))
    assert len(entries) + unusable == 1
    assert not entries or entries[0].remote


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.m3u8"
    path.write_bytes(data)
    try:
        read_playlist(path)
    except InputError as error:
        if error.code != "not-a-playlist":
            raise


@pytest.mark.parametrize("data", [b"", b"ID3\x04\0\0\0\0", b'{"a": 1}', b"{" * 100_000])
def test_what_is_no_playlist_is_refused(tmp_path, data):
    with pytest.raises(InputError) as raised:
        read(tmp_path, data)
    assert raised.value.code == "not-a-playlist"


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path):
    (tmp_path / "folder.m3u8").mkdir()
    with (tmp_path / "huge.m3u8").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for name in ("none.m3u8", "folder.m3u8", "huge.m3u8"):
        with pytest.raises(InputError, match=name):
            read_playlist(tmp_path / name)


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\nold.mp3\n", b"\xef\xbb\xbf#EXTM3U\n", b'{"playlist": {"track": []}}'])
def test_a_playlist_is_overwritten(tmp_path, data):
    path = tmp_path / "a.m3u8"
    path.write_bytes(data)
    write_playlist(path, "#EXTM3U\nnew.mp3\n")
    assert path.read_text() == "#EXTM3U\nnew.mp3\n"


@pytest.mark.parametrize("data", [b"ID3\x04 music", b"notes of mine", b'{"name": "no playlist"}', b"{ broken"])
def test_anything_else_is_kept_unless_forced(tmp_path, data):
    path = tmp_path / "a.m3u8"
    path.write_bytes(data)
    with pytest.raises(InputError, match="is no playlist") as raised:
        write_playlist(path, "#EXTM3U\n")
    assert raised.value.code == "not-a-playlist"
    assert path.read_bytes() == data
    write_playlist(path, "#EXTM3U\n", force=True)
    assert path.read_text() == "#EXTM3U\n"


def test_a_folder_is_never_written_over(tmp_path):
    with pytest.raises(InputError):
        check_target(tmp_path)


def test_the_format_is_that_of_the_suffix():
    assert (format_of(Path("a.M3U8")), format_of(Path("a.jspf"))) == ("m3u8", "jspf")
    with pytest.raises(InputError, match=r"a\.mp3 must end in"):
        format_of(Path("a.mp3"))


def test_an_entry_of_a_track_says_what_the_track_says():
    track = Track("t", "/a.mp3", "A", "T", "L", {}, 12.0, recording_mbid=MBID)
    assert Entry.of_track(track) == Entry("/a.mp3", "A", "T", "L", 12.0, MBID)


def test_one_line_keeps_printable_text_of_all_scripts():
    assert one_line(" 東京 \t\x07  Ωmega — ☂ ") == "東京 Ωmega — ☂"


def test_reading_opens_nothing_but_the_playlist(tmp_path):
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n/etc/passwd\n../../x\nhttp://example.org/x\nfile:///etc/hosts\n")
    events: list[tuple[str, str]] = []
    watching = [True]

    def hook(event, args):  # (an audit hook sees every open and connect of the process, and can never be taken out again)
        if watching and event in ("open", "socket.connect", "subprocess.Popen", "os.system"):
            events.append((event, str(args[0])))

    sys.addaudithook(hook)
    try:
        read_playlist(path)
    finally:
        watching.clear()
    assert events == [("open", str(path))]
