"""Last.fm: two personal exports, and the sets 1K, 360K and the taste profile of the Million Song Dataset."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imported_rows import parse

SHA1 = "00000c289a1829a808ac09c00daf10bc3c4e223b"
SONG = "SOAKIMP12A8C130995"


def test_scrobbles_with_a_header(tmp_path: Path) -> None:
    text = (
        "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\r\n"
        '"1500000000","14 Jul 2017, 02:40","Earth, Wind & Fire","am","Album","bm","Say ""Yes""","tm"\r\n'
        "1500000001,x,Björk,,Post,,Army of Me,\r\n"
    )
    parsed = parse(tmp_path / "a", text)
    assert (parsed.format, parsed.personal) == ("lastfm", True)
    assert parsed.columns("time", "artist", "artist_mbid", "album", "title", "recording_mbid") == [
        (1500000000, "Earth, Wind & Fire", "am", "Album", 'Say "Yes"', "tm"),
        (1500000001, "Björk", "", "Post", "Army of Me", ""),
    ]


def test_the_plain_table_has_no_header_and_dates_in_words(tmp_path: Path) -> None:
    text = (
        '"Earth, Wind & Fire",Album,September,14 Jul 2017 02:40\nBjörk,,Army of Me,\nA,B,C,01 Jan 1970 00:00\nA,B,C,soon\nA,B\n'
        ",B,C,14 Jul 2017 02:40\n"
    )
    parsed = parse(tmp_path / "a", text)
    assert (parsed.format, parsed.personal) == ("lastfm-plain", True)
    assert parsed.columns("artist", "album", "title", "time") == [
        ("Earth, Wind & Fire", "Album", "September", 1500000000),
        ("Björk", "", "Army of Me", None),
        ("A", "B", "C", None),
    ]
    assert parsed.rejected == {
        "time cannot be read": (1, 4),
        "wrong number of columns": (1, 5),
        "empty artist or title": (1, 6),
    }


def test_1k_with_quotation_marks_empty_ids_and_stray_tabs(tmp_path: Path) -> None:
    text = (
        "user_000001\t2009-05-04T23:08:57Z\tf1b1cf71\tDeep Dish\t\tFuck Me Im Famous\n"
        'user_000001\t2009-05-04T13:54:10Z\t\t"Weird Al" Yankovic\tm1\tEat "It\n'
        "user_000002\t2009-05-04T13:54:10Z\t\ta\tb\tstray\ttab\n"
        "user_000002\t\t\tA\t\tT\n"
    )
    parsed = parse(tmp_path / "a", text)
    assert parsed.format == "lastfm-1k"
    assert parsed.columns("user", "time", "artist_mbid", "artist", "recording_mbid", "title") == [
        ("user_000001", 1241478537, "f1b1cf71", "Deep Dish", "", "Fuck Me Im Famous"),
        ("user_000001", 1241445250, "", '"Weird Al" Yankovic', "m1", 'Eat "It'),
        ("user_000002", None, "", "A", "", "T"),
    ]
    assert parsed.rejected == {"wrong number of columns": (1, 3)}


def test_360k_is_of_artists_and_refuses_stray_users(tmp_path: Path) -> None:
    text = (
        f"{SHA1}\t3bd73256\tbetty blowtorch\t2137\n{SHA1}\t\tdie Ärzte\t1099\nsep 20, 2008\t7e870dd5\tturbostaat\t12\n"
        f"{SHA1}\t\t\t5\n{SHA1}\t\tx\t\n"
    )
    parsed = parse(tmp_path / "a", text)
    assert (parsed.format, parsed.kind) == ("lastfm-360k", "artist")
    assert parsed.columns("user", "artist_mbid", "artist", "weight") == [
        (SHA1, "3bd73256", "betty blowtorch", 2137.0),
        (SHA1, "", "die Ärzte", 1099.0),
    ]
    assert parsed.rejected == {
        "user is not 40 hex digits": (1, 3),
        "empty artist": (1, 4),
        "weight is no number": (1, 5),
    }


def test_a_taste_profile_has_ids_of_songs_and_never_of_tracks(tmp_path: Path) -> None:
    text = f"{SHA1}\t{SONG}\t1\n{SHA1}\t{SONG}\t2\n{SHA1}\tTRAAAAK128F9318786\t2\nx\t{SONG}\t1\n"
    parsed = parse(tmp_path / "a", text)
    assert parsed.format == "msd-taste-profile"
    assert parsed.columns("user", "key", "weight") == [(SHA1, SONG, 1.0), (SHA1, SONG, 2.0)]
    assert parsed.rejected == {"user is not 40 hex digits": (1, 4), "song is no id of a song (SO...)": (1, 3)}


def test_recbole_is_a_table_with_types_in_its_header(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\ti\t4.0\t1500000000.0\n")
    assert parsed.columns("user", "key", "weight", "time") == [("u", "i", 4.0, 1500000000)]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("user,artist,track", "u,A,T", {"artist": "A", "title": "T"}),
        ("user,artist,title,album,duration", "u,A,T,B,2.5", {"artist": "A", "title": "T", "album": "B", "duration": 2.5}),
        ("user,recording_mbid", "u,m", {"recording_mbid": "m"}),
        ("user_id,track_id,artist,title", "u,t,,", {"key": "t", "artist": ""}),
        ("user_id,track_id,artist,title", "u,,A,T", {"key": "", "artist": "A"}),
        ("user,track", "u,t", {"key": "t"}),
    ],
)
def test_a_table_may_give_songs_by_names_or_recordings(tmp_path: Path, header: str, row: str, expected: dict) -> None:
    (found,) = parse(tmp_path / "a", f"{header}\n{row}\n").rows
    assert {name: found[name] for name in expected} == expected


GOOD = {
    "lastfm-1k": b"user_1\t2009-05-04T23:08:57Z\t\tA\t\tT",
    "lastfm-360k": f"{SHA1}\t\tA\t5".encode(),
    "msd-taste-profile": f"{SHA1}\t{SONG}\t5".encode(),
    "lastfm-plain": b"A,B,T,14 Jul 2017 02:40",
    "lastfm": b"1500000000,x,A,,B,,T,",
}
JUNK = st.one_of(
    st.binary(max_size=30),
    st.text(alphabet='a,";\t 1.-\r\x00é\u2028', max_size=20).map(str.encode),
    st.sampled_from([*GOOD.values(), *(line.replace(b"A", b'"A') for line in GOOD.values())]),
).filter(lambda line: b"\n" not in line)


@pytest.mark.parametrize("format_", GOOD)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(JUNK, max_size=10))
def test_no_line_crashes_the_import_or_is_lost(tmp_path: Path, format_: str, lines: list[bytes]) -> None:
    header = [b"uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid"] if format_ == "lastfm" else []
    many = [GOOD[format_]] * 12
    parsed = parse(tmp_path / "a", b"\n".join([*header, *many, *lines]))
    assert parsed.format == format_
    full = sum(1 for line in lines if line.strip(b"\r"))
    assert 12 + full <= parsed.sieve.rows <= 12 + len(lines)
