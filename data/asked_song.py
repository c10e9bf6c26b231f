"""Which song of the catalogue a person means: by id, by the path of its file, or by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from data.catalogue import Catalogue
from data.errors import InputError
from data.tags import normalised
from data.tracks import Track

MOST_NAMED = 5  # candidates of an ambiguous name that are listed
NEAR = 60.0  # similarity, of 100, from which a name is offered as what may have been meant


class _Names(NamedTuple):
    """Track ids by normalised "artist title" and by normalised title; what to show of each id."""

    whole: dict[str, list[str]]
    titles: dict[str, list[str]]
    shown: dict[str, str]


def song_asker(catalogue: Catalogue, folder: Path | None = None) -> Callable[[str], Track]:
    """A function from what a person wrote to the one song that it means.

    That is, the first of these that is a song: a track id; the path of a file, absolute or from `folder` (default: the current
    one); "Artist - Title"; a title that is there once. In names case, accents and punctuation do not count.

    Raises
    ------
    InputError : (the function) nothing is named so (code "unknown-id"; names the nearest), or several songs are (code
        "ambiguous"; lists at most 5).
    """

    @cache
    def names() -> _Names:
        return _names(catalogue)

    def ask(text: str) -> Track:
        track = track_at(catalogue, text, folder)
        if track is not None:
            return track
        flat = normalised(text)
        found = names().whole.get(flat) or names().titles.get(flat) or []
        if len(found) == 1:
            return catalogue.track(found[0])
        raise _ambiguous(text, found, names()) if found else _unknown(text, flat, names())

    return ask


def track_at(catalogue: Catalogue, text: str, folder: Path | None = None) -> Track | None:
    """The song whose id is `text`, or whose file lies at that path, seen from `folder` (default: the current one) or from a
    scanned folder: a song that was moved keeps its id, and is found where it lies now as well."""
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8: no id or path of the catalogue holds any
        return None
    found = catalogue.tracks_by_id([text])
    if found:
        return found[text]
    if not text or "\0" in text:
        return None
    written = os.path.expanduser(text)  # noqa: PTH111 (paths may hold any text)
    places = (os.path.join(place, written) for place in (str(folder or Path.cwd()), *catalogue.roots()))  # noqa: PTH118
    return next((track for place in places if (track := song_of_path(catalogue, place)) is not None), None)


def song_of_path(catalogue: Catalogue, path: str) -> Track | None:
    """The song whose file lies at `path`, absolute; "..", "." and symbolic links on the way do not matter. Opens no file."""
    for place in dict.fromkeys((os.path.normpath(path), os.path.realpath(path))):
        rows = catalogue.query("SELECT track_id FROM tracks WHERE path = ?", [place])
        if rows:
            return catalogue.track(rows[0][0])
    return None


def _names(catalogue: Catalogue) -> _Names:
    names = _Names({}, {}, {})
    for track_id, artist, title in catalogue.query("SELECT track_id, artist, title FROM tracks ORDER BY track_id"):
        names.shown[track_id] = Track(track_id, "", artist, title).name
        if title:
            names.titles.setdefault(normalised(title), []).append(track_id)
        if artist and title:
            names.whole.setdefault(normalised(f"{artist} {title}"), []).append(track_id)
    return names


def _ambiguous(text: str, found: list[str], names: _Names) -> InputError:
    listed = "; ".join(f"{names.shown[track_id]} (id {track_id})" for track_id in found[:MOST_NAMED])
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return InputError(f"{text!r} is the name of {len(found)} songs: {listed}{more}", code="ambiguous", hint="Give one's id")


def _unknown(text: str, flat: str, names: _Names) -> InputError:
    how = 'Give an id, the path of a file, "Artist - Title", or a title that is there once'
    nearest = _nearest(flat, names)
    if nearest:
        how = f"Did you mean {names.shown[nearest]} (id {nearest})? {how}"
    return InputError(f"unknown song {text!r}", code="unknown-id", hint=how)


def _nearest(flat: str, names: _Names) -> str | None:
    """The id of the song with the most similar name, title or id, if any is similar at all."""
    from rapidfuzz import fuzz, process

    ids = {normalised(track_id): [track_id] for track_id in names.shown}
    best: tuple[float, str] | None = None
    for known in (names.whole, names.titles, ids):
        found = process.extractOne(flat, known.keys(), scorer=fuzz.ratio, score_cutoff=NEAR)
        if found is not None and (best is None or found[1] > best[0]):
            best = (found[1], known[found[0]][0])
    return best[1] if best else None
