"""Songs that the catalogue knows and that are no longer there, and when so many are gone that a disk may be missing instead."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from data.catalogue import Catalogue
from data.layouts.ignored import Ignoring
from data.layouts.reading import listed_below
from data.song_files import name_of

# Somebody is asked where half of a root is gone, or more songs than this number that are more than this share.
FEW = 10
SHARE = 0.2
HALF = 0.5


@dataclass(frozen=True)
class Gone:
    """What is gone of one scanned folder, by track id.

    Parameters
    ----------
    root : the folder. songs : how many the catalogue has of it.
    missing : their file is no longer there.
    ignored : it is there, but hidden, marked or named by an ignore file.
    unlisted : it is there, but the folder's tracks.csv no longer lists it.
    doubt : why somebody should look before they are forgotten, or "".
    """

    root: str
    songs: int
    missing: tuple[str, ...]
    ignored: tuple[str, ...]
    unlisted: tuple[str, ...]
    doubt: str

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.missing, *self.ignored, *self.unlisted)


def find_gone(catalogue: Catalogue) -> list[Gone]:
    """What is gone of each scanned folder, ordered by folder; folders of which nothing is gone are left out.

    No file is opened but ignore files and tables.

    Raises
    ------
    InputError : a folder's table cannot be read (code "bad-table").
    """
    by_root: dict[str, list[tuple[str, str]]] = {}
    for track_id, path, root in catalogue.query("SELECT track_id, path, root FROM tracks ORDER BY root, track_id"):
        by_root.setdefault(root, []).append((track_id, path))
    found = [_gone_of(root, songs) for root, songs in by_root.items()]
    return [gone for gone in found if gone.ids]


def _gone_of(root: str, songs: list[tuple[str, str]]) -> Gone:
    listed = listed_below(Path(root))
    names = None if listed is None else {name_of(path) for path in listed}
    ignoring = Ignoring(Path(root))
    missing, ignored, unlisted = [], [], []
    for track_id, path in songs:
        if _is_missing(path):
            missing.append(track_id)
        elif names is not None:
            if path not in names:
                unlisted.append(track_id)
        elif ignoring.file(path):
            ignored.append(track_id)
    doubt = _doubt(root, len(songs), len(missing) + len(ignored) + len(unlisted))
    return Gone(root, len(songs), tuple(missing), tuple(ignored), tuple(unlisted), doubt)


def _is_missing(path: str) -> bool:
    """Whether there is surely no such file: a drive that does not answer, or a folder that may not be entered, proves nothing."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _doubt(root: str, songs: int, gone: int) -> str:
    """Why so many may not really be gone, or ""."""
    if not os.path.isdir(root):  # noqa: PTH112
        return f"{root} is not there; is its disk mounted?"
    with os.scandir(root) as entries:
        if next(entries, None) is None:
            return f"{root} is empty; is its disk mounted?"
    if gone == songs > 1:
        return f"all {songs} songs of {root} are gone"
    if gone > 1 and (gone >= HALF * songs or (gone > FEW and gone > SHARE * songs)):
        return f"{gone} of {songs} songs of {root} are gone"
    return ""
