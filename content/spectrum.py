"""One short-time Fourier transform for all blocks, in pieces that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike, NDArray

BLOCK_FRAMES = 128


def n_frames(n_samples: int, hop_length: int) -> int:
    """Frames of a centred STFT: one at each multiple of the hop."""
    return 1 + n_samples // hop_length


def power_blocks(y: NDArray[np.floating], *, n_fft: int, hop_length: int) -> Iterator[NDArray[np.floating]]:
    """Power spectra |X|^2 of consecutive groups of frames, each (frames, n_fft / 2 + 1) in the dtype of `y`.

    Frame t is centred on sample t * hop_length; zeros stand beyond both ends; periodic Hann window; as librosa.stft.

    Parameters
    ----------
    y : float32 or float64 (n,), mono. float64 gives librosa's figures to 1e-6, float32 is twice as fast.
    """
    padded = np.pad(y, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    window = _hann(n_fft, y.dtype)
    windowed = np.empty((min(BLOCK_FRAMES, len(frames)), n_fft), y.dtype)
    for start in range(0, len(frames), BLOCK_FRAMES):
        block = frames[start : start + BLOCK_FRAMES]
        spectrum = scipy.fft.rfft(np.multiply(block, window, out=windowed[: len(block)]), axis=1)
        power = np.square(spectrum.real)
        power += np.square(spectrum.imag)
        yield power


@lru_cache(maxsize=4)
def _hann(n: int, dtype: DTypeLike) -> NDArray[np.floating]:
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)).astype(dtype)
