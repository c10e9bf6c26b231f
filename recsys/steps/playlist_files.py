"""Lists as playlist files that any player takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.playlists.entries import Entry
from data.playlists.files import Format, check_target, format_of, playlist_text, write_playlist
from recsys.workspace import open_workspace


def list_text(root: Path, track_ids: Sequence[str], form: Format, *, title: str = "", relative: bool = False) -> dict[str, Any]:
    """A playlist of songs of the catalogue as text.

    Parameters
    ----------
    track_ids : of the songs, in order; those that have left the catalogue since are left out.
    form : "m3u8" or "jspf".
    relative : write paths as seen from the current folder.

    Returns
    -------
    "text", "songs" (in it), "left_out" (paths that the format cannot hold: M3U has no way to write a line break).
    """
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        found = catalogue.tracks_by_id(track_ids)
    entries = [Entry.of_track(found[track_id]) for track_id in track_ids if track_id in found]
    text, left_out = playlist_text(entries, form, title=title, folder=Path.cwd() if relative else None)
    return {"text": text, "songs": len(entries) - len(left_out), "left_out": [entry.location for entry in left_out]}


def write_list(
    root: Path, track_ids: Sequence[str], out: Path, *, title: str = "", relative: bool = False, force: bool = False
) -> dict[str, Any]:
    """Write the songs as a playlist in the format that the suffix of `out` asks for, .m3u8 or .jspf.

    Parameters
    ----------
    relative : write paths as seen from the folder of `out`, so that both can move together. force : also write over something
        that is no playlist.

    Returns
    -------
    "path", "songs", "left_out" as `list_text`, "summary".

    Raises
    ------
    InputError : another suffix, no song that can be written, `out` is something else than a playlist, or cannot be written.
    """
    form = format_of(out)
    check_target(out, force=force)
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        found = catalogue.tracks_by_id(track_ids)
    entries = [Entry.of_track(found[track_id]) for track_id in track_ids if track_id in found]
    return write_entries(entries, out, title=title, relative=relative, force=force, form=form)


def write_entries(
    entries: Sequence[Entry], out: Path, *, title: str, relative: bool, force: bool, form: Format
) -> dict[str, Any]:
    """As `write_list`, of entries."""
    text, left_out = playlist_text(entries, form, title=title, folder=out.parent if relative else None)
    songs = len(entries) - len(left_out)
    if not songs:
        raise InputError(f"there is nothing to write to {out}", code="empty")
    write_playlist(out, text, force=force)
    names = ", ".join(repr(entry.location) for entry in left_out)
    lacks = f"; {len(left_out)} left out, their paths cannot stand in such a file: {names}" if left_out else ""
    summary = f"{songs} songs in {out}{lacks}"
    return {"path": str(out), "songs": songs, "left_out": [entry.location for entry in left_out], "summary": summary}
