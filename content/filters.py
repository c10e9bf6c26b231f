"""Filter banks and bases of the feature blocks, each made once a process.

They agree with librosa 0.11 (a test holds them to it) without importing it: librosa brings numba, which costs seconds at start.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike, NDArray

Matrix = NDArray[np.float64]


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> Matrix:
    """Triangular mel filters of equal area, float64 (n_mels, n_fft / 2 + 1).

    Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above; from 0 Hz to half the sample rate.
    """
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(sample_rate / 2), n_mels + 2))
    bins = np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)
    width = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising = -ramps[:-2] / width[:-1, None]
    falling = ramps[2:] / width[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    filters: Matrix = weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return filters


MEL_GROUP = 16  # filters multiplied together


@lru_cache(maxsize=8)
def mel_groups(
    sample_rate: int, n_fft: int, n_mels: int, dtype: DTypeLike
) -> tuple[tuple[slice, slice, NDArray[np.floating]], ...]:
    """The mel filters in groups of neighbours: (their rows, the bins that they look at, weights (bins, rows) in `dtype`).

    Each filter is zero almost everywhere; products over the bins of a group take an eighth of the time of the whole matrix.
    """
    filters = mel_filters(sample_rate, n_fft, n_mels)
    groups = []
    for first in range(0, n_mels, MEL_GROUP):
        group = filters[first : first + MEL_GROUP]
        seen = np.flatnonzero(group.any(axis=0))
        bins = slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 1)
        groups.append((slice(first, first + len(group)), bins, np.ascontiguousarray(group[:, bins].T.astype(dtype))))
    return tuple(groups)


def _hz_to_mel(hz: float) -> float:
    return 3.0 * hz / 200.0 if hz < 1000.0 else 15.0 + 27.0 * float(np.log(hz / 1000.0) / np.log(6.4))


def _mel_to_hz(mel: Matrix) -> Matrix:
    hz: Matrix = np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))
    return hz


@lru_cache(maxsize=8)
def chroma_filters(sample_rate: int, n_fft: int, n_chroma: int = 12) -> Matrix:
    """Map of FFT bins to pitch classes, row 0 = C, tuned to A4 = 440 Hz; float64 (n_chroma, n_fft / 2 + 1).

    Gaussian bumps a bin wide around each pitch class, each bin of unit length over the classes, weighted by a Gaussian of two
    octaves around 880 Hz (Ellis, "Chroma feature analysis and synthesis", 2007).
    """
    hz = np.arange(1, n_fft) * (sample_rate / n_fft)
    octaves = np.log2(hz / (440.0 / 16.0))
    octaves = np.concatenate(([octaves[0] - 1.5], octaves))  # 0 Hz lies an octave and a half below the first bin
    pitch = n_chroma * octaves
    width = np.concatenate((np.maximum(np.diff(pitch), 1.0), [1.0]))
    distance = pitch[None, :] - np.arange(n_chroma)[:, None]
    half = round(n_chroma / 2)
    distance = np.remainder(distance + half + 10 * n_chroma, n_chroma) - half
    weights = np.exp(-0.5 * (2.0 * distance / width) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * ((octaves - 5.0) / 2.0) ** 2)
    from_a_to_c = np.roll(weights, -3 * (n_chroma // 12), axis=0)
    return np.ascontiguousarray(from_a_to_c[:, : n_fft // 2 + 1])


@lru_cache(maxsize=8)
def chroma_weights(sample_rate: int, n_fft: int, n_chroma: int, dtype: DTypeLike) -> NDArray[np.floating]:
    """`chroma_filters` as a factor from the right, (n_fft / 2 + 1, n_chroma) in `dtype`."""
    return chroma_filters(sample_rate, n_fft, n_chroma).T.astype(dtype)


@lru_cache(maxsize=4)
def dct_basis(n_mfcc: int, n_mels: int) -> Matrix:
    """Orthonormal DCT-II, float64 (n_mfcc, n_mels): MFCC = basis @ log-mel."""
    angle = np.pi / n_mels * (np.arange(n_mels) + 0.5)[None, :] * np.arange(n_mfcc)[:, None]
    basis: Matrix = np.sqrt(2.0 / n_mels) * np.cos(angle)
    basis[0] /= np.sqrt(2.0)
    return basis


@lru_cache(maxsize=1)
def tonnetz_basis() -> Matrix:
    """Tonal centroids of the fifths, minor thirds and major thirds, float64 (6, 12) (Harte, Sandler, Gasser, 2006)."""
    angle = np.linspace(0, 12, 12, endpoint=False)[None, :] * np.array([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3])[:, None]
    angle[::2] -= 0.5
    radius = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 0.5])[:, None]
    basis: Matrix = radius * np.cos(np.pi * angle)
    return basis


def contrast_bands(sample_rate: int, n_fft: int, *, n_bands: int, f_min: float, f_max: float) -> list[tuple[int, int, int]]:
    """Octave bands of spectral contrast as (first bin, end bin, bins averaged at either end), n_bands + 1 of them.

    Band 0 is [0, f_min), band k is [f_min 2^(k-1), f_min 2^k), the last one ends at `f_max`; Jiang et al., ICME 2002, with
    librosa's choice of the edges and of 2 % of the bins, at least one, as peak and as valley.
    """
    hz = np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)
    edges = np.concatenate(([0.0], f_min * 2.0 ** np.arange(n_bands + 1)))
    bands = []
    for k in range(n_bands + 1):
        inside = np.flatnonzero((hz >= edges[k]) & (hz <= edges[k + 1]))
        first, last = int(inside[0]), int(inside[-1])
        if k > 0:
            first -= 1
        if k == n_bands:
            last = int(np.flatnonzero(hz <= f_max)[-1])
        count = max(1, int(np.rint(0.02 * (last + 1 - first))))
        bands.append((first, last + 1 if k == n_bands else last, count))
    return bands
