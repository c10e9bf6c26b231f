"""Smooth a playlist: its songs, in an order in which neighbours sound alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.errors import InputError
from data.playlists.entries import Entry
from data.playlists.files import check_target, format_of, read_playlist
from data.playlists.matching import entry_matcher
from data.tracks import Track
from recsys.steps.playlist_files import write_entries
from recsys.steps.song_vectors import SongVectors, song_vectors
from recsys.workspace import open_workspace


def reorder(
    root: Path, source: Path, out: Path | None = None, *, keep_first: bool = False, relative: bool = False, force: bool = False
) -> dict[str, Any]:
    """Reorder a playlist (.m3u8, .m3u or .jspf) and write it to `out` (.m3u8 or .jspf; None: only answer).

    Nothing is added and nothing lost: entries that are no songs of the library, or have no embedding, stand at the end, in the
    order that they had.

    Parameters
    ----------
    keep_first : the song that came first stays first. relative, force : as of `recsys.steps.playlist_files.write_list`.

    Returns
    -------
    "items": each {"rank", "track_id" (None for an entry that is not of the library), "artist", "title", "duration" (s), "path",
    "before" (its place in the source), "similarity" (to the song before, None if that is not known)}; "moved" (songs at another
    place than before), "mean_step_before", "mean_step_after", "largest_step_before", "largest_step_after" (1 - similarity of
    neighbouring songs), "unknown" (locations of entries that are not in the library), "not_embedded" (track ids), "unusable"
    (lines that name nothing), "written" (as of `write_list`, or None), "notes".

    Raises
    ------
    InputError : as `recsys.steps.similar`; `source` cannot be read; fewer than two of its entries are songs with an embedding;
        more than 5,000 are; as `write_list`.
    """
    from content.ordering import flowing_order

    if out is not None:
        form = format_of(out)
        check_target(out, force=force)
    given = read_playlist(source)
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        match = entry_matcher(catalogue.tracks())
        vectors = song_vectors(workspace, catalogue)
    songs = [match(entry) for entry in given.entries]
    known = [at for at, song in enumerate(songs) if song is not None and song.track_id in vectors.rows]
    if len(known) < 2:
        raise InputError(
            f"{source}: {len(known)} of {len(given.entries)} entries are songs of the library with an embedding; it takes two",
            code="no-match",
            hint="Compare its paths with those of the library, or run `recsys embed`",
        )
    rows = [vectors.rows[song.track_id] for song in songs if song is not None and song.track_id in vectors.rows]
    flow = flowing_order(vectors.unit[rows], first=0 if keep_first else None).tolist()
    order = [known[at] for at in flow] + [at for at in range(len(songs)) if at not in set(known)]
    written = None
    if out is not None:
        entries = [_entry(given.entries[at], songs[at]) for at in order]
        written = write_entries(entries, out, title="", relative=relative, force=force, form=form)
    answer = _answer(given.entries, songs, order, vectors)
    answer |= _steps(vectors, rows, [rows[at] for at in flow])
    return answer | {"unusable": given.unusable, "written": written}


def _entry(entry: Entry, song: Track | None) -> Entry:
    return entry if song is None else Entry.of_track(song)


def _answer(entries: list[Entry], songs: list[Track | None], order: list[int], vectors: SongVectors) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    before: int | None = None
    for rank, at in enumerate(order, start=1):
        entry, song = _entry(entries[at], songs[at]), songs[at]
        row = vectors.rows.get(song.track_id) if song is not None else None
        items.append(
            {
                "rank": rank,
                "track_id": None if song is None else song.track_id,
                "artist": entry.artist,
                "title": entry.title or entry.name,
                "duration": round(entry.seconds, 3),
                "path": entry.location,
                "before": at + 1,
                "similarity": None if row is None or before is None else _similarity(vectors, before, row),
            }
        )
        before = row
    unknown = [entry.location or entry.name for entry, song in zip(entries, songs, strict=True) if song is None]
    bare = [song.track_id for song in songs if song is not None and song.track_id not in vectors.rows]
    told = ((unknown, "are not in the library"), (bare, "have no embedding"))
    notes = [f"{len(some)} entries {what}; they stand at the end" for some, what in told if some]
    moved = sum(item["rank"] != item["before"] for item in items)
    return {"items": items, "moved": moved, "unknown": unknown, "not_embedded": bare, "notes": notes}


def _similarity(vectors: SongVectors, a: int, b: int) -> float:
    from content.similarity import from_cosine

    return round(float(from_cosine(vectors.unit[a] @ vectors.unit[b])), 6)


def _steps(vectors: SongVectors, before: list[int], after: list[int]) -> dict[str, float]:
    from content.ordering import steps

    told = {}
    for name, rows in (("before", before), ("after", after)):
        step = steps(vectors.unit[rows])
        told[f"mean_step_{name}"] = round(float(step.mean()), 6)
        told[f"largest_step_{name}"] = round(float(step.max()), 6)
    return told
