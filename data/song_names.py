"""Which song of the catalogue a name in somebody else's file means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from data.layouts.layout import SUFFIXES
from data.tracks import Track


def song_finder(names: Iterable[str], tracks: Sequence[Track]) -> Callable[[str], str | None]:
    """A function from one of the `names` to the track_id of the one song that it means; None if that is none or not one.

    A name is a track_id, or else the end of a song's path, or else, if no other name ends alike, a file name that is there once.
    Suffixes of audio files do not count, unless two songs differ only in them.
    """
    ids = {track.track_id for track in tracks}
    parts = [(posix(track.path), _parts(track.path), track.track_id) for track in tracks]
    ends: dict[int, dict[tuple[str, ...], list[tuple[str, str]]]] = {}  # number of parts -> these parts -> (path, track_id)
    stems = Counter(_parts(name)[-1] for name in names)

    def ending(end: tuple[str, ...]) -> list[tuple[str, str]]:
        if len(end) not in ends:
            index = ends[len(end)] = {}
            for path, own, track_id in parts:
                index.setdefault(own[-len(end) :], []).append((path, track_id))
        return ends[len(end)].get(end, [])

    def find(name: str) -> str | None:
        if name in ids:
            return name
        own = _parts(name)
        found = ending(own)
        exact = [(path, track_id) for path, track_id in found if f"/{path}".endswith(f"/{name}")]
        if not found and stems[own[-1]] == 1:
            found = ending(own[-1:])
        choice = exact if len(exact) == 1 else found
        return choice[0][1] if len(choice) == 1 else None

    return find


def _parts(path: str) -> tuple[str, ...]:
    """Folders and name, without the suffix of an audio file."""
    place = PurePosixPath(posix(path))
    name = place.stem if place.suffix.lower() in SUFFIXES else place.name
    return tuple(part for part in (*place.parent.parts, name) if part not in ("/", "."))


def posix(name: str) -> str:
    """A path of any system with slashes, without "./" before it."""
    return name.replace("\\", "/").removeprefix("./")
