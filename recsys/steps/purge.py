"""Forget songs whose files are gone; nothing else ever deletes what was analysed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from content.cache import forget_images
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, write_embeddings
from data.errors import InputError
from data.ids import IdMap
from data.purging import Gone, find_gone
from recsys.report import SILENT, Report
from recsys.steps.in_use import lay_again, ours_folder, read_ours
from recsys.workspace import Workspace, open_workspace


def purge(
    root: Path,
    *,
    dry_run: bool = False,
    yes: bool = False,
    ask: Callable[[str], bool] | None = None,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Forget the songs of scanned folders that are no longer there, ignored or unlisted, and what was computed of their sound.

    Images of sounds that no song has go as well, and the vectors of the songs that are forgotten. Music is never touched.

    Parameters
    ----------
    dry_run : only tell.
    yes : also where so many are gone that a disk may be missing instead; see `data.purging`.
    ask : asked with the doubt, one line, where `yes` is not given; the answer True goes on.

    Returns
    -------
    "purged" (songs), "missing", "ignored", "unlisted" (of them), "images" (files deleted), "songs" (left), "doubts" (lines),
    "dry_run", "ids" (of the songs), "summary".

    Raises
    ------
    InputError : no workspace; so many songs are gone that somebody must look first (code "doubtful"), and nothing is changed.
    """
    workspace = open_workspace(root)
    if dry_run:
        with workspace.catalogue(readonly=True) as catalogue:
            found = find_gone(catalogue)
            return _told(found, catalogue.count(), _images(workspace, catalogue, found, True), True)
    with workspace.writing(), workspace.catalogue() as catalogue:
        found = find_gone(catalogue)
        doubts = "; ".join(gone.doubt for gone in found if gone.doubt)
        if doubts and not yes and not (ask is not None and ask(doubts)):
            hint = "Nothing was changed" + ("" if ask is not None else "; give --yes if these songs are really gone")
            raise InputError(doubts, code="doubtful", hint=hint)
        catalogue.remove(*(track_id for gone in found for track_id in gone.ids))
        _forget_vectors(workspace, catalogue, report)
        images = _images(workspace, catalogue, found, False)
        return _told(found, catalogue.count(), images, False)


def _images(workspace: Workspace, catalogue: Catalogue, found: Collection[Gone], dry_run: bool) -> int:
    """Delete (or only count) the images of sounds that no song has, or will have when those `found` are forgotten."""
    going = {track_id for gone in found for track_id in gone.ids}
    states = catalogue.file_states().values()
    return forget_images(workspace.images, {state.content_hash for state in states if state.track_id not in going}, dry_run)


def _forget_vectors(workspace: Workspace, catalogue: Catalogue, report: Report) -> None:
    """Take the vectors of songs that are not in the catalogue out of those in use, so that no list shows them."""
    try:
        ours = read_ours(workspace)
        here = {state.track_id for state in catalogue.file_states().values()}
        if ours is not None and not here.issuperset(ours.tracks.ids):
            rows = [row for row, track_id in enumerate(ours.tracks.ids) if track_id in here]
            ids, sources = (tuple(values[row] for row in rows) for values in (ours.tracks.ids, ours.sources))
            vectors = np.ascontiguousarray(ours.vectors[rows])
            kept = SongEmbeddings(IdMap(ids, "track"), vectors, ours.fingerprint, sources, ours.blocks)
            write_embeddings(ours_folder(workspace), kept)
        lay_again(workspace, catalogue)
    except InputError as error:  # what is wrong with vectors must not keep the catalogue as it was; `embed` mends them
        report.say(f"the vectors are as they were: {error}")


def _told(found: Collection[Gone], songs: int, images: int, dry_run: bool) -> dict[str, Any]:
    counts = {name: sum(len(getattr(gone, name)) for gone in found) for name in ("missing", "ignored", "unlisted")}
    purged = sum(counts.values())
    parts = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    would = "would be forgotten" if dry_run else "forgotten"
    summary = f"{purged} songs {would}{f' ({parts})' if parts else ''}, {images} images of sounds that no song has "
    summary += f"{'would be ' if dry_run else ''}deleted; {songs - purged if dry_run else songs} songs stay"
    return {
        "purged": purged,
        **counts,
        "images": images,
        "songs": songs - purged if dry_run else songs,
        "doubts": [gone.doubt for gone in found if gone.doubt],
        "dry_run": dry_run,
        "ids": sorted(track_id for gone in found for track_id in gone.ids),
        "summary": summary,
    }
