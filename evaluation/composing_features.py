"""What the judge of compositions hears: block-level statistics of the sound, none of which is a row of a hyper-image.

After Seyerlehner, Widmer, Pohle, "Fusing block-level features for music similarity estimation", DAFx 2010: spectrum, correlation
of bands, fluctuation of each band, rhythm, and intervals; on Bark bands of a short window instead of the hyper-image's mel bands.
numpy only.
"""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

WINDOW, HOP = 1024, 441  # samples; at 22,050 Hz 46 ms and 50 frames a second
PITCH_WINDOW, PITCH_HOP = 8192, 4096
TOP_HZ = 7500.0  # what lies above tells codecs apart, not music
RANGE_DB = 70.0
BARK = (
    *(0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300, 6400, 7500),
)  # edges in Hz (Zwicker 1961), up to TOP_HZ
MODULATIONS_HZ = (0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 3.6, 4.3, 5.2, 6.5, 8.0, 10.0, 13.0)
SHORTEST_S = 2.0


def sound_features(y: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """What the judge knows of a sound, float32 (d,), always the same d; does not depend on gain.

    Parameters
    ----------
    y : float32 (n,), mono, two seconds or more.

    Raises
    ------
    InputError : shorter than two seconds, or silent.
    """
    if len(y) < SHORTEST_S * sample_rate:
        raise InputError(
            f"a judge needs {SHORTEST_S:g} s of sound, not {len(y) / sample_rate:.2f} s", code="too-short", hint="Compose more"
        )
    loudest = float(np.abs(y).max())
    if not loudest > 0:
        raise InputError("a judge cannot hear silence", code="silent")
    power = _power(y / np.float32(loudest), WINDOW, HOP)  # (frames, bins)
    bands = _decibels(power @ _bark_weights(sample_rate))  # (frames, bands), dB below the loudest
    parts = (
        _spectrum(bands),
        _correlation(bands),
        _fluctuation(bands, sample_rate / HOP),
        _rhythm(bands, sample_rate / HOP),
        _shape(power, sample_rate),
        _intervals(_power(y, PITCH_WINDOW, PITCH_HOP), sample_rate),
    )
    return np.concatenate(parts).astype(np.float32)


def _power(y: NDArray[np.float32], window: int, hop: int) -> NDArray[np.float32]:
    """Power spectra (frames, window / 2 + 1) of whole windows; a sound shorter than one is padded with silence."""
    y = np.pad(y, (0, max(0, window - len(y))))
    frames = np.lib.stride_tricks.sliding_window_view(y, window)[::hop]
    spectrum = np.fft.rfft(frames * np.hanning(window).astype(np.float32), axis=1)
    return (spectrum.real**2 + spectrum.imag**2).astype(np.float32)


def _decibels(power: NDArray[np.float32]) -> NDArray[np.float64]:
    db = 10.0 * np.log10(power.astype(np.float64) + 1e-12)
    cut: NDArray[np.float64] = np.maximum(db - db.max(), -RANGE_DB)
    return cut


@functools.cache
def _bark_weights(sample_rate: int) -> NDArray[np.float32]:
    """1 where a bin lies in a band, float32 (bins, bands)."""
    hertz = np.arange(WINDOW // 2 + 1) * sample_rate / WINDOW
    edges = np.array(BARK, np.float64)
    return ((hertz[:, None] >= edges[:-1]) & (hertz[:, None] < edges[1:])).astype(np.float32)


def _spectrum(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each band: median, 10th and 90th percentile (against the mean of all), and mean rise and fall from frame to frame."""
    low, middle, high = np.percentile(bands, (10, 50, 90), axis=0)
    change = np.diff(bands, axis=0)
    level = middle.mean()
    return np.concatenate(
        [low - level, middle - level, high - level, np.maximum(change, 0).mean(axis=0), np.abs(change).std(axis=0)]
    )


def _correlation(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """How each pair of bands moves together over time."""
    centred = bands - bands.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0)) + 1e-3
    together = (centred.T @ centred) / len(bands) / np.outer(deviation, deviation)
    pairs: NDArray[np.float64] = together[np.triu_indices(len(together), 1)]
    return pairs


def _fluctuation(bands: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Loudness modulation of groups of three bands at `MODULATIONS_HZ` (log amplitude)."""
    groups = bands.reshape(len(bands), -1, 3).mean(axis=2)  # (frames, 7)
    spectrum = np.abs(np.fft.rfft((groups - groups.mean(axis=0)) * np.hanning(len(groups))[:, None], axis=0)) / len(groups)
    hertz = np.fft.rfftfreq(len(groups), 1.0 / rate)
    rows = []
    for low, high in pairwise(MODULATIONS_HZ):
        inside = (hertz >= low) & (hertz < high)  # a very short sound may have none there
        rows.append(spectrum[inside].mean(axis=0) if inside.any() else np.zeros(groups.shape[1]))
    return np.log(np.concatenate(rows) + 1e-2)


def _rhythm(bands: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Autocorrelation of the onsets in the low, middle and high bands, at lags of 30 to 240 beats a minute (log spaced)."""
    rises = np.maximum(np.diff(bands, axis=0), 0)
    out = []
    for part in np.array_split(np.arange(bands.shape[1]), 3):
        onsets = rises[:, part].mean(axis=1)
        onsets = onsets - onsets.mean()
        n = 1 << (2 * len(onsets) - 1).bit_length()
        spectrum = np.fft.rfft(onsets, n)
        auto = np.fft.irfft(np.abs(spectrum) ** 2)[: len(onsets)]
        auto /= auto[0] + 1e-9
        lags = 60.0 * rate / np.geomspace(30.0, 240.0, 25)
        out.append(np.interp(lags, np.arange(len(auto)), auto))
    return np.concatenate(out)


def _shape(power: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Mean and deviation over time of centroid, spread, roll-off, flatness, flux and level."""
    hertz = np.arange(power.shape[1]) * sample_rate / WINDOW
    inside = (hertz > 50.0) & (hertz < TOP_HZ)
    p, hertz = power[:, inside].astype(np.float64) + 1e-10, hertz[inside]
    share = p / p.sum(axis=1, keepdims=True)
    octave = np.log2(hertz)
    centroid = share @ octave
    spread = np.sqrt(np.maximum(share @ octave**2 - centroid**2, 0))
    roll = octave[np.minimum((np.cumsum(share, axis=1) < 0.85).sum(axis=1), len(octave) - 1)]
    flat = np.log(p).mean(axis=1) - np.log(p.mean(axis=1))
    flux = np.concatenate([[0.0], np.abs(np.diff(np.sqrt(share), axis=0)).sum(axis=1)])
    level = np.log(p.sum(axis=1))
    level -= level.max()
    rows = np.stack([centroid, spread, roll, flat, flux, level])
    return np.concatenate(
        [rows.mean(axis=1), rows.std(axis=1), np.percentile(rows, 90, axis=1) - np.percentile(rows, 10, axis=1)]
    )


def _intervals(power: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Pitch classes turned so that the strongest comes first, how they cluster, and how fast they move."""
    hertz = np.arange(power.shape[1]) * sample_rate / PITCH_WINDOW
    inside = (hertz > 65.0) & (hertz < 2100.0)
    pitch = np.round(12 * np.log2(hertz[inside] / 440.0)).astype(int) % 12
    weights = np.eye(12)[pitch]
    classes = np.sqrt(power[:, inside].astype(np.float64)) @ weights
    classes /= classes.sum(axis=1, keepdims=True) + 1e-9
    profile = classes.mean(axis=0)
    turned = np.roll(profile, -int(profile.argmax()))
    around = np.array([(profile * np.roll(profile, -k)).sum() for k in range(1, 7)]) / ((profile**2).sum() + 1e-9)
    moving = np.abs(np.diff(classes, axis=0)).sum(axis=1)
    return np.concatenate([turned, around, [moving.mean(), moving.std(), (classes.max(axis=1)).mean()]])
