"""Whether the folders that songs lie in are classes, as of a data set of genres, or artists and albums, as of a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from data.tags import Tags, normalised

_SAMPLES = 16  # files looked at in a folder; the first scan opens them for their tags once more


def sampled(paths: Sequence[Path]) -> Sequence[Path]:
    """Some of the songs of a folder, evenly spread."""
    return paths[:: -(-len(paths) // _SAMPLES)]


def are_classes(folders: Mapping[str, Sequence[Path]], tags_of: Callable[[Path], Tags], *, unknown_artists: bool = True) -> bool:
    """Whether the names of the folders are classes of songs.

    They are if

    - fewer than half of the folders bear the name of one of their artists, a name like "Artist - Album", or a mere number;
    - most folders hold songs of two or more artists, or no song's artist is known;
    - and, where most songs have a genre tag, most of these tags are the name of the song's folder.

    Parameters
    ----------
    folders : name -> its songs, in a fixed order; of a folder with many songs some are looked at, evenly spread.
    tags_of : what a song says of itself.
    unknown_artists : the answer where no song's artist is known and nothing else speaks against it.
    """
    told = {folder: [tags_of(path) for path in sampled(paths)] for folder, paths in folders.items()}
    return not _are_named_otherwise(told) and _mix_artists(told, unknown_artists) and not _are_contradicted(told)


def _are_named_otherwise(told: Mapping[str, list[Tags]]) -> bool:
    named = sum(
        " - " in folder or folder.isdecimal() or _name(folder) in {_name(tags.artist) for tags in all_}
        for folder, all_ in told.items()
    )
    return 2 * named >= len(told)


def _mix_artists(told: Mapping[str, list[Tags]], unknown: bool) -> bool:
    artists = [{_name(tags.artist) for tags in all_ if tags.artist} for all_ in told.values()]
    return 2 * sum(len(names) > 1 for names in artists) > len(artists) if any(artists) else unknown


def _are_contradicted(told: Mapping[str, list[Tags]]) -> bool:
    agree = [_name(tags.genre) == _name(folder) for folder, all_ in told.items() for tags in all_ if tags.genre]
    return 2 * len(agree) > sum(map(len, told.values())) and 2 * sum(agree) <= len(agree)


def _name(name: str) -> str:
    """For comparison; "Hip-Hop" is "hiphop"."""
    return normalised(name).replace(" ", "")
