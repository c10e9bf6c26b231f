"""The items of stored sources matched with the catalogue, and kept: names of many songs take seconds to match."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path
from data.importers.parsed import ItemKind
from data.listens_table import ROWS
from data.matching import BY_ARTIST, NOT, Matches, SongIndex, match_songs, songs_fingerprint
from data.resolve import resolve_artists
from data.tracks import Track

if TYPE_CHECKING:
    import pyarrow as pa


class Library:
    """The catalogue, ordered by track id, with what matching needs; prepared when it is first asked for."""

    def __init__(self, tracks: list[Track]) -> None:
        self.tracks = sorted(tracks, key=lambda track: track.track_id)

    @cached_property
    def index(self) -> SongIndex:
        return SongIndex(self.tracks)

    @cached_property
    def fingerprint(self) -> str:
        return songs_fingerprint(self.tracks)


def matches_of(
    path: Path, kind: ItemKind, items: pa.Table, library: Library, needed: Callable[[], NDArray[np.bool_]] | None = None
) -> Matches:
    """What each item of the source whose rows lie at `path` means.

    Parameters
    ----------
    items : its items, see `data.listens_table.ITEMS`.
    needed : tells the items that are asked for, bool (n,), where they are matched anew; others may stay unmatched. None: all.
    """
    kept = _kept_at(path)
    keep = kind == "track" and _has_names(items)
    found = _kept(kept, library.fingerprint, items.num_rows, len(library.tracks)) if keep else None
    if found is not None:
        return found
    if needed is not None:
        rows = np.flatnonzero(needed())
        few = _matched(kind, items.take(rows), library)
        way = np.full(items.num_rows, NOT, np.uint8)
        way[rows] = few.way
        return Matches(rows[few.item], few.track, way)
    found = _matched(kind, items, library)
    if keep:
        _keep(kept, library.fingerprint, found)
    return found


def _matched(kind: ItemKind, items: pa.Table, library: Library) -> Matches:
    if kind == "track":
        columns = {name: items.column(name).to_pylist() for name in ("key", "recording_mbid", "artist", "title", "album")}
        return match_songs(columns, items.column("duration").to_numpy(), library.index)
    number, name, mbid = (items.column(column).to_pylist() for column in ("key", "artist", "artist_mbid"))
    pairs = resolve_artists(number if kind == "lastfm-artist" else [""] * len(name), name, library.tracks, mbids=mbid)
    way = np.full(items.num_rows, NOT, np.uint8)
    way[pairs.item] = BY_ARTIST
    return Matches(pairs.item, pairs.track, way)


def _has_names(items: pa.Table) -> bool:
    import pyarrow.compute as pc

    return any(pc.max(pc.binary_length(items.column(name))).as_py() for name in ("recording_mbid", "title"))


def _kept_at(path: Path) -> Path:
    return path.with_name(f"{path.name.removesuffix(ROWS).removesuffix('.parquet')}.matches.parquet")


def _kept(path: Path, fingerprint: str, items: int, tracks: int) -> Matches | None:
    """Matches that were kept of this very catalogue; None if there are none, or what is there is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if (pq.read_schema(path).metadata or {}).get(b"songs", b"").decode() != fingerprint:
            return None
        table = pq.read_table(path, columns=["track", "way"])
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return None
    track, way = table.column("track").to_numpy(), table.column("way").to_numpy()
    if len(track) != items or (items and int(track.max()) >= tracks):
        return None
    item = np.flatnonzero(track >= 0)
    return Matches(item, track[item].astype(np.int64), way)


def _keep(path: Path, fingerprint: str, matches: Matches) -> None:
    """Keep matches of songs; where that cannot be written, they are found again next time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    track = np.full(len(matches.way), -1, np.int32)
    track[matches.item] = matches.track
    table = pa.table({"track": track, "way": matches.way}).replace_schema_metadata({"songs": fingerprint})
    with suppress(InputError, OSError, pa.ArrowException), atomic_path(path, durable=False) as temporary:
        pq.write_table(table, temporary, compression="zstd")
