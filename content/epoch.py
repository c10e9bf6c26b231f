"""One pass over the training songs: the loop over batches."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from content.augmentation import Augmentation, augmentation
from content.checkpoint import EpochRecord
from content.distributed import Processes
from content.network import to_input
from content.objective import Objective
from content.optimisation import average_in, set_rate
from content.run_state import RunState
from content.snippets import cut_batch, draw
from content.training_config import TrainingConfig, learning_rate
from data.errors import InputError


@dataclass(frozen=True)
class Material:
    """What stays the same throughout a run: the songs `rows` of `images` are trained on, `lengths` are theirs in frames."""

    config: TrainingConfig
    images: Sequence[NDArray[np.uint8]]
    rows: NDArray[np.int64]
    lengths: NDArray[np.int64]
    n_frames: int
    objective: Objective
    processes: Processes


def train_epoch(material: Material, state: RunState, epoch: int, progress: Callable[[int, int], None] | None) -> EpochRecord:
    """Train on the snippets of one epoch. It depends on the state before, the seed and its own number, and on nothing else."""
    config, objective, processes = material.config, material.objective, material.processes
    network, optimizer, device = state.network, state.optimizer, state.network.row_mean.device
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    # For layers that draw, e.g. dropout. Processes differ, or each part of a batch would lose the same neurons.
    stream = (config.seed, epoch) if processes.first else (config.seed, epoch, processes.rank)
    torch.manual_seed(int(np.random.SeedSequence(stream).generate_state(1)[0]))
    drawn, starts = draw(
        material.lengths, material.n_frames, config.snippets_per_song, seed=config.seed, epoch=epoch, positions=config.positions
    )
    songs = material.rows[drawn]  # of each snippet of the epoch
    batches = math.ceil(len(songs) / config.batch_size)
    loss_sum, right, counted, rate = 0.0, 0, 0, config.learning_rate
    for batch in range(batches):
        done = (epoch - 1) * batches + batch
        rate = learning_rate(config, done / (config.epochs * batches))
        set_rate(optimizer, rate)
        places = np.arange(batch * config.batch_size, min((batch + 1) * config.batch_size, len(songs)))  # (b,)
        extra = augmentation(config, len(places), material.n_frames, len(network.row_mean), epoch=epoch, batch=batch)
        partners = None if extra.partner is None else torch.from_numpy(songs[places[extra.partner]]).to(device)
        wanted = objective.wanted(torch.from_numpy(songs[places]).to(device), partners, extra.share)
        part = processes.part(len(places))  # the n of the b snippets that are this process's
        tally = torch.zeros(3, device=device)  # loss, snippets told right, snippets that count
        optimizer.zero_grad()
        if part.stop > part.start:
            x = _snippets(material, songs, starts, places, extra, part, network.row_mean)  # (n, 1, rows, frames)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=config.mixed_precision):
                scores = network(x).float()  # (n, outputs)
            loss = objective.loss(scores, wanted, part)  # ()
            loss.backward()  # type: ignore[no-untyped-call]
            tally = torch.cat([loss.detach()[None], objective.hits(scores, wanted, part)])
        processes.sum_([*processes.gradients(parameters), tally])
        if config.gradient_clip:
            torch.nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
        optimizer.step()
        if config.weight_average:
            average_in(state.averaged, network, config.weight_average, done)
        batch_loss, batch_right, batch_counted = tally.tolist()
        loss_sum += finite(batch_loss, rate, epoch) * len(places)
        right, counted = right + int(batch_right), counted + int(batch_counted)
        if progress:
            progress(done + 1, config.epochs * batches)
    return EpochRecord(epoch, loss_sum / len(songs), right / max(1, counted), rate)


def _snippets(
    material: Material,
    songs: NDArray[np.int64],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    extra: Augmentation,
    part: slice,
    row_mean: Tensor,
) -> Tensor:
    """The augmented snippets of one part of a batch, float32 (n, 1, n_rows, n_frames) in [0, 1]."""

    def cut(of: NDArray[np.int64]) -> Tensor:
        return to_input(cut_batch(material.images, songs[of], starts[of], material.n_frames), row_mean.device)

    x = cut(places[part])
    if extra.partner is not None:
        x = extra.share * x + (1.0 - extra.share) * cut(places[extra.partner[part]])
    if extra.masked_frames is not None:
        masked = torch.from_numpy(extra.masked_frames[part]).to(x.device)
        x = torch.where(masked[:, None, None, :], row_mean[:, None], x)
    if extra.masked_rows is not None:
        masked = torch.from_numpy(extra.masked_rows[part]).to(x.device)
        x = torch.where(masked[:, None, :, None], row_mean[:, None], x)
    return x


@contextlib.contextmanager
def enough_memory(config: TrainingConfig) -> Iterator[None]:
    """Raise InputError where the memory of the machine or of the GPU does not hold a step."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # On a CPU torch has no class of its own for it.
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        raise InputError(
            f"there is not enough memory to train with batch_size={config.batch_size}",
            code="no-memory",
            hint="Set batch_size or snippet_seconds lower, or take a smaller architecture",
        ) from error


def finite(loss: float, rate: float, epoch: int) -> float:
    """`loss`. Raises InputError if it is no longer a number."""
    if not math.isfinite(loss):
        raise InputError(
            f"the training loss became {loss} in epoch {epoch} at learning rate {rate:g}",
            code="diverged",
            hint="Train with a smaller learning rate",
        )
    return loss
