"""One line of a playlist, whatever the format."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from data.tracks import Track


@dataclass(frozen=True)
class Entry:
    """Something to play.

    Parameters
    ----------
    location : absolute path, or a URL if `remote`.
    artist, title, album : "" where unknown.
    seconds : length; 0 where unknown.
    recording_mbid : MusicBrainz id, "" where unknown.
    remote : whether `location` is a URL of something that is no file here.
    """

    location: str
    artist: str = ""
    title: str = ""
    album: str = ""
    seconds: float = 0.0
    recording_mbid: str = ""
    remote: bool = False

    @classmethod
    def of_track(cls, track: Track) -> Entry:
        """The entry that plays a song of the catalogue."""
        return cls(track.path, track.artist, track.title, track.album, track.duration, track.recording_mbid)

    @property
    def name(self) -> str:
        """Artist and title on one line, the file's name where both are unknown; control characters become spaces."""
        known = " - ".join(part for part in (one_line(self.artist), one_line(self.title)) if part)
        return known or one_line(os.path.basename(self.location))  # noqa: PTH119 (a path of any system)


def one_line(text: str) -> str:
    """The text without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def seen_from(location: str, folder: Path) -> str:
    """An absolute path as it is written in a playlist that lies in `folder`."""
    return os.path.relpath(location, os.path.abspath(folder))  # noqa: PTH100 (pathlib would resolve what need not exist)
