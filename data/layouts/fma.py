"""FMA (Defferrard, Benzi, Vandergheynst, Bresson, ISMIR 2017): fma_metadata/tracks.csv beside fma_small/000/000002.mp3.

The table has two header rows and a row that names the index. It is large: 106,574 rows of 53 columns; cells may hold line breaks.
"""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from data.errors import InputError
from data.label_values import joined_values
from data.layouts.layout import Problem
from data.layouts.numbered_files import Row
from data.layouts.records import read_records
from data.tags import clean

TABLE = "tracks.csv"
GENRES = "genres.csv"
BESIDE = ("tracks.csv", "fma_metadata/tracks.csv")  # seen from the folder above the audio's
_HEADER_BYTES = 1 << 16
_COLUMNS = {
    "artist": ("artist", "name"),
    "title": ("track", "title"),
    "album": ("album", "title"),
    "genre": ("track", "genre_top"),
    "genres": ("track", "genres_all"),
    "split": ("set", "split"),
}


class Rows(NamedTuple):
    """The wanted rows of the table, by number; how many good rows were not wanted; what is wrong with the others."""

    wanted: dict[int, Row]
    others: int
    problems: list[Problem]


def number_of(path: Path) -> int | None:
    """The number of a song from its place, 000/000002.mp3; None where it lies elsewhere."""
    stem = path.stem
    named = len(stem) == 6 and stem.isdecimal() and stem.isascii() and path.parent.name == stem[:3]
    return int(stem) if named else None


def is_table(path: Path) -> bool:
    """Whether a file's first two lines are those of FMA's table of songs."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            columns = _columns(file.readline(_HEADER_BYTES), file.readline(_HEADER_BYTES))
    except OSError:
        return False
    return {"title", "genre"} <= columns.keys()


def read_table(table: Path, wanted: Callable[[int], bool]) -> Rows:
    """Read the rows of the songs that are `wanted` by number; labels: genre (if it has one), genres, and split, the set's own.

    Rows are read one at a time, so that memory holds the wanted ones alone. Labels "genres" need genres.csv beside the table.
    """
    names = genre_names(table.with_name(GENRES))
    rows = Rows({}, 0, [])
    others = 0
    with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        columns = _columns(first, file.readline())
        for line, cells in read_records(file, len(next(csv.reader([first]))), first_line=3):
            try:
                if cells is None:
                    raise InputError("quotation marks or the number of columns are wrong", code="bad-row")
                if cells[0] == "track_id":
                    continue
                number = _number(cells[0])
                if not wanted(number):
                    others += 1
                elif number in rows.wanted:
                    raise InputError(f"the song {number} stands in the table already", code="duplicate-row")
                else:
                    rows.wanted[number] = _row(number, {name: cells[at] for name, at in columns.items()}, names)
            except InputError as error:
                rows.problems.append(Problem(f"{table}:{line}", error.code, f"line {line}: {error.message}", error.hint))
    return rows._replace(others=others)


def genre_names(table: Path) -> dict[int, str]:
    """Genre number -> name; empty where there is no such table. Raises InputError (code "bad-table") if it is another one."""
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        if not {"genre_id", "title"} <= set(reader.fieldnames or ()):
            raise InputError(
                f"{table} has no columns genre_id and title", code="bad-table", hint="Copy it again from fma_metadata"
            )
        return {int(row["genre_id"]): clean(row["title"]) for row in reader if (row["genre_id"] or "").isdecimal()}


def _columns(first: str, second: str) -> dict[str, int]:
    """Our name -> position, from the two header lines; a column that the table lacks is absent."""
    try:
        pairs = list(zip(next(csv.reader([first]), []), next(csv.reader([second]), []), strict=False))
    except csv.Error:
        return {}
    return {name: pairs.index(pair) for name, pair in _COLUMNS.items() if pair in pairs}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InputError(f"track_id {text[:40]!r} is no number", code="bad-row")
    return int(text)


def _row(number: int, cells: Mapping[str, str], names: Mapping[int, str]) -> Row:
    """One row. Raises InputError where a cell that is needed cannot be read."""
    try:
        "".join(cells.values()).encode()
    except UnicodeEncodeError:
        raise InputError("a cell is not UTF-8", code="bad-row") from None
    cell = {name: _cleaned(text) for name, text in cells.items()}
    numbers = _numbers(cell.get("genres", "")) if names else ()
    unknown = [genre for genre in numbers if genre not in names]
    if unknown:
        raise InputError(f"the genre {unknown[0]} does not stand in {GENRES}", code="bad-row")
    labels = {kind: cell.get(kind, "") for kind in ("genre", "split")} | {"genres": joined_values(names[i] for i in numbers)}
    known = {kind: value for kind, value in labels.items() if value}
    return Row(str(number), cell.get("artist", ""), cell.get("title", ""), cell.get("album", ""), known)


def _cleaned(text: str) -> str:
    """What `clean` gives, without looking at each character of a cell that is clean already."""
    return text if text.isprintable() and "  " not in text and text == text.strip() else clean(text)


@functools.cache  # a few thousand combinations of genres for 100,000 songs
def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a cell such as "[21, 10]". Raises InputError for another one."""
    try:
        numbers = json.loads(text or "[]")
    except (ValueError, RecursionError):  # the second: thousands of brackets
        numbers = None
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise InputError(f"genres_all {text[:40]!r} is no list of numbers", code="bad-row")
    return tuple(numbers)
