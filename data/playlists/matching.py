"""Which songs of the catalogue a playlist names."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence

from data.playlists.entries import Entry
from data.tags import normalised
from data.tracks import Track


def entry_matcher(tracks: Sequence[Track]) -> Callable[[Entry], Track | None]:
    """A function from an entry to the song of the catalogue that it names, or None.

    The path decides; of an entry whose path is no song's (the library has moved, the playlist is another machine's) the
    MusicBrainz id, then artist and title, if just one song has them.
    """
    paths = {track.path: track for track in tracks}
    recordings = _unique(tracks, lambda track: track.recording_mbid)
    names = _unique(tracks, _name)

    def match(entry: Entry) -> Track | None:
        if not entry.remote:
            found = paths.get(entry.location) or paths.get(os.path.realpath(entry.location))
            if found is not None:
                return found
        by_id = recordings.get(entry.recording_mbid) if entry.recording_mbid else None
        return by_id or (names.get(_name(entry)) if entry.artist and entry.title else None)

    return match


def _name(song: Track | Entry) -> str:
    return normalised(f"{song.artist} {song.title}") if song.artist and song.title else ""


def _unique(tracks: Sequence[Track], key_of: Callable[[Track], Hashable]) -> dict[Hashable, Track]:
    """The songs by key, without keys that several songs have and without the empty one."""
    found: dict[Hashable, Track | None] = {}
    for track in tracks:
        key = key_of(track)
        if key:
            found[key] = None if key in found else track
    return {key: track for key, track in found.items() if track is not None}
