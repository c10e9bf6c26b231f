"""A song in a few numbers without any network: statistics of the rows of its hyper-image. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def image_statistics(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean, standard deviation and mean absolute change from frame to frame of each row, float32 (3 * n_rows,), in that order.

    Parameters
    ----------
    image : uint8 (frames, n_rows), one frame or more; levels 0..255 count as [0, 1]. A single frame changes by 0.
    """
    x = np.asarray(image, np.float32) / np.float32(255)  # (frames, n_rows)
    change = np.abs(np.diff(x, axis=0)).mean(axis=0) if len(x) > 1 else np.zeros(x.shape[1], np.float32)
    return np.concatenate([x.mean(axis=0), x.std(axis=0), change]).astype(np.float32)


def statistics_of(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """`image_statistics` of each of n images, float32 (n, 3 * n_rows); n is one or more."""
    return np.stack([image_statistics(images[row]) for row in range(len(images))])
