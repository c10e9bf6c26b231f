"""Song vectors of the catalogue's songs: those that are missing are made, the others stay."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, write_embeddings
from data.errors import InputError
from data.ids import IdMap
from recsys.report import Report
from recsys.steps.images import Songs
from recsys.steps.in_use import ours_folder, read_ours
from recsys.steps.tagging import embed_and_tag
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder

log = logging.getLogger(__name__)


def embed_missing(
    workspace: Workspace, catalogue: Catalogue, songs: Songs, encoder: Encoder, config: TrainingConfig, report: Report
) -> tuple[int, int]:
    """Embed and tag what is missing; returns (songs embedded now, songs with an embedding)."""
    known: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = {}
    try:
        old = read_ours(workspace)
    except InputError as error:
        log.warning("embedding all songs anew: %s", error)
        old = None
    if old is not None and old.fingerprint != encoder.embedding_fingerprint:
        old = None
    if old is not None:
        known = dict(zip(old.sources, old.vectors, strict=True))
    missing = [i for i, track in enumerate(songs.tracks) if track.content_hash not in known]
    vectors = embed_and_tag(workspace, catalogue, songs, missing, encoder, config, report)
    known |= {songs.tracks[i].content_hash: vector for i, vector in zip(missing, vectors, strict=True)}
    sources = tuple(track.content_hash for track in songs.tracks)
    ids = tuple(track.track_id for track in songs.tracks)
    before = set(zip(old.tracks.ids, old.sources, strict=True)) if old is not None else set()
    changed = [pair for pair in zip(ids, sources, strict=True) if pair not in before]
    if not ids:
        raise InputError("no song could be analysed", code="no-songs", hint="See `recsys failed`")
    if changed or len(before) != len(ids):
        table = np.stack([known[source] for source in sources]).astype(np.float32)
        made_by = encoder.embedding_fingerprint
        write_embeddings(ours_folder(workspace), SongEmbeddings(IdMap(ids, "track"), table, made_by, sources))
    return len(changed), len(ids)
