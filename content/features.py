"""The spectral blocks of the hyper-image, from power spectra; each agrees with librosa 0.11 (tests hold it to 1e-5, float64)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.filters import chroma_weights, contrast_bands, dct_basis, mel_groups, tonnetz_basis
from content.spec import HyperImageSpec

Array = NDArray[np.floating]
TINY = 1e-10  # power below which everything is silence, as librosa's amin


class SpectralBlocks(NamedTuple):
    """What one pass over the spectra yields; each (frames, rows)."""

    mel: Array  # power in mel bands
    chroma: Array  # [0, 1], the strongest pitch class of a frame is 1
    peak: Array  # mean magnitude of the strongest 2 % of the bins of each contrast band
    valley: Array  # likewise of the weakest


def from_power(blocks: Iterable[Array], spec: HyperImageSpec) -> SpectralBlocks:
    """Mel power, chroma, and peaks and valleys for spectral contrast, in one pass over power spectra."""
    bands = contrast_bands(
        spec.sample_rate, spec.n_fft, n_bands=spec.contrast_bands, f_min=spec.contrast_f_min, f_max=spec.contrast_f_max
    )
    parts = [_of_block(power, bands, spec) for power in blocks]
    whole = SpectralBlocks(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    return whole._replace(chroma=_by_largest(whole.chroma))


def _of_block(power: Array, bands: list[tuple[int, int, int]], spec: HyperImageSpec) -> SpectralBlocks:
    """The blocks of consecutive power spectra (frames, bins), chroma not yet normalised."""
    mel = np.empty((len(power), spec.n_mels), power.dtype)
    for rows, bins, weights in mel_groups(spec.sample_rate, spec.n_fft, spec.n_mels, power.dtype):
        np.matmul(power[:, bins], weights, out=mel[:, rows])
    chroma = power @ chroma_weights(spec.sample_rate, spec.n_fft, spec.n_chroma, power.dtype)
    valley, peak = _ends(power, bands)
    return SpectralBlocks(mel, chroma, peak, valley)


def _ends(power: Array, bands: list[tuple[int, int, int]]) -> tuple[Array, Array]:
    """Mean magnitude of the weakest and of the strongest bins of each band, each (frames, bands)."""
    counts = np.array([count for _, _, count in bands])
    starts = np.cumsum(counts) - counts
    lowest = np.empty((len(power), counts.sum()), power.dtype)
    highest = np.empty_like(lowest)
    for (first, end, count), at in zip(bands, starts, strict=True):
        ordered = np.sort(power[:, first:end], axis=1)
        lowest[:, at : at + count] = ordered[:, :count]
        highest[:, at : at + count] = ordered[:, -count:]
    valley, peak = (np.add.reduceat(np.sqrt(end), starts, axis=1) / counts.astype(power.dtype) for end in (lowest, highest))
    return valley, peak


def _by_largest(x: Array) -> Array:
    """Divide each row by its largest value; rows of (almost) nothing stay as they are."""
    largest = x.max(axis=1, keepdims=True)
    ratio: Array = np.divide(x, largest, out=x.copy(), where=largest > np.finfo(x.dtype).tiny)
    return ratio


def decibels(power: Array, reference: float, top_db: float) -> Array:
    """10 log10(power / reference), cut off `top_db` below the largest value."""
    db = 10.0 * (np.log10(np.maximum(power, TINY)) - np.log10(max(reference, TINY)))
    cut: Array = np.maximum(db, db.max() - top_db).astype(power.dtype, copy=False)
    return cut


def log_mel(mel: Array, top_db: float) -> Array:
    """Mel power in dB below the loudest band and moment of the song, in [-top_db, 0]."""
    return decibels(mel, float(mel.max()), top_db)


def mfcc(log_mel: Array, n_mfcc: int) -> Array:
    """Mel-frequency cepstral coefficients (frames, n_mfcc): orthonormal DCT-II of log-mel (Logan, ISMIR 2000)."""
    coefficients: Array = log_mel @ dct_basis(n_mfcc, log_mel.shape[1]).T.astype(log_mel.dtype)
    return coefficients


def scaled_mfcc(coefficients: Array, spec: HyperImageSpec) -> Array:
    """MFCC to about [0, 1]: (coefficients / span + offset) of `mfcc_scale`."""
    span, offset = mfcc_scale(spec)
    scaled: Array = (coefficients / span + offset).astype(coefficients.dtype)
    return scaled


def mfcc_scale(spec: HyperImageSpec) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Span and offset, each (n_mfcc,): c0 lies in [-top_db sqrt(n_mels), 0]; c_k rarely exceeds half of 10 top_db / sqrt(k)."""
    span = 10.0 * spec.top_db / np.sqrt(np.maximum(1.0, np.arange(spec.n_mfcc)))
    offset = np.full(spec.n_mfcc, 0.5)
    span[0], offset[0] = spec.top_db * np.sqrt(spec.n_mels), 1.0
    return span, offset


def contrast(peak: Array, valley: Array, top_db: float) -> Array:
    """Spectral contrast (frames, bands) in dB: peaks above valleys; librosa takes 10 log10 of magnitudes here, and so do we."""
    return decibels(peak, 1.0, top_db) - decibels(valley, 1.0, top_db)


def tonnetz(chroma: Array) -> Array:
    """Tonal centroid (frames, 6) in [-1, 1] of chroma with unit sum (Harte, Sandler, Gasser, 2006)."""
    total = chroma.sum(axis=1, keepdims=True)
    share = np.divide(chroma, total, out=np.zeros_like(chroma), where=total > np.finfo(chroma.dtype).tiny)
    centroid: Array = share @ tonnetz_basis().T.astype(chroma.dtype)
    return centroid
