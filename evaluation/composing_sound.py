"""What can be measured of one composition without a label: agreement with its aim, soundness, and likeness to a real song."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

CLIPPED = 0.999  # of full scale
SILENT_DB = -60.0  # of full scale, RMS of a stretch
STRETCH_S = 0.05


def correlations(target: NDArray[np.floating], own: NDArray[np.floating], rows: Mapping[str, slice]) -> dict[str, float | None]:
    """Pearson's correlation of the image aimed at with the image of the sound, block by block; None where one is constant.

    Parameters
    ----------
    target, own : (frames, n_rows); what is longer is cut.
    rows : block -> its rows.
    """
    frames = min(len(target), len(own))
    return {block: _correlation(target[:frames, at], own[:frames, at]) for block, at in rows.items()}


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float | None:
    a, b = (np.asarray(x, np.float64).ravel() for x in (a, b))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 1e-12 else None


def soundness(y: NDArray[np.float32], sample_rate: int) -> dict[str, float]:
    """Level and health of a mono sound.

    Returns
    -------
    "peak" (full scale 1), "rms_db" (of full scale), "clipped" (share of samples at full scale), "silence" (share of stretches of
    50 ms below -60 dB), "centroid_hz" (of the power spectrum, weighted by power over time).
    """
    x = np.asarray(y, np.float64)
    stretch = max(1, round(STRETCH_S * sample_rate))
    whole = x[: max(1, len(x) // stretch) * stretch]
    power = np.array([float((part**2).mean()) for part in np.split(whole, range(stretch, len(whole), stretch))])
    return {
        "peak": float(np.abs(x).max()),
        "rms_db": float(10 * np.log10((x**2).mean() + 1e-12)),
        "clipped": float((np.abs(x) >= CLIPPED).mean()),
        "silence": float((10 * np.log10(power + 1e-12) < SILENT_DB).mean()),
        "centroid_hz": spectral_centroid(y, sample_rate),
    }


def spectral_centroid(y: NDArray[np.float32], sample_rate: int) -> float:
    """Mean frequency in Hz of the magnitude spectrum of all windows of 2048 samples."""
    window = min(2048, len(y))
    frames = np.lib.stride_tricks.sliding_window_view(y, window)[:: max(1, window // 2)]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)).sum(axis=0)
    hertz = np.fft.rfftfreq(window, 1.0 / sample_rate)
    return float((magnitude * hertz).sum() / (magnitude.sum() + 1e-12))


def pooled(mel: NDArray[np.floating], *, bands: int = 4, frames: int = 2) -> NDArray[np.float32]:
    """Mel rows of an image, (frames, n_mels), made coarser so that many can be compared: means of neighbours, float32."""
    n, d = len(mel) // frames * frames, mel.shape[1] // bands * bands
    blocks = np.asarray(mel[:n, :d], np.float32).reshape(n // frames, frames, d // bands, bands)
    result: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return result


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """How much one sound is a stretch of the other: correlation of log-mel movements at the best shift, in [-1, 1].

    1 for a stretch cut out of the other song; each band counts by how much it moves, its own mean level does not.

    Parameters
    ----------
    a, b : (frames, bands), as from `pooled`; the shorter is slid along the longer.
    """
    if len(a) > len(b):
        a, b = b, a
    m, n = len(a), len(b)
    centred = (a - a.mean(axis=0)).astype(np.float64)
    b = b.astype(np.float64) - b.mean(axis=0)
    size = 1 << (n + m - 1).bit_length()
    spectrum = np.fft.rfft(b, size, axis=0) * np.conj(np.fft.rfft(centred, size, axis=0))
    together = np.fft.irfft(spectrum.sum(axis=1), size)[: n - m + 1]
    zero = np.zeros((1, b.shape[1]))
    sums, squares = (np.cumsum(np.concatenate([zero, x]), axis=0) for x in (b, b**2))
    inside = (squares[m:] - squares[:-m]) - (sums[m:] - sums[:-m]) ** 2 / m  # (n - m + 1, bands)
    scale = np.sqrt((centred**2).sum() * np.maximum(inside.sum(axis=1), 1e-9))
    return float((together / np.maximum(scale, 1e-9)).max())
