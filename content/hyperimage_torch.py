"""The hyper-image in torch, for many songs of one length at once: the same definitions as `content.hyperimage`, with gradients.

For composing, which goes back from a label to a sound, and for a GPU. On a CPU it is slower than numpy in one process a core,
which `content.extraction` uses. A test holds the two to 1e-4 of each other.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from content.features import TINY, mfcc_scale
from content.filters import chroma_filters, contrast_bands, dct_basis, mel_filters, tonnetz_basis
from content.spec import HyperImageSpec
from content.tempogram import HOP_FRAMES, WINDOW_SECONDS, between, lags

FAINTEST = 1e-30  # power below which a root has no slope worth having; its magnitude lies far under TINY


def hyper_images(y: Tensor, spec: HyperImageSpec) -> Tensor:
    """The hyper-images of a batch of mono signals on whatever device they are; gradients flow back to the samples.

    Parameters
    ----------
    y : float32 or float64 (batch, n), at spec.sample_rate. Takes about 30 kB a frame in float32: 0.6 GB for 16 songs of 30 s.

    Returns
    -------
    (batch, frames, n_rows) in [0, 1], of the dtype and on the device of `y`.
    """
    return images_of_power(power_of(y, spec), spec)


def images_of_power(power: Tensor, spec: HyperImageSpec) -> Tensor:
    """The hyper-images of power spectra: all six blocks describe the one sound that these belong to.

    Gradients are finite everywhere, silence included; what is cut off (`top_db`, the edges of [0, 1]) has none.

    Parameters
    ----------
    power : float32 or float64 (batch, frames, n_fft / 2 + 1), not negative.

    Returns
    -------
    (batch, frames, n_rows) in [0, 1], of the dtype and on the device of `power`.
    """
    mel = power @ _like(mel_filters(spec.sample_rate, spec.n_fft, spec.n_mels), power).T  # (batch, frames, n_mels)
    chroma = _chroma(power, spec)  # (batch, frames, 12)
    log_mel = _decibels(mel, mel.amax(dim=(1, 2), keepdim=True), spec.top_db)
    blocks = {
        "chroma": chroma,
        "tempogram": _cyclic_tempogram(_novelty(log_mel), spec),
        "mel": 1.0 + log_mel / spec.top_db,
        "mfcc": _scaled_mfcc(log_mel, spec),
        "contrast": _contrast(power, spec) / spec.top_db,
        "tonnetz": 0.5 * (_tonnetz(chroma) + 1.0),
    }
    image = torch.cat([blocks[name] for name in spec.rows], dim=2)
    return image.clamp(0.0, 1.0)


def _like(values: NDArray[np.floating], y: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(y.device, y.dtype)


def power_of(y: Tensor, spec: HyperImageSpec) -> Tensor:
    """Power spectra (batch, frames, n_fft / 2 + 1) of mono signals (batch, n), as `content.spectrum.power_blocks`."""
    half = spec.n_fft // 2
    frames = functional.pad(y, (half, half)).unfold(1, spec.n_fft, spec.hop_length)  # (batch, frames, n_fft), a view
    window = torch.hann_window(spec.n_fft, periodic=True, dtype=torch.float64).to(y.device, y.dtype)
    spectrum = torch.fft.rfft(frames * window)
    power: Tensor = spectrum.real.square() + spectrum.imag.square()
    return power


def _chroma(power: Tensor, spec: HyperImageSpec) -> Tensor:
    chroma = power @ _like(chroma_filters(spec.sample_rate, spec.n_fft, spec.n_chroma), power).T
    return _over(chroma, chroma.amax(dim=2, keepdim=True))


def _over(x: Tensor, divisor: Tensor) -> Tensor:
    """x / divisor; x where the divisor is nothing."""
    # (The division by 1 is for the gradient: of x / 0 it would be no number, also where the result is not used.)
    return x / torch.where(divisor > torch.finfo(x.dtype).tiny, divisor, torch.ones_like(divisor))


def _decibels(power: Tensor, reference: Tensor | float, top_db: float) -> Tensor:
    """10 log10(power / reference), cut off `top_db` below the largest value of each song."""
    zero = torch.as_tensor(reference, dtype=power.dtype, device=power.device).clamp(min=TINY).log10()
    db = 10.0 * (power.clamp(min=TINY).log10() - zero)
    return db.maximum(db.amax(dim=(1, 2), keepdim=True) - top_db)


def _scaled_mfcc(log_mel: Tensor, spec: HyperImageSpec) -> Tensor:
    span, offset = (_like(values, log_mel) for values in mfcc_scale(spec))
    return (log_mel @ _like(dct_basis(spec.n_mfcc, spec.n_mels), log_mel).T) / span + offset


def _contrast(power: Tensor, spec: HyperImageSpec) -> Tensor:
    bands = contrast_bands(
        spec.sample_rate, spec.n_fft, n_bands=spec.contrast_bands, f_min=spec.contrast_f_min, f_max=spec.contrast_f_max
    )
    ends = []
    for largest in (True, False):
        chosen = [power[:, :, a:b].topk(count, dim=2, largest=largest).values for a, b, count in bands]
        means = [band.clamp(min=FAINTEST).sqrt().mean(dim=2) for band in chosen]
        ends.append(_decibels(torch.stack(means, dim=2), 1.0, spec.top_db))  # (batch, frames, bands)
    return ends[0] - ends[1]


def _tonnetz(chroma: Tensor) -> Tensor:
    return _over(chroma, chroma.sum(dim=2, keepdim=True)) @ _like(tonnetz_basis(), chroma).T


def _novelty(log_mel: Tensor) -> Tensor:
    return functional.pad(log_mel.diff(dim=1).clamp(min=0.0).mean(dim=2), (1, 0))  # (batch, frames)


def _cyclic_tempogram(onsets: Tensor, spec: HyperImageSpec) -> Tensor:
    frames, length = onsets.shape[1], round(WINDOW_SECONDS * spec.frames_per_second)
    n_centres = len(range(0, frames + HOP_FRAMES - 1, HOP_FRAMES))
    padded = functional.pad(onsets, (length // 2, length + HOP_FRAMES))
    windows = padded.unfold(1, length, HOP_FRAMES)[:, :n_centres] * _like(np.hanning(length), onsets)
    windows = windows - windows.mean(dim=2, keepdim=True)
    spectrum = torch.fft.rfft(windows, 2 * length)
    correlation = torch.fft.irfft(spectrum.real.square() + spectrum.imag.square(), 2 * length)  # (batch, centres, lags)
    whole, part = lags(spec.frames_per_second, spec.n_tempo)
    at, rest = torch.from_numpy(whole).to(onsets.device), _like(part, onsets)
    strength = ((1 - rest) * correlation[:, :, at] + rest * correlation[:, :, at + 1]).sum(dim=2).clamp(min=0.0)
    peak = strength.amax(dim=2, keepdim=True)  # (batch, centres, 1)
    heard = peak > TINY
    strength = torch.where(heard, strength / torch.where(heard, peak, torch.ones_like(peak)), torch.zeros_like(strength))
    left, right, step = between(frames, n_centres)
    share = _like(step, onsets)[:, None]
    return (1 - share) * strength[:, torch.from_numpy(left)] + share * strength[:, torch.from_numpy(right)]
