"""Walk a folder: its audio files, and the tables of public sets that lie in it."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from data.layouts import fma, mtg_jamendo
from data.layouts.ignored import MARKERS, Ignoring
from data.layouts.layout import SUFFIXES, Problem

_TABLES = (fma.TABLE, mtg_jamendo.TABLES)


class Found(NamedTuple):
    """Audio files, sorted; files that may be tables of public sets, those in the outermost folders first; unreadable folders."""

    audio: list[Path]
    tables: list[Path]
    problems: list[Problem]


def find_files(root: Path) -> Found:
    """What lies below `root` and is not ignored (see `Ignoring`); a folder reached twice (symbolic links) is read once."""
    ignoring = Ignoring(root)
    found = Found([], [], ignoring.problems)
    if ignoring.folder(str(root)):
        found.problems.append(Problem(str(root), "ignored", f"a marker excludes it: {' or '.join(MARKERS)}", "Remove the marker"))
        return found
    seen: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        found.problems.append(Problem(str(error.filename), "unopenable", f"the folder cannot be read: {error.strerror}"))

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
        subfolders[:] = sorted(name for name in subfolders if not ignoring.folder(os.path.join(place, name)))  # noqa: PTH118 (fast)
        shown = [name for name in files if _may_matter(name) and not ignoring.file(os.path.join(place, name))]  # noqa: PTH118
        found.audio.extend(Path(place, name) for name in shown if _is_audio(name))
        found.tables.extend(Path(place, name) for name in shown if _is_table(name))
    found.audio.sort()
    found.tables.sort(key=lambda path: (len(path.parts), path))
    return found


def _is_audio(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 (fast)


def _is_table(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _TABLES)


def _may_matter(name: str) -> bool:
    return _is_audio(name) or _is_table(name)
