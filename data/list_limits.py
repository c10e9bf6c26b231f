"""What a list may hold: so many songs of an artist or an album, and no recording twice. Nothing is merged, only left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.tags import normalised
from data.tracks import Track

# Cosine of two embeddings from which songs of equal length and of no different title are one recording. Measured, docs/lists.md:
# 91 % of re-encoded clips reach it, and 10 of 269,745 pairs of different songs, whose titles tell them apart.
SAME_SOUND = 0.99
SAME_LENGTH = 1.0  # seconds


@dataclass(frozen=True)
class Limits:
    """What holds for one list.

    Parameters
    ----------
    artist_cap, album_cap : at most so many songs of one artist or album, or None; an unknown one is not limited.
    keep_duplicates : whether the same recording may stand twice.

    Raises
    ------
    InputError : a cap below 1.
    """

    artist_cap: int | None = None
    album_cap: int | None = None
    keep_duplicates: bool = False

    def __post_init__(self) -> None:
        for name, cap in (("artist_cap", self.artist_cap), ("album_cap", self.album_cap)):
            if cap is not None and cap < 1:
                raise InputError(f"{name}={cap} must be 1 or more", hint="Leave it away for no limit")


class Duplicate(NamedTuple):
    """A song that was left out: the recording already stands as `of` (a track id); `why` in a few words."""

    track_id: str
    name: str
    of: str
    why: str


def artist_key(track: Track) -> str:
    """Equal for songs by one artist; "" where unknown."""
    return normalised(track.artist) if track.artist else ""


def album_key(track: Track) -> str:
    """Equal for songs of one album; "" where unknown."""
    return f"{normalised(track.album_artist or track.artist)} / {normalised(track.album)}" if track.album else ""


@dataclass
class Gate:
    """Says of one song after the other whether it may still come into a list; `duplicates` gathers those left out as such."""

    limits: Limits
    duplicates: list[Duplicate] = field(default_factory=list)
    _keys: dict[tuple[str, ...], str] = field(default_factory=dict)
    _standing: list[tuple[Track, NDArray[np.float32] | None]] = field(default_factory=list)
    _songs: dict[tuple[str, str], int] = field(default_factory=dict)

    def stands(self, track: Track, vector: NDArray[np.float32] | None = None, *, counts: bool = False) -> None:
        """A song that no other may repeat: a seed, or one that the list holds.

        Parameters
        ----------
        vector : float32 (d,) of unit length, or None where there is none.
        counts : whether it takes a place of its artist and album.
        """
        for key in _keys_of(track):
            self._keys.setdefault(key, track.track_id)
        self._standing.append((track, vector))
        if counts:
            for place, _ in self._places(track):
                self._songs[place] = self._songs.get(place, 0) + 1

    def admits(self, track: Track, vector: NDArray[np.float32] | None = None) -> bool:
        """Whether the song may come in; then it stands."""
        if any(self._songs.get(place, 0) >= cap for place, cap in self._places(track)):
            return False
        found = None if self.limits.keep_duplicates else self.duplicate(track, vector)
        if found is not None:
            self.duplicates.append(found)
            return False
        self.stands(track, vector, counts=True)
        return True

    def duplicate(self, track: Track, vector: NDArray[np.float32] | None = None) -> Duplicate | None:
        """Which standing song this one repeats, or None."""
        for key in _keys_of(track):
            if key in self._keys:
                return Duplicate(track.track_id, track.name, self._keys[key], key[0])
        if vector is None or not vector.any():
            return None
        for other, its in self._standing:
            if its is not None and float(its @ vector) >= SAME_SOUND and _may_be_one(track, other):
                return Duplicate(track.track_id, track.name, other.track_id, "same sound")
        return None

    def _places(self, track: Track) -> list[tuple[tuple[str, str], int]]:
        """What the song takes a place of, and how many places there are."""
        limited = (
            ("artist", artist_key, self.limits.artist_cap),
            ("album", album_key, self.limits.album_cap),
        )
        keys = [((kind, key_of(track)), cap) for kind, key_of, cap in limited if cap is not None]
        return [(key, cap) for key, cap in keys if key[1]]


def _keys_of(track: Track) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = []
    if track.content_hash:
        keys.append(("same file", track.content_hash))
    if track.recording_mbid:
        keys.append(("same recording", track.recording_mbid))
    if track.artist and track.title:
        keys.append(("same artist and title", normalised(track.artist), normalised(track.title)))
    return keys


def _may_be_one(a: Track, b: Track) -> bool:
    """Whether neither length nor title tells two songs apart: "Blue" and "Blue (Remastered)" may be one recording."""
    if a.duration and b.duration and abs(a.duration - b.duration) > SAME_LENGTH:
        return False
    one, other = (normalised(track.title) if track.title else "" for track in (a, b))
    return one.startswith(other) or other.startswith(one)
