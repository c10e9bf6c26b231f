"""Published folds: which fold each song of a set belongs to, by tables or by lists of files, and the songs that are meant."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.song_names import posix, song_finder
from data.tags import clean
from data.tracks import Track

_SONG = ("track_id", "path", "file", "filename")  # the first one that a header has
_FOLD = ("fold", "split")


@dataclass(frozen=True)
class FoldFile:
    """Published folds, for the songs of the catalogue.

    Parameters
    ----------
    fold_of : track_id -> number of the fold, a row of `names`.
    names : the folds' own names, those that have songs here, numbers in them in numeric order.
    unmatched : songs of the fold file that no song here is, or more than one, in its order.
    without : number of songs here that have no fold.
    """

    fold_of: dict[str, int]
    names: tuple[str, ...]
    unmatched: tuple[str, ...]
    without: int

    @property
    def warning(self) -> str:
        """One line that says what is missing; "" if nothing is."""
        parts = []
        if self.unmatched:
            more = ", ..." if len(self.unmatched) > 3 else ""
            examples = ", ".join(self.unmatched[:3]) + more
            parts.append(f"{len(self.unmatched)} songs of the fold file are not in the catalogue ({examples})")
        if self.without:
            parts.append(f"{self.without} songs of the catalogue have no fold")
        return "; ".join(parts)


def read_folds(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> dict[str, str]:
    """Song -> name of its fold, from one file or several.

    A file is comma or tab separated. Its header names the song's column (track_id, path, file or filename) and the fold's (fold
    or split); without a fold's column all its songs are of one fold, named by the file's stem. Without a header, a file of one
    column is such a list; of two columns in one file that is the song whose values are all different, if the other's are not.

    Raises
    ------
    InputError : a file cannot be read or has another form; a line is no row; a song has two folds; there are not two folds.
    """
    files = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    folds: dict[str, str] = {}
    for file in files:
        for line, song, fold in _rows(file, len(files) > 1):
            if not song or not fold:
                raise InputError(f"{file}, line {line}: the {'fold' if song else 'song'} is empty", code="bad-folds")
            if folds.setdefault(song, fold) != fold:
                reason = f"{file}, line {line}: {song!r} is in the fold {folds[song]!r} already, not {fold!r}"
                raise InputError(reason, code="bad-folds", hint="A song belongs to one fold")
    if len(set(folds.values())) < 2:
        hint = "Give one table with the columns track_id and fold, or all parts of a split, one file each"
        named = ", ".join(map(str, files))
        raise InputError(
            f"{named or 'no file'}: {len(set(folds.values()))} fold(s) where at least 2 belong", code="bad-folds", hint=hint
        )
    return folds


def match_folds(folds: Mapping[str, str], tracks: Sequence[Track]) -> FoldFile:
    """Find the songs that a fold file means: by track_id, else by the end of their path, else by a file name that is there once.

    Suffixes of audio files do not count, so that blues/blues.00029.wav may be an .au file here.

    Parameters
    ----------
    folds : song -> name of its fold, as of `read_folds`.

    Raises
    ------
    InputError : no song of the file is here, all that are lie in one fold, or two names of different folds are one song here.
    """
    find = song_finder(folds, tracks)
    fold_of: dict[str, str] = {}
    unmatched: list[str] = []
    for name, fold in folds.items():
        track_id = find(name)
        if track_id is None:
            unmatched.append(name)
        elif fold_of.setdefault(track_id, fold) != fold:
            reason = f"the song {track_id!r} would be in the folds {fold_of[track_id]!r} and {fold!r} (as {name!r})"
            raise InputError(reason, code="bad-folds", hint="Name each song by its track_id or by a longer end of its path")
    names = tuple(sorted(set(fold_of.values()), key=_natural))
    if len(names) < 2:
        what = f"all {len(fold_of)} songs of the fold file that are here lie in the fold {names[0]!r}" if names else ""
        what = what or f"none of the {len(folds)} songs of the fold file is in the catalogue (such as {next(iter(folds), '')!r})"
        hint = "Songs are named by track_id or by the end of their path, as in blues/blues.00029.wav"
        raise InputError(what, code="unmatched-folds", hint=hint)
    rows = {name: row for row, name in enumerate(names)}
    numbers = {track_id: rows[fold] for track_id, fold in fold_of.items()}
    return FoldFile(numbers, names, tuple(unmatched), sum(track.track_id not in numbers for track in tracks))


def _rows(file: Path, is_part: bool) -> Iterator[tuple[int, str, str]]:
    """Line, song and fold of each row. `is_part`: one of several files."""
    lines = _lines(file)
    if not lines:
        raise InputError(f"{file} is empty", code="bad-folds")
    header = [cell.lower() for cell in lines[0][1]]
    song = next((header.index(name) for name in _SONG if name in header), None)
    fold = next((header.index(name) for name in _FOLD if name in header), None)
    if song is not None:
        lines = lines[1:]
    elif fold is not None:
        reason = f"{file}, line 1: a column {header[fold]!r} and none of {', '.join(_SONG)}"
        raise InputError(reason, code="bad-folds", hint="Name the column of the songs")
    else:
        song, fold = _positions(file, [cells for _, cells in lines], is_part)
    for line, cells in lines:
        if len(cells) <= max(song, fold or 0):
            raise InputError(f"{file}, line {line}: {len(cells)} columns are too few", code="bad-folds")
        yield line, posix(cells[song]), file.stem if fold is None else cells[fold]


def _lines(file: Path) -> list[tuple[int, list[str]]]:
    """Line numbers and cells of all lines that are not empty."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", code="bad-folds") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8", code="bad-folds", hint="Save it as UTF-8") from None
    lines = text.split("\n")
    delimiter = "\t" if "\t" in lines[0] else ","
    is_list = file.suffix.lower() == ".txt" and delimiter == ","  # a list of files: a comma belongs to a name
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            cells = [line] if is_list else next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            raise InputError(f"{file}, line {number}: {error}", code="bad-folds") from None
        if line.strip():
            found.append((number, [clean(cell) for cell in cells]))
    return found


def _positions(file: Path, rows: Sequence[Sequence[str]], is_part: bool) -> tuple[int, int | None]:
    """Columns of song and fold in a file without header."""
    widths = {len(cells) for cells in rows}
    if widths == {1}:
        return 0, None
    if widths == {2} and not is_part:
        repeats = [len({cells[at] for cells in rows}) < len(rows) for at in (0, 1)]
        if repeats in ([False, True], [True, False]):
            return repeats.index(False), repeats.index(True)
    hint = "Give it a first line such as track_id,fold"
    reason = f"{file} has no header, and its columns do not tell which is the song and which the fold"
    raise InputError(reason, code="bad-folds", hint=hint)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Sort key: numbers in a name count as numbers."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d{1,18})", name) if part]
