"""Songs that a person names one by one, or by a playlist file, as rows of the vectors in use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.asked_song import song_asker
from data.catalogue import Catalogue
from data.errors import InputError
from data.playlists.files import read_playlist
from data.playlists.matching import entry_matcher
from data.tracks import Track
from recsys.steps.song_vectors import SongVectors

PLAYLISTS = (".m3u8", ".m3u", ".jspf")


class Asked(NamedTuple):
    """The songs that were named, and remarks on those that could not be used."""

    tracks: list[Track]
    notes: list[str]


def asked_songs(catalogue: Catalogue, texts: Sequence[str]) -> Asked:
    """The songs that are named one by one or by playlists, each once."""
    ask = song_asker(catalogue)
    found: dict[str, Track] = {}
    notes: list[str] = []
    for text in texts:
        path = Path(text)
        if path.suffix.lower() not in PLAYLISTS:
            track = ask(text)
            found[track.track_id] = track
            continue
        entries = read_playlist(path).entries
        match = entry_matcher(catalogue.tracks())
        matched = [track for track in map(match, entries) if track is not None]
        if not matched:
            raise InputError(
                f"{text}: none of its {len(entries)} entries is a song of the library", code="no-match", hint="Compare the paths"
            )
        if len(matched) < len(entries):
            notes.append(f"{text}: {len(entries) - len(matched)} of {len(entries)} entries are not in the library")
        found |= {track.track_id: track for track in matched}
    return Asked(list(found.values()), notes)


def rows_of(vectors: SongVectors, asked: Asked, *, one_must_be: bool) -> tuple[NDArray[np.int32], list[str]]:
    """Rows int32 (m,) of the songs, and remarks; a song without embedding is an error if it is the only one."""
    rows: list[int] = []
    refused: list[InputError] = []
    for track in asked.tracks:
        try:
            rows.append(vectors.row(track))
        except InputError as error:
            refused.append(error)
    if refused and (len(asked.tracks) == 1 or (one_must_be and not rows)):
        raise refused[0]
    notes = [*asked.notes, *(f"not used: {error}" for error in refused)]
    return np.array(rows, np.int32), notes
