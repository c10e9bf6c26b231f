"""Train an encoder on labelled hyper-images (paper, section 4: SGD on random snippets, softmax cross-entropy).

A run from its first epoch to its last; the loop over the batches of one epoch is in `content.epoch`. All that is random in an
epoch follows from the seed and the epoch's number: a killed run goes on as if nothing had happened, and several processes (see
`content.distributed`) draw the same.

torch is imported inside the functions, so that importing this module is cheap.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from content.distributed import ALONE, Processes
from content.layers import Architecture
from content.snippets import image_lengths, mean_and_deviation, row_statistics, snippet_frames
from content.targets import read_targets
from content.training_config import TrainingConfig
from data.errors import InputError
from data.files import fingerprint

if TYPE_CHECKING:
    from content.checkpoint import EpochRecord
    from content.encoder import Encoder
    from content.shapes import NetworkChoices
    from content.spec import HyperImageSpec

log = logging.getLogger(__name__)


def train(
    images: Sequence[NDArray[np.uint8]],
    labels: Sequence[str],
    config: TrainingConfig,
    architecture: Architecture,
    *,
    spec: HyperImageSpec,
    label: str = "label",
    also: Mapping[str, Sequence[str]] | None = None,
    artists: Sequence[str] = (),
    choices: NetworkChoices | None = None,
    start: Encoder | None = None,
    checkpoint: Path | None = None,
    metrics: Path | None = None,
    tensorboard: Path | None = None,
    processes: Processes = ALONE,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[EpochRecord], object] | None = None,
) -> Encoder:
    """Train on all songs given.

    Parameters
    ----------
    images : one a song, uint8 (frames, n_rows); read snippet by snippet, so they may be memory-mapped. A song shorter than a
        snippet is repeated until it fills one.
    labels : one a song; "" where unknown, which needs a further label.
    spec : of the images.
    label : what kind of label it is, e.g. "genre"; for the record.
    also : further labels to learn at the same time, by kind: one text a song, "" where unknown (see `content.targets`).
    artists : one a song, "" where unknown; validation holds out whole artists.
    start : the encoder whose body is trained further, with new heads for these labels (see `content.starting`); `architecture`,
        `choices`, `spec` and the snippets' length must be its own. None: from random weights.
    checkpoint : file that is rewritten after each epoch. If it holds an earlier part of this very run, training goes on after it
        and ends with the same bytes as an unbroken run (on the CPU). It stays when training has ended: remove it once the encoder
        is saved.
    metrics, tensorboard : see `content.metrics_log`.
    processes : those that train together, each of which calls this with the same arguments.
    progress : called after each batch with (batches done, batches in all).
    on_epoch : called after each epoch.

    Raises
    ------
    InputError : no songs, fewer than two classes, a song without any label, an image that does not fit `spec`, a network too deep
        for the snippets, a start that does not fit, too little memory for a step, or a loss that is no longer a number.
    """
    import torch

    from content.checkpoint import read_checkpoint, write_checkpoint
    from content.encoder import Encoder, torch_device, torch_threads
    from content.epoch import Material, enough_memory, finite, train_epoch
    from content.metrics_log import metrics_log
    from content.network import build
    from content.objective import Objective
    from content.optimisation import copy_of, make_optimizer
    from content.run_state import RunState
    from content.shapes import NetworkChoices
    from content.starting import check_start, take_body
    from content.validation import best_epoch, patience_is_over, validate, validation_songs

    if len(images) != len(labels) or len(artists) not in (0, len(images)):
        raise InputError(f"training: {len(images)} images and {len(labels)} labels must be as many, and artists, if any, too")
    targets = read_targets(label, labels, also or {}, least_songs=config.least_songs)
    lengths = image_lengths(images, spec.n_rows)
    held_out = validation_songs(artists, targets, config.validation_share, config.seed)  # (songs,)
    rows, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out & targets.known[0])
    n_frames = snippet_frames(config.snippet_seconds, spec.frames_per_second)
    choices = choices or (start.choices if start else NetworkChoices())
    check_start(start, architecture, choices, spec, n_frames, config)
    device = torch_device(config.device)
    sums, squares, frames = row_statistics(Rows(images, rows))
    data = [list(labels), dict(also or {}), held_out.nonzero()[0].tolist(), lengths.tolist(), sums.tolist(), squares.tolist()]
    begun = [start.fingerprint] if start else []
    key = fingerprint("training", config.run(), architecture.text, asdict(choices), label, spec.fingerprint(), data, *begun)

    with torch_threads(config.threads), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        network = build(architecture, spec.n_rows, n_frames, targets.outputs, choices)
        if start:
            take_body(network, start, frozen=config.body_rate == 0)
        else:
            mean, deviation = mean_and_deviation(sums, squares, frames)
            network.row_mean.copy_(torch.from_numpy(mean))
            network.row_std.copy_(torch.from_numpy(deviation))
        network.to(device).train()
        state = RunState(network, make_optimizer(network, config))
        if config.weight_average:
            state.averaged = copy_of(network.state_dict())
        found = read_checkpoint(checkpoint, key) if checkpoint else None
        if found:
            state.restore(found)
            log.info("going on after epoch %d of %d", len(state.history), config.epochs)
        processes.check_same(key, len(state.history))
        material = Material(config, images, rows, lengths[rows], n_frames, Objective(targets, rows, config, device), processes)
        paths = (metrics, tensorboard) if processes.first else (None, None)
        with metrics_log(*paths, key, state.history) as write_metrics:
            for epoch in range(len(state.history) + 1, config.epochs + 1):
                if patience_is_over(state.validation_losses, config.patience):
                    break
                began = time.perf_counter()
                with enough_memory(config):
                    record = train_epoch(material, state, epoch, progress)
                if not network.frozen:  # (a mean of equal numbers may differ from them in the last bit)
                    state.share_statistics(processes)
                if len(validation):
                    loss, right = validate(network, state.latest(), images, validation, targets, n_frames, processes)
                    loss = finite(loss, record.learning_rate, epoch)
                    record = replace(record, validation_loss=loss, validation_accuracy=right)
                state.end_epoch(record)
                write_metrics(record, time.perf_counter() - began, len(rows) * config.snippets_per_song)
                if checkpoint and processes.first:
                    write_checkpoint(checkpoint, key, state.checkpoint())
                log.info("epoch %d of %d: %s", epoch, config.epochs, record)
                if on_epoch:
                    on_epoch(record)
    about = {"songs": len(rows), "validation_songs": len(validation), "best_epoch": best_epoch(state.validation_losses)}
    return Encoder(
        module=state.result(),
        architecture=architecture,
        choices=choices,
        heads=targets.heads,
        spec=spec.as_dict(),
        n_rows=spec.n_rows,
        n_frames=n_frames,
        config=config.run() | about | {"run": key} | ({"start": start.fingerprint} if start else {}),
        history=tuple(state.history),
    )
