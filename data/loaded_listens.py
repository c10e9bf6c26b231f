"""Stored listens joined with the songs of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.listens import Listens
from data.listens_join import Blocks, SongsOfItems
from data.listens_table import StoredRows, read_source
from data.matched import Library, matches_of
from data.matching import WAYS
from data.stored_listens import StoredSource, sources
from data.tracks import Track

UNKNOWN = "rows of unknown songs (kept for later)"


def load(
    folder: Path, tracks: Sequence[Track], *, events: bool = False, users: Sequence[str] | None = None
) -> tuple[Listens, dict[str, int]]:
    """Join all sources with the catalogue.

    Plays of a (user, track) pair are added, its time is the latest; an event (user, track, time) that stands in several rows
    counts once, if the times are equal to the second. Rows that name unknown songs stay on disk and count as soon as the songs
    are catalogued. A play count of an artist goes to each song of the artist.

    Memory: some 40 bytes a row that names a known song.

    Parameters
    ----------
    tracks : the catalogue.
    events : one row an event instead, where it matters when a pair was first heard; users and tracks are the same.
    users : only what these listened to, without reading much of the rest; None: all.

    Returns
    -------
    listens : one row a (user, track) pair, ordered; `tracks` are all of the catalogue, sorted by id; `users` those with a known
        song, sorted. `time` is None if no source has times; else 0 for pairs of unknown time.
    counts : what was read, left out and kept, in words, in this order; rows by the way in which their songs were found.

    Raises
    ------
    InputError : a stored table is missing or damaged.
    """
    library = Library(list(tracks))
    ids = IdMap(tuple(track.track_id for track in library.tracks), "track")
    stored = [(source, _read(folder, source)) for source in sources(folder)]
    wanted = None if users is None else set(users)
    names = sorted({user for _, source in stored for user in source.users if wanted is None or user in wanted})
    number = {user: row for row, user in enumerate(names)}
    blocks = Blocks(len(names), sum(source.rows for source, _ in stored))
    counts = {"rows stored": sum(source.rows for source, _ in stored), UNKNOWN: 0}
    ways = np.zeros(len(WAYS), np.int64)
    for source, rows in stored:
        codes = np.array([number.get(user, -1) for user in rows.users], np.int32)
        chosen = None if wanted is None else codes >= 0
        if chosen is not None and not chosen.any():
            continue
        matches = matches_of(folder / source.file, source.item_kind, rows.items, library, _items_of(rows, chosen))
        songs = SongsOfItems(matches.item, matches.track, rows.items.num_rows)
        for batch in rows.batches(chosen):
            known, unknown = songs.rows(batch, codes)
            blocks.add(known)
            counts[UNKNOWN] += unknown
            ways += np.bincount(matches.way[batch.item], minlength=len(WAYS))
    listens, repeated = blocks.joined(names, ids, events=events)
    counts |= {f"rows matched by {way}": int(rows) for way, rows in zip(WAYS, ways, strict=True) if way and rows}
    counts["repeated events counted once"] = repeated
    counts |= {"events" if events else "user-song pairs": len(listens), "users": len(listens.users), "songs": len(ids)}
    heard = np.zeros(len(ids), bool)
    heard[listens.track] = True
    counts["songs without listens"] = int((~heard).sum())
    return listens, counts


def _read(folder: Path, source: StoredSource) -> StoredRows:
    hint = f"Import {source.path} again; if it is lost, delete {folder} and import what is left"
    return read_source(folder / source.file, hint)


def _items_of(rows: StoredRows, chosen: NDArray[np.bool_] | None) -> Callable[[], NDArray[np.bool_]] | None:
    """What tells the items that the chosen users listened to, bool (n,); None: all."""

    def needed() -> NDArray[np.bool_]:
        items = np.zeros(rows.items.num_rows, bool)
        for batch in rows.batches(chosen):
            items[batch.item] = True
        return items

    return None if chosen is None else needed
