"""The loss, against torch's own losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from content.objective import Objective
from content.targets import read_targets
from content.training_config import TrainingConfig

MOOD = ["a", "b", "c", "a", "a", ""]
TAGS = ["x; y", "", "x", "z", "y; z", "x; z"]
CLASS = torch.tensor([0, 1, 2, 0, 0])
ALL = slice(0, 5)
SONGS = torch.arange(5)  # all that have a mood


@pytest.fixture
def scores():
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(0))


def objective(also=None, **settings) -> Objective:
    labels = MOOD if also else MOOD[:5]
    targets = read_targets("mood", labels, also or {}, least_songs=1)
    return Objective(targets, np.arange(len(labels)), replace(TrainingConfig(), **settings), torch.device("cpu"))


def test_one_label_is_cross_entropy(scores):
    loss = objective()
    assert loss.loss(scores, loss.wanted(SONGS), ALL) == pytest.approx(cross_entropy(scores, CLASS).item(), rel=1e-6)


def test_balanced_classes_weigh_as_in_torch(scores):
    loss = objective(class_weights="balanced")
    weights = torch.tensor([5 / 9, 5 / 3, 5 / 3])
    expected = cross_entropy(scores, CLASS, weight=weights).item()
    assert loss.loss(scores, loss.wanted(SONGS), ALL) == pytest.approx(expected, rel=1e-6)


def test_label_smoothing_is_that_of_torch(scores):
    loss = objective(label_smoothing=0.2)
    expected = cross_entropy(scores, CLASS, label_smoothing=0.2).item()
    assert loss.loss(scores, loss.wanted(SONGS), ALL) == pytest.approx(expected, rel=1e-6)


def test_mixed_snippets_want_both_classes_by_their_share(scores):
    loss = objective()
    partners = torch.tensor([4, 3, 2, 1, 0])
    expected = 0.7 * cross_entropy(scores, CLASS) + 0.3 * cross_entropy(scores, CLASS[partners])
    assert loss.loss(scores, loss.wanted(SONGS, partners, 0.7), ALL) == pytest.approx(expected.item(), rel=1e-6)


def test_the_parts_of_a_batch_add_up_to_the_whole():
    songs, scores = torch.arange(6), torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    loss = objective({"tags": TAGS}, class_weights="balanced", label_smoothing=0.1)
    wanted = loss.wanted(songs, songs.flip(0), 0.6)
    parts = sum(loss.loss(scores[part], wanted, part) for part in (slice(0, 1), slice(1, 4), slice(4, 6)))
    assert parts == pytest.approx(loss.loss(scores, wanted, slice(0, 6)).item(), rel=1e-6)


def test_several_labels_add_up_with_their_weights_where_they_are_known():
    songs, scores = torch.arange(6), torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    loss = objective({"tags": TAGS}, also_multi_weight=0.25)
    tags = torch.tensor([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1]]).float()
    have = [0, 2, 3, 4, 5]
    binary = binary_cross_entropy_with_logits(scores[have, 3:], tags[have], reduction="none").sum(1).mean()
    expected = cross_entropy(scores[:5, :3], CLASS) + 0.25 * binary
    assert loss.loss(scores, loss.wanted(songs), slice(0, 6)) == pytest.approx(expected.item(), rel=1e-6)


def test_a_batch_without_the_label_teaches_nothing_and_is_a_number():
    loss = objective({"tags": TAGS}, also_multi_weight=0.0)
    assert loss.loss(torch.ones(1, 6), loss.wanted(torch.tensor([5])), slice(0, 1)) == 0.0


def test_hits_count_only_songs_with_the_primary_label():
    loss = objective({"tags": TAGS})
    scores = torch.zeros(6, 6)
    scores[:, 0] = 1.0  # says "a" of every song
    assert loss.hits(scores, loss.wanted(torch.arange(6)), slice(0, 6)).tolist() == [3, 5]
