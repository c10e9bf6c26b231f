"""Tell by its content what a file of listens is; its name says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError
from data.files import fingerprint, hash_file
from data.importers import generic, hetrec
from data.importers.parsed import ParsedListens

_HINT = (
    "Known are tables with a header that names a user and a track (CSV, TSV, Parquet: user_id, track_id, and if known plays and"
    " time) and the Last.fm set of HetRec 2011"
)
_FIRST_LINE_BYTES = 1 << 16


@dataclass(frozen=True)
class Source:
    """A recognised source of listens.

    Parameters
    ----------
    path : absolute path of the file that holds the listens.
    files : all files that are read.
    read : reads them; takes a progress callback or None.
    """

    path: Path
    files: tuple[Path, ...]
    read: Callable[[Path, Callable[[int, int], None] | None], ParsedListens]

    def content_hash(self) -> str:
        """Hash of all that is read."""
        return fingerprint([hash_file(path) for path in self.files])

    def parse(self, progress: Callable[[int, int], None] | None = None) -> ParsedListens:
        """Read the listens. Raises InputError if there is no good row."""
        return self.read(self.path, progress)


def recognise(path: Path) -> Source:
    """Find out how to read a file, or a folder that holds a known data set.

    Raises
    ------
    InputError : it does not exist (code "missing"), is empty ("empty-file") or of no known format ("unknown-format").
    """
    if path.is_dir():
        if not (path / hetrec.PLAYS).is_file():
            raise InputError(f"{path} is a folder without {hetrec.PLAYS}", code="unknown-format", hint=_HINT)
        path = path / hetrec.PLAYS
    try:
        with path.open("rb") as file:
            first_line = file.readline(_FIRST_LINE_BYTES)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", code="missing") from None
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}", code="unopenable") from None
    if not first_line:
        raise InputError(f"{path} is empty (0 bytes)", code="empty-file")
    path = path.resolve()
    if first_line.startswith(b"PAR1"):
        if generic.parquet_columns(path):
            return Source(path, (path,), generic.read_parquet)
    elif hetrec.is_plays(first_line):
        artists = hetrec.artists_file(path)
        return Source(path, (path,) if artists is None else (path, artists), hetrec.read_hetrec)
    elif b"\0" not in first_line and generic.delimiter_of(first_line):
        return Source(path, (path,), generic.read_text)
    raise InputError(f"{path} is in no known format of listens", code="unknown-format", hint=_HINT)
