"""From magnitudes to a sound: phases that make the spectra of the sound as close to the wanted ones as can be."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from content.spec import HyperImageSpec

ROUNDS = 64
MOMENTUM = 0.99
LOUDNESS_DB = -18.0  # root mean square, of full scale
PEAK = 0.89  # of full scale, -1 dB: room for what a lossy codec adds
FADE_S = 0.02


def sound_of(magnitude: Tensor, n: int, spec: HyperImageSpec, *, seed: int) -> NDArray[np.float32]:
    """A sound whose spectra have these magnitudes, float32 (n,): the fast Griffin-Lim algorithm (Perraudin, Balazs, Soendergaard,
    WASPAA 2013), from random phases.

    Parameters
    ----------
    magnitude : float32 (1 + n // hop_length, bins), of frames as in `content.spectrum.power_blocks`.
    """
    window = torch.hann_window(spec.n_fft)
    wanted = magnitude.T  # (bins, frames)
    turn = torch.rand(wanted.shape, generator=torch.Generator().manual_seed(seed)) * (2 * math.pi)
    phase, before = torch.polar(torch.ones_like(turn), turn), None

    def back(phase: Tensor) -> Tensor:
        return torch.istft(wanted * phase, spec.n_fft, spec.hop_length, window=window, length=n)

    for _ in range(ROUNDS):
        own = torch.stft(
            back(phase), spec.n_fft, spec.hop_length, window=window, pad_mode="constant", return_complex=True
        )  # (bins, frames)
        ahead = own if before is None else own + MOMENTUM * (own - before)
        phase, before = ahead / (ahead.abs() + 1e-9), own
    sound: NDArray[np.float32] = back(phase).numpy()
    return sound


def levelled(y: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """At `LOUDNESS_DB`, or as loud as `PEAK` allows, faded at both ends; never clipped, silence stays silence."""
    fade = min(round(FADE_S * sample_rate), len(y) // 2)
    shaped = y.astype(np.float64)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / max(1, fade))
    shaped[:fade] *= ramp
    shaped[len(y) - fade :] *= ramp[::-1]
    loudest, mean = float(np.abs(shaped).max()), float(np.sqrt((shaped**2).mean()))
    gain = min(PEAK / max(loudest, 1e-9), 10 ** (LOUDNESS_DB / 20) / max(mean, 1e-9))
    return (shaped * gain).astype(np.float32)
