"""What is known of one song besides its sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Track:
    """One song of the catalogue.

    Parameters
    ----------
    track_id : stable external id.
    path : absolute path of the audio file.
    artist, title, album : "" where unknown.
    labels : label kind -> value, e.g. {"genre": "jazz", "mood": "Q4"}; only known ones.
    duration : seconds, as declared by the file's header.
    content_hash : hash of the file's bytes; the key of everything computed from its sound.
    album_artist : whom the whole album is by, where the file says so.
    year, number : of release, and on the album; 0 where unknown.
    recording_mbid, artist_mbid, release_mbid : MusicBrainz ids (lower-case UUIDs), "" where unknown.
    """

    track_id: str
    path: str
    artist: str = ""
    title: str = ""
    album: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    duration: float = 0.0
    content_hash: str = ""
    album_artist: str = ""
    year: int = 0
    number: int = 0
    recording_mbid: str = ""
    artist_mbid: str = ""
    release_mbid: str = ""

    @property
    def name(self) -> str:
        """Artist and title for a person to read; the id where both are unknown."""
        if self.artist and self.title:
            return f"{self.artist} - {self.title}"
        return self.title or self.track_id
