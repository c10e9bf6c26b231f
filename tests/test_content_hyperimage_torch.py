"""The hyper-image in torch against the one in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from content.hyperimage import hyper_image
from content.hyperimage_torch import hyper_images, images_of_power, power_of
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


@pytest.mark.parametrize("block", list(SPEC.rows))
def test_gradients_of_each_block_are_its_slopes(music, block):
    y = torch.from_numpy(music[:20000]) + 1e-3 * torch.randn(20000, generator=torch.Generator().manual_seed(0)).double()
    weights = torch.rand(
        1, 40, SPEC.rows[block].stop - SPEC.rows[block].start, generator=torch.Generator().manual_seed(1)
    ).double()
    towards = torch.randn(20000, generator=torch.Generator().manual_seed(2)).double()

    def value(y):
        return (hyper_images(y[None], SPEC)[:, :, SPEC.rows[block]] * weights).sum()

    y.requires_grad_()
    (slope,) = torch.autograd.grad(value(y), y)
    step = 1e-7
    with torch.no_grad():
        measured = (value(y + step * towards) - value(y - step * towards)) / (2 * step)
    assert float(slope @ towards) == pytest.approx(float(measured), rel=1e-4, abs=1e-4)
    assert slope.abs().max() > 0


@pytest.mark.parametrize("level", [0.0, 1e-9, 1.0])
def test_gradients_are_numbers_in_silence_and_near_it(level):
    y = (level * torch.randn(1, 9000, generator=torch.Generator().manual_seed(0))).requires_grad_()
    (slope,) = torch.autograd.grad(hyper_images(y, SPEC).sum(), y)
    assert torch.isfinite(slope).all()


def test_an_image_of_power_spectra_is_that_of_their_sound(songs):
    y = torch.from_numpy(songs)
    torch.testing.assert_close(images_of_power(power_of(y, SPEC), SPEC), hyper_images(y, SPEC))
