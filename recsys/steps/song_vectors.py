"""The songs as the lists of sound see them: names and unit vectors of the embeddings in use, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, read_embeddings, unit_rows
from data.errors import InputError
from data.list_limits import Gate
from data.predicted_tags import PredictedTags, read_predicted_tags
from data.tracks import Track
from recsys.workspace import Workspace


@dataclass(frozen=True)
class SongVectors:
    """The n songs that are in the catalogue and have an embedding.

    Parameters
    ----------
    tracks : n songs.
    unit : float32 (n, d), their embeddings, rows of length 1 (or of zeros).
    embeddings : all that is embedded; rows of its own.
    """

    tracks: list[Track]
    unit: NDArray[np.float32]
    embeddings: SongEmbeddings
    rows: dict[str, int]

    def row(self, track: Track) -> int:
        """The row of a song of the catalogue.

        Raises
        ------
        InputError : it has no embedding (code "no-content"), or its file has changed since it was embedded (code "stale").
        """
        if track.track_id not in self.rows:
            raise no_embedding(track.track_id, self.embeddings.imported)
        sources = self.embeddings.sources
        if sources and sources[self.embeddings.tracks.row(track.track_id)] != track.content_hash:
            what = f"the sound of {track.track_id!r} has changed since it was embedded"
            raise InputError(what, code="stale", hint="Run `recsys embed`")
        return self.rows[track.track_id]

    def admitted(self, order: Sequence[int], gate: Gate, k: int) -> list[int]:
        """The first k rows of `order` that the gate lets in."""
        kept: list[int] = []
        for row in order:
            if len(kept) == k:
                break
            if gate.admits(self.tracks[row], self.unit[row]):
                kept.append(row)
        return kept


def song_vectors(workspace: Workspace, catalogue: Catalogue) -> SongVectors:
    """Read them. Raises InputError if nothing has been embedded (code "no-content")."""
    embeddings = embeddings_of(workspace)
    found = catalogue.tracks_by_id(embeddings.tracks.ids)
    kept = [row for row, track_id in enumerate(embeddings.tracks.ids) if track_id in found]
    tracks = [found[embeddings.tracks.ids[row]] for row in kept]
    vectors = np.asarray(embeddings.vectors) if len(kept) == len(embeddings.tracks) else embeddings.vectors[kept]
    return SongVectors(tracks, unit_rows(vectors), embeddings, {track.track_id: row for row, track in enumerate(tracks)})


def embeddings_of(workspace: Workspace) -> SongEmbeddings:
    """The embeddings in use. Raises InputError if there are none (code "no-content")."""
    if not (workspace.embeddings / "embeddings.json").exists():
        raise InputError("there are no embeddings in the workspace", code="no-content", hint="Run `recsys embed` first")
    return read_embeddings(workspace.embeddings)


def no_embedding(song: str, imported: str) -> InputError:
    """Why a song has no vector, and what to do about it."""
    if imported:
        what = f"song {song!r} has no vector among those in use, which hold imported vectors {imported}"
        hint = "Import a file that has one for it; with vectors beside ours, run `recsys embed`, too"
        return InputError(what, code="no-content", hint=hint)
    return InputError(f"song {song!r} has no embedding", code="no-content", hint="See `recsys failed`, or run `recsys embed`")


def tags_in_common(catalogue: Catalogue) -> Callable[[str, str], list[str]]:
    """A function from two track ids to the predicted tags that stand out in both."""
    tags: PredictedTags | None = read_predicted_tags(catalogue)
    return lambda a, b: [] if tags is None else list(tags.shared(a, b))


def item_of(rank: int, track: Track) -> dict[str, Any]:
    """What every list says of a song."""
    names = {"track_id": track.track_id, "artist": track.artist, "title": track.title, "album": track.album}
    return {"rank": rank, **names, "duration": round(track.duration, 3), "path": track.path}
