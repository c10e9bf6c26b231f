"""Which song vectors are in use: ours, or imported ones in their place or beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.embeddings import Block, SongEmbeddings, read_embeddings, write_embeddings
from data.errors import InputError
from data.ids import IdMap
from data.imported_vectors import ImportedVectors, read_imported, rows_of
from data.tracks import Track
from data.vector_blocks import centres_of, read_centres, side_by_side, write_centres
from recsys.workspace import Workspace

FIRST = 5  # how many songs of a kind are named; all are counted


class Laid(NamedTuple):
    """The embeddings in use, made of imported vectors, and which songs they leave out, by track id.

    Parameters
    ----------
    missing : songs of the catalogue that the file has no vector for.
    unknown : what the file has a vector for and is no song of the catalogue, as the file names it; kept for when it is.
    without_ours : songs that have an imported vector and none of ours; left out where both are used.
    changed : songs whose file has changed since the import; the imported vector is the song's all the same.
    """

    imported: ImportedVectors
    embeddings: SongEmbeddings
    missing: list[str]
    unknown: list[str]
    without_ours: list[str]
    changed: list[str]

    @property
    def note(self) -> str:
        """What a person must know, in one line."""
        use = "beside ours" if self.imported.beside else "in place of ours"
        parts = [f"imported vectors {self.imported.name} are in use {use} for {len(self.embeddings.tracks)} songs"]
        told = (
            (self.missing, "songs of the library have none"),
            (self.without_ours, "have none of ours (run `recsys embed`)"),
            (self.unknown, "vectors are of songs that are not in the library"),
            (self.changed, "songs have another file than when it was imported"),
        )
        parts += [f"{len(some)} {what}: {_first(some)}" for some, what in told if some]
        return "; ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        lists = {name: getattr(self, name) for name in ("missing", "unknown", "without_ours", "changed")}
        return {
            "name": self.imported.name,
            "beside": self.imported.beside,
            "fingerprint": self.embeddings.fingerprint,
            "dimensions": int(self.embeddings.vectors.shape[1]),
            "songs": len(self.embeddings.tracks),
            **{name: len(some) for name, some in lists.items()},
            **{f"{name}_first": some[:FIRST] for name, some in lists.items()},
        }


def ours_folder(workspace: Workspace) -> Path:
    """Where our own vectors lie: elsewhere while imported ones are in use."""
    return workspace.own_embeddings if workspace.imported.exists() else workspace.embeddings


def read_ours(workspace: Workspace) -> SongEmbeddings | None:
    """Our own vectors, or None if there are none.

    Raises
    ------
    InputError : they are damaged.
    """
    folder = ours_folder(workspace)
    if not (folder / "embeddings.json").exists():
        return None
    ours = read_embeddings(folder)
    return None if ours.imported else ours  # where somebody deleted an import by hand, its vectors still lie there


def lay_again(workspace: Workspace, catalogue: Catalogue) -> Laid | None:
    """After ours have changed: make the embeddings in use anew; None where nothing was imported.

    Raises
    ------
    InputError : the imported vectors are damaged, or none is of a song of the catalogue any more.
    """
    if not workspace.imported.exists():
        return None
    laid = lay(workspace, read_imported(workspace.imported), read_ours(workspace), catalogue.tracks(), catalogue.roots())
    write_embeddings(workspace.embeddings, laid.embeddings)
    return laid


def imported_alone(embeddings: SongEmbeddings) -> bool:
    """Whether imported vectors stand in the place of ours: no column is ours."""
    return bool(embeddings.blocks) and all(block.name for block in embeddings.blocks)


def not_known(name: str) -> str:
    """What the report of a comparison must say of imported vectors."""
    return f"Imported vectors {name}: whether their maker has heard these songs or labels is not known to us."


def check_encoder(embeddings: SongEmbeddings, encoder: str) -> None:
    """Raise InputError (code "stale") unless our part of the embeddings is of the encoder with this fingerprint."""
    ours = embeddings.blocks[0].fingerprint if embeddings.blocks else embeddings.fingerprint
    if ours != encoder:
        raise InputError(
            f"the embeddings were made by encoder {ours}, the one in the workspace is {encoder}",
            code="stale",
            hint="Run `recsys embed`",
        )


def with_imported(
    workspace: Workspace, catalogue: Catalogue, in_use: SongEmbeddings, own: Mapping[int, SongEmbeddings]
) -> dict[int, SongEmbeddings]:
    """Imported vectors put beside the vectors of each split, as they stand beside ours in use.

    Parameters
    ----------
    own : vectors of each split by an encoder of ours that has not learned from what the split hides.

    Raises
    ------
    InputError : the imported vectors are others than those in use (code "stale").
    """
    imported, tracks = read_imported(workspace.imported), catalogue.tracks()
    theirs = _theirs(imported, tracks, rows_of(imported.external, tracks, catalogue.roots()))
    if theirs.blocks != in_use.blocks[1:]:
        raise InputError(
            f"the embeddings hold imported vectors {in_use.blocks[-1].fingerprint}, the import is {theirs.fingerprint}",
            code="stale",
            hint="Run `recsys embed`",
        )
    return {split: side_by_side(part, theirs, centres_of(part, theirs)) for split, part in own.items()}


def lay(
    workspace: Workspace,
    imported: ImportedVectors,
    ours: SongEmbeddings | None,
    tracks: Sequence[Track],
    roots: Sequence[str],
) -> Laid:
    """What the embeddings in use come to; writes at most the centres."""
    rows = rows_of(imported.external, tracks, roots)
    known = rows >= 0
    if not known.any():
        raise InputError(
            f"none of the imported vectors {imported.name} is of a song of the library any more",
            code="no-match",
            hint="Import a file that has some, or run `recsys import-embeddings --remove`",
        )
    theirs = _theirs(imported, tracks, rows)
    seen = set(rows[known].tolist())
    unknown = [name for row, name in enumerate(imported.external.names) if row not in seen]
    missing = [track.track_id for track, here in zip(tracks, known.tolist(), strict=True) if not here]
    placed = [(track, imported.hashes[row]) for track, row in zip(tracks, rows.tolist(), strict=True) if row >= 0]
    changed = [track.track_id for track, before in placed if before not in ("", track.content_hash)]
    if not imported.beside:
        return Laid(imported, theirs, missing, unknown, [], changed)
    if ours is None:
        raise InputError(
            "there are no vectors of ours to put the imported ones beside",
            code="no-content",
            hint="Run `recsys embed` or `recsys train-content` first, or import without --beside",
        )
    without = [track for track in theirs.tracks.ids if track not in ours.tracks]
    return Laid(imported, _joined(workspace, ours, theirs), missing, unknown, without, changed)


def _joined(workspace: Workspace, ours: SongEmbeddings, theirs: SongEmbeddings) -> SongEmbeddings:
    """Both halves, about the centres that were kept if they are those of these two."""
    try:
        centres = read_centres(workspace.imported_centres)
    except InputError:  # none yet, or damaged: then they are taken anew, and the fingerprint tells
        centres = None
    if centres is None or centres.made_from != (ours.fingerprint, theirs.fingerprint):
        centres = centres_of(ours, theirs)
        write_centres(workspace.imported_centres, centres)
    return side_by_side(ours, theirs, centres)


def _theirs(imported: ImportedVectors, tracks: Sequence[Track], rows: NDArray[np.int64]) -> SongEmbeddings:
    """The imported vectors of the catalogue's songs, in its order."""
    known = np.flatnonzero(rows >= 0)
    vectors = imported.external.vectors[rows[known]]
    ids = IdMap(tuple(tracks[at].track_id for at in known.tolist()), "track")
    return SongEmbeddings(ids, vectors, imported.fingerprint, (), (Block(imported.name, imported.fingerprint, vectors.shape[1]),))


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:FIRST]) + (", ..." if len(names) > FIRST else "")
