"""What a decoder hands over, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SILENCE_PEAK = 1e-4  # -80 dB of full scale


class DecodeError(Exception):
    """This decoder cannot read this file; another one may."""


@dataclass(frozen=True)
class Decoded:
    """What one decoder got out of a file.

    Parameters
    ----------
    samples : float32 (n, channels), full scale is 1.
    sample_rate : Hz.
    promised_s : length of the whole file by its header or its packets, seconds; 0 where neither says.
    format : codec or container, lower case.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    promised_s: float
    format: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class Sampled:
    """A cheap look at a file: promised length (s), Hz, channels, format, and the peak of three short windows.

    `sound` is False where a window could not be read in full or the promise and the data disagree: only a decode of the whole
    file tells what is there.
    """

    promised_s: float
    sample_rate: int
    channels: int
    format: str
    peak: float
    sound: bool


def peak(samples: NDArray[np.float32]) -> float:
    """Largest magnitude; 0 of nothing. Two passes without a temporary array, several times faster than `abs(x).max()`."""
    return max(float(samples.max()), -float(samples.min())) if samples.size else 0.0
