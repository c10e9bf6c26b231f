"""Sets that number their songs: rows of a table and audio files named by number are brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from data.layouts.layout import Problem, Song


@dataclass(frozen=True)
class Row:
    """What a set's table says of one song."""

    track_id: str
    artist: str = ""
    title: str = ""
    album: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class Numbered(NamedTuple):
    """Files by the song's number, the best copy first; and the files that are named otherwise."""

    files: dict[int, list[Path]]
    others: list[Path]


def by_number(audio: Iterable[Path], number_of: Callable[[Path], int | None]) -> Numbered:
    """Tell the files that a set names by number from all others; copies stay in the order of `audio`."""
    found = Numbered({}, [])
    for path in audio:
        number = number_of(path)
        if number is None:
            found.others.append(path)
        else:
            found.files.setdefault(number, []).append(path)
    return found


def songs_of(
    files: Mapping[int, list[Path]], rows: Mapping[int, Row], id_of: Callable[[int], str]
) -> tuple[list[Song], list[Problem]]:
    """One song a number: its row says all about it; one without a row has an id and no labels. Further copies are problems.

    Parameters
    ----------
    id_of : the set's own id of a number.
    """
    songs: list[Song] = []
    problems: list[Problem] = []
    for number, (path, *copies) in files.items():
        row = rows.get(number) or Row(id_of(number))
        songs.append(Song(path, row.track_id, row.artist, row.title, row.album, row.labels, listed=True))
        hint = "Remove one of them, or scan the folders one by one into workspaces of their own"
        reason = f"the set's song number {number} is read from {path} already"
        problems += [Problem(str(copy), "duplicate-file", f"{copy}: {reason}", hint) for copy in copies]
    return songs, problems


def counted(files: Mapping[int, list[Path]], rows: Mapping[int, Row], others: int) -> str:
    """How many songs have a row, and what remains, for a person.

    Parameters
    ----------
    others : good rows of the table that name none of the files.
    """
    listed = sum(number in rows for number in files)
    parts = [f"{listed} songs"]
    if listed < len(files):
        parts.append(f"{len(files) - listed} files without a row have no labels")
    if others:
        parts.append(f"{others} rows have no file here")
    return ", ".join(parts)
