"""The files that a source consists of: one file, those in a folder, or those in a zip archive, which is never unpacked."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from data.errors import InputError

HEAD_BYTES = 1 << 16  # so much of a file tells what it is
MOST_FILES = 20_000
# Listening histories shrink to a twentieth; what shrinks to less than a two-hundredth is a bomb or nothing anybody listened to.
MOST_BYTES = 1 << 33
MOST_RATIO = 200
RATIO_FROM = 1 << 24
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Member:
    """One readable file: its name for a person, its bytes as it says, and how to open it."""

    name: str
    size: int
    open_raw: Callable[[], BinaryIO]

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """A stream of the bytes.

        Raises
        ------
        InputError : it cannot be opened (code "unopenable"), or is damaged or encrypted in its archive ("damaged").
        """
        try:
            raw = self.open_raw()
        except FileNotFoundError:
            raise InputError(f"{self.name} does not exist", code="missing") from None
        except (PermissionError, IsADirectoryError) as error:
            raise InputError(f"{self.name} cannot be opened: {error.strerror}", code="unopenable") from None
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise InputError(f"{self.name} cannot be read from its archive: {error}", code="damaged") from None
        with raw:
            try:
                yield raw
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise InputError(f"{self.name} cannot be read from its archive: {error}", code="damaged") from None

    def head(self) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)


def file_member(path: Path) -> Member:
    """One file. Raises InputError if it does not exist (code "missing") or is no regular one ("unopenable")."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", code="missing") from None
    if not stat.S_ISREG(found.st_mode):  # a pipe can be read once only: recognising it would eat its beginning
        raise InputError(f"{path} is no regular file", code="unopenable", hint="Write what it gives to a file first")
    return Member(str(path), found.st_size, lambda: path.open("rb"))


def folder_members(folder: Path) -> list[Member]:
    """All files below a folder, in the order of their names; hidden ones, links to folders and empty files are passed over.

    Raises
    ------
    InputError : there are more than MOST_FILES (code "too-many").
    """
    found = []
    for path in sorted(folder.rglob("*")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.is_file() and path.stat().st_size:
            found.append(file_member(path))
        if len(found) > MOST_FILES:
            raise InputError(f"{folder} holds more than {MOST_FILES} files, no listening history does", code="too-many")
    return found


def is_zip(head: bytes) -> bool:
    """Whether a file that begins so is a zip archive."""
    return head.startswith(_ZIP)


def zip_members(path: Path) -> list[Member]:
    """The files in a zip archive, in the order of their names.

    Raises
    ------
    InputError : it is damaged, encrypted, holds too many files, or files that grow beyond reason when they are unpacked
        (code "damaged", "encrypted", "too-many", "too-large").
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and entry.file_size]
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(f"{path} is no readable zip archive: {error}", code="damaged") from None
    if len(entries) > MOST_FILES:
        raise InputError(f"{path} holds more than {MOST_FILES} files, no listening history does", code="too-many")
    for entry in entries:
        if entry.flag_bits & 1:
            raise InputError(f"{path}: {entry.filename} is encrypted", code="encrypted", hint="Unpack it and import the folder")
        bomb = entry.file_size > RATIO_FROM and entry.file_size > MOST_RATIO * max(entry.compress_size, 1)
        if bomb or entry.file_size > MOST_BYTES:
            raise InputError(
                f"{path}: {entry.filename} would grow from {entry.compress_size} to {entry.file_size} bytes; at most"
                f" {MOST_RATIO} times and {MOST_BYTES} bytes are read from an archive",
                code="too-large",
                hint="If it is what you want, unpack it and import the file",
            )
    return [_zip_member(path, entry) for entry in sorted(entries, key=lambda entry: entry.filename)]


def _zip_member(path: Path, entry: zipfile.ZipInfo) -> Member:
    def open_raw() -> BinaryIO:
        with zipfile.ZipFile(path) as archive:  # (an open entry keeps the archive's file open)
            return cast(BinaryIO, archive.open(entry))

    return Member(f"{path.name}/{entry.filename}", entry.file_size, open_raw)
