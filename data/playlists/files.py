"""Playlist files on disk: read with bounds, written whole, and never over something that is no playlist."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from data.errors import InputError
from data.files import write_text
from data.playlists.entries import Entry
from data.playlists.jspf import is_jspf, jspf_text, parse_jspf
from data.playlists.m3u8 import HEADER, m3u8_text, parse_m3u, writable

MOST_BYTES = 64 * 2**20
Format = Literal["m3u8", "jspf"]


class Playlist(NamedTuple):
    """What a playlist file holds; `unusable` counts its lines that name nothing."""

    entries: list[Entry]
    unusable: int


def read_playlist(path: Path) -> Playlist:
    """Read M3U, M3U8 or JSPF, told apart by content: UTF-8, or Latin-1 where it is no UTF-8, any line ends.

    Raises
    ------
    InputError : the file cannot be read, is larger than 64 MiB, or holds no playlist (code "not-a-playlist").
    """
    text = _text_of(path)
    if text.lstrip()[:1] == "{":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not is_jspf(value):
            raise InputError(f"{path} is JSON and no JSPF playlist", code="not-a-playlist")
        return Playlist(*parse_jspf(value, path.parent))
    entries, unusable = parse_m3u(text, path.parent)
    if not entries and not text.startswith(HEADER):
        raise InputError(f"{path} names nothing to play", code="not-a-playlist", hint="Give an .m3u8, .m3u or .jspf file")
    return Playlist(entries, unusable)


def playlist_text(entries: Sequence[Entry], form: Format, *, title: str, folder: Path | None) -> tuple[str, list[Entry]]:
    """A playlist as text, and the entries that the format cannot hold and that it therefore lacks."""
    if form == "jspf":
        return jspf_text(entries, title=title, folder=folder), []
    kept = [entry for entry in entries if entry.location and writable(entry)]
    left_out = [entry for entry in entries if not (entry.location and writable(entry))]
    return m3u8_text(kept, title=title, folder=folder), left_out


def format_of(path: Path) -> Format:
    """The format that a file's suffix asks for. Raises InputError for any other than .m3u8 and .jspf."""
    suffix = path.suffix.lower()
    if suffix == ".m3u8":
        return "m3u8"
    if suffix == ".jspf":
        return "jspf"
    raise InputError(f"{path} must end in .m3u8 or .jspf", code="suffix", hint="Choose the playlist's format by its suffix")


def check_target(path: Path, *, force: bool = False) -> None:
    """Raise InputError (code "not-a-playlist") unless `path` is new, empty or a playlist, or `force` is set."""
    if not force and path.exists() and not (path.is_file() and _may_be_replaced(path)):
        raise InputError(f"{path} exists and is no playlist", code="not-a-playlist", hint="Choose another name, or give --force")


def write_playlist(path: Path, text: str, *, force: bool = False) -> None:
    """Write a playlist, atomically. Raises InputError as `check_target`, or if the place cannot be written."""
    check_target(path, force=force)
    write_text(path, text)


def _may_be_replaced(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(64).removeprefix(codecs.BOM_UTF8)
        if not start or start.startswith(HEADER.encode()):
            return True
        if not start.lstrip().startswith(b"{") or os.fstat(file.fileno()).st_size > MOST_BYTES:
            return False
    try:
        return is_jspf(json.loads(path.read_text(encoding="utf-8-sig")))
    except (ValueError, RecursionError):
        return False


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"{path} is no file", code="missing")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}", code="unopenable") from None
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MiB", code="not-a-playlist", hint="A playlist is smaller")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:  # an audio file, say
        raise InputError(f"{path} is no playlist", code="not-a-playlist", hint="Give an .m3u8, .m3u or .jspf file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
