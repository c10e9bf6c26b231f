"""The content half: train the network on a label, embed the songs."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from content.cache import Rows
from content.notation import Architecture
from content.notation import architecture as parse_architecture
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.embeddings import SongEmbeddings, write_embeddings
from data.errors import InputError
from data.files import fingerprint, read_json, write_json
from data.ids import IdMap
from data.processes import keep_freed_memory
from recsys.report import SILENT, Report
from recsys.steps.images import Songs, songs_with_images
from recsys.steps.inputs import read_embeddings_if_any
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from content.encoder import Encoder


SCHEMA = 1
log = logging.getLogger(__name__)


def train_content(
    root: Path,
    *,
    label: str = "genre",
    architecture: str = "paper",
    epochs: int | None = None,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    snippets_per_song: int | None = None,
    mixed_precision: bool = False,
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Train the network on all songs that carry `label`, then embed all songs.

    Training that was killed goes on from its last whole epoch; when nothing has changed since, nothing is trained.

    Returns
    -------
    "encoder" (fingerprint), "trained" (whether anything was), "label", "classes", "songs" (trained on), "embedded" (songs
    embedded now), "embeddings" (songs with one), "failed" (songs whose sound could not be read just now), "summary".

    Raises
    ------
    InputError : no workspace or an empty one, an unknown label, a label of one value, a bad architecture or setting.
    """
    network = parse_architecture(architecture)
    config = training_config(
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        snippets_per_song=snippets_per_song,
        mixed_precision=mixed_precision,
        device=device,
        seed=seed,
        threads=workers_or_all(workers),
    )
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_label(catalogue, label)
        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=workers, report=report)
        encoder, trained, heard = _encoder(workspace, songs, label, network, config, report)
        embedded, total = _embed(workspace, songs, encoder, config, report)
    loss = encoder.history[-1]
    done = f"trained {network.text} on {label} of {heard} songs" if trained else f"the encoder for {label} is up to date"
    summary = (
        f"{done} ({len(encoder.classes)} classes; last epoch: loss {loss.loss:.3f}, training accuracy {loss.accuracy:.3f}); "
        f"{embedded} songs embedded, {total} embeddings in {workspace.embeddings / 'embeddings.parquet'}"
    )
    return {
        "encoder": encoder.fingerprint,
        "trained": trained,
        "label": label,
        "classes": list(encoder.classes),
        "songs": heard,
        "embedded": embedded,
        "embeddings": total,
        "failed": songs.failed,
        "summary": summary,
    }


def embed(root: Path, *, device: str = "auto", workers: int = 0, report: Report = SILENT) -> dict[str, Any]:
    """Embed the songs that have no embedding yet, or whose sound has changed, with the encoder that is there.

    Raises
    ------
    InputError : no workspace, no songs, or no encoder.
    """
    from content.encoder import Encoder

    workspace = open_workspace(root)
    config = training_config(device=device, threads=workers_or_all(workers))
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_songs(catalogue)
        if not (workspace.encoder / "model.json").exists():
            raise InputError("there is no encoder in the workspace", code="no-encoder", hint="Run `recsys train-content` first")
        patient_threads()
        encoder = Encoder.load(workspace.encoder)
        spec = HyperImageSpec.from_dict(dict(encoder.spec))
        songs = songs_with_images(workspace, catalogue, spec, workers=workers, report=report)
        embedded, total = _embed(workspace, songs, encoder, config, report)
    summary = f"{embedded} songs embedded, {total} embeddings in {workspace.embeddings / 'embeddings.parquet'}"
    return {
        "encoder": encoder.fingerprint,
        "embedded": embedded,
        "embeddings": total,
        "failed": songs.failed,
        "summary": summary,
    }


def training_config(**given: Any) -> TrainingConfig:
    """The training defaults with what is given (not None) in their place."""
    return dataclasses.replace(TrainingConfig(), **{name: value for name, value in given.items() if value is not None})


def check_songs(catalogue: Catalogue) -> None:
    """Raise InputError if there is no song at all."""
    if not catalogue.count():
        raise InputError("the catalogue holds no songs", code="no-songs", hint="Run `recsys scan FOLDER` first")


def check_label(catalogue: Catalogue, label: str) -> None:
    """Raise InputError unless songs carry `label` with at least two values; names the labels there are."""
    check_songs(catalogue)
    values = catalogue.label_values(label)
    if not values:
        kinds = ", ".join(f"{kind} ({n} songs)" for kind, n in catalogue.label_kinds().items()) or "none"
        raise InputError(f"no song has a label {label!r}; labels in the catalogue: {kinds}", code="unknown-label")
    if len(values) < 2:
        raise InputError(
            f"label {label!r} has one value only, {next(iter(values))!r}; a network needs two or more", code="one-class"
        )


def _encoder(
    workspace: Workspace, songs: Songs, label: str, network: Architecture, config: TrainingConfig, report: Report
) -> tuple[Encoder, bool, int]:
    """The encoder for these songs, whether it was trained just now, and on how many songs."""
    patient_threads()
    from content.encoder import Encoder
    from content.training import train

    labelled = [(i, track.labels[label]) for i, track in enumerate(songs.tracks) if label in track.labels]
    values = Counter(value for _, value in labelled)
    spec = songs.images.cache.spec
    examples = [(songs.tracks[i].content_hash, value) for i, value in labelled]
    made_from = training_fingerprint(label, network, config, spec, examples)
    about = workspace.encoder / "made-from.json"
    try:
        if read_json(about, schema=SCHEMA).get("made_from") == made_from:
            return Encoder.load(workspace.encoder), False, len(labelled)
    except InputError as error:
        log.info("training anew: %s", error)
    keep_freed_memory()
    report.say(f"{label}: " + ", ".join(f"{n} {value}" for value, n in sorted(values.items())))
    workspace.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with report.task(f"training on {label}") as progress:
        encoder = train(
            Rows(songs.images, [i for i, _ in labelled]),
            [value for _, value in labelled],
            config,
            network,
            spec=spec,
            label=label,
            checkpoint=workspace.checkpoint,
            progress=progress,
        )
    about.unlink(missing_ok=True)
    encoder.save(workspace.encoder)
    write_json(about, {"schema": SCHEMA, "made_from": made_from})
    workspace.checkpoint.unlink(missing_ok=True)
    return encoder, True, len(labelled)


def training_fingerprint(
    label: str, network: Architecture, config: TrainingConfig, spec: HyperImageSpec, examples: Sequence[tuple[str, str]]
) -> str:
    """Names a training by all that decides its result: examples are (content hash, label value), in the order of the songs."""
    from content.network import NetworkChoices

    run = {name: value for name, value in dataclasses.asdict(config).items() if name not in ("threads", "device")}
    return fingerprint(
        "training", label, network.text, run, spec.fingerprint(), dataclasses.asdict(NetworkChoices()), list(examples)
    )


def _embed(workspace: Workspace, songs: Songs, encoder: Encoder, config: TrainingConfig, report: Report) -> tuple[int, int]:
    """Embed what is missing; returns (songs embedded now, songs with an embedding)."""
    from content.embedding import embed as embed_images

    known: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = {}
    try:
        old = read_embeddings_if_any(workspace)
    except InputError as error:
        log.warning("embedding all songs anew: %s", error)
        old = None
    if old is not None and old.fingerprint != encoder.fingerprint:
        old = None
    if old is not None:
        known = dict(zip(old.sources, old.vectors, strict=True))
    missing = [i for i, track in enumerate(songs.tracks) if track.content_hash not in known]
    if missing:
        with report.task("embeddings") as progress:
            vectors, _ = embed_images(
                encoder, Rows(songs.images, missing), device=config.device, threads=config.threads, progress=progress
            )
        known |= {songs.tracks[i].content_hash: vector for i, vector in zip(missing, vectors, strict=True)}
    sources = tuple(track.content_hash for track in songs.tracks)
    ids = tuple(track.track_id for track in songs.tracks)
    before = set(zip(old.tracks.ids, old.sources, strict=True)) if old is not None else set()
    changed = [pair for pair in zip(ids, sources, strict=True) if pair not in before]
    if not ids:
        raise InputError("no song could be analysed", code="no-songs", hint="See `recsys failed`")
    if changed or len(before) != len(ids):
        table = np.stack([known[source] for source in sources]).astype(np.float32)
        write_embeddings(workspace.embeddings, SongEmbeddings(IdMap(ids, "track"), table, encoder.fingerprint, sources))
    return len(changed), len(ids)
