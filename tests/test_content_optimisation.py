"""Optimisers, clipping, and the moving average of weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from beats import QUICK, SMALL, SPEC, songs, weights

from content.embedding import embed
from content.network import build
from content.optimisation import average_in, copy_of, make_optimizer
from content.training import train


@pytest.fixture
def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(SMALL, SPEC.n_rows, 21, 3)


def test_adamw_spares_biases_from_decay(network):
    decays = {
        parameter.ndim: group["weight_decay"]
        for group in make_optimizer(network, replace(QUICK, optimizer="adamw", weight_decay=0.1)).param_groups
        for parameter in group["params"]
    }
    assert decays == {1: 0.0, 2: 0.1, 4: 0.1}


def test_the_average_forgets_the_start_and_then_has_its_decay(network):
    averaged = copy_of(network.state_dict())
    first = averaged["output.weight"].clone()
    with torch.no_grad():
        network.output.weight.add_(1.0)
    average_in(averaged, network, 0.9, 0)  # decay 1 / 10
    torch.testing.assert_close(averaged["output.weight"], first + 0.9)
    average_in(averaged, network, 0.9, 10_000)  # decay 0.9
    torch.testing.assert_close(averaged["output.weight"], first + 0.91)


def test_counters_are_copied_into_the_average():
    norm = torch.nn.BatchNorm1d(2)
    averaged = copy_of(norm.state_dict())
    norm(torch.randn(4, 2))
    average_in(averaged, norm, 0.9, 10_000)
    assert averaged["num_batches_tracked"] == 1


def test_the_average_is_what_is_kept():
    """Averaged over one long memory, the weights lie nearer to the start than where the optimiser ended."""
    images, labels = songs(24, 0)
    last = train(images, labels, QUICK, SMALL, spec=SPEC)
    kept = train(images, labels, replace(QUICK, weight_average=0.5), SMALL, spec=SPEC)
    assert [record.loss for record in kept.history] == [record.loss for record in last.history]  # the same path
    assert weights(kept) != weights(last)


@pytest.mark.parametrize("settings", [{"optimizer": "adamw", "schedule": "one-cycle"}, {"weight_average": 0.8}], ids=str)
def test_the_planted_pattern_is_found_by_other_optimisers_too(settings):
    encoder = train(*songs(60, 0), replace(QUICK, epochs=12, **settings), SMALL, spec=SPEC)
    images, labels = songs(60, 1)
    said = [encoder.classes[row] for row in embed(encoder, images)[1].argmax(1)]
    assert np.mean(np.array(said) == labels) > 0.9


def test_a_gradient_is_clipped_to_its_greatest_length():
    """Plain steps of rate 1 then move the weights by at most that length a step."""
    images, labels = songs(8, 0)
    config = replace(QUICK, epochs=1, snippets_per_song=1, momentum=0.0, schedule="constant", learning_rate=1.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        start = torch.cat([p.detach().reshape(-1) for p in build(SMALL, SPEC.n_rows, 21, 3).parameters()])

    def moved(clip: float) -> float:
        encoder = train(images, labels, replace(config, gradient_clip=clip), SMALL, spec=SPEC)
        return float(torch.linalg.vector_norm(torch.cat([p.detach().reshape(-1) for p in encoder.module.parameters()]) - start))

    assert moved(0.0) > 0.02
    assert moved(0.01) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("kind", ["time_masks", "frequency_masks"])
def test_what_is_masked_holds_its_rows_mean(kind, monkeypatch):
    """With everything masked the first convolution hears nothing at all, and none of its weights moves."""
    monkeypatch.setattr("content.augmentation.masks", lambda _rng, size, length, _count, _widest: np.ones((size, length), bool))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(QUICK.seed)
        start = build(SMALL, SPEC.n_rows, 21, 3).body[0].weight.detach().clone()
    encoder = train(*songs(24, 0), replace(QUICK, **{kind: 1}), SMALL, spec=SPEC)
    assert torch.equal(encoder.module.body[0].weight, start)


def test_fixed_places_are_the_same_in_each_epoch_and_cover_the_song():
    from content.snippets import draw

    lengths = np.array([100, 30, 9])
    for epoch in (1, 2):
        chosen, starts = draw(lengths, 10, 3, seed=0, epoch=epoch, positions="cover")
        of_song = {song: sorted(starts[chosen == song].tolist()) for song in range(3)}
        assert of_song == {0: [0, 45, 90], 1: [0, 10, 20], 2: [0, 0, 0]}
    assert draw(lengths, 10, 1, seed=0, epoch=1, positions="cover")[1].sum() == 45 + 10
