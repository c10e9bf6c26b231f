"""Which song of the catalogue an item of a listening history means: by ids, by names, or by names that are nearly the same.

When in doubt, none: a play that waits on disk does less harm than one that counts for the wrong song.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.files import fingerprint
from data.names import artist_key, artist_words, compact, song_words, title_words
from data.similar_names import nearest_artist, nearest_title
from data.tracks import Track

VERSION = 1  # of the rules below and in data.names; what was matched by others is matched again
WAYS = ("", "track id", "MusicBrainz recording id", "artist and title", "similar artist and title", "artist")
NOT, BY_ID, BY_RECORDING, BY_NAMES, BY_SIMILAR_NAMES, BY_ARTIST = range(6)
_NOBODY = frozenset({"various artists", "various", "va", "v a", "unknown artist", "unknown", "soundtrack", "original soundtrack"})


class Matches(NamedTuple):
    """Pairs that belong together, ordered by item, then track.

    Parameters
    ----------
    item, track : int64 (m,), rows of the items and of the catalogue.
    way : uint8 (number of items,), how each item was matched: a place in WAYS.
    """

    item: NDArray[np.int64]
    track: NDArray[np.int64]
    way: NDArray[np.uint8]


@dataclass(frozen=True)
class Item:
    """What a listening history knows of a song; "" and 0 where unknown."""

    key: str = ""
    recording_mbid: str = ""
    artist: str = ""
    title: str = ""
    album: str = ""
    duration: float = 0.0


class _Songs(NamedTuple):
    """Rows of the catalogue by the title of one artist: as it stands, without remarks on the pressing, and that in words."""

    exact: dict[str, list[int]]
    same_recording: dict[str, list[int]]
    spelled: dict[str, list[int]]


@dataclass
class SongIndex:
    """The catalogue, prepared for looking up songs; row r is `tracks[r]`."""

    tracks: Sequence[Track]
    _artists: dict[str, str | None] = field(
        default_factory=dict
    )  # artist key of an item -> the catalogue's that is nearly the same

    @cached_property
    def by_id(self) -> dict[str, int]:
        return {track.track_id: row for row, track in enumerate(self.tracks)}

    @cached_property
    def by_recording(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, track in enumerate(self.tracks):
            if track.recording_mbid:
                found.setdefault(track.recording_mbid.lower(), []).append(row)
        return found

    @cached_property
    def by_artist(self) -> dict[str, _Songs]:
        """Artist key -> its songs; the artist of the album counts as one, too."""
        found: dict[str, _Songs] = {}
        for row, track in enumerate(self.tracks):
            if not track.title:
                continue
            exact, spelled = title_words(track.title).replace(" ", ""), song_words(track.title)
            for key in dict.fromkeys(artist_key(name) for name in (track.artist, track.album_artist) if is_somebody(name)):
                songs = found.setdefault(key, _Songs({}, {}, {}))
                songs.exact.setdefault(exact, []).append(row)
                songs.same_recording.setdefault(spelled.replace(" ", ""), []).append(row)
                songs.spelled.setdefault(spelled, []).append(row)
        return found

    @cached_property
    def artist_names(self) -> dict[str, list[str]]:
        """First letter -> artists as words, for names that are nearly the same."""
        names = {artist_words(name) for track in self.tracks for name in (track.artist, track.album_artist) if is_somebody(name)}
        found: dict[str, list[str]] = {}
        for name in sorted(names):
            if name.replace(" ", "") in self.by_artist:
                found.setdefault(name[:1], []).append(name)
        return found

    def match(self, item: Item) -> tuple[int, int]:
        """The row of the song that `item` means, and the way in which it was found; (-1, NOT) if there is none or a doubt."""
        row = self.by_id.get(item.key, -1) if item.key else -1
        if row >= 0:
            return row, BY_ID
        same = self.by_recording.get(item.recording_mbid.lower()) if item.recording_mbid else None
        if same:
            return self._choice(same, item), BY_RECORDING
        if not item.title or not is_somebody(item.artist):
            return -1, NOT
        songs = self.by_artist.get(artist_key(item.artist))
        if songs is not None:
            return self._by_title(songs, item, sure=True)
        near = self._near_artist(item.artist)
        return (-1, NOT) if near is None else self._by_title(self.by_artist[near], item, sure=False)

    def _by_title(self, songs: _Songs, item: Item, *, sure: bool) -> tuple[int, int]:
        """The song of one artist; `sure` tells whether the artist's name is the same or only nearly so."""
        title = song_words(item.title)
        rows = songs.exact.get(title_words(item.title).replace(" ", "")) or songs.same_recording.get(title.replace(" ", ""))
        if rows:
            return self._choice(rows, item), BY_NAMES if sure else BY_SIMILAR_NAMES
        if not sure:
            return -1, NOT  # artist and title both a little different: a doubt
        near = nearest_title(title, list(songs.spelled))
        return (-1, NOT) if near is None else (self._choice(songs.spelled[near], item), BY_SIMILAR_NAMES)

    def _near_artist(self, name: str) -> str | None:
        plain = artist_words(name)
        if plain not in self._artists:
            near = nearest_artist(plain, self.artist_names.get(plain[:1], []))
            self._artists[plain] = None if near is None else near.replace(" ", "")
        return self._artists[plain]

    def _choice(self, rows: list[int], item: Item) -> int:
        """One of several files of a song: of the same album, then of the nearest duration, then the first."""
        if len(rows) == 1:
            return rows[0]
        album = compact(item.album) if item.album else ""

        def distance(row: int) -> tuple[bool, float, int]:
            track = self.tracks[row]
            known = item.duration > 0 and track.duration > 0
            return bool(album) and compact(track.album) != album, abs(track.duration - item.duration) if known else 0.0, row

        return min(rows, key=distance)


def is_somebody(artist: str) -> bool:
    """Whether a name is an artist's, and no "Various Artists"."""
    return bool(artist) and artist_words(artist) not in _NOBODY


def match_songs(columns: Mapping[str, list[str]], durations: NDArray[np.float32], index: SongIndex) -> Matches:
    """Match n items, each to one song or none.

    Parameters
    ----------
    columns : n texts each of key, recording_mbid, artist, title and album; "" where unknown.
    durations : float32 (n,) seconds, 0 where unknown.
    """
    names = ("key", "recording_mbid", "artist", "title", "album")
    found = [
        index.match(Item(key, mbid, artist, title, album, duration))
        for key, mbid, artist, title, album, duration in zip(*(columns[name] for name in names), durations.tolist(), strict=True)
    ]
    table = np.asarray(found, np.int64).reshape(-1, 2)
    item = np.flatnonzero(table[:, 0] >= 0)
    return Matches(item, table[item, 0], table[:, 1].astype(np.uint8))


def songs_fingerprint(tracks: Sequence[Track]) -> str:
    """A fingerprint of all that matching songs looks at: what was matched at another one must be matched again."""
    return fingerprint(
        VERSION,
        [[t.track_id, t.artist, t.album_artist, t.title, t.album, t.duration, t.recording_mbid, t.artist_mbid] for t in tracks],
    )
