"""A song's file to the signal that is analysed: mono, one sample rate, the same loudness for mono and stereo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.spec import HyperImageSpec
from data.audio import SHORTEST_S, read_audio
from data.decoded import SILENCE_PEAK, peak
from data.errors import InputError

CANCELLED = 1e-3  # a mono sum this much weaker than its channels is two channels in antiphase


def decode(path: Path, duration: float, spec: HyperImageSpec) -> NDArray[np.float32]:
    """The excerpt of a song that is analysed, float32 (n,), at spec.sample_rate.

    Parameters
    ----------
    duration : seconds, as the catalogue knows it; of a song longer than spec.excerpt_seconds the middle is read, by seeking.

    Raises
    ------
    InputError : the file cannot be decoded, is silent or too short; code and hint say which.
    """
    longer = duration > spec.excerpt_seconds
    start = 0.5 * (duration - spec.excerpt_seconds) if longer else 0.0
    audio = read_audio(path, start_s=start, seconds=spec.excerpt_seconds if longer else None)
    y = resample(to_mono(audio.samples, loudest=audio.peak), audio.sample_rate, spec.sample_rate)
    if len(y) < SHORTEST_S * spec.sample_rate:
        raise InputError(
            f"{path} holds {len(y) / spec.sample_rate:.2f} s of sound", code="too-short", hint="At least half a second is needed"
        )
    loudest = peak(y)
    if not np.isfinite(loudest):
        raise InputError(f"{path} holds samples that are no numbers", code="unreadable", hint="Encode the file again")
    if loudest < SILENCE_PEAK:
        raise InputError(f"{path} is silent", code="silent", hint="Replace the file; silence cannot be described")
    return y


def to_mono(samples: NDArray[np.float32], *, loudest: float | None = None) -> NDArray[np.float32]:
    """Mean of the channels: a mono file and its stereo copy come out equally loud; samples (n, channels) -> (n,).

    Channels in antiphase cancel each other; then the first channel stands for the song.

    Parameters
    ----------
    loudest : largest magnitude of `samples` where it is known; saves looking for it.
    """
    if samples.shape[1] == 1:
        return samples[:, 0]
    first = samples[:, 0]
    mono = first + samples[:, 1]  # column by column: many times faster than mean(axis=1) on interleaved samples
    for channel in range(2, samples.shape[1]):
        mono += samples[:, channel]
    mono *= np.float32(1.0 / samples.shape[1])
    left = peak(mono)
    # (All channels first: to look at them together is faster than at one of them, and almost always settles it.)
    if left < CANCELLED * (peak(samples) if loudest is None else loudest) and left < CANCELLED * peak(first):
        return np.ascontiguousarray(first)
    return mono


def resample(y: NDArray[np.float32], source_hz: int, target_hz: int) -> NDArray[np.float32]:
    """Band-limited resampling (libsoxr, HQ), float32 (n,) -> (about n * target_hz / source_hz,)."""
    if source_hz == target_hz:
        return np.ascontiguousarray(y)
    import soxr

    resampled: NDArray[np.float32] = soxr.resample(y, source_hz, target_hz, quality="HQ")
    return resampled
