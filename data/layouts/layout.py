"""What a folder of songs is read into: songs, and problems with the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = frozenset(
    ".mp3 .flac .m4a .aac .alac .ogg .oga .opus .wav .aif .aiff .wma .au .mp2".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Song:
    """An audio file and what its place says of it, before the file is opened.

    Parameters
    ----------
    path : absolute.
    track_id : the id that it asks for; another song may have it already.
    artist, title, album : from a table or from the file's name; "" where the tags decide.
    labels : label kind -> value.
    further : other fields of a Track that a table gives (album_artist, year, ...), by name; the tags decide of the others.
    listed : whether a table says all about it; then its labels are exactly these.
    keeps_labels : whether labels from folders that an earlier scan gave it stay beside these.
    """

    path: Path
    track_id: str
    artist: str = ""
    title: str = ""
    album: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False
    keeps_labels: bool = False
    further: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Something in a folder that is no song: `where` is a path or "file:line"; code, reason and hint as in `InputError`."""

    where: str
    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Layout:
    """The songs of one folder in a fixed order, what is wrong with the rest, and what a person should know about the reading.

    `tables` are the files that were read to know the songs; they may lie beside `root`.
    """

    root: Path
    songs: tuple[Song, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    tables: tuple[Path, ...] = ()
