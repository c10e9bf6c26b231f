"""M3U8: UTF-8 without a byte-order mark, one path a line, before it a line with length and name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from data.playlists.entries import Entry, one_line, seen_from

HEADER = "#EXTM3U"
MOST_LINE = 32_768  # characters; a path has at most 4,096 bytes

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # (one letter before the colon is a drive of Windows)
_INFO = re.compile(r"#EXTINF:\s*(-?\d+(?:\.\d+)?)[^,]*,(.*)", re.IGNORECASE)


def writable(entry: Entry) -> bool:
    """Whether the format can say where the entry lies: a line cannot hold a line break, nor UTF-8 what is no text."""
    return not any(c in entry.location for c in "\r\n\0") and _is_text(entry.location)


def m3u8_text(entries: Sequence[Entry], *, title: str = "", folder: Path | None = None) -> str:
    """A playlist of entries that are `writable`; paths are written as seen from `folder`, or absolute if that is None."""
    lines = [HEADER]
    if title:
        lines.append(f"#PLAYLIST:{one_line(title)}")
    for entry in entries:
        lines.append(f"#EXTINF:{round(entry.seconds) if entry.seconds > 0 else -1},{entry.name}")
        lines.append(entry.location if folder is None or entry.remote else _relative(entry.location, folder))
    return "\n".join(lines) + "\n"


def parse_m3u(text: str, folder: Path) -> tuple[list[Entry], int]:
    """The entries of a playlist whose relative paths start at `folder`, and how many lines were no path and no URL.

    Comments are passed over. Paths are made absolute, file: URLs become paths, other URLs stay and are `remote`.
    """
    entries: list[Entry] = []
    unusable, seconds, name = 0, 0.0, ""
    for raw in re.split(r"\r\n|\n|\r(?!\n)", text):
        if len(raw) > MOST_LINE or "\0" in raw:
            unusable += 1
        elif raw.startswith("#"):
            info = _INFO.match(raw)
            if info:
                seconds, name = max(0.0, float(info[1])), one_line(info[2])
        elif raw.strip():
            entry = _entry(raw, folder, seconds, name)
            entries += [] if entry is None else [entry]
            unusable += entry is None
            seconds, name = 0.0, ""
    return entries, unusable


def local_path(location: str, folder: Path) -> str | None:
    """The absolute path that a line or a URL of a playlist in `folder` means; None if it is not on this machine."""
    if _SCHEME.match(location):
        try:
            url = urlsplit(location)
        except ValueError:
            return None
        if url.scheme.lower() != "file" or url.netloc.lower() not in ("", "localhost"):
            return None
        # What a "?" or "#" begins belongs to the name: players write file: URLs without escaping them.
        location = unquote(location.split(":", 1)[1].removeprefix("//").removeprefix(url.netloc))
        return os.path.normpath(location) if location.startswith("/") and "\0" not in location else None
    if "\\" in location and "/" not in location:
        location = location.replace("\\", "/")
    return os.path.normpath(os.path.join(os.path.abspath(folder), location))  # noqa: PTH100, PTH118


def _entry(line: str, folder: Path, seconds: float, name: str) -> Entry | None:
    artist, found, title = name.partition(" - ")
    names = (artist, title) if found else ("", name)
    path = local_path(line, folder)
    if path is not None:
        return Entry(path, *names, seconds=seconds)
    return Entry(line.strip(), *names, seconds=seconds, remote=True) if "://" in line else None


def _relative(location: str, folder: Path) -> str:
    path = seen_from(location, folder)
    # Players take "#..." for a comment and "a:..." for a URL or a drive, and strip spaces at the start of a line.
    bare = path[0] in "#\ufeff" or path[0].isspace() or ":" in path.split("/", 1)[0]
    return f"./{path}" if bare else path


def _is_text(location: str) -> bool:
    try:
        location.encode()
    except UnicodeEncodeError:
        return False
    return True
