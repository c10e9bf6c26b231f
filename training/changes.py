"""Other songs out of one song: speed, tone, mixtures. Teacher and student hear the same changed signal, so no target is guessed.

Gain is no change worth making: the hyper-image does not depend on it, but the teacher's answer does.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter

Signal = NDArray[np.float32]

SEMITONES = 3.0  # greatest change of speed, up or down
BOOST_DB = 9.0  # greatest change of a tone filter
MIX_DB = 12.0  # how much softer the second clip of a mixture is at most


def change(y: Signal, other: Signal, sample_rate: int, rng: np.random.Generator) -> Signal:
    """A changed copy of `y`, float32, at the same sample rate: each change is made or not by chance, one at least.

    Parameters
    ----------
    other : what it may be mixed with; changed in speed, too.
    """
    wanted = rng.random(3) < (0.7, 0.5, 0.5)
    if not wanted.any():
        wanted[rng.integers(3)] = True
    if wanted[0]:
        y = at_speed(y, 2.0 ** (rng.uniform(-SEMITONES, SEMITONES) / 12.0))
    if wanted[1]:
        y = mixture(y, at_speed(other, 2.0 ** (rng.uniform(-SEMITONES, SEMITONES) / 12.0)), -rng.uniform(0.0, MIX_DB))
    if wanted[2]:
        for _ in range(int(rng.integers(1, 4))):
            hz = float(np.exp(rng.uniform(np.log(80.0), np.log(8000.0))))
            y = peak_filter(y, hz, rng.uniform(-BOOST_DB, BOOST_DB), rng.uniform(0.4, 1.5), sample_rate)
    loudest = float(np.abs(y).max())
    return (y / loudest if loudest > 1.0 else y).astype(np.float32)


def at_speed(y: Signal, speed: float) -> Signal:
    """Played faster by the factor `speed`, as a record would be: tempo and pitch change together."""
    steps = 1000
    faster: Signal = soxr.resample(y, round(steps * speed), steps, quality="HQ")
    return faster


def mixture(y: Signal, other: Signal, level_db: float) -> Signal:
    """`y` with `other` from its start, repeated as long as `y` lasts, `level_db` louder than `y` (negative: softer)."""
    both = np.resize(other, len(y))
    power = float(np.mean(np.square(y, dtype=np.float64))), float(np.mean(np.square(both, dtype=np.float64)))
    if min(power) <= 0.0:
        return y
    gain = np.sqrt(power[0] / power[1]) * 10.0 ** (level_db / 20.0)
    return (y + np.float32(gain) * both) * np.float32(1.0 / np.sqrt(1.0 + 10.0 ** (level_db / 10.0)))


def peak_filter(y: Signal, hz: float, gain_db: float, q: float, sample_rate: int) -> Signal:
    """A peaking equaliser (R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients")."""
    a, omega = 10.0 ** (gain_db / 40.0), 2.0 * np.pi * hz / sample_rate
    alpha = np.sin(omega) / (2.0 * q)
    numerator = [1.0 + alpha * a, -2.0 * np.cos(omega), 1.0 - alpha * a]
    denominator = [1.0 + alpha / a, -2.0 * np.cos(omega), 1.0 - alpha / a]
    filtered: Signal = lfilter(numerator, denominator, y).astype(np.float32)
    return filtered
