"""A song's file as the file system shows it: name, size, time of change, bytes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from data.errors import InputError
from data.files import hash_file


def lies_below(path: str, root: Path) -> bool:
    """Whether `path` is `root` or lies in it."""
    return path == str(root) or path.startswith(str(root).rstrip(os.sep) + os.sep)


def name_of(path: Path) -> str:
    """The path as text that a database can hold: bytes that are no UTF-8 are written as escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def size_and_time(path: Path) -> tuple[int, int]:
    """Size and time of change (ns). Raises InputError for what is no regular file or has no UTF-8 name."""
    if name_of(path) != str(path):
        raise InputError(f"{name_of(path)}: the name is not UTF-8", code="bad-name", hint="Rename the file")
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}", code="unopenable") from None
    if not stat.S_ISREG(state.st_mode):
        raise InputError(
            f"{path} is no regular file", code="not-a-file", hint="Only files that lie on a disk are read; move it away"
        )
    return state.st_size, state.st_mtime_ns


def hash_of(path: Path) -> str:
    """Hash of the bytes. Raises InputError if they cannot be read."""
    try:
        return hash_file(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", code="unopenable") from None
