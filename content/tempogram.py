"""Cyclic tempogram: which tempo classes are present around each moment, tempi a power of two apart being one class.

Grosche, Mueller, Kurth, "Cyclic tempogram - a mid-level tempo representation for music signals", ICASSP 2010, in its
autocorrelation form. Not in librosa.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

REFERENCE_BPM = 60.0
OCTAVES = (-1, 0, 1, 2)  # 30 to 480 bpm
WINDOW_SECONDS = 8.9
HOP_FRAMES = 16  # the window is 24 times longer; interpolated to every frame (mean deviation from hop 1: 0.005 of 1)


def novelty(log_mel: NDArray[np.floating]) -> NDArray[np.floating]:
    """Onset strength (frames,): mean over the bands of the rise in dB since the frame before; log_mel (frames, n_mels)."""
    rise = np.maximum(0.0, np.diff(log_mel, axis=0)).mean(axis=1)
    return np.concatenate((np.zeros(1, rise.dtype), rise))


def cyclic_tempogram(onsets: NDArray[np.floating], frames_per_second: float, classes: int) -> NDArray[np.floating]:
    """Strength of each tempo class at each frame, (frames, classes) in [0, 1], largest class of a frame = 1, silence = 0.

    Row t, column m: sum over octaves k of the short-time autocorrelation of the novelty curve around t at the lag of
    tau = 60 * 2^(m / classes + k) bpm, i.e. 60 * frames_per_second / tau frames, linearly interpolated between whole lags.

    Parameters
    ----------
    onsets : novelty curve, (frames,).
    """
    frames = len(onsets)
    length = round(WINDOW_SECONDS * frames_per_second)
    centres = np.arange(0, frames + HOP_FRAMES - 1, HOP_FRAMES)
    padded = np.pad(onsets, (length // 2, length + HOP_FRAMES))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)[centres] * np.hanning(length).astype(onsets.dtype)
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectrum = scipy.fft.rfft(windows, scipy.fft.next_fast_len(2 * length, real=True), axis=1)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)[:, :length]  # (centres, lags)

    whole, part = lags(frames_per_second, classes)
    part = part.astype(onsets.dtype)
    strength = ((1 - part) * correlation[:, whole] + part * correlation[:, whole + 1]).sum(axis=1)
    strength = np.maximum(strength, 0.0)
    peak = strength.max(axis=1, keepdims=True)
    strength = np.divide(strength, peak, out=np.zeros_like(strength), where=peak > 1e-10)

    left, right, step = between(frames, len(centres))
    step = step.astype(onsets.dtype)[:, None]
    cyclic: NDArray[np.floating] = (1 - step) * strength[left] + step * strength[right]
    return cyclic


def lags(frames_per_second: float, classes: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lag of each tempo in frames, as a whole number and the rest, each (octaves, classes)."""
    tempo = REFERENCE_BPM * 2.0 ** (np.arange(classes)[None, :] / classes + np.array(OCTAVES)[:, None])
    lag = 60.0 * frames_per_second / tempo
    whole = np.floor(lag).astype(np.int64)
    return whole, lag - whole


def between(frames: int, centres: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """For each frame the centre before it, the one after it, and the share of the way between them, each (frames,)."""
    at = np.arange(frames) / HOP_FRAMES
    left = at.astype(np.int64)
    return left, np.minimum(left + 1, centres - 1), at - left
