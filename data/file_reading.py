"""All that a scan takes from one file: hash, length, tags. Runs in a process of its own, where a broken file may do its worst."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from data.audio import Probe, probe
from data.errors import InputError
from data.song_files import hash_of
from data.tags import Tags, read_tags


class FileRead(NamedTuple):
    """What was read of a file; None for what need not be.

    Parameters
    ----------
    content_hash : of its bytes.
    probe : None where the sound is the one that is known.
    tags : None likewise.
    """

    content_hash: str
    probe: Probe | None
    tags: Tags | None


def read_file(path: str, known: str) -> FileRead | InputError:
    """Read a file that is new or changed.

    Parameters
    ----------
    known : content hash that the catalogue has of this path, or "": with the same bytes, neither sound nor tags are looked at.

    Returns
    -------
    What was read, or why the file cannot be used; see `data.audio.probe`.
    """
    try:
        content_hash = hash_of(Path(path))
        if content_hash == known:
            return FileRead(content_hash, None, None)
        return FileRead(content_hash, probe(Path(path)), read_tags(Path(path)))
    except InputError as error:
        return error
    except MemoryError:
        return InputError(f"{path} needs more memory than there is", code="memory", hint="Encode it again, or split it")


def read_tags_again(path: str, known: str) -> FileRead:
    """Only the tags of a file whose bytes are those `known`; nothing is decoded."""
    return FileRead(known, None, read_tags(Path(path)))


def read_as_asked(path: str, known: str, only_tags: bool) -> FileRead | InputError:
    """`read_tags_again` or `read_file`."""
    return read_tags_again(path, known) if only_tags else read_file(path, known)
