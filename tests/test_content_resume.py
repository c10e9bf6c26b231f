"""A training that was killed ends with the bytes of an unbroken one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from beats import QUICK, RICH, SMALL, SPEC, kill_in_epoch, songs, weights

from content.checkpoint import read_checkpoint
from content.training import train

# Everything that has a state or draws numbers at once: moments, average, best weights, masks, mixed snippets, further labels.
EVERYTHING = replace(
    QUICK,
    epochs=5,
    optimizer="adamw",
    weight_decay=0.02,
    schedule="one-cycle",
    weight_average=0.9,
    gradient_clip=1.0,
    mixup=0.4,
    time_masks=1,
    time_mask_frames=4,
    frequency_masks=1,
    frequency_mask_rows=4,
    label_smoothing=0.1,
    class_weights="balanced",
    validation_share=0.25,
    patience=3,
    least_songs=1,
)
FURTHER = {"also": {"tags": ["x; y", "y", "", "z; x"] * 6}, "artists": [f"artist {song // 2}" for song in range(24)]}


@pytest.fixture(scope="module")
def unbroken():
    return train(*songs(24, 0), QUICK, SMALL, spec=SPEC, label="beat")


@pytest.fixture(scope="module")
def unbroken_with_everything():
    return train(*songs(24, 0), EVERYTHING, RICH, spec=SPEC, label="beat", **FURTHER)


@pytest.mark.parametrize("epoch", [2, 4])
def test_adamw_averages_early_stopping_and_augmentation_go_on_after_a_kill(tmp_path, unbroken_with_everything, epoch):
    images, labels = songs(24, 0)
    kill_in_epoch(epoch, tmp_path / "c", images, labels, EVERYTHING, RICH, **FURTHER)
    torch.manual_seed(99)
    resumed = train(images, labels, EVERYTHING, RICH, spec=SPEC, label="beat", checkpoint=tmp_path / "c", **FURTHER)
    assert weights(resumed) == weights(unbroken_with_everything)
    assert resumed.history == unbroken_with_everything.history
    assert resumed.config == unbroken_with_everything.config


def test_everything_also_trains_in_mixed_precision_and_from_tags():
    images, _ = songs(24, 0)
    config = replace(EVERYTHING, mixed_precision=True, positions="cover")
    encoder = train(images, ["x; y", "y", "z"] * 8, config, SMALL, spec=SPEC, label="tags")
    assert all(record.validation_loss > 0 and 0 <= record.validation_accuracy <= 1 for record in encoder.history)
    assert encoder.module.output.weight.dtype == torch.float32


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_killed_run_ends_with_the_bytes_of_an_unbroken_one(tmp_path, unbroken, epoch):
    images, labels = songs(24, 0)
    kill_in_epoch(epoch, tmp_path / "c", images, labels)
    seen: list[tuple[int, int]] = []
    torch.manual_seed(99)  # what happened to torch's generator in between does not matter
    resumed = train(
        images,
        labels,
        QUICK,
        SMALL,
        spec=SPEC,
        label="beat",
        checkpoint=tmp_path / "c",
        progress=lambda d, t: seen.append((d, t)),
    )
    assert weights(resumed) == weights(unbroken)
    assert resumed.history == unbroken.history
    assert seen[0] == ((epoch - 1) * 6 + 1, 18)  # only what was not done


def test_a_finished_checkpoint_gives_the_encoder_without_training(tmp_path, unbroken):
    images, labels = songs(24, 0)
    train(images, labels, QUICK, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c")
    calls: list[int] = []
    again = train(
        images, labels, QUICK, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c", progress=lambda d, _t: calls.append(d)
    )
    assert calls == []
    assert weights(again) == weights(unbroken)


def test_a_checkpoint_of_other_labels_is_not_gone_on_from(tmp_path, unbroken, caplog):
    images, labels = songs(24, 0)
    kill_in_epoch(2, tmp_path / "c", images, list(reversed(labels)))
    fresh = train(images, labels, QUICK, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c")
    assert "belongs to another run" in caplog.text
    assert weights(fresh) == weights(unbroken)


def test_a_damaged_checkpoint_is_not_gone_on_from(tmp_path, unbroken, caplog):
    (tmp_path / "c").write_bytes(b"\x10\x00\x00")
    fresh = train(*songs(24, 0), QUICK, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c")
    assert "cannot be read" in caplog.text
    assert weights(fresh) == weights(unbroken)


def test_the_checkpoint_keeps_the_momentum(tmp_path):
    images, labels = songs(24, 0)
    seen: list[str] = []
    train(images, labels, QUICK, SMALL, spec=SPEC, checkpoint=tmp_path / "c", on_epoch=lambda r: seen.append(r.epoch))
    from safetensors import safe_open

    with safe_open(tmp_path / "c", framework="pt") as file:
        assert file.get_tensor("optimizer/momentum_buffer/output.weight").abs().max() > 0
    assert seen == [1, 2, 3]
    assert read_checkpoint(tmp_path / "c", "another key") is None
