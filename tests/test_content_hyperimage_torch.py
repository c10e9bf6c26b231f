"""The hyper-image in torch against the one in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from content.hyperimage import hyper_image
from content.hyperimage_torch import hyper_images
from content.spec import HyperImageSpec

SPEC = HyperImageSpec()
CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"))


@pytest.fixture(scope="module")
def songs(music):
    """Three songs of one length, float64 (3, n)."""
    noise = np.random.default_rng(3).standard_normal(len(music))
    return np.stack([music, 0.1 * music[::-1] + 0.01 * noise, np.roll(music, 4000) + 0.1 * noise])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_torch_agrees_with_numpy(songs, dtype, device):
    batch = songs.astype(dtype)
    images = hyper_images(torch.from_numpy(batch).to(device), SPEC)
    assert images.dtype == torch.from_numpy(batch).dtype
    for image, y in zip(images.cpu().numpy(), batch, strict=True):
        expected = hyper_image(y, SPEC)
        assert image.shape == expected.shape
        for name, rows in SPEC.rows.items():
            assert np.abs(image[:, rows] - expected[:, rows]).max() < 1e-4, name


def test_a_song_does_not_depend_on_the_others_of_its_batch(songs):
    alone = hyper_images(torch.from_numpy(songs[1:2]), SPEC)
    together = hyper_images(torch.from_numpy(songs), SPEC)
    np.testing.assert_allclose(alone[0], together[1], atol=1e-9)


def test_another_spec_gives_another_shape(songs):
    spec = HyperImageSpec(hop_length=256, n_mels=64, n_mfcc=13)
    images = hyper_images(torch.from_numpy(songs[:1]), spec)
    expected = hyper_image(songs[0], spec)
    np.testing.assert_allclose(images[0], expected, atol=1e-4)


def test_silence_and_a_single_sample_give_finite_images():
    for y in (torch.zeros(1, 4000), torch.ones(2, 1)):
        assert torch.isfinite(hyper_images(y, SPEC)).all()
