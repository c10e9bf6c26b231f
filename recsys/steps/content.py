"""The content half: train the network on labels, embed the songs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from content.distributed import processes_of_torchrun
from content.metrics_log import check_tensorboard
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig
from data.guarded import TIME_LIMIT_S
from recsys.report import SILENT, Report
from recsys.steps.checks import check_labels, check_songs
from recsys.steps.embedding import embed_missing
from recsys.steps.encoders import encoder_in_use, set_aside, trained_encoder
from recsys.steps.images import songs_with_images
from recsys.steps.in_use import Laid, lay_again, ours_folder
from recsys.steps.machine import patient_threads, threads_or_all, workers_or_all
from recsys.steps.shipped import newer_shipped, update_shipped
from recsys.steps.starting import Start, choose_start, recipe_for
from recsys.steps.training import encoder_for, examples_of, follow, leading, outcome
from recsys.workspace import open_workspace


def train_content(
    root: Path,
    *,
    label: str = "genre",
    also: Sequence[str] = (),
    start: Start = "auto",
    architecture: str | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    snippets_per_song: int | None = None,
    mixed_precision: bool | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    time_limit: float = TIME_LIMIT_S,
    tensorboard: Path | None = None,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Train the network on all songs that carry `label` (or a label of `also`), then embed all songs.

    Training that was killed goes on from its last whole epoch; when nothing has changed since, nothing is trained. Where torchrun
    has started several processes, they train together: the first returns the result, the others {"rank": their number}.

    Parameters
    ----------
    also : further labels to learn at the same time; a song that lacks one of them still teaches the others.
    start : "pretrained": from the shipped encoder, whose body is trained further; "scratch": from random weights; "auto": from
        the shipped one where few songs carry `label` and no architecture is named (see `recsys.steps.starting`).
    architecture : a preset or a notation, from scratch; None: the paper's.
    epochs, learning_rate, batch_size, snippets_per_song, mixed_precision : None leaves them to the preset or to "pretrained".
    settings : any fields of `content.training_config.TrainingConfig` by name; they go before the arguments above.
    time_limit : seconds a song's file may take before it is given up (code "time-limit").
    tensorboard : folder for TensorBoard's event files, or None.

    Returns
    -------
    "encoder" (fingerprint), "start" ("pretrained" or "scratch"), "trained" (whether anything was), "label", "also", "classes",
    "songs" (trained on), "best_epoch", "metrics" (path), "embedded" (songs embedded now), "embeddings" (songs with one), "failed"
    (songs whose sound could not be read just now), "reasons" (code -> number of them),
    "imported" (None, or what `Laid.as_dict` says of imported vectors, which stay
    in use), "summary".

    Raises
    ------
    InputError : no workspace or an empty one, an unknown label, a label of one value, a bad architecture or setting, an
        architecture or "snippet_seconds" beside "pretrained".
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        begin, why = choose_start(start, architecture, label, catalogue.label_kinds().get(label, 0))
    patient_threads()
    recipe = recipe_for(
        begin,
        architecture,
        settings,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        snippets_per_song=snippets_per_song,
        mixed_precision=mixed_precision,
        device=device,
        seed=seed,
        threads=threads_or_all(workers),
    )
    if tensorboard is not None:
        check_tensorboard()
    with processes_of_torchrun(recipe.config.device) as processes:
        if not processes.first:
            follow(workspace, label, recipe, processes)
            return {"rank": processes.rank}
        with leading(processes) as tell, workspace.writing(), workspace.catalogue() as catalogue:
            check_labels(catalogue, label, also)
            if why:
                report.say(why)
            songs = songs_with_images(workspace, catalogue, recipe.spec, workers=workers, report=report, time_limit=time_limit)
            examples = examples_of(songs, label, also)
            encoder, trained = encoder_for(
                workspace,
                examples,
                label,
                recipe,
                processes=processes,
                tell=tell,
                tensorboard=tensorboard,
                report=report,
            )
            embedded, total = embed_missing(workspace, catalogue, songs, encoder, recipe.config, report)
            laid = lay_again(workspace, catalogue)
    return {
        "encoder": encoder.fingerprint,
        "start": begin,
        "trained": trained,
        "label": label,
        "also": list(also),
        "classes": list(encoder.classes),
        "songs": len(examples.content_hashes),
        "best_epoch": encoder.config.get("best_epoch", len(encoder.history)),
        "metrics": str(workspace.metrics),
        "embedded": embedded,
        "embeddings": total,
        "failed": songs.failed,
        "reasons": dict(songs.reasons),
        "imported": laid and laid.as_dict(),
        "summary": f"{outcome(encoder, recipe, examples, trained=trained)}; "
        f"{embedded} songs embedded, {total} embeddings in {ours_folder(workspace) / 'embeddings.parquet'}{_told(laid)}",
    }


def embed(
    root: Path,
    *,
    pretrained: bool = False,
    update: bool = False,
    device: str = "auto",
    workers: int = 0,
    time_limit: float = TIME_LIMIT_S,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Embed the songs that have no embedding yet, or whose sound has changed.

    The encoder trained in this workspace embeds them, or the shipped one where none was: nothing needs to be trained first.

    Parameters
    ----------
    pretrained : go back to the shipped encoder, for good; one trained here is set aside until `train_content` is called again.
    update : change to the shipped encoder of this version of the program, and embed all songs anew by it. Without it the one by
        which songs were embedded here goes on, also after an update of the program.
    time_limit : seconds a song's file may take before it is given up (code "time-limit").

    Returns
    -------
    "encoder" (fingerprint), "pretrained" (whether it is the shipped one), "newer" (fingerprint of this version's encoder where
    another one is in use, or ""), "embedded" (songs embedded now), "embeddings" (songs with one), "failed" (songs whose sound
    could not be read just now), "reasons" (code -> number of them), "summary".

    Raises
    ------
    InputError : no workspace, no songs, or a damaged encoder; one that reads images which this version does not compute (code
        "spec"); vectors of one that is not here (code "encoder-gone").
    """
    workspace = open_workspace(root)
    config = TrainingConfig(device=device, threads=workers_or_all(workers))
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_songs(catalogue)
        patient_threads()
        if update and update_shipped(workspace):
            report.say("from now on the encoder that ships with this version is used")
        if pretrained and set_aside(workspace):
            report.say("the trained encoder is set aside; `recsys train-content` with the same options takes it up again")
        encoder, shipped = encoder_in_use(workspace), trained_encoder(workspace) is None
        spec = HyperImageSpec.from_dict(dict(encoder.spec))
        songs = songs_with_images(workspace, catalogue, spec, workers=workers, report=report, time_limit=time_limit)
        embedded, total = embed_missing(workspace, catalogue, songs, encoder, config, report)
        laid = lay_again(workspace, catalogue)
        newer = newer_shipped(workspace)
    by = "the shipped encoder" if shipped else f"the encoder trained on {encoder.label}"
    where = f"{ours_folder(workspace) / 'embeddings.parquet'}{_told(laid)}"
    summary = f"{embedded} songs embedded by {by}, {total} embeddings in {where}"
    if newer:
        summary += f"; this version ships a newer encoder, {newer}: `recsys embed --update` changes to it"
    return {
        "encoder": encoder.fingerprint,
        "pretrained": shipped,
        "newer": newer,
        "embedded": embedded,
        "embeddings": total,
        "failed": songs.failed,
        "reasons": dict(songs.reasons),
        "imported": laid and laid.as_dict(),
        "summary": summary,
    }


def _told(laid: Laid | None) -> str:
    """That imported vectors stay in use, if there are any."""
    return "" if laid is None else f"; {laid.note}"
