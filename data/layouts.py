"""How songs lie in a folder: a tracks.csv that lists them, or a tree of audio files whose folders may be labels."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError
from data.folder_classes import are_classes
from data.tags import Tags, clean

TABLE = "tracks.csv"
SUFFIXES = frozenset(
    ".mp3 .flac .m4a .aac .alac .ogg .oga .opus .wav .aif .aiff .wma .au .mp2".split()  # noqa: SIM905
)
_COLUMNS = ("track_id", "path", "artist", "title", "album", "duration")


@dataclass(frozen=True)
class Song:
    """An audio file and what its place says of it, before the file is opened.

    Parameters
    ----------
    path : absolute.
    track_id : the id that it asks for; another song may have it already.
    artist, title, album : from the table; "" where the tags decide.
    labels : label kind -> value.
    listed : whether a table lists it; then its labels are exactly these.
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


@dataclass(frozen=True)
class Problem:
    """Something in a folder that is no song: `where` is a path or "file:line"; code, reason and hint as in `InputError`."""

    where: str
    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Layout:
    """The songs of one folder in a fixed order, what is wrong with the rest, and what a person should know about the reading."""

    root: Path
    songs: tuple[Song, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_layout(folder: Path, folder_label: str, tags_of: Callable[[Path], Tags]) -> Layout:
    """Find the songs of a folder.

    Parameters
    ----------
    folder_label : "auto": where all songs lie exactly one folder deep, in two or more folders that look like classes and not like
        artists or albums (see `are_classes`), the folder is the song's "genre"; "none"; or the kind of label that the folder
        gives: the innermost one, however deep the tree.
    tags_of : what a file says of itself, for "auto" only.

    Raises
    ------
    InputError : the folder is missing or is no folder (code "no-folder"); the table cannot be read (code "bad-table");
        `folder_label` is empty.
    """
    if not clean(folder_label):
        hint = 'Give "auto", "none" or the name of the label, e.g. "mood"'
        raise InputError(f"folder_label={folder_label!r} must not be empty", hint=hint)
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {problem}", code="no-folder")
    root = folder.resolve()
    return _read_table(root / TABLE) if (root / TABLE).is_file() else _read_tree(root, folder_label, tags_of)


def _read_tree(root: Path, folder_label: str, tags_of: Callable[[Path], Tags]) -> Layout:
    paths, problems = _walk(root)
    folders: dict[str, list[Path]] = {}
    flat = True
    for path in paths:
        parts = path.relative_to(root).parts
        flat &= len(parts) == 2
        folders.setdefault(parts[0] if len(parts) > 1 else "", []).append(path)
    kind, note = folder_label, f"folder names become the label {folder_label!r}"
    if folder_label == "auto":
        labelled = flat and len(folders) > 1 and are_classes(folders, tags_of)
        kind, note = (
            ("genre", f"{len(folders)} folders of songs: their names become the label 'genre'") if labelled else ("none", "")
        )
    songs = []
    for path in paths:
        relative = path.relative_to(root)
        place = clean(relative.parent.name)
        labels = {kind: place} if kind != "none" and place else {}
        songs.append(Song(path, relative.as_posix(), labels=labels, keeps_labels=folder_label == "auto"))
    return Layout(root, tuple(songs), tuple(problems), (note,) if kind != "none" else ())


def _walk(root: Path) -> tuple[list[Path], list[Problem]]:
    """Audio files below `root`, sorted; hidden ones are skipped, and a folder reached twice (symbolic links) is read once."""
    paths: list[Path] = []
    problems: list[Problem] = []
    seen: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        problems.append(Problem(str(error.filename), "unopenable", f"the folder cannot be read: {error.strerror}"))

    for place, subfolders, files in os.walk(root, followlinks=True, onerror=refused):
        try:
            state = Path(place).stat()
        except OSError as error:
            refused(error)
            continue
        if (state.st_dev, state.st_ino) in seen:
            subfolders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        paths += [Path(place, name) for name in files if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES]
    return sorted(paths), problems


def _read_table(table: Path) -> Layout:
    """Read the table line by line: a row is one line, so a quotation mark that is not closed costs that row alone.

    A quoted cell with a line break in it is legal CSV, but cannot be told from such a mark: its lines are bad rows.
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
