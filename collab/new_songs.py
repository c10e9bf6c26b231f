"""Songs that arrived after training, placed in a trained model by their sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.blend import BlendModel, Part
from collab.model_records import AnyModel
from collab.postings import PostingsModel
from collab.serving import ServingModel
from data.embeddings import unit_rows
from data.errors import InputError
from data.ids import IdMap, artist_numbers

if TYPE_CHECKING:
    from data.embeddings import SongEmbeddings


_HINT = "Run `recsys embed`, then `recsys train-hybrid`"


def with_new_songs(serving: ServingModel, content: SongEmbeddings, artists: Mapping[str, str]) -> ServingModel:
    """The same model with the songs of `content` that it does not know or knows without their sound.

    New songs are cold until the model is trained again. An engine of listens alone cannot score them: they come in through the
    lower steps of the ladder.

    Parameters
    ----------
    content : embeddings of old and new songs, by the encoder that the model was trained with.
    artists : track id -> artist, of old and new songs; "" or missing where unknown.

    Returns
    -------
    `serving` itself if there is nothing to add.

    Raises
    ------
    InputError : the embeddings are another encoder's, or of another width (code "stale").
    """
    rows = serving.tracks.rows(content.tracks.ids)
    fresh = np.flatnonzero(rows < 0)
    mute = np.flatnonzero((rows >= 0) & ~serving.has_content[rows])  # (row -1 reads the last song and is masked)
    if not len(fresh) and not len(mute):
        return serving
    if serving.scaler is None or content.fingerprint != serving.embeddings_fingerprint:
        raise InputError(
            f"the model was trained on embeddings {serving.embeddings_fingerprint or 'none'}, these are {content.fingerprint}",
            code="stale",
            hint=_HINT,
        )
    if content.vectors.shape[1] != len(serving.scaler.mean):
        raise InputError(
            f"embeddings {content.fingerprint} have {content.vectors.shape[1]} columns, those that the model was trained on had "
            f"{len(serving.scaler.mean)}",
            code="stale",
            hint=_HINT,
        )
    tracks = IdMap((*serving.tracks.ids, *(content.tracks.ids[row] for row in fresh)), serving.tracks.name)
    added = len(fresh)
    at = np.concatenate([rows[mute], len(serving.tracks) + np.arange(added)]).astype(np.int64)
    vectors = np.asarray(content.vectors[np.concatenate([mute, fresh])], np.float32)
    units = np.concatenate([serving.content, np.zeros((added, serving.content.shape[1]), np.float32)])
    units[at] = unit_rows(serving.scaler.transform(vectors))
    return replace(
        serving,
        model=_grown(serving.model, added, at, vectors),
        tracks=tracks,
        content=units,
        artists=artist_numbers([artists.get(track, "") for track in tracks.ids], tracks),
    )


def _grown(model: AnyModel, added: int, at: NDArray[np.int64], vectors: NDArray[np.float32]) -> AnyModel:
    """A model with `added` more songs, of which those at rows `at`, int64 (n,), have these raw vectors, float32 (n, d)."""
    if isinstance(model, BlendModel):
        parts = tuple(_grown_part(part, added, at, vectors) for part in model.parts)
        return replace(model, parts=parts, listeners=np.concatenate([model.listeners, np.zeros(added, np.int64)]))
    return _grown_part(model, added, at, vectors)


def _grown_part(model: Part, added: int, at: NDArray[np.int64], vectors: NDArray[np.float32]) -> Part:
    if isinstance(model, PostingsModel):  # nothing but the sound is known of a new song
        starts = np.concatenate([model.words.starts, np.full(added, model.words.starts[-1])])
        return replace(model, words=replace(model.words, starts=starts))
    factors = np.concatenate([model.item_factors, np.zeros((added, model.item_factors.shape[1]), np.float32)])
    scorable = np.concatenate([model.scorable, np.zeros(added, np.bool_)])
    if model.content_map is not None:
        cold = ~scorable[at]  # a song with listens keeps what was learned from them
        scaled = model.content_map.scaler.transform(vectors[cold])
        factors[at[cold]] = model.content_map.apply(scaled)
        scorable[at] = True
    return replace(model, item_factors=factors, scorable=scorable)
