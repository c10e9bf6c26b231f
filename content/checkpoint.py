"""A training run on disk after each epoch, so that a killed one goes on where it was.

One safetensors file holds weights and what the optimiser remembers as tensors, and everything else as JSON in its header: being
one file, it is whole or absent. No generator state is kept, because each epoch seeds its own (see `content.training`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from data.files import atomic_path

SCHEMA = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EpochRecord:
    """What one pass over the training songs came to.

    Parameters
    ----------
    epoch : counted from 1.
    loss : mean of what is minimised over the snippets, in nats, each measured just before it was learned from: cross-entropy of
        the primary label, and with their weights those of further labels.
    accuracy : share of these snippets whose best-scored class of the primary label was right.
    learning_rate : at the epoch's end.
    validation_loss, validation_accuracy : of the primary label of the songs held out for validation; None without any.
    """

    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A run after its last finished epoch.

    Parameters
    ----------
    weights : the network's state by name.
    optimizer : what the optimiser remembers, by "<what>/<parameter>".
    averaged : moving average of the network's state by name; empty without one.
    best : the state that was best on validation songs; empty without any.
    history : one record an epoch, as many as are finished.
    """

    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor]
    averaged: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    history: tuple[EpochRecord, ...]


PARTS = ("weights", "optimizer", "averaged", "best")


def write_checkpoint(path: Path, key: str, checkpoint: Checkpoint) -> None:
    """Write or replace `path`; `key` names the run (its data, labels and configuration).

    Raises
    ------
    InputError : the disk is full or the folder cannot be written.
    """
    tensors = {f"{part}/{name}": tensor for part in PARTS for name, tensor in getattr(checkpoint, part).items()}
    about = {"schema": SCHEMA, "key": key, "history": [asdict(record) for record in checkpoint.history]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        # Written by Python, not by safetensors: a full disk is then the error that atomic_path knows.
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        temporary.write_bytes(save(whole, metadata={"run": json.dumps(about, allow_nan=False)}))


def read_checkpoint(path: Path, key: str) -> Checkpoint | None:
    """The checkpoint of the run named `key`, or None if there is none to go on from.

    A damaged file, or one of another run (other songs, labels or configuration), is left aside with a warning in the log:
    starting again is always right, going on from it never is.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("run", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, OSError, ValueError) as error:
        log.warning("%s cannot be read (%s): training starts from the beginning", path, error)
        return None
    if about.get("schema") != SCHEMA or about.get("key") != key:
        log.warning("%s belongs to another run (other songs, labels or configuration): training starts from the beginning", path)
        return None
    history = tuple(EpochRecord(**record) for record in about["history"])
    return Checkpoint(**{part: _below(tensors, f"{part}/") for part in PARTS}, history=history)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
