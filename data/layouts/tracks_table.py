"""Our own table: a tracks.csv that lists songs, `track_id,path,artist,title,album` and any labels."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from data.errors import InputError
from data.layouts.layout import Layout, Problem, Song
from data.tags import clean

TABLE = "tracks.csv"
_COLUMNS = ("track_id", "path", "artist", "title", "album", "duration")


def read_table(table: Path) -> Layout:
    """Read the table line by line: a row is one line, so a quotation mark that is not closed costs that row alone.

    A quoted cell with a line break in it is legal CSV, but cannot be told from such a mark: its lines are bad rows.

    Raises
    ------
    InputError : the table cannot be read (code "bad-table").
    """
    lines = io.StringIO(_utf8(table), newline="").readlines()
    try:
        header = [clean(name) for name in _cells(lines[0])] if lines else []
    except InputError as error:
        raise InputError(f"{table}, line 1: {error.message}", code="bad-table", hint=error.hint) from None
    missing = [name for name in ("track_id", "path") if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"has no column {missing[0]!r}" if missing else "has two columns of one name"
        hint = "The first line must name the columns: track_id,path,artist,title and any labels"
        raise InputError(f"{table} {what} (columns: {', '.join(header)})", code="bad-table", hint=hint)
    songs: list[Song] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}  # "id " + id or "path " + path -> line
    for line, text in enumerate(lines[1:], start=2):
        try:
            row = _cells(text)
            if row:
                songs.append(_song(table, header, row, seen, line))
        except InputError as error:
            problems.append(Problem(f"{table}:{line}", error.code, f"line {line}: {error.message}", error.hint))
    return Layout(table.parent, tuple(songs), tuple(problems), (f"{table.name} lists the songs of {table.parent}",))


def _cells(line: str) -> list[str]:
    """The cells of one line, none of an empty one. Raises InputError (code "bad-row") if it is no whole CSV row."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        unclosed = "unexpected end of data" in str(error)
        message = "a quotation mark is not closed in this line" if unclosed else str(error)
        hint = "Close it; a cell cannot hold a line break" if unclosed else ""
        raise InputError(message, code="bad-row", hint=hint) from None


def _song(table: Path, header: list[str], row: list[str], seen: dict[str, int], line: int) -> Song:
    """One row of the table. Raises InputError if it names no song."""
    if len(row) != len(header):
        raise InputError(f"{len(row)} columns where the first line names {len(header)}", code="bad-row")
    cells = dict(zip(header, map(clean, row), strict=True))
    for name in ("track_id", "path"):
        if not cells[name]:
            raise InputError(f"the {name} is empty", code="bad-row")
    path = Path(os.path.normpath(table.parent / cells["path"]))
    for what, key in (("track_id", f"id {cells['track_id']}"), ("path", f"path {path}")):
        if key in seen:
            raise InputError(f"{what} {cells[what]!r} stands already in line {seen[key]}", code="duplicate-row")
    if not os.path.isfile(path):  # noqa: PTH113 (the method raises on a name that is too long)
        raise InputError(f"the file {path} does not exist", code="missing")
    seen |= {f"id {cells['track_id']}": line, f"path {path}": line}
    labels = {kind: value for kind, value in cells.items() if value and kind and kind not in _COLUMNS}
    artist, title, album = (cells.get(name, "") for name in ("artist", "title", "album"))
    return Song(path, cells["track_id"], artist, title, album, labels, listed=True)


def _utf8(table: Path) -> str:
    """The table's text. Raises InputError naming the first line with bytes that are not UTF-8."""
    raw = table.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = raw[error.start]
        message = f"{table}, line {line}: byte 0x{byte:02x} is not UTF-8"
        raise InputError(message, code="bad-table", hint="Save the file as UTF-8") from None
