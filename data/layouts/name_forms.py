"""Sets of genres whose files bear telling names: GTZAN, Homburg, Emotify; and libraries that only look like them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from data.layouts.folder_classes import sampled
from data.tags import Tags, clean, normalised

Folders = Mapping[str, Sequence[Path]]

_HOMBURG = frozenset("alternative blues electronic folkcountry funksoulrnb jazz pop raphiphop rock".split())  # noqa: SIM905
_ONLY_HOMBURG = frozenset({"folkcountry", "funksoulrnb", "raphiphop"})
_EMOTIFY = frozenset({"classical", "electronic", "pop", "rock"})
_MOST = 0.9  # share of the names of a set that must have its form
_SIDE = re.compile(r"[a-z]?[ _]?\d+|(?:cd|disc|disk|track|side)[ _]?\w{1,3}", re.IGNORECASE)  # as in "A1-Song", "cd2-Song"
# Homburg writes "Don_t", "I_M" and "Murphy_s" for "Don't", "I'M" and "Murphy's"; "Vitamin_D" is no such word.
_APOSTROPHE = re.compile(
    r"(?:(?<=[a-z]{2})_(?=(?:s|t|re|ll|ve)(?:_|$))|(?<=[A-Z]{2})_(?=[ST](?:_|$))|(?:(?<=\bI)|(?<=_I))_(?=(?:m|ve|ll|M)(?:_|$)))"
)


@dataclass(frozen=True)
class Form:
    """How a set names its files.

    Parameters
    ----------
    note : for a person: which set it is, and what its names give.
    names : artist and title from a file's name without suffix; "" where the tags decide.
    certain : whether the names alone prove that the folders are classes.
    """

    note: str
    names: Callable[[str], tuple[str, str]]
    certain: bool


def form_of(folders: Folders, tags_of: Callable[[Path], Tags]) -> Form | None:
    """The form of the file names in two or more folders; None where they have none that is known.

    Parameters
    ----------
    folders : name -> its songs, all that lie in it.
    """
    if _is_gtzan(folders):
        return Form("file names as in GTZAN: they are the titles; the artists are not known", lambda stem: ("", stem), True)
    if folders.keys() <= _EMOTIFY and all(path.stem.isdecimal() for paths in folders.values() for path in paths):
        return Form("folders and numbers as in Emotify: artists and titles come from the tags", lambda stem: ("", ""), True)
    if _share(folders, lambda path: all(_halves(path.stem))) >= _MOST:
        homburg = folders.keys() <= _HOMBURG and bool(_ONLY_HOMBURG & folders.keys())
        if homburg or _are_artists_and_titles(folders, tags_of):
            which = "as in Homburg" if homburg else "are Artist-Title"
            return Form(f"file names {which}: artists and titles come from them", artist_and_title, homburg)
    return None


def artist_and_title(stem: str) -> tuple[str, str]:
    """Artist and title of a name such as "Murphy_s_Garage-Don_t_Call_Me_Sugar"; ("", title) of one without a dash."""
    artist, title = _halves(stem)
    return _readable(artist), _readable(title)


def _is_gtzan(folders: Folders) -> bool:
    """Names like blues/blues.00000.wav."""
    form = re.compile(r"(.+)\.\d{5}")
    found = _share(folders, lambda path: bool((m := form.fullmatch(path.stem)) and m[1].lower() == path.parent.name.lower()))
    return found >= _MOST


def _are_artists_and_titles(folders: Folders, tags_of: Callable[[Path], Tags]) -> bool:
    """Whether names of the form "one-two" are artist and title, and not number and title, or words of a title.

    What stands before the dash is mostly no number, no side of a record and not the folder's name; most folders have several of
    it; and most of the artists that tags name are the same.
    """
    first = {folder: [_halves(path.stem)[0] for path in paths] for folder, paths in folders.items()}
    names = [(folder, name) for folder, all_ in first.items() for name in all_]
    numbered = sum(bool(_SIDE.fullmatch(name)) or normalised(name) == normalised(folder) for folder, name in names)
    several = sum(len(set(all_)) > 1 for all_ in first.values())
    if numbered > (1 - _MOST) * len(names) or 2 * several <= len(first):
        return False
    told = [(tags_of(path).artist, _readable(_halves(path.stem)[0])) for paths in folders.values() for path in sampled(paths)]
    agree = [normalised(artist) == normalised(name) for artist, name in told if artist]
    return 2 * sum(agree) >= len(agree)


def _halves(stem: str) -> tuple[str, str]:
    """What stands before and after the first dash; ("", all) where there is none, or one with blanks around it."""
    before, dash, after = stem.partition("-")
    if not dash or before != before.strip() or after != after.strip() or not before or not after:
        return "", stem
    return before, after


def _readable(text: str) -> str:
    """A name for people: underscores are blanks or apostrophes, %20 is a blank."""
    return clean(_APOSTROPHE.sub("'", unquote(text)).replace("_", " ")) or clean(text)


def _share(folders: Folders, has: Callable[[Path], bool]) -> float:
    found = [has(path) for paths in folders.values() for path in paths]
    return sum(found) / len(found)
