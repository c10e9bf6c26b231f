"""Recognise how the songs of a folder lie, by what lies in it, and read them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from data.errors import InputError
from data.layouts import fma, mtg_jamendo
from data.layouts.audio_files import Found, find_files
from data.layouts.layout import Layout, Problem, Song
from data.layouts.numbered_files import by_number, counted, songs_of
from data.layouts.tracks_table import TABLE, read_table
from data.layouts.tree import read_tree
from data.song_files import lies_below
from data.tags import Tags, clean


class _Part(NamedTuple):
    """Songs of one public set, the files that are not its own, and what belongs to a `Layout`."""

    songs: list[Song]
    others: list[Path]
    problems: list[Problem]
    notes: list[str]
    tables: list[Path]


def read_layouts(folders: Iterable[Path], folder_label: str, tags_of: Callable[[Path], Tags]) -> list[Layout]:
    """Find the songs of folders; one that holds only the tables of a public set whose audio lies in another is left out.

    Parameters
    ----------
    folder_label : "auto": where all songs lie in two or more folders side by side that look like classes and not like artists or
        albums (see `are_classes`), the folder is the song's "genre"; "none"; or the kind of label that the folder gives: the
        innermost one, however deep the tree. Songs that a table lists have the labels of the table.
    tags_of : what a file says of itself.

    Raises
    ------
    InputError : a folder is missing or is no folder (code "no-folder"); a table cannot be read (code "bad-table");
        `folder_label` is empty.
    """
    if not clean(folder_label):
        hint = 'Give "auto", "none" or the name of the label, e.g. "mood"'
        raise InputError(f"folder_label={folder_label!r} must not be empty", hint=hint)
    roots = [_existing(folder) for folder in folders]
    found = {root: find_files(root) for root in roots if not _has_own_table(root)}
    tables = [table for files in found.values() for table in files.tables]
    once = functools.cache(tags_of)
    layouts = [
        _read(root, found[root], tables, folder_label, once) if root in found else read_table(root / TABLE) for root in roots
    ]
    used = [str(table) for layout in layouts if layout.songs for table in layout.tables]
    return [layout for layout in layouts if layout.songs or not any(lies_below(table, layout.root) for table in used)]


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {problem}", code="no-folder")
    return folder.resolve()


def listed_below(root: Path) -> set[Path] | None:
    """The files that a folder's own tracks.csv lists; None where it has none and the folder itself decides.

    Raises
    ------
    InputError : the table cannot be read (code "bad-table").
    """
    return {song.path for song in read_table(root / TABLE).songs} if _has_own_table(root) else None


def _has_own_table(root: Path) -> bool:
    return (root / TABLE).is_file() and not fma.is_table(root / TABLE)


def _read(root: Path, found: Found, given: Sequence[Path], folder_label: str, tags_of: Callable[[Path], Tags]) -> Layout:
    """Songs of the public sets first, by their tables; what remains is a tree.

    Parameters
    ----------
    given : tables in all folders that are scanned.
    """
    if not found.audio:
        sets = [table for table in found.tables if fma.is_table(table) or mtg_jamendo.table_of(table)]
        return Layout(root, (), tuple(found.problems), tables=tuple(sets))
    tables = [*found.tables, *(table for table in given if table not in found.tables)]
    first = _fma(root, found.audio, tables)
    second = _mtg_jamendo(root, first.others, tables)
    tree = read_tree(root, second.others, folder_label, tags_of)
    return Layout(
        root,
        (*first.songs, *second.songs, *tree.songs),
        (*found.problems, *first.problems, *second.problems),
        (*first.notes, *second.notes, *tree.notes),
        (*first.tables, *second.tables),
    )


def _fma(root: Path, audio: Sequence[Path], tables: Sequence[Path]) -> _Part:
    files, others = by_number(audio, fma.number_of)
    beside = [root.parent / name for name in fma.BESIDE]
    table = next((path for path in [*tables, *beside] if path.name == fma.TABLE and fma.is_table(path)), None) if files else None
    if table is None:
        missing = "files are named as in FMA, but no fma_metadata/tracks.csv lies with them: they have no labels"
        return _Part([], list(audio), [], [missing] if files else [], [])
    rows = fma.read_table(table, files.__contains__)
    songs, copies = songs_of(files, rows.wanted, str)
    note = f"FMA, read with {table}: {counted(files, rows.wanted, rows.others)}; labels genre, genres, split"
    if not table.with_name(fma.GENRES).is_file():
        note += f" (no label genres: {fma.GENRES} does not lie beside the table)"
    return _Part(songs, others, [*rows.problems, *copies], [note], [table])


def _mtg_jamendo(root: Path, audio: Sequence[Path], tables: Sequence[Path]) -> _Part:
    files, others = by_number(sorted(audio, key=lambda path: (mtg_jamendo.is_low(path), path)), mtg_jamendo.number_of)
    found = _jamendo_tables(root, tables) if files else []
    if not found:
        return _Part([], list(audio), [], [], [])
    rows, problems = mtg_jamendo.read_tables(found)
    songs, copies = songs_of(files, rows, mtg_jamendo.id_of)
    told = counted(files, rows, sum(number not in files for number in rows))
    names = ", ".join(str(table) for table in found)
    note = f"MTG-Jamendo, read with {names}: {told}; labels genres, moods, instruments, and genre of songs that have one alone"
    return _Part(songs, sorted(others), [*problems, *copies], [note], found)


def _jamendo_tables(root: Path, tables: Sequence[Path]) -> list[Path]:
    """The tables of the outermost folder that has any: deeper ones are splits of these."""
    folders = list(dict.fromkeys(path.parent for path in tables)) + [root.parent / name for name in mtg_jamendo.BESIDE]
    for folder in folders:
        found = [mtg_jamendo.table_of(path) for path in sorted(folder.glob(mtg_jamendo.TABLES))]
        if any(found):
            return list(dict.fromkeys(table for table in found if table is not None))
    return []
