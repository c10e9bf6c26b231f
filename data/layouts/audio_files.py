"""Walk a folder: its audio files, and the tables of public sets that lie in it."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from data.layouts import fma, mtg_jamendo
from data.layouts.layout import SUFFIXES, Problem

_TABLES = (fma.TABLE, mtg_jamendo.TABLES)


class Found(NamedTuple):
    """Audio files, sorted; files that may be tables of public sets, those in the outermost folders first; unreadable folders."""

    audio: list[Path]
    tables: list[Path]
    problems: list[Problem]


def find_files(root: Path) -> Found:
    """What lies below `root`; hidden names are skipped, and a folder reached twice (symbolic links) is read once."""
    found = Found([], [], [])
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
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        shown = [name for name in files if not name.startswith(".")]
        found.audio.extend(Path(place, name) for name in shown if os.path.splitext(name)[1].lower() in SUFFIXES)  # noqa: PTH122 (fast)
        found.tables.extend(Path(place, name) for name in shown if any(fnmatch(name, pattern) for pattern in _TABLES))
    found.audio.sort()
    found.tables.sort(key=lambda path: (len(path.parts), path))
    return found
