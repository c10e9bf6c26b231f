"""Import vectors of another program, and go back to ours."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.embeddings import SongEmbeddings, write_embeddings
from data.errors import InputError
from data.external_file import read_external_vectors
from data.external_vectors import ExternalVectors
from data.imported_vectors import ImportedVectors, maker_fingerprint, read_imported, rows_of, write_imported
from data.tracks import Track
from recsys.steps.in_use import lay, read_ours
from recsys.workspace import Workspace, open_workspace

log = logging.getLogger(__name__)


def import_embeddings(root: Path, file: Path, *, beside: bool = False, name: str | None = None) -> dict[str, Any]:
    """Use the song vectors of `file` in place of ours, or beside them; an earlier import is replaced.

    Parameters
    ----------
    file : .parquet or .npy, see `data.external_file.read_external_vectors`.
    beside : each song is then described by both, see `data.vector_blocks.side_by_side`; only songs that have both are.
    name : what to call their maker, e.g. "clap"; default: the file's name without its ending.

    Returns
    -------
    "name", "beside", "fingerprint", "dimensions", "songs" (with a vector now), counts "missing" (songs of the library without),
    "unknown" (vectors of no song of the library), "without_ours", "changed", the first few of each as "missing_first", ...,
    "summary".

    Raises
    ------
    InputError : no workspace or songs; a file that cannot be used; no vector is of a song of the library (code "no-match");
        `beside` without vectors of ours. What was in use stays in use.
    """
    workspace = open_workspace(root)
    external = read_external_vectors(file)
    with workspace.writing(), workspace.catalogue(readonly=True) as catalogue:
        tracks, roots = catalogue.tracks(), catalogue.roots()
        if not tracks:
            raise InputError("the catalogue holds no songs", code="no-songs", hint="Run `recsys scan FOLDER` first")
        imported = _imported(workspace, file.stem if name is None else name, beside, external, tracks, roots)
        ours = read_ours(workspace)
        laid = lay(workspace, imported, ours, tracks, roots)
        if not workspace.imported.exists() and ours is not None:
            write_embeddings(workspace.own_embeddings, ours)  # before anything else lies where they lay
        write_imported(workspace.imported, imported)
        write_embeddings(workspace.embeddings, laid.embeddings)
    return laid.as_dict() | {"summary": f"{laid.note}; run `recsys train-hybrid` to use them for recommendations"}


def remove_embeddings(root: Path) -> dict[str, Any]:
    """Forget the imported vectors and go back to ours, as far as there are any.

    Returns
    -------
    "name" of the vectors that were forgotten, "songs" with a vector of ours, "missing" (songs without one), "summary".

    Raises
    ------
    InputError : no workspace; nothing was imported.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue(readonly=True) as catalogue:
        if not workspace.imported.exists():
            raise InputError("there are no imported vectors in the workspace", code="no-content")
        name = _name_if_readable(workspace)
        ours = _ours_if_readable(workspace)
        if ours is not None:
            write_embeddings(workspace.embeddings, ours)
        else:
            shutil.rmtree(workspace.embeddings, ignore_errors=True)
        workspace.imported.unlink()  # from here on what lies in `embeddings` is ours
        for folder in (workspace.imported.parent, workspace.own_embeddings):
            shutil.rmtree(folder, ignore_errors=True)
        songs = 0 if ours is None else len(ours.tracks)
        known = set() if ours is None else set(ours.tracks.ids)
        missing = sum(track.track_id not in known for track in catalogue.tracks())
    more = f"; {missing} songs have none, run `recsys embed`" if missing else ""
    summary = f"the imported vectors {name} are forgotten; {songs} songs have a vector of ours{more}"
    return {"name": name, "songs": songs, "missing": missing, "summary": summary}


def _imported(
    workspace: Workspace, name: str, beside: bool, external: ExternalVectors, tracks: Sequence[Track], roots: Sequence[str]
) -> ImportedVectors:
    before, used = None, np.empty(0, np.int64)
    if workspace.imported.exists():
        try:
            before = read_imported(workspace.imported)
            used = rows_of(before.external, tracks, roots)
            used = used[used >= 0]
        except InputError:  # it is being replaced: that it was damaged no longer matters
            before = None
    rows = rows_of(external, tracks, roots)
    if not (rows >= 0).any():
        raise InputError(
            f"none of the {len(external.names)} vectors is of a song of the library: the file's {external.key}s look like "
            f"{external.names[0]!r}, the library's like {_like(external.key, tracks[0])!r}",
            code="no-match",
            hint="See `recsys export embeddings` for the ids",
        )
    hashes = [""] * len(external.names)
    for track, row in zip(tracks, rows.tolist(), strict=True):
        if row >= 0:
            hashes[row] = track.content_hash
    return ImportedVectors(name, beside, external, tuple(hashes), maker_fingerprint(name, external, before, used))


def _like(key: str, track: Track) -> str:
    return track.path if key == "path" else track.track_id


def _name_if_readable(workspace: Workspace) -> str:
    try:
        return read_imported(workspace.imported).name
    except InputError:
        return "(unreadable)"


def _ours_if_readable(workspace: Workspace) -> SongEmbeddings | None:
    try:
        return read_ours(workspace)
    except InputError as error:
        log.warning("our own vectors are lost: %s", error)
        return None
