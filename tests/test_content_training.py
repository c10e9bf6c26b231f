"""Training: it learns what is there and nothing else, the same each time, and goes on after a kill."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from beats import QUICK, SMALL, SPEC, songs, weights

from content.embedding import embed
from content.encoder import torch_threads
from content.network import build, to_input
from content.notation import parse
from content.snippets import cut_batch, draw, mean_and_deviation, snippet_frames
from content.training import train
from content.training_config import TrainingConfig
from data.errors import InputError


def accuracy(encoder, images, labels) -> float:
    best = embed(encoder, images)[1].argmax(1)
    return float(np.mean([encoder.classes[row] == label for row, label in zip(best, labels, strict=True)]))


@pytest.fixture(scope="module")
def unbroken():
    return train(*songs(24, 0), QUICK, SMALL, spec=SPEC, label="beat")


@pytest.fixture(scope="module")
def long_config():
    return TrainingConfig(epochs=15, snippet_seconds=0.5, batch_size=8, learning_rate=0.01, threads=1, device="cpu")


def test_a_planted_pattern_is_found_in_songs_never_seen(long_config):
    encoder = train(*songs(60, 0), long_config, SMALL, spec=SPEC)
    assert accuracy(encoder, *songs(60, 1)) > 0.9


def test_shuffled_labels_teach_nothing(long_config):
    images, labels = songs(60, 0)
    shuffled = np.random.default_rng(5).permutation(labels).tolist()
    encoder = train(images, shuffled, long_config, SMALL, spec=SPEC)
    assert accuracy(encoder, *songs(60, 1)) < 0.6


def test_the_paper_defaults_give_the_bits_of_a_plain_loop():
    """SGD, cosine, batches of 16, random snippets, cross-entropy, nothing else: written out once more."""
    images, labels = songs(23, 0)
    config, paper = (
        TrainingConfig(epochs=2, snippet_seconds=0.5, threads=1, device="cpu"),
        parse("IC(2,5,8)LPC(1,3,8)LPF(12)F(6)O"),
    )
    encoder = train(images, labels, config, paper, spec=SPEC, label="beat")
    n_frames, lengths = snippet_frames(0.5, SPEC.frames_per_second), np.array([len(image) for image in images])
    with torch_threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(paper, SPEC.n_rows, n_frames, 3).train()
        together = np.concatenate(images).astype(np.int64)
        mean, deviation = mean_and_deviation(together.sum(0), (together**2).sum(0), len(together))
        network.row_mean.copy_(torch.from_numpy(mean))
        network.row_std.copy_(torch.from_numpy(deviation))
        optimizer = torch.optim.SGD(network.parameters(), lr=0.002, momentum=0.9)
        for epoch in (1, 2):
            chosen, starts = draw(lengths, n_frames, 2, seed=0, epoch=epoch)
            for batch in range(3):
                optimizer.param_groups[0]["lr"] = 0.002 * 0.5 * (1 + math.cos(math.pi * ((epoch - 1) * 3 + batch) / 6))
                rows = slice(16 * batch, 16 * batch + 16)
                x = to_input(cut_batch(images, chosen[rows], starts[rows], n_frames), torch.device("cpu"))
                y = torch.tensor(["abc".index(labels[song]) for song in chosen[rows]])
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(x), y).backward()
                optimizer.step()
    assert weights(encoder) == {name: tensor.contiguous().numpy().tobytes() for name, tensor in network.state_dict().items()}


def test_the_same_seed_gives_the_same_bytes(unbroken):
    again = train(*songs(24, 0), QUICK, SMALL, spec=SPEC, label="beat")
    assert weights(again) == weights(unbroken)
    assert again.fingerprint == unbroken.fingerprint
    assert again.history == unbroken.history


def test_another_seed_gives_other_weights(unbroken):
    other = train(*songs(24, 0), replace(QUICK, seed=1), SMALL, spec=SPEC, label="beat")
    assert other.fingerprint != unbroken.fingerprint


def test_thread_count_and_generator_are_left_as_they_were():
    before = torch.get_num_threads()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    train(*songs(6, 0), QUICK, SMALL, spec=SPEC)
    assert torch.get_num_threads() == before
    assert torch.rand(1) == expected


def test_row_statistics_come_from_the_training_songs(unbroken):
    together = np.concatenate(songs(24, 0)[0]) / 255
    np.testing.assert_allclose(unbroken.module.row_mean.numpy(), together.mean(0), rtol=1e-5)
    np.testing.assert_allclose(unbroken.module.row_std.numpy(), together.std(0), rtol=1e-5)


def test_songs_shorter_than_a_snippet_are_learned_from():
    images, labels = songs(12, 0, frames=9)
    encoder = train(images, labels, QUICK, SMALL, spec=SPEC)
    assert np.isfinite(embed(encoder, images)[0]).all()


def test_training_does_not_change_the_images():
    images, labels = songs(6, 0)
    for image in images:
        image.setflags(write=False)
    train(images, labels, QUICK, SMALL, spec=SPEC)


def test_mixed_precision_trains_in_bfloat16():
    encoder = train(*songs(24, 0), replace(QUICK, mixed_precision=True), SMALL, spec=SPEC)
    assert encoder.history[-1].loss < encoder.history[0].loss
    assert encoder.module.output.weight.dtype == torch.float32


def test_classes_are_sorted_and_progress_counts_batches():
    images, labels = songs(6, 0)
    seen: list[tuple[int, int]] = []
    encoder = train(images, labels[::-1], QUICK, SMALL, spec=SPEC, progress=lambda d, t: seen.append((d, t)))
    assert encoder.classes == ("a", "b", "c")
    assert seen == [(done, 6) for done in range(1, 7)]


def test_a_loss_that_runs_away_is_an_error_with_a_hint():
    with pytest.raises(InputError, match="smaller learning rate") as error:
        train(*songs(24, 0), replace(QUICK, learning_rate=1e9), SMALL, spec=SPEC)
    assert error.value.code == "diverged"


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ([], [], "no song has the label 'beat'"),
        (songs(3, 0)[0], ["a", "b"], "3 images and 2 labels"),
        (songs(3, 0)[0], ["a", "a", "a"], "all 3 songs have beat 'a'"),
        (songs(3, 0)[0], ["a", "", "b"], "1 of 3 songs have no 'beat'"),
        ([np.zeros((9, 5), np.uint8)] * 2, ["a", "b"], r"song 0 is uint8 \(9, 5\)"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(images, labels, message):
    with pytest.raises(InputError, match=message):
        train(images, labels, QUICK, SMALL, spec=SPEC, label="beat")


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="device='tpu'"):
        train(*songs(6, 0), replace(QUICK, device="tpu"), SMALL, spec=SPEC)


def test_a_step_that_memory_does_not_hold_is_refused_with_a_remedy():
    import torch

    from content.epoch import enough_memory

    with pytest.raises(InputError, match=r"not enough memory.*batch_size=16.*lower"), enough_memory(TrainingConfig()):
        torch.empty(2**60, dtype=torch.uint8)


def test_a_fault_that_is_none_of_memory_is_passed_on():
    from content.epoch import enough_memory

    with pytest.raises(RuntimeError, match="shapes"), enough_memory(TrainingConfig()):
        raise RuntimeError("shapes differ")
