"""The optimisers, and the moving average of weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from content.network import Network
from content.training_config import TrainingConfig


def make_optimizer(network: Network, config: TrainingConfig) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW whose decay spares biases and the scales of norms (they have one dimension).

    A group's "rate" is relative to the learning rate of the step, see `set_rate`.
    """
    parts: list[tuple[Iterable[nn.Parameter], float]] = [(network.output.parameters(), 1.0)]
    if not network.frozen:
        parts.insert(0, (network.body.parameters(), config.body_rate))
    groups: list[dict[str, Any]] = []
    for parameters, rate in parts:
        known = list(parameters)
        if config.optimizer == "sgd":
            groups.append({"params": known, "weight_decay": config.weight_decay, "rate": rate})
        else:
            groups.append({"params": [p for p in known if p.ndim > 1], "weight_decay": config.weight_decay, "rate": rate})
            groups.append({"params": [p for p in known if p.ndim <= 1], "weight_decay": 0.0, "rate": rate})
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, config.learning_rate, momentum=config.momentum)
    return torch.optim.AdamW(groups, config.learning_rate)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step; each group takes its share of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate"]


def optimizer_tensors(network: Network, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """All that the optimiser remembers, by "<what>/<parameter>", e.g. "exp_avg/output.weight"."""
    return {
        f"{slot}/{name}": value
        for name, parameter in network.named_parameters()
        for slot, value in optimizer.state.get(parameter, {}).items()
        if value is not None
    }


def restore_optimizer(network: Network, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give back to a fresh optimiser what `optimizer_tensors` took from another."""
    parameters = dict(network.named_parameters())
    for key, value in tensors.items():
        slot, name = key.split("/", 1)
        parameter = parameters[name]
        # In the parameter's layout in memory; a step counter is one number and stays on the CPU.
        kept = value.clone() if value.ndim == 0 else torch.empty_like(parameter).copy_(value)
        optimizer.state[parameter][slot] = kept.detach()


@torch.no_grad()
def average_in(averaged: dict[str, Tensor], network: Network, decay: float, step: int) -> None:
    """Move `averaged` towards the network's weights and statistics; `step` is counted from 0.

    With a shorter memory at first, min(decay, (1 + step) / (10 + step)), so that the random initial weights are soon forgotten.
    """
    decay = min(decay, (1 + step) / (10 + step))
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            averaged[name].lerp_(value, 1.0 - decay)
        else:
            averaged[name].copy_(value)  # counters


def copy_of(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy that no further step changes."""
    return {name: value.detach().clone() for name, value in weights.items()}
