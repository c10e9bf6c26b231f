"""What the hybrid half starts from: the catalogue's songs, the listens that name them, the embeddings."""

from __future__ import annotations

from typing import NamedTuple

from data import stored_listens
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, read_embeddings, read_fingerprint
from data.errors import InputError
from data.files import fingerprint, hash_file
from data.listens import Listens
from data.loaded_listens import load
from data.tracks import Track
from recsys.workspace import Workspace


class Interactions(NamedTuple):
    """Songs in the order of `listens.tracks`, who played them, and what was counted on the way."""

    tracks: list[Track]
    listens: Listens
    counts: dict[str, int]


def read_interactions(workspace: Workspace, catalogue: Catalogue) -> Interactions:
    """All songs of the catalogue and all listens of songs in it.

    Raises
    ------
    InputError : no songs, no listens, or none that names a song of the catalogue.
    """
    tracks = catalogue.tracks()
    if not tracks:
        raise InputError("the catalogue holds no songs", code="no-songs", hint="Run `recsys scan FOLDER` first")
    listens, counts = load(workspace.listens, tracks)
    if not len(listens):
        if counts["rows stored"]:
            raise InputError(
                "none of the imported listens names a song of the catalogue", code="no-listens", hint="Compare their track ids"
            )
        raise InputError("there are no listens", code="no-listens", hint="Run `recsys import-listens FILE` first")
    return Interactions(tracks, listens, counts)


def read_events(workspace: Workspace, catalogue: Catalogue) -> Listens | None:
    """The listens of `read_interactions` one row an event, or None if no time is known."""
    events, _ = load(workspace.listens, catalogue.tracks(), events=True)
    return None if events.time is None else events


def has_embeddings(workspace: Workspace) -> bool:
    """Whether songs have been embedded."""
    return (workspace.embeddings / "embeddings.json").exists()


def read_embeddings_if_any(workspace: Workspace) -> SongEmbeddings | None:
    """The song embeddings, or None if nothing has been embedded yet."""
    return read_embeddings(workspace.embeddings) if has_embeddings(workspace) else None


def embeddings_in_use(workspace: Workspace) -> str:
    """The fingerprint of the embeddings as they are now; "" where there are none."""
    return read_fingerprint(workspace.embeddings) if has_embeddings(workspace) else ""


def inputs_state(workspace: Workspace, catalogue: Catalogue) -> str:
    """Names all that the hybrid is made from: stored listens, the catalogue's songs as listens name them, embeddings."""
    embedded = hash_file(workspace.embeddings / "embeddings.json") if has_embeddings(workspace) else ""
    songs = catalogue.songs_state(names=stored_listens.may_be_matched_by_names(workspace.listens))
    return fingerprint("inputs", stored_listens.state(workspace.listens), songs, embedded)
