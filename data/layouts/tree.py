"""A tree of audio files whose folders may be labels and whose names may tell artist and title."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from data.layouts.folder_classes import are_classes
from data.layouts.layout import Song
from data.layouts.name_forms import Form, form_of
from data.tags import Tags, clean


class Tree(NamedTuple):
    """The songs of a tree, and what a person should know about the reading."""

    songs: list[Song]
    notes: list[str]


class _Reading(NamedTuple):
    """The kind of label that folders give ("none": none), how files are named, and the note."""

    kind: str
    form: Form | None
    notes: list[str]


def read_tree(root: Path, audio: Sequence[Path], folder_label: str, tags_of: Callable[[Path], Tags]) -> Tree:
    """One song a file; the id is its path below `root`.

    Parameters
    ----------
    audio : files below `root`, in a fixed order.
    folder_label, tags_of : as in `read_layouts`.
    """
    reading = _reading(root, audio, folder_label, tags_of)
    songs = []
    for path in audio:
        relative = path.relative_to(root)
        place = clean(relative.parent.name)
        labels = {reading.kind: place} if reading.kind != "none" and place else {}
        artist, title = reading.form.names(path.stem) if reading.form is not None else ("", "")
        keeps = folder_label == "auto"
        songs.append(Song(path, relative.as_posix(), artist, title, labels=labels, keeps_labels=keeps))
    return Tree(songs, reading.notes)


def _reading(root: Path, audio: Sequence[Path], folder_label: str, tags_of: Callable[[Path], Tags]) -> _Reading:
    folders = _sister_folders(audio)
    form = form_of(folders, tags_of) if folders else None
    if form is None and folder_label != "auto":
        classes = False  # nobody asks: no tag need be read
    else:
        classes = (form is not None and form.certain) or (bool(folders) and _are_classes(root, folders, tags_of))
    if not classes:
        form = None  # "Artist-Title" among albums: the tags know better
    notes = [form.note] if form is not None else []
    if folder_label != "auto":
        told = [f"folder names become the label {folder_label!r}"] if folder_label != "none" else []
        return _Reading(folder_label, form, told + notes)
    if not classes:
        return _Reading("none", None, [])
    return _Reading("genre", form, [f"{len(folders)} folders of songs: their names become the label 'genre'", *notes])


def _sister_folders(audio: Sequence[Path]) -> dict[str, list[Path]]:
    """Name -> songs, where all songs lie in two or more folders that lie in one; otherwise nothing."""
    folders: dict[Path, list[Path]] = {}
    for path in audio:
        folders.setdefault(path.parent, []).append(path)
    if len(folders) < 2 or len({folder.parent for folder in folders}) > 1:
        return {}
    return {folder.name: paths for folder, paths in folders.items()}


def _are_classes(root: Path, folders: dict[str, list[Path]], tags_of: Callable[[Path], Tags]) -> bool:
    """Whether the folders are classes; deeper in the tree (genres_original/jazz) something must speak for it."""
    above = next(iter(folders.values()))[0].parent.parent
    return are_classes(folders, tags_of, unknown_artists=above == root or "genre" in above.name.lower())
