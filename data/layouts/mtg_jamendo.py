"""MTG-Jamendo (Bogdanov, Won, Tovstogan, Porter, Serra, 2019): autotagging*.tsv beside audio at 48/948.mp3 or 48/948.low.mp3.

A row is `TRACK_ID ARTIST_ID ALBUM_ID PATH DURATION TAGS` with any number of tags, each in a column of its own: "genre---rock".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from data.errors import InputError
from data.label_values import joined_values
from data.layouts.layout import Problem
from data.layouts.numbered_files import Row
from data.tags import clean

TABLES = "autotagging*.tsv"
BESIDE = ("", "data", "mtg-jamendo-dataset/data")  # folders of the tables, seen from the folder above the audio's
_HEADER = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
_KINDS = {"genre": "genres", "mood/theme": "moods", "instrument": "instruments"}
_PLACE = re.compile(r"(\d\d)/(\d{1,9})(?:\.low)?\.\w+", re.ASCII)


class Rows(NamedTuple):
    """The rows of the songs by number, and what is wrong with the others."""

    rows: dict[int, Row]
    problems: list[Problem]


def number_of(path: Path) -> int | None:
    """The number of a song from its place, 48/948.mp3 or 48/948.low.mp3; None where it lies elsewhere."""
    found = _PLACE.fullmatch("/".join(path.parts[-2:]))
    if found is None or int(found[2]) % 100 != int(found[1]):
        return None
    return int(found[2])


def id_of(number: int) -> str:
    """The set's id of a song, "track_0000948"."""
    return f"track_{number:07d}"


def is_low(path: Path) -> bool:
    """Whether a file is of the set's low quality."""
    return path.stem.endswith(".low")


def table_of(path: Path) -> Path | None:
    """The table that a file is; None if it is none.

    In the set's repository autotagging.tsv is a symbolic link: a copy without links has a text file that names the table.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            line = file.readline(1 << 12).strip()
    except OSError:
        return None
    if [cell.strip().upper() for cell in line.split("\t")[: len(_HEADER)]] == _HEADER:
        return path
    linked = path.with_name(line) if re.fullmatch(r"[\w.-]+\.tsv", line) and line != path.name else None
    return table_of(linked) if linked is not None and linked.is_file() and not linked.match(TABLES) else None


def read_tables(tables: Iterable[Path]) -> Rows:
    """The union of several tables: a song that stands in more than one has the tags of all of them.

    Labels: genres, moods and instruments, each of several values (see `label_values`); and genre where a song has one alone.
    """
    found = Rows({}, [])
    artists: dict[int, tuple[str, str]] = {}
    tags: dict[int, dict[str, list[str]]] = {}
    for table in tables:
        with table.open("rb") as file:
            for line, raw in enumerate(file, start=1):
                try:
                    if line > 1 and raw.strip():
                        _take(raw, artists, tags)
                except InputError as error:
                    where = f"{table}:{line}"
                    found.problems.append(Problem(where, error.code, f"line {line}: {error.message}", error.hint))
    for number, (track_id, artist) in artists.items():
        labels = {kind: joined_values(values) for kind, values in tags[number].items()}
        genres = set(tags[number].get("genres", ()))
        if len(genres) == 1:
            labels["genre"] = labels["genres"]
        found.rows[number] = Row(track_id, artist, labels=labels)
    return found


def _take(raw: bytes, artists: dict[int, tuple[str, str]], tags: dict[int, dict[str, list[str]]]) -> None:
    """Add one line to what is known of its song. Raises InputError if it is no row."""
    try:
        cells = [clean(cell) for cell in raw.decode().rstrip("\r\n").split("\t")]
    except UnicodeDecodeError:
        raise InputError("the line is not UTF-8", code="bad-row") from None
    if len(cells) < len(_HEADER):
        raise InputError(f"{len(cells)} columns where at least {len(_HEADER)} belong", code="bad-row")
    track_id, artist, _, path, _, *named = cells
    number = number_of(Path(path))
    if not track_id or number is None:
        raise InputError(f"track_id {track_id[:40]!r}, path {path[:40]!r}: a path is like 48/948.mp3", code="bad-row")
    pairs = [name.partition("---") for name in named if name]
    wrong = [category for category, _, tag in pairs if not (category and tag)]
    if wrong:
        raise InputError(f"the tag {wrong[0]!r} is not like genre---rock", code="bad-row")
    artists.setdefault(number, (track_id, artist))
    known = tags.setdefault(number, {})
    for category, _, tag in pairs:
        known.setdefault(_KINDS.get(category, category), []).append(tag)
