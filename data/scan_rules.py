"""Rules of a scan as plain functions: what a song's place adds to it, when a refusal stands, when a song counts as damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from data.audio import Probe
from data.catalogue import Failure, FileState
from data.layouts.layout import Song
from data.musicbrainz import FIELDS
from data.song_labels import Label
from data.tracks import Track

# Fields of a Track that a file's tags fill.
FROM_TAGS = ("artist", "title", "album", "album_artist", "year", "number", *FIELDS)

# Reasons that may go away while the file stays the same: such a file is tried again at every scan.
_PASSING = frozenset({"unopenable", "missing", "not-a-file"})


class Pending(NamedTuple):
    """A file that must be read: its song, the folder scanned, its state, and whether only its tags are wanted."""

    song: Song
    root: Path
    state: FileState
    only_tags: bool = False

    @property
    def known(self) -> str:
        """The content hash that the catalogue has of it, or ""."""
        return self.state.content_hash


def placed(track: Track, song: Song, labels: Mapping[str, Label]) -> Track:
    """`track` with these labels and with the names that its place gives it."""
    names = {name: getattr(song, name) for name in ("artist", "title", "album") if getattr(song, name)}
    return replace(track, **names | dict(song.further), labels={kind: label.value for kind, label in labels.items()})


def still(failure: Failure, state: FileState) -> bool:
    """Whether a failure stands: its file is as it was then, and the reason is none that goes away by itself."""
    return (failure.size, failure.mtime_ns) == (state.size, state.mtime_ns) and failure.code not in _PASSING


def damage_of(path: str, found: Probe, state: FileState) -> Failure | None:
    """What the ledger says of a song that is used although part of its sound is missing; None of a healthy one."""
    if found.shortfall_s == 0:
        return None
    reason = f"{path} is damaged: {found.shortfall_s:.1f} s of {found.duration_s:.1f} s cannot be decoded; the rest is used"
    return Failure(path, "scan", "damaged", reason, "Copy or download the file again", state.size, state.mtime_ns, kept=True)
