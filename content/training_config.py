"""How a network is trained: every choice in one record. No torch: the command line reads its defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.errors import InputError


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Parameters
    ----------
    epochs : passes over the training songs.
    snippet_seconds : length of a snippet, s; 5 in the paper.
    snippets_per_song : random snippets of each song in an epoch.
    batch_size : snippets a step.
    learning_rate, momentum, weight_decay : of stochastic gradient descent; the decay is added to the gradient of all parameters.
    schedule : "constant", or "cosine": the learning rate falls to 0 along half a cosine, step by step.
    seed : decides initial weights and snippets.
    device : "auto", "cpu" or "cuda".
    mixed_precision : forward and backward in bfloat16 where torch deems it safe; weights stay float32. Much faster on GPUs and on
        CPUs with AVX512-BF16 or AMX, ten times slower on others.
    threads : CPU threads for torch, or None to leave them as they are.

    Same seed, same bytes: on the CPU with the same number of threads.
    """

    epochs: int = 10
    snippet_seconds: float = 5.0
    snippets_per_song: int = 2
    batch_size: int = 16
    learning_rate: float = 0.002
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "cosine"
    seed: int = 0
    device: str = "auto"
    mixed_precision: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "snippets_per_song", "batch_size", "snippet_seconds", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} must be positive and finite")
        if not 0 <= self.momentum < 1:
            raise InputError(f"momentum={self.momentum} must be at least 0 and below 1")
        if not 0 <= self.weight_decay < math.inf:
            raise InputError(f"weight_decay={self.weight_decay} must not be negative, and finite")
        if self.schedule not in ("constant", "cosine"):
            raise InputError(f"schedule={self.schedule!r} must be 'constant' or 'cosine'")
        if self.seed < 0:
            raise InputError(f"seed={self.seed} must not be negative")
        if self.threads is not None and self.threads < 1:
            raise InputError(f"threads={self.threads} must be at least 1")


def learning_rate(config: TrainingConfig, share: float) -> float:
    """The learning rate of a step when `share`, 0 to 1, of all steps is done."""
    if config.schedule == "constant":
        return config.learning_rate
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * share))
