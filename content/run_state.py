"""What changes while a network is trained, and the way of it into a checkpoint and back."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from content.checkpoint import Checkpoint, EpochRecord
from content.distributed import Processes
from content.network import Network
from content.optimisation import copy_of, optimizer_tensors, restore_optimizer
from content.validation import best_epoch


@dataclass
class RunState:
    """A run between two steps.

    Parameters
    ----------
    network, optimizer : with the weights as the optimiser moves them.
    averaged : their moving average by name; empty without one.
    best : a copy of what was kept after the epoch that was best on validation songs; empty without any.
    history : one record a finished epoch.
    """

    network: Network
    optimizer: torch.optim.Optimizer
    averaged: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    history: list[EpochRecord] = field(default_factory=list)

    @property
    def validation_losses(self) -> list[float | None]:
        """One an epoch."""
        return [record.validation_loss for record in self.history]

    def latest(self) -> dict[str, Tensor]:
        """The weights one would use now: the average where there is one."""
        return self.averaged or self.network.state_dict()

    def end_epoch(self, record: EpochRecord) -> None:
        """Note an epoch, and keep its weights if it is the best on validation songs."""
        self.history.append(record)
        if record.validation_loss is not None and best_epoch(self.validation_losses) == record.epoch:
            self.best = copy_of(self.latest())

    def share_statistics(self, processes: Processes) -> None:
        """Give all processes the same batch-norm statistics, the mean of theirs: each has seen its part of every batch."""
        weights = self.network.state_dict()
        names = [
            name
            for name, buffer in self.network.named_buffers()
            if name in weights and buffer.is_floating_point() and name not in ("row_mean", "row_std")
        ]
        processes.mean_([kept[name] for kept in (weights, self.averaged) if kept for name in names])

    def checkpoint(self) -> Checkpoint:
        """All of it; the tensors are shared, not copied."""
        remembered = optimizer_tensors(self.network, self.optimizer)
        return Checkpoint(self.network.state_dict(), remembered, self.averaged, self.best, tuple(self.history))

    def restore(self, found: Checkpoint) -> None:
        """Take over what a checkpoint holds."""
        self.network.load_state_dict(dict(found.weights))
        restore_optimizer(self.network, self.optimizer, dict(found.optimizer))
        for name, tensor in found.averaged.items():
            self.averaged[name].copy_(tensor)
        self.best = {name: tensor.to(self.network.row_mean.device) for name, tensor in found.best.items()}
        self.history = list(found.history)

    def result(self) -> Network:
        """The trained network: the best epoch's weights, else the latest; on the CPU, in evaluation mode."""
        self.network.load_state_dict(self.best or self.latest())
        # A frozen body, too: torch chooses kernels by it even where no gradient is wanted, and with them the last bits.
        self.network.requires_grad_(True)
        return self.network.cpu().eval()
