"""Songs for tests of training: noise with a planted beat, small and quick."""

from __future__ import annotations

import numpy as np
import pytest

from content.notation import parse
from content.spec import HyperImageSpec
from content.training import train
from content.training_config import TrainingConfig

SPEC = HyperImageSpec(n_tempo=1, n_mels=4, n_mfcc=2, contrast_bands=2)  # 28 rows
SMALL = parse("IC(2,5,8)LPF(12)F(6)O")
RICH = parse("IT(1,5,8)BD(20)[U(4)A(2)|M]F(12)BRD(30)F(6)O")  # layers with statistics, and layers that draw
QUICK = TrainingConfig(epochs=3, snippet_seconds=0.5, batch_size=8, learning_rate=0.01, threads=1, device="cpu")


def songs(count: int, seed: int, frames: int = 60) -> tuple[list[np.ndarray], list[str]]:
    """Noise with a planted pattern: the class says which of three rows beats in every fourth frame."""
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for song in range(count):
        image = rng.integers(0, 160, (frames, SPEC.n_rows), dtype=np.uint8)
        image[rng.integers(4) :: 4, 5 + 8 * (song % 3)] = 255
        images.append(image)
        labels.append("abc"[song % 3])
    return images, labels


def weights(encoder) -> dict[str, bytes]:
    """All weights and statistics by name."""
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in encoder.module.state_dict().items()}


class Killed(Exception):
    """What ends a training in its middle."""


def kill_in_epoch(epoch: int, path, images, labels, config=QUICK, network=SMALL, **options) -> None:
    """Train and die in the middle of an epoch."""
    per_epoch = -(-len(images) * config.snippets_per_song // config.batch_size)

    def progress(done: int, _total: int) -> None:
        if done == (epoch - 1) * per_epoch + 2:
            raise Killed

    with pytest.raises(Killed):
        train(images, labels, config, network, spec=SPEC, label="beat", checkpoint=path, progress=progress, **options)
