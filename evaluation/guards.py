"""What keeps a measurement honest by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.splits import Split


def train_view(split: Split) -> Split:
    """The split as an engine may see it: the same users, songs, candidates and train, and an empty test.

    Engines are fitted on this view only, so nothing that an engine is handed holds the answers. Arrays are copies; none is a
    window into a larger one that holds the test listens too. The counts are left out: they speak of the test. So is what new
    listeners give: it is told when they arrive, after training.
    """
    train = split.train.where(np.ones(len(split.train), np.bool_))
    test = split.test.where(np.zeros(len(split.test), np.bool_))
    return replace(
        split,
        train=train,
        test=test,
        cold_tracks=split.cold_tracks.copy(),
        candidates=split.candidates.copy(),
        counts={},
        given=None,
    )
