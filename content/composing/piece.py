"""What composing gives: sound, the hyper-image that was aimed at, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


@dataclass(frozen=True, eq=False)
class Piece:
    """One composed piece.

    Parameters
    ----------
    samples : float32 (n,), mono, in [-1, 1].
    sample_rate : Hz.
    target : float32 (frames, n_rows) in [0, 1], the hyper-image that was aimed at.
    wishes : kind -> value -> share in [0, 1], what was asked for: {"genre": {"jazz": 0.5, "blues": 0.5}, "mood": {"calm": 1.0}}.
    method : "image" (the paper's, by gradients) or "score" (a search over the composed world's scores).
    settings : how it was made, as JSON-able values (seed, steps, the song it started from, ...).
    log_probabilities : network's name -> kind -> value -> natural logarithm of the probability that this network, one of those
        that were optimised, gives to the piece as it sounds.
    before : float32 (frames, n_rows), the hyper-image that composing started from, where there was one.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    target: NDArray[np.float32]
    wishes: Mapping[str, Mapping[str, float]]
    method: str
    settings: Mapping[str, Any]
    log_probabilities: Mapping[str, Mapping[str, Mapping[str, float]]]
    before: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32 or not len(self.samples):
            raise InputError(f"samples {self.samples.dtype} {self.samples.shape} must be float32 (n,) with n > 0")
        if self.target.ndim != 2 or self.target.dtype != np.float32:
            raise InputError(f"target {self.target.dtype} {self.target.shape} must be float32 (frames, n_rows)")
        if self.sample_rate <= 0:
            raise InputError(f"sample_rate={self.sample_rate} must be positive")
        if not any(self.wishes.values()):
            raise InputError("wishes must name a label and a value")

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / self.sample_rate
