"""Predicting tags while songs are embedded: the shipped encoder hears every song once, whoever embeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.errors import InputError
from data.predicted_tags import store_predicted_tags, tagged_sounds
from recsys.report import Report
from recsys.steps.images import Songs, songs_with_images
from recsys.steps.shipped import keep_shipped, shipped_encoder
from recsys.workspace import Workspace

if TYPE_CHECKING:
    from content.encoder import Encoder

AT_ONCE = 256  # songs a transaction: what a killed run loses


def embed_and_tag(
    workspace: Workspace,
    catalogue: Catalogue,
    songs: Songs,
    rows: Sequence[int],
    encoder: Encoder,
    config: TrainingConfig,
    report: Report,
) -> NDArray[np.float32]:
    """Embed the songs at `rows` with `encoder`, and see that all songs have tags; the shipped encoder does both in one pass.

    Returns
    -------
    float32 (len(rows), d), one vector a row.
    """
    from content.embedding import embed

    keep_shipped(workspace)
    try:
        shipped = shipped_encoder(workspace)
    except InputError as error:
        if error.code != "spec":
            raise
        report.say(f"songs that are new get no predicted tags: {error}")
        shipped = None
    if (
        shipped is not None and encoder.embedding_fingerprint == shipped.fingerprint
    ):  # heads on the frozen body: the same vectors, and the tags with them
        encoder = shipped
    vectors = np.zeros((0, encoder.architecture.embedding_size), np.float32)
    if rows:
        with report.task("embeddings") as progress:
            vectors, said = embed(
                encoder, Rows(songs.images, rows), device=config.device, threads=config.threads, progress=progress
            )
        if shipped is not None and encoder.fingerprint == shipped.fingerprint:
            _store(catalogue, encoder, [songs.tracks[row].content_hash for row in rows], said)
    if shipped is not None:
        tag_songs(workspace, catalogue, songs, config, report)
    return vectors


def tag_songs(workspace: Workspace, catalogue: Catalogue, songs: Songs, config: TrainingConfig, report: Report) -> None:
    """Predict the tags of the songs that have none from the shipped encoder; killed at any moment, the next run goes on."""
    from content.embedding import embed

    tagger = shipped_encoder(workspace)
    have = tagged_sounds(catalogue, tagger.fingerprint, len(tagger.classes))
    if all(track.content_hash in have for track in songs.tracks):
        return
    spec = HyperImageSpec.from_dict(dict(tagger.spec))
    if spec != songs.images.cache.spec:  # a network of the workspace's own may read another kind of image
        songs = songs_with_images(workspace, catalogue, spec, workers=config.threads or 0, report=report)
    missing = {track.content_hash: row for row, track in enumerate(songs.tracks) if track.content_hash not in have}
    hashes = list(missing)
    with report.task("tags") as progress:
        for start in range(0, len(hashes), AT_ONCE):
            some = hashes[start : start + AT_ONCE]
            _, said = embed(
                tagger,
                Rows(songs.images, [missing[content_hash] for content_hash in some]),
                device=config.device,
                threads=config.threads,
                progress=lambda done, _all, start=start: progress(start + done, len(hashes)),  # type: ignore[misc]
            )
            _store(catalogue, tagger, some, said)


def _store(catalogue: Catalogue, tagger: Encoder, hashes: Sequence[str], log_probabilities: NDArray[np.float32]) -> None:
    probabilities = dict(zip(hashes, np.exp(log_probabilities), strict=True))
    store_predicted_tags(catalogue, tagger.fingerprint, tagger.classes, probabilities)
