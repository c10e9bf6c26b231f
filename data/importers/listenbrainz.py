"""Listens as ListenBrainz writes them: a user's export (one JSON object a line, or an older array), and the public dump.

Where rows name their users (the dump, older exports) these are the users; in today's export the file does not say whose it is.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np

from data.importers.json_rows import Objects, objects_of, read_json_array
from data.importers.lines import line_chunks
from data.importers.listenbrainz_columns import add_listens
from data.importers.parsed import BAD_TIME, NO_TIME, Sieve
from data.importers.values import unix_seconds

FEEDBACK = "loved or hated, no listen"
PINNED = "pinned, no listen"
_LISTEN = re.compile(rb'(?<!\\)"track_metadata"\s*:\s*\{')
_BESIDE = re.compile(rb'(?<!\\)"recording_m[sb]id"\s*:')
_FEEDBACK = re.compile(rb'(?<!\\)"(score|pinned_until|blurb_content)"\s*:')
_USER = re.compile(rb'(?<!\\)"(user_name|user_id)"\s*:\s*("[^"]|\d)')


def is_lines(head: bytes) -> bool:
    """Whether a file that begins so holds a listen a line."""
    return not head.startswith(b"[") and _first_listen(head) is not None


def _first_listen(head: bytes) -> bytes | None:
    """The first line that is a listen: those before it may be damaged, as where a dump was cut into pieces."""
    return next((line for line in head.split(b"\n") if line.startswith(b"{") and _LISTEN.search(line)), None)


def is_beside(head: bytes) -> bool:
    """Whether a file that begins so is what an export holds beside listens: recordings loved, hated or pinned."""
    line = head.split(b"\n", 1)[0]
    about = _BESIDE.search(line) is not None and _FEEDBACK.search(line) is not None
    return head.startswith(b"{") and about and b'"listened_at"' not in line


def is_array(head: bytes) -> bool:
    """Whether a file that begins so is one array of listens."""
    return head.startswith(b"[") and _LISTEN.search(head) is not None


def names_users(head: bytes) -> bool:
    """Whether the listens of a file that begins so say who listened."""
    return _USER.search(head if head.startswith(b"[") else _first_listen(head) or b"") is not None


def read_lines(stream: BinaryIO, sieve: Sieve, *, users: bool) -> None:
    """Listens, one a line. With `users` each must name its user."""
    for chunk in line_chunks(stream, sieve):
        if not add_listens(chunk, sieve, users=users):
            _take(objects_of(chunk, sieve), sieve, users=users)


def read_array(stream: BinaryIO, sieve: Sieve, *, users: bool) -> None:
    """Listens in one array. With `users` each must name its user."""
    for objects in read_json_array(stream, sieve):
        _take(objects, sieve, users=users)


def _take(objects: Objects, sieve: Sieve, *, users: bool) -> None:
    lines, rows, listeners = [], [], []
    others: dict[str, list[int]] = {}
    for line, row in zip(objects.lines.tolist(), objects.rows, strict=True):
        meta = row.get("track_metadata")
        if type(meta) is dict and ("listened_at" in row or _what(row) not in (FEEDBACK, PINNED)):
            lines.append(line)
            rows.append(_listen(row, meta))
            if users:
                listeners.append(_user(row))
        else:
            others.setdefault(_what(row), []).append(line)
    for reason, where in others.items():
        (sieve.filter if reason in (FEEDBACK, PINNED) else sieve.reject)(reason, where)
    if rows:
        moments, mbid, artist, title, album, lengths = zip(*rows, strict=True)
        items = {"recording_mbid": mbid, "artist": artist, "title": title, "album": album, "duration": np.array(lengths) / 1000}
        sieve.add(np.array(lines, np.int64), users=listeners if users else None, items=items, time=_seconds(moments))


def _listen(row: dict[str, Any], meta: dict[str, Any]) -> tuple[float, str, str, str, str, float]:
    """Moment (nan: unreadable), recording MBID, artist, title, album, length in ms (0: unknown) of one listen."""
    info = meta.get("additional_info")
    mbid: Any = ""
    length: Any = 0
    if type(info) is dict:
        mbid = info.get("recording_mbid") or ""  # the player's own, surer than what was mapped later
        length = info.get("duration_ms") or 1000 * _number(info.get("duration"))
    if not mbid:
        mapping = meta.get("mbid_mapping")
        mbid = (mapping.get("recording_mbid") or "") if type(mapping) is dict else ""
    artist, title, album = meta.get("artist_name"), meta.get("track_name"), meta.get("release_name")
    return (
        _number(row.get("listened_at"), float("nan")),
        mbid if type(mbid) is str else "",
        artist if type(artist) is str else "",
        title if type(title) is str else "",
        album if type(album) is str else "",
        _number(length),
    )


def _number(value: Any, otherwise: float = 0.0) -> float:
    """A number as it stands or as text; anything else is `otherwise`."""
    kind = type(value)
    if kind is int or kind is float:
        return float(value)
    if kind is str:
        try:
            return float(value)
        except ValueError:
            return otherwise
    return otherwise


def _user(row: dict[str, Any]) -> str:
    """The name of the user, or else the number."""
    name = row.get("user_name") or row.get("user_id")
    return str(name) if type(name) in (str, int) else ""


def _what(row: dict[str, Any]) -> str:
    """What a row is that is no listen."""
    if "pinned_until" in row or "blurb_content" in row:
        return PINNED
    return FEEDBACK if "score" in row and "listened_at" not in row else "no track_metadata"


def _seconds(moments: tuple[float, ...]) -> Any:
    """Moments as int64 seconds; a listen without one (playing now) has no time that can be read."""
    seconds = unix_seconds(np.array(moments))
    seconds[seconds == NO_TIME] = BAD_TIME
    return seconds
