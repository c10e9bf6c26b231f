"""JSPF: the JSON form of XSPF (https://xspf.org/jspf), as ListenBrainz reads and writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from data.playlists.entries import Entry, seen_from
from data.playlists.m3u8 import local_path

RECORDING = "https://musicbrainz.org/recording/"
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def jspf_text(entries: Sequence[Entry], *, title: str = "", folder: Path | None = None) -> str:
    """A playlist; locations are file: URLs, or percent-encoded paths as seen from `folder` if that is given."""
    tracks = [_track(entry, folder) for entry in entries]
    playlist = {"title": title, "track": tracks} if title else {"track": tracks}
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def is_jspf(value: object) -> bool:
    """Whether parsed JSON is a playlist."""
    return isinstance(value, dict) and isinstance(value.get("playlist"), dict)


def parse_jspf(value: Mapping[str, Any], folder: Path) -> tuple[list[Entry], int]:
    """The entries of a playlist for which `is_jspf`, and how many tracks could not be used."""
    tracks = value["playlist"].get("track")
    tracks = tracks if isinstance(tracks, list) else []
    entries = [entry for entry in (_entry(track, folder) for track in tracks) if entry is not None]
    return entries, len(tracks) - len(entries)


def _track(entry: Entry, folder: Path | None) -> dict[str, Any]:
    track: dict[str, Any] = {}
    if entry.location:
        track["location"] = [_location(entry, folder)]
    track["title"] = entry.title or entry.name
    if entry.artist:
        track["creator"] = entry.artist
    if entry.album:
        track["album"] = entry.album
    if entry.seconds > 0:
        track["duration"] = round(1000 * entry.seconds)
    if entry.recording_mbid:
        track["identifier"] = [RECORDING + entry.recording_mbid]
    return track


def _location(entry: Entry, folder: Path | None) -> str:
    if entry.remote:
        return entry.location
    return Path(entry.location).as_uri() if folder is None else quote(seen_from(entry.location, folder))


def _entry(track: object, folder: Path) -> Entry | None:
    if not isinstance(track, dict):
        return None
    texts = {name: track.get(name) for name in ("creator", "title", "album")}
    artist, title, album = (text if isinstance(text, str) else "" for text in texts.values())
    found = [_MBID.search(identifier.lower()) for identifier in _texts(track.get("identifier"))]
    mbid = next((match[0] for match in found if match), "")
    length = track.get("duration")
    seconds = length / 1000 if isinstance(length, int | float) and 0 < length < 1e12 else 0.0
    for location in _texts(track.get("location")):
        encoded = location if ":" in location else unquote(location)  # a relative URL; `local_path` decodes file: URLs itself
        path = local_path(encoded, folder)
        if path is not None and "\0" not in path:
            return Entry(path, artist, title, album, seconds, mbid)
    remote = next((location for location in _texts(track.get("location")) if "://" in location), "")
    # ListenBrainz gives no location: then only the names and the MusicBrainz id tell the song.
    known = remote or mbid or (artist and title)
    return Entry(remote, artist, title, album, seconds, mbid, remote=True) if known else None


def _texts(value: object) -> list[str]:
    """A text or a list of texts (both are in use)."""
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text]
