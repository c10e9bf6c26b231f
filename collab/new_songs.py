"""Songs that arrived after training, placed in a trained model by their sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

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
    model, content_map = serving.model, serving.model.content_map
    added = len(fresh)
    at = np.concatenate([rows[mute], len(serving.tracks) + np.arange(added)]).astype(np.int64)
    scaled = serving.scaler.transform(content.vectors[np.concatenate([mute, fresh])])

    units = np.concatenate([serving.content, np.zeros((added, serving.content.shape[1]), np.float32)])
    units[at] = unit_rows(scaled)
    factors = np.concatenate([model.item_factors, np.zeros((added, model.item_factors.shape[1]), np.float32)])
    scorable = np.concatenate([model.scorable, np.zeros(added, np.bool_)])
    if content_map is not None:
        cold = ~scorable[at]  # a song with listens keeps what was learned from them
        factors[at[cold]] = content_map.apply(scaled)[cold]
        scorable[at] = True
    return replace(
        serving,
        model=replace(model, item_factors=factors, scorable=scorable),
        tracks=tracks,
        content=units,
        artists=artist_numbers([artists.get(track, "") for track in tracks.ids], tracks),
    )
