"""Augmentation of a batch: SpecAugment's masks and mixup. numpy only; what is drawn follows from (seed, epoch, batch)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.training_config import TrainingConfig

_STREAM = 1  # keeps these numbers apart from those that place snippets


class Augmentation(NamedTuple):
    """What is done to one batch of b snippets.

    Parameters
    ----------
    partner : int64 (b,), position of the snippet that each is mixed with; None without mixup.
    share : how much of the snippet itself stays, in [0, 1].
    masked_frames : bool (b, n_frames); None without time masks. masked_rows : bool (b, n_rows); None without frequency masks.
    """

    partner: NDArray[np.int64] | None
    share: float
    masked_frames: NDArray[np.bool_] | None
    masked_rows: NDArray[np.bool_] | None


def augmentation(config: TrainingConfig, size: int, n_frames: int, n_rows: int, *, epoch: int, batch: int) -> Augmentation:
    """The augmentation of one batch of `size` snippets; it depends on no other batch."""
    rng = np.random.default_rng((config.seed, epoch, batch, _STREAM))
    partner, share = None, 1.0
    if config.mixup:
        share = float(rng.beta(config.mixup, config.mixup))
        partner = rng.permutation(size)
    frames = rows = None
    if config.time_masks:
        frames = masks(rng, size, n_frames, config.time_masks, config.time_mask_frames)
    if config.frequency_masks:
        rows = masks(rng, size, n_rows, config.frequency_masks, config.frequency_mask_rows)
    return Augmentation(partner, share, frames, rows)


def masks(rng: np.random.Generator, size: int, length: int, count: int, widest: int) -> NDArray[np.bool_]:
    """`count` stretches a row, each of 0 to `widest` places (never all of them), anywhere.

    Returns
    -------
    bool (size, length), True = masked.
    """
    widths = rng.integers(0, min(widest, length - 1), size=(size, count), endpoint=True)
    starts = rng.integers(0, length - widths, endpoint=True)
    place = np.arange(length)  # (length,)
    inside = (place >= starts[..., None]) & (place < (starts + widths)[..., None])  # (size, count, length)
    covered: NDArray[np.bool_] = np.logical_or.reduce(inside, axis=1)
    return covered
