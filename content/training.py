"""Train an encoder on labelled hyper-images: SGD on random snippets, softmax cross-entropy (paper, section 4).

torch is imported inside the functions, so that importing this module is cheap.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from content.notation import Architecture
from content.snippets import cut_batch, draw, image_lengths, mean_and_deviation, row_statistics, snippet_frames
from content.training_config import TrainingConfig, learning_rate
from data.errors import InputError
from data.files import fingerprint

if TYPE_CHECKING:
    import torch

    from content.checkpoint import EpochRecord
    from content.encoder import Encoder
    from content.network import Network, NetworkChoices
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
    choices: NetworkChoices | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[EpochRecord], object] | None = None,
) -> Encoder:
    """Train on all songs given.

    Parameters
    ----------
    images : one a song, uint8 (frames, n_rows); read snippet by snippet, so they may be memory-mapped. A song shorter than a
        snippet is repeated until it fills one.
    labels : one a song.
    spec : of the images.
    label : what kind of label it is, e.g. "genre"; for the record.
    checkpoint : file that is rewritten after each epoch. If it holds an earlier part of this very run, training goes on after it
        and ends with the same bytes as an unbroken run (on the CPU). It stays when training has ended: remove it once the encoder
        is saved.
    progress : called after each batch with (batches done, batches in all).
    on_epoch : called after each epoch.

    Raises
    ------
    InputError : no songs, fewer than two classes, a song without a label, an image that does not fit `spec`, a network too deep
        for the snippets, or a loss that is no longer a number.
    """
    import torch

    from content.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
    from content.encoder import Encoder, torch_device, torch_threads
    from content.network import NetworkChoices, build

    classes = _classes(images, labels, label)
    lengths = image_lengths(images, spec.n_rows)
    n_frames = snippet_frames(config.snippet_seconds, spec.frames_per_second)
    choices = choices or NetworkChoices()
    device = torch_device(config.device)
    sums, squares, frames = row_statistics(images)
    # Threads and device change how fast the same run goes, not which run it is.
    run = {name: value for name, value in asdict(config).items() if name not in ("threads", "device")}
    data = [list(labels), lengths.tolist(), sums.tolist(), squares.tolist()]
    key = fingerprint("training", run, architecture.text, asdict(choices), label, spec.fingerprint(), data)

    with torch_threads(config.threads), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        network = build(architecture, spec.n_rows, n_frames, len(classes), choices)
        mean, deviation = mean_and_deviation(sums, squares, frames)
        network.row_mean.copy_(torch.from_numpy(mean))
        network.row_std.copy_(torch.from_numpy(deviation))
        network.to(device).train()
        optimizer = torch.optim.SGD(
            network.parameters(), config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay
        )
        found = read_checkpoint(checkpoint, key) if checkpoint else None
        history = list(found.history) if found else []
        if found:
            log.info("going on after epoch %d of %d", len(history), config.epochs)
            network.load_state_dict(dict(found.weights))
            for name, parameter in network.named_parameters():
                if name in found.momentum:
                    velocity = torch.empty_like(parameter).copy_(found.momentum[name])
                    optimizer.state[parameter]["momentum_buffer"] = velocity.detach()
        targets = torch.tensor([classes.index(value) for value in labels], device=device)
        for epoch in range(len(history) + 1, config.epochs + 1):
            record = _epoch(
                network,
                optimizer,
                images,
                targets,
                lengths=lengths,
                n_frames=n_frames,
                config=config,
                epoch=epoch,
                progress=progress,
            )
            history.append(record)
            if checkpoint:
                velocities = {
                    name: optimizer.state[parameter]["momentum_buffer"]
                    for name, parameter in network.named_parameters()
                    if optimizer.state[parameter].get("momentum_buffer") is not None
                }
                write_checkpoint(checkpoint, key, Checkpoint(network.state_dict(), velocities, tuple(history)))
            log.info("epoch %d of %d: loss %.4f, accuracy %.3f", epoch, config.epochs, record.loss, record.accuracy)
            if on_epoch:
                on_epoch(record)
    return Encoder(
        module=network.cpu().eval(),
        architecture=architecture,
        choices=choices,
        classes=classes,
        label=label,
        spec=spec.as_dict(),
        n_rows=spec.n_rows,
        n_frames=n_frames,
        config=run | {"songs": len(images), "run": key},
        history=tuple(history),
    )


def _epoch(
    network: Network,
    optimizer: torch.optim.SGD,
    images: Sequence[NDArray[np.uint8]],
    targets: torch.Tensor,
    *,
    lengths: NDArray[np.int64],
    n_frames: int,
    config: TrainingConfig,
    epoch: int,
    progress: Callable[[int, int], None] | None,
) -> EpochRecord:
    """One pass over the songs. It depends on the weights, the momentum, the seed and its own number, and on nothing else."""
    import torch
    from torch.nn.functional import cross_entropy

    from content.checkpoint import EpochRecord
    from content.network import to_input

    torch.manual_seed(
        int(np.random.SeedSequence((config.seed, epoch)).generate_state(1)[0])
    )  # for layers that draw, e.g. dropout
    songs, starts = draw(lengths, n_frames, config.snippets_per_song, seed=config.seed, epoch=epoch)
    batches = math.ceil(len(songs) / config.batch_size)
    loss_sum, right, rate = 0.0, 0, config.learning_rate
    for batch in range(batches):
        done = (epoch - 1) * batches + batch
        rate = learning_rate(config, done / (config.epochs * batches))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = slice(batch * config.batch_size, (batch + 1) * config.batch_size)
        x = to_input(cut_batch(images, songs[chosen], starts[chosen], n_frames), targets.device)  # (b, 1, rows, frames)
        y = targets[torch.from_numpy(songs[chosen]).to(targets.device)]  # (b,)
        with torch.autocast(targets.device.type, dtype=torch.bfloat16, enabled=config.mixed_precision):
            scores = network(x).float()  # (b, classes)
        loss = cross_entropy(scores, y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += _finite(loss.item(), rate, epoch) * len(y)
        right += int((scores.argmax(1) == y).sum())
        if progress:
            progress(done + 1, config.epochs * batches)
    return EpochRecord(epoch, loss_sum / len(songs), right / len(songs), rate)


def _finite(loss: float, rate: float, epoch: int) -> float:
    if not math.isfinite(loss):
        raise InputError(
            f"the training loss became {loss} in epoch {epoch} at learning rate {rate:g}",
            code="diverged",
            hint="Train with a smaller learning rate",
        )
    return loss


def _classes(images: Sequence[Any], labels: Sequence[str], label: str) -> tuple[str, ...]:
    """The distinct labels, sorted."""
    if len(images) != len(labels):
        raise InputError(f"training: {len(images)} images and {len(labels)} labels must be as many")
    if not len(images):
        raise InputError(f"training: no song has the label {label!r}", code="no-songs")
    counts = Counter(labels)
    if "" in counts:
        raise InputError(f"training: {counts['']} of {len(labels)} songs have no {label!r}; leave them out", code="unlabelled")
    if len(counts) < 2:
        raise InputError(
            f"training: all {len(labels)} songs have {label} {labels[0]!r}; at least two different values are needed",
            code="one-class",
            hint="Add songs of another class or choose another label",
        )
    for value, songs in sorted(counts.items()):
        if songs == 1:
            log.warning("only one song has %s %r: the network can learn the song, not the class", label, value)
    return tuple(sorted(counts))
