"""What is drawn for a batch: masks and partners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from content.augmentation import augmentation, masks
from content.training_config import TrainingConfig

EVERYTHING = replace(TrainingConfig(), mixup=0.4, time_masks=2, frequency_masks=1)


def draw(config=EVERYTHING, *, epoch=1, batch=0):
    return augmentation(config, 8, 60, 28, epoch=epoch, batch=batch)


@given(st.integers(1, 60), st.integers(1, 3), st.integers(1, 80), st.integers(0, 99))
def test_masks_are_stretches_no_wider_than_asked_and_never_everything(length, count, widest, seed):
    masked = masks(np.random.default_rng(seed), 5, length, count, widest)
    edges = np.diff(np.pad(masked, ((0, 0), (1, 1))).astype(int), axis=1)
    assert masked.shape == (5, length)
    assert ((edges == 1).sum(axis=1) <= count).all()
    assert (masked.sum(axis=1) <= count * min(widest, length - 1)).all()


def test_masks_reach_their_widest_and_both_ends():
    masked = masks(np.random.default_rng(0), 2000, 10, 1, 4)
    assert masked.sum(axis=1).max() == 4
    assert masked.sum(axis=1).min() == 0
    assert masked[:, 0].any()
    assert masked[:, -1].any()


def test_a_batch_follows_from_seed_epoch_and_number_alone():
    np.testing.assert_array_equal(draw().masked_frames, draw().masked_frames)
    others = (draw(epoch=2), draw(batch=1), draw(replace(EVERYTHING, seed=1)))
    assert all(not np.array_equal(draw().masked_frames, other.masked_frames) for other in others)
    assert len({draw().share, *(other.share for other in others)}) == 4


def test_partners_are_a_permutation_of_the_batch():
    assert sorted(draw().partner.tolist()) == list(range(8))
    assert 0 <= draw().share <= 1


def test_nothing_is_drawn_where_nothing_is_asked():
    assert draw(TrainingConfig()) == (None, 1.0, None, None)
