"""What of a music folder is not to be scanned: hidden names, trash, folders with a marker, and what an ignore file names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.base import GitIgnorePatternError

from data.layouts.layout import Problem

IGNORE_FILE = ".recsysignore"  # patterns as in a .gitignore, for what lies in its folder and below
MARKERS = (".notmusic", ".nomusic")  # a folder with such a file is excluded, with all below it
# Not hidden by name: thumbnails and recycle bins of network drives, Windows' and file systems' own folders.
TRASH = frozenset({"@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
_MOST_BYTES = 1 << 20  # of an ignore file


class _Rules(NamedTuple):
    """The patterns of one ignore file, for paths relative to its folder."""

    folder: str
    spec: GitIgnoreSpec


class Ignoring:
    """Answers for one root which of its files and folders are ignored; each ignore file is read once.

    The root itself may be hidden. A table that lists songs (tracks.csv) is not asked here: what it lists is wanted.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.problems: list[Problem] = []
        self._known: dict[str, tuple[_Rules, ...] | None] = {}

    def folder(self, folder: str) -> bool:
        """Whether a folder at or below the root is ignored, with all that lies in it."""
        return self._rules(folder) is None

    def file(self, path: str) -> bool:
        """Whether a file below the root is ignored."""
        folder, name = os.path.split(path)
        rules = self._rules(folder)
        return rules is None or name.startswith(".") or _named(rules, path)

    def _rules(self, folder: str) -> tuple[_Rules, ...] | None:
        """The ignore files that hold in a folder, the outermost first; None where the folder is ignored."""
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: str) -> tuple[_Rules, ...] | None:
        above: tuple[_Rules, ...] = ()
        if folder != self.root:
            parent, name = os.path.split(folder)
            if name.startswith(".") or name in TRASH or parent == folder:
                return None
            rules = self._rules(parent)
            if rules is None or _named(rules, folder + "/"):
                return None
            above = rules
        if any(os.path.lexists(os.path.join(folder, marker)) for marker in MARKERS):  # noqa: PTH118 (fast)
            return None
        own = self._read(os.path.join(folder, IGNORE_FILE))  # noqa: PTH118
        return above if own is None else (*above, _Rules(folder, own))

    def _read(self, path: str) -> GitIgnoreSpec | None:
        """The patterns of a file; what is no pattern is a problem and the others hold. None where there is no file."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                lines = file.read(_MOST_BYTES).decode("utf-8-sig", "surrogateescape").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.problems.append(Problem(path, "unopenable", f"{path} cannot be read: {error.strerror}", "It ignores nothing"))
            return None
        good = []
        for number, line in enumerate(lines, start=1):
            try:
                GitIgnoreSpec.from_lines([line])
                good.append(line)
            except (GitIgnorePatternError, re.error):
                why = f"line {number}: {line[:80]!r} is no pattern"
                self.problems.append(Problem(f"{path}:{number}", "bad-pattern", why, "Write it as in a .gitignore"))
        return GitIgnoreSpec.from_lines(good)


def _named(rules: Iterable[_Rules], path: str) -> bool:
    """Whether patterns name a path; the innermost file that says anything of it decides, in it the last line."""
    for folder, spec in reversed(tuple(rules)):
        said = spec.check_file(path[len(folder.rstrip(os.sep)) + 1 :]).include
        if said is not None:
            return said
    return False
