"""Our own table: a tracks.csv that lists songs, `track_id,path,artist,title,album`, further fields of a song, and any labels."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

from data.errors import InputError
from data.layouts.layout import Layout, Problem, Song
from data.musicbrainz import field_of, mbid_of
from data.tags import clean, number_of, year_of

TABLE = "tracks.csv"
_COLUMNS = ("track_id", "path", "artist", "title", "album", "duration", "album_artist", "albumartist", "track_number")


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
                song, wrong = _song(table, header, row, seen, line)
                songs.append(song)
                if wrong:
                    problems.append(Problem(f"{table}:{line}", "bad-cell", f"line {line}: {wrong}; the song is read without it"))
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


def _song(table: Path, header: list[str], row: list[str], seen: dict[str, int], line: int) -> tuple[Song, str]:
    """One row of the table, and what is wrong with a cell that the song can do without. Raises InputError if it names no song."""
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
    labels = {kind: value for kind, value in cells.items() if value and kind and kind not in _COLUMNS and not field_of(kind)}
    artist, title, album = (cells.get(name, "") for name in ("artist", "title", "album"))
    further, wrong = _further(cells)
    return Song(path, cells["track_id"], artist, title, album, labels, listed=True, further=further), wrong


def _further(cells: Mapping[str, str]) -> tuple[dict[str, str | int], str]:
    """Fields of a song beyond the usual, by name, and what is wrong with one that cannot be read ("": nothing).

    A column "year" is a label as well, as any column is that the program has no name for.
    """
    further: dict[str, str | int] = {}
    wrong = ""
    for name, cell in cells.items():
        mbid_field = field_of(name)
        if mbid_field and cell:
            further[mbid_field] = mbid_of(cell)
            if not further[mbid_field]:
                wrong = f"{name} {cell[:40]!r} is no MusicBrainz id (a UUID)"
    further["album_artist"] = cells.get("album_artist", "") or cells.get("albumartist", "")
    further["year"] = year_of(cells.get("year", ""))
    further["number"] = number_of(cells.get("track_number", ""))
    if cells.get("track_number") and not further["number"]:
        wrong = f"track_number {cells['track_number'][:40]!r} is no number from 1 to 9999"
    return {name: value for name, value in further.items() if value}, wrong


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
