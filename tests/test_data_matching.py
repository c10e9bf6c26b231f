"""Songs of a history are found by ids, names and nearly equal names; in doubt there is no match."""

from __future__ import annotations

import numpy as np
import pytest

from data.matching import WAYS, Item, SongIndex, match_songs, songs_fingerprint
from data.tracks import Track

M1, M2 = "11111111-aaaa-bbbb-cccc-dddddddddddd", "22222222-aaaa-bbbb-cccc-dddddddddddd"
LIBRARY = [
    Track("0", "/0", "Björk", "Army of Me", "Post", recording_mbid=M1, duration=234),
    Track("1", "/1", "The Cure", "Friday I'm in Love", "Wish"),
    Track("2", "/2", "The Cure", "Friday I'm in Love (Live)", "Show"),
    Track("3", "/3", "Various Artists", "Song of Nobody"),
    Track("4", "/4", "Soloist", "Duet", "Compilation", album_artist="The Orchestra"),
    Track("5", "/5", "Led Zeppelin", "Whole Lotta Love", "II", duration=333),
    Track("6", "/6", "Led Zeppelin", "Whole Lotta Love", "Mothership", duration=334.5),
    Track("7", "/7", "Beyoncé feat. JAY-Z", "Crazy in Love"),
    Track("8", "/8", "Composer", "Symphony No. 5"),
    Track("9", "/9", "Robbie Williams", "Angels"),
    Track("10", "/10", "Band", "Remastered"),
    Track("11", "/11", "Singer", "I Can Believe"),
    Track("12", "/12", "Sänger", "Grüße aus München"),
    Track("13", "/13", "Guns N' Roses", "Don't Cry (2022 Remaster)"),
    Track("14", "/14", "Fleetwood Mac", "Dreams"),
    Track("15", "/15", "Fleetwood Max", "Dreams"),
    Track("16", "/16", "宇多田ヒカル", "光"),
]
INDEX = SongIndex(LIBRARY)


def found(**item: object) -> tuple[str | None, str]:
    row, way = INDEX.match(Item(**item))  # type: ignore[arg-type]
    return (LIBRARY[row].track_id if row >= 0 else None), WAYS[way]


def test_a_track_id_comes_before_everything() -> None:
    assert found(key="1", recording_mbid=M1, artist="Björk", title="Army of Me") == ("1", "track id")


def test_a_recording_id_comes_before_names() -> None:
    assert found(recording_mbid=M1.upper(), artist="The Cure", title="Friday I'm in Love") == ("0", "MusicBrainz recording id")


def test_an_unknown_recording_id_falls_back_to_names() -> None:
    assert found(recording_mbid=M2, artist="BJORK", title="army of me!") == ("0", "artist and title")


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("bjork", "Army Of Me - Remastered 2011", "0"),
        ("Björk", "Army of Me (2011 Digital Remaster)", "0"),
        ("Björk feat. Somebody", "Army of Me (feat. Skunk Anansie)", "0"),
        ("Cure, The", "Friday Im In Love", "1"),
        ("CURE", "Friday, I'm in love", "1"),
        ("The Cure", "Friday I'm in Love - Live", "2"),
        ("The Cure", "Friday I'm in Love (Live, Remastered 2011)", "2"),
        ("Orchestra", "Duet", "4"),
        ("Soloist", "Duet", "4"),
        ("Beyonce", "Crazy In Love (feat. Jay-Z)", "7"),
        ("Band", "Remastered", "10"),
        ("Guns N’ Roses", "Don’t Cry", "13"),
        ("宇多田ヒカル", "光", "16"),
    ],
)
def test_names_that_are_spelt_otherwise_are_the_same(artist: str, title: str, expected: str) -> None:
    assert found(artist=artist, title=title) == (expected, "artist and title")


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("Led Zepplin", "Whole Lotta Love", "5"),
        ("Led Zeppelin", "Whole Lota Love", "5"),
        ("Sänger", "Grüße aus Muenchen", "12"),
    ],
)
def test_slips_of_the_pen_are_found(artist: str, title: str, expected: str) -> None:
    assert found(artist=artist, title=title) == (expected, "similar artist and title")


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Björk", "Army of Me - Live"),
        ("Björk", "Army of Me (Remix)"),
        ("Björk", "Army of You"),
        ("Somebody Else", "Army of Me"),
        ("Various Artists", "Song of Nobody"),
        ("Composer", "Symphony No. 6"),
        ("Robbie Williams", "Angel"),
        ("Singer", "I Can't Believe"),
        ("Fleetwood Mab", "Dreams"),  # Mac or Max?
        ("Led Zepplin", "Whole Lota Love"),  # artist and title both a little different
        ("", "Army of Me"),
        ("Björk", ""),
        ("Bjark", "Army of Me"),  # so short a name is another
    ],
)
def test_in_doubt_there_is_no_match(artist: str, title: str) -> None:
    assert found(artist=artist, title=title) == (None, "")


@pytest.mark.parametrize(
    ("album", "duration", "expected"), [("Mothership", 0, "6"), ("", 334.5, "6"), ("", 333, "5"), ("?", 0, "5")]
)
def test_of_two_files_of_a_song_album_then_duration_decide(album: str, duration: float, expected: str) -> None:
    assert found(artist="Led Zeppelin", title="Whole Lotta Love", album=album, duration=duration)[0] == expected


def test_the_order_of_items_does_not_matter() -> None:
    names = [("Led Zepplin", "Whole Lotta Love"), ("Fleetwood Mab", "Dreams"), ("CURE", "friday im in love"), ("x", "y")]
    columns = {"artist": [a for a, _ in names], "title": [t for _, t in names]} | {
        name: [""] * 4 for name in ("key", "recording_mbid", "album")
    }
    forth = match_songs(columns, np.zeros(4, np.float32), SongIndex(LIBRARY))
    back = match_songs({name: texts[::-1] for name, texts in columns.items()}, np.zeros(4, np.float32), SongIndex(LIBRARY))
    assert (forth.way.tolist(), forth.item.tolist(), forth.track.tolist()) == ([4, 0, 3, 0], [0, 2], [5, 1])
    assert back.way.tolist() == forth.way.tolist()[::-1]


@pytest.mark.parametrize("name", ["artist", "title", "album", "album_artist", "recording_mbid"])
def test_the_fingerprint_of_the_songs_covers_what_matching_looks_at(name: str) -> None:
    from dataclasses import replace

    changed = [replace(LIBRARY[0], **{name: "changed"}), *LIBRARY[1:]]
    assert songs_fingerprint(changed) != songs_fingerprint(LIBRARY)
