"""Spotify's exports: music of 30 s or more outside private sessions, and nothing about the person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imported_rows import parse

from data.importers import json_rows
from data.stored_listens import import_file


def play(**changes):
    """One row of the extended history, with all that Spotify writes."""
    return {
        "ts": "2017-07-14T02:44:00Z",
        "username": "SECRET-user",
        "platform": "SECRET-device",
        "ms_played": 240_000,
        "conn_country": "ZZ",
        "ip_addr_decrypted": "203.0.113.77",
        "ip_addr": "203.0.113.78",
        "user_agent_decrypted": "SECRET-agent",
        "master_metadata_track_name": "Army of Me",
        "master_metadata_album_artist_name": "Björk",
        "master_metadata_album_album_name": "Post",
        "spotify_track_uri": "spotify:track:abc",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": None,
        "incognito_mode": False,
        **changes,
    }


def array(*rows, **style):
    return json.dumps(list(rows), ensure_ascii=False, **style)


@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_a_play_is_stored_with_its_start(tmp_path: Path, style: dict) -> None:
    parsed = parse(tmp_path / "renamed.txt", array(play(), **style))
    assert (parsed.format, parsed.personal) == ("spotify", True)
    assert parsed.columns("user", "key", "artist", "title", "album", "weight", "time") == [
        (None, "spotify:track:abc", "Björk", "Army of Me", "Post", 1.0, 1500000000)
    ]


def test_what_is_no_music_is_filtered_and_not_bad(tmp_path: Path) -> None:
    rows = [
        play(),
        play(ms_played=29_999),
        play(incognito_mode=True),
        play(spotify_track_uri=None, spotify_episode_uri="spotify:episode:x", episode_name="e"),
        play(spotify_track_uri=None, audiobook_title="a"),
        play(ms_played=30_000),
    ]
    parsed = parse(tmp_path / "a", array(*rows))
    assert len(parsed.rows) == 2
    assert parsed.rejected == {}
    assert parsed.filtered == {
        "played for less than 30 s": (1, 2),
        "private session": (1, 3),
        "podcast, audiobook or video": (2, 4),
    }


def test_names_may_be_null(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", array(play(master_metadata_track_name=None, master_metadata_album_artist_name=None)))
    assert parsed.columns("key", "artist", "title") == [("spotify:track:abc", "", "")]


def test_malformed_rows_are_counted_by_reason(tmp_path: Path) -> None:
    rows = [
        play(),
        play(ts="yesterday"),
        play(ts=None),
        play(ms_played="long"),
        play(ms_played=None),
        5,
        None,
        [],
        play(spotify_track_uri=7),
    ]
    parsed = parse(tmp_path / "a", array(*rows))
    assert len(parsed.rows) == 1
    assert parsed.rejected == {
        "time cannot be read": (2, 2),
        "length of the play cannot be read": (2, 4),
        "no JSON object": (3, 6),
        "spotify_track_uri is no text": (1, 9),
    }


def test_nan_spoils_its_row_alone(tmp_path: Path) -> None:
    parsed = parse(tmp_path / "a", array(play(), play(ms_played=float("nan")), play()))
    assert len(parsed.rows) == 2
    assert parsed.rejected == {"no JSON object": (1, 2)}


def test_a_byte_order_mark_and_blanks_do_not_count(tmp_path: Path) -> None:
    assert len(parse(tmp_path / "a", b"\xef\xbb\xbf\r\n " + array(play()).encode() + b"\r\n").rows) == 1


@pytest.mark.parametrize("cut", [20, 400])
def test_an_array_that_breaks_off_gives_what_is_whole_and_one_bad_row(tmp_path: Path, cut: int) -> None:
    parsed = parse(tmp_path / "a", array(play(), play(), play()).encode()[:-cut])
    assert len(parsed.rows) == 2
    assert parsed.rejected == {"no JSON object": (1, 3)}


def test_titles_that_look_like_the_end_of_a_row_do_not_cut_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "PIECE_BYTES", 100)
    titles = ['a},{"ts":1', "b}, {", '\\"}]', "}},{{", "] , ["]
    parsed = parse(tmp_path / "a", array(*(play(master_metadata_track_name=title) for title in titles)))
    assert [title for (title,) in parsed.columns("title")] == titles


def test_damage_in_the_middle_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "PIECE_BYTES", 512)
    monkeypatch.setattr(json_rows, "LONGEST_ROW", 4096)
    text = array(*(play(master_metadata_track_name=f"title {n}") for n in range(40)))
    parsed = parse(tmp_path / "a", text.replace('"title 17"', '"title 17').encode())
    assert len(parsed.rows) == 39
    assert parsed.rejected == {"no JSON object": (1, 18)}


def test_the_short_form_has_minutes_and_no_ids(tmp_path: Path) -> None:
    rows = [
        {"endTime": "2017-07-14 02:44", "artistName": "Björk", "trackName": "Army of Me", "msPlayed": 240_000},
        {"endTime": "2017-07-14 02:50", "artistName": "Björk", "trackName": "Army of Me", "msPlayed": 1_000},
        {"endTime": "2017-07-14 02:50", "podcastName": "P", "episodeName": "E", "msPlayed": 100_000},
        {"endTime": "2017-07-14 02:50", "artistName": "Björk", "trackName": "", "msPlayed": 100_000},
    ]
    parsed = parse(tmp_path / "a", array(*rows))
    assert parsed.format == "spotify-short"
    assert parsed.columns("artist", "title", "time") == [("Björk", "Army of Me", 1500000000)]
    assert parsed.filtered == {"played for less than 30 s": (1, 2), "podcast, audiobook or video": (1, 3)}
    assert parsed.rejected == {"empty artist or title": (1, 4)}


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.text(max_size=5), st.just([]), st.just("2017-07-14T02:44:00Z")
)
ROWS = st.one_of(
    st.dictionaries(st.sampled_from(list(play())), VALUES, max_size=4).map(lambda changes: play(**changes)),
    st.dictionaries(st.text(max_size=4), VALUES, max_size=3),
    VALUES,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=12), indent=st.sampled_from([None, 1]))
def test_no_row_crashes_the_import_or_is_lost(tmp_path: Path, rows: list, indent: int | None) -> None:
    parsed = parse(tmp_path / "a", array(play(), *rows, indent=indent))
    assert parsed.sieve.rows == 1 + len(rows)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(1, 10**6), junk=st.binary(min_size=1, max_size=6))
def test_random_damage_never_crashes_the_import(tmp_path: Path, at: int, junk: bytes) -> None:
    whole = array(*[play()] * 5).encode()
    at = len(array(play())) + at % (len(whole) - len(array(play())))
    parsed = parse(tmp_path / "a", whole[:at] + junk + whole[at:])
    assert parsed.sieve.good >= 1
    assert parsed.sieve.good == 5 or parsed.rejected or parsed.filtered


def test_nothing_about_the_person_reaches_the_disk(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text(array(*(play(ts=f"2017-07-14T02:{n:02}:00Z") for n in range(50))))
    import_file(tmp_path / "w", tmp_path / "history.json")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "w").iterdir())
    assert b"PAR1" in stored
    for secret in (b"SECRET", b"203.0.113", b"trackdone"):
        assert secret not in stored
