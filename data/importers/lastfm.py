"""Personal histories from Last.fm, as two well-known exporters write them, and the sets Last.fm-1K and Last.fm-360K."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from data.importers.delimited import header_of, read_rows, split
from data.importers.parsed import NO_TIME, Sieve
from data.importers.values import dates, numbers, times

SCROBBLES_HEADER = ["uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid"]
_DATE = "%d %b %Y %H:%M"
_IS_DATE = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_MSD_SONG = re.compile(r"SO[0-9A-Z]{16}")
_NO_SHA1 = "user is not 40 hex digits"


def _half_of_lines(head: bytes, delimiter: str, is_row: Callable[[list[str]], bool]) -> bool:
    """Whether half of the lines at least are rows of a table without a header; stray ones are what such files have."""
    whole = head.split(b"\n")
    lines = [line.rstrip(b"\r").decode("utf-8", "replace") for line in (whole[:-1] or whole)[:200] if line.strip()]
    rows = sum(is_row((split(line, delimiter) if delimiter == "," else None) or line.split(delimiter)) for line in lines)
    return rows > 0 and 2 * rows >= len(lines)


def is_scrobbles(head: bytes) -> bool:
    """Whether a file begins with the header of a table of scrobbles (uts, utc_time, artist, ...)."""
    return header_of(head.split(b"\n", 1)[0], ",") == SCROBBLES_HEADER


def is_plain(head: bytes) -> bool:
    """Whether a file that begins so has the columns artist, album, track, date and no header."""
    return _half_of_lines(head, ",", lambda row: len(row) == 4 and _IS_DATE.fullmatch(row[3].strip()) is not None)


def is_1k(head: bytes) -> bool:
    """Whether a file that begins so is laid out as Last.fm-1K: user, time, artist id, artist, track id, track."""
    return _half_of_lines(head, "\t", lambda row: len(row) == 6 and _ISO.fullmatch(row[1].strip()) is not None)


def is_360k(head: bytes) -> bool:
    """Whether a file that begins so is laid out as Last.fm-360K: user (40 hex digits), artist id, artist, plays."""
    return _half_of_lines(
        head, "\t", lambda row: len(row) == 4 and _SHA1.fullmatch(row[0]) is not None and row[3].strip().isdecimal()
    )


def is_taste_profile(head: bytes) -> bool:
    """Whether a file that begins so is the MSD taste profile: user (40 hex digits), song (SO...), plays."""
    return _half_of_lines(
        head, "\t", lambda row: len(row) == 3 and _SHA1.fullmatch(row[0]) is not None and _MSD_SONG.fullmatch(row[1]) is not None
    )


def read_scrobbles(stream: BinaryIO, sieve: Sieve) -> None:
    """uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid, with a header."""
    for rows in read_rows(stream, delimiter=",", columns=(0, 2, 3, 4, 6, 7), quoted=True, sieve=sieve):
        time, artist, artist_mbid, album, title, mbid = rows.columns
        items = {"recording_mbid": mbid, "artist_mbid": artist_mbid, "artist": artist, "title": title, "album": album}
        sieve.add(rows.lines, users=None, items=items, time=times(time))


def read_plain(stream: BinaryIO, sieve: Sieve) -> None:
    """artist,album,track,date ("02 Jan 2020 13:37", UTC), without a header."""
    for rows in read_rows(stream, delimiter=",", columns=(0, 1, 2, 3), quoted=True, sieve=sieve, width=4):
        artist, album, title, date = rows.columns
        written = [text.strip().replace(",", "") for text in date.to_pylist()]
        time = dates(written, _DATE)
        time[[not text or text.startswith("01 Jan 1970") for text in written]] = NO_TIME
        sieve.add(rows.lines, users=None, items={"artist": artist, "title": title, "album": album}, time=time)


def read_1k(stream: BinaryIO, sieve: Sieve) -> None:
    """userid, timestamp, artist id, artist, track id, track; tabs, no header, ids often empty, quotation marks are letters."""
    for rows in read_rows(stream, delimiter="\t", columns=range(6), quoted=False, sieve=sieve, width=6):
        user, time, artist_mbid, artist, mbid, title = rows.columns
        items = {"recording_mbid": mbid, "artist_mbid": artist_mbid, "artist": artist, "title": title}
        sieve.add(rows.lines, users=user, items=items, time=times(time))


def read_360k(stream: BinaryIO, sieve: Sieve) -> None:
    """user, artist id, artist, plays; tabs, no header; some users are stray dates and are refused."""
    for rows in read_rows(stream, delimiter="\t", columns=range(4), quoted=False, sieve=sieve, width=4):
        user, artist_mbid, artist, plays = rows.columns
        known = _sha1s(user)
        sieve.reject(_NO_SHA1, rows.lines[~known])
        user, artist_mbid, artist, plays = (column.filter(known) for column in (user, artist_mbid, artist, plays))
        items = {"artist_mbid": artist_mbid, "artist": artist}
        sieve.add(rows.lines[known], users=user, items=items, weight=numbers(plays))


def read_taste_profile(stream: BinaryIO, sieve: Sieve) -> None:
    """user, song, plays; tabs, no header."""
    import pyarrow.compute as pc

    for rows in read_rows(stream, delimiter="\t", columns=range(3), quoted=False, sieve=sieve, width=3):
        user, song, plays = rows.columns
        known = _sha1s(user)
        sieve.reject(_NO_SHA1, rows.lines[~known])
        songs = np.asarray(pc.match_substring_regex(song, f"^{_MSD_SONG.pattern}$"), dtype=bool)
        sieve.reject("song is no id of a song (SO...)", rows.lines[known & ~songs])
        good = known & songs
        items = {"key": song.filter(good)}
        sieve.add(rows.lines[good], users=user.filter(good), items=items, weight=numbers(plays.filter(good)))


def _sha1s(user: Any) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(user, f"^{_SHA1.pattern}$"), dtype=bool)
