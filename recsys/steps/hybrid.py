"""The hybrid half: listens and embeddings to one model that recommends."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from collab.engine import ENGINES, fit
from collab.recommendation import SOURCES
from collab.serving import ServingModel, serving_model
from collab.serving_files import load_serving, save_serving
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.files import fingerprint, read_json, write_json
from data.item_features import ItemFeatures
from recsys.report import SILENT, Report
from recsys.steps.choice import choice_in_words, choice_of
from recsys.steps.inputs import embeddings_in_use, inputs_state, read_embeddings_if_any, read_interactions
from recsys.steps.metadata import metadata_features
from recsys.steps.tuned import tuned_config
from recsys.workspace import Workspace, open_workspace

MADE_FROM = "made-from.json"
SCHEMA = 1
DEFAULT_ENGINE = "hybrid"
log = logging.getLogger(__name__)


def train_hybrid(
    root: Path, *, engine: str = DEFAULT_ENGINE, metadata: Sequence[str] = (), seed: int = 0, report: Report = SILENT
) -> dict[str, Any]:
    """Train the model that recommends, from all listens and embeddings; when nothing has changed since, nothing is trained.

    Parameters
    ----------
    engine : one of `collab.recommendation.SOURCES`.
    metadata : "artist" and kinds of labels that songs are also described by, for the engines "hybrid" and "features".

    Returns
    -------
    "engine", "model_version", "trained", "choice" (of a blend: which parts count how much and why, see
    `recsys.steps.choice`), "users", "songs", "listens", "cold_songs" (without listens), "songs_without_embedding",
    "counts" (listens before and after joining with the catalogue), "seconds" (CPU), "summary".

    Raises
    ------
    InputError : no workspace, songs or listens; an engine that does not exist, or that these inputs are too large for; no
        embeddings or metadata for an engine that needs them.
    """
    if engine not in SOURCES:
        raise InputError(f"engine={engine!r} must be one of {', '.join(SOURCES)}", code="unknown-engine")
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        state = inputs_state(workspace, catalogue)
        content = read_embeddings_if_any(workspace)
        features = metadata_features(interactions.tracks, metadata)
        _check_inputs(engine, content, features)
        notes: list[str] = []
        config = tuned_config(workspace, engine, state, notes)
        about = workspace.hybrid / MADE_FROM
        described = "" if features is None else features.fingerprint
        made_from = fingerprint("hybrid", engine, seed, repr(config), state, described)
        serving = load_if_made_from(workspace, made_from)
        trained = serving is None
        start = time.process_time()
        if serving is None:
            artists = [track.artist for track in interactions.tracks]
            # One BLAS thread, so that the same seed gives the same bytes whatever the number of cores.
            with report.task(f"training {engine}") as progress, threadpool_limits(1):
                fitted = fit(
                    *(engine, interactions.listens, content, config, seed),
                    features=features,
                    artists=artists,
                    progress=progress,
                )
            serving = serving_model(fitted, interactions.listens, content, artists, listens_fingerprint=state)
            about.unlink(missing_ok=True)
            save_serving(workspace.hybrid, serving)
            write_json(about, {"schema": SCHEMA, "made_from": made_from})
    listens = interactions.listens
    cold = int((serving.listeners == 0).sum())
    silent = int((~serving.has_content).sum())
    choice = choice_of(serving.model)
    done = f"trained {engine}" if trained else f"{engine} is up to date"
    summary = (
        f"{done}: {len(listens.users)} users, {len(listens.tracks)} songs ({cold} without listens, {silent} without embedding), "
        f"{len(listens)} listens; model {serving.version}"
    )
    return {
        "engine": engine,
        "model_version": serving.version,
        "trained": trained,
        "choice": choice,
        "users": len(listens.users),
        "songs": len(listens.tracks),
        "listens": len(listens),
        "cold_songs": cold,
        "songs_without_embedding": silent,
        "counts": interactions.counts,
        "seconds": round(time.process_time() - start, 2),
        "summary": "\n".join([summary, *choice_in_words(choice), *notes]),
    }


def _check_inputs(engine: str, content: SongEmbeddings | None, features: ItemFeatures | None) -> None:
    """Raise InputError where an engine lacks what it cannot do without, in the words of the command line."""
    if engine == "features":
        lacks = features is None
        what, how = "metadata", "Name some, as in --metadata artist --metadata genre"
    elif engine == "hybrid":
        lacks = content is None and features is None
        what, how = "embeddings or metadata", "Run `recsys embed` first, give --metadata artist, or take --engine als-cf"
    else:
        lacks = content is None and ENGINES[engine].uses_content
        what, how = "embeddings", "Run `recsys embed` first, or take --engine als-cf"
    if lacks:
        raise InputError(
            f"engine {engine!r} needs {what} and there are none",
            code="no-features" if engine == "features" else "no-content",
            hint=how,
        )


def load_if_made_from(workspace: Workspace, made_from: str) -> ServingModel | None:
    """The trained model if it is whole and was made from just this, also by what the model itself says."""
    try:
        if read_json(workspace.hybrid / MADE_FROM, schema=SCHEMA).get("made_from") == made_from:
            return load_serving(workspace.hybrid, embeddings_fingerprint=embeddings_in_use(workspace))
    except InputError as error:
        log.info("training anew: %s", error)
    return None
