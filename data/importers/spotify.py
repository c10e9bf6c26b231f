"""What Spotify hands out: the extended streaming history, and the short one of the account data; both arrays of JSON.

Only what names the song and when it was played is taken out of a row: user name, address, device and country are dropped while
reading. Spotify gives the end of a play; stored is its start, as in other histories.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np

from data.importers.json_rows import Objects, read_json_array
from data.importers.parsed import NO_TIME, Sieve
from data.importers.values import times

LEAST_MS = 30_000  # a shorter play does not count, by Spotify's own rule
LONGEST_MS = 1e9
TOO_SHORT = "played for less than 30 s"
PRIVATE = "private session"
NO_MUSIC = "podcast, audiobook or video"
_EXTENDED = tuple(re.compile(rb'(?<!\\)"%s"\s*:' % key) for key in (b"ts", b"ms_played"))
_SHORT = tuple(re.compile(rb'(?<!\\)"%s"\s*:' % key) for key in (b"endTime", b"msPlayed"))


def is_extended(head: bytes) -> bool:
    """Whether a file that begins so is (a part of) the extended streaming history."""
    return head.startswith(b"[") and all(key.search(head) for key in _EXTENDED)


def is_short(head: bytes) -> bool:
    """Whether a file that begins so is (a part of) the history in the account data."""
    return head.startswith(b"[") and all(key.search(head) for key in _SHORT)


def read_extended(stream: BinaryIO, sieve: Sieve) -> None:
    """Plays of music of 30 s or more outside private sessions; the item is Spotify's URI with the names beside it."""
    for objects in read_json_array(stream, sieve):
        _take(objects, sieve, _extended_row)


def read_short(stream: BinaryIO, sieve: Sieve) -> None:
    """Plays of music of 30 s or more; times are whole minutes, less the length of the play."""
    for objects in read_json_array(stream, sieve):
        _take(objects, sieve, _short_row)


class _BadRowError(Exception):
    """Why a row is no row of the format."""


class _NoListenError(Exception):
    """Why a sound row does not count."""


def _extended_row(row: dict[str, Any]) -> tuple[str, Any, str, str, str, str]:
    end, length, uri = row.get("ts"), row.get("ms_played"), row.get("spotify_track_uri")
    _check(end, length)
    if row.get("incognito_mode") is True:
        raise _NoListenError(PRIVATE)
    if not uri:
        raise _NoListenError(NO_MUSIC)
    if not isinstance(uri, str):
        raise _BadRowError("spotify_track_uri is no text")
    names = (f"master_metadata_{name}_name" for name in ("album_artist", "track", "album_album"))
    return str(end), length, uri, *(_text(row.get(name)) for name in names)  # type: ignore[return-value]  # (three names)


def _short_row(row: dict[str, Any]) -> tuple[str, Any, str, str, str, str]:
    end, length = row.get("endTime"), row.get("msPlayed")
    _check(end, length)
    if "trackName" not in row and ("podcastName" in row or "episodeName" in row):
        raise _NoListenError(NO_MUSIC)
    return str(end), length, "", _text(row.get("artistName")), _text(row.get("trackName")), ""


def _check(end: Any, length: Any) -> None:
    if not isinstance(end, str) or not end:
        raise _BadRowError("time cannot be read")
    if not isinstance(length, int | float) or isinstance(length, bool) or not 0 <= length <= LONGEST_MS:
        raise _BadRowError("length of the play cannot be read")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _take(objects: Objects, sieve: Sieve, read_row: Any) -> None:
    lines, taken = [], []
    bad: dict[str, list[int]] = {}
    idle: dict[str, list[int]] = {}
    for line, row in zip(objects.lines.tolist(), objects.rows, strict=True):
        try:
            found = read_row(row)
        except _BadRowError as why:
            bad.setdefault(str(why), []).append(line)
        except _NoListenError as why:
            idle.setdefault(str(why), []).append(line)
        else:
            if found[1] < LEAST_MS:
                idle.setdefault(TOO_SHORT, []).append(line)
            else:
                lines.append(line)
                taken.append(found)
    for reason, where in bad.items():
        sieve.reject(reason, where)
    for reason, where in idle.items():
        sieve.filter(reason, where)
    if taken:
        ends, lengths, key, artist, title, album = zip(*taken, strict=True)
        end = times(list(ends))
        start = np.where(end > 0, np.maximum(end - (np.array(lengths) // 1000).astype(np.int64), 1), end)
        start[end == NO_TIME] = NO_TIME
        items = {"key": key, "artist": artist, "title": title, "album": album}
        sieve.add(np.array(lines, np.int64), users=None, items=items, time=start)
