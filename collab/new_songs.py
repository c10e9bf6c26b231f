"""Songs that arrived after training, placed in a trained model by their sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from collab.content_scaling import unit_rows
from collab.serving import ServingModel, artist_numbers
from data.errors import InputError
from data.ids import IdMap

if TYPE_CHECKING:
    from data.embeddings import SongEmbeddings


def with_new_songs(serving: ServingModel, content: SongEmbeddings, artists: Mapping[str, str]) -> ServingModel:
    """The same model with the songs of `content` that it does not know; they are cold until it is trained again.

    An engine of listens alone cannot score them: they come in through the lower steps of the ladder.

    Parameters
    ----------
    content : embeddings of old and new songs, by the encoder that the model was trained with.
    artists : track id -> artist, of old and new songs; "" or missing where unknown.

    Returns
    -------
    `serving` itself if there is no new song.

    Raises
    ------
    InputError : the embeddings are another encoder's (code "stale").
    """
    fresh = np.flatnonzero(serving.tracks.rows(content.tracks.ids) < 0)
    if not len(fresh):
        return serving
    if serving.scaler is None or content.fingerprint != serving.embeddings_fingerprint:
        raise InputError(
            f"the model was trained on embeddings {serving.embeddings_fingerprint or 'none'}, these are {content.fingerprint}",
            code="stale",
            hint="Train the hybrid again",
        )
    tracks = IdMap((*serving.tracks.ids, *(content.tracks.ids[row] for row in fresh)), serving.tracks.name)
    scaled = serving.scaler.transform(content.vectors[fresh])
    model, content_map = serving.model, serving.model.content_map
    placed = np.zeros((len(fresh), model.item_factors.shape[1]), np.float32) if content_map is None else content_map.apply(scaled)
    return replace(
        serving,
        model=replace(
            model,
            item_factors=np.concatenate([model.item_factors, placed]),
            scorable=np.concatenate([model.scorable, np.full(len(fresh), content_map is not None)]),
        ),
        tracks=tracks,
        content=np.concatenate([serving.content, unit_rows(scaled)]),
        artists=artist_numbers([artists.get(track, "") for track in tracks.ids], tracks),
    )
