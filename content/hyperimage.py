"""The hyper-image: six kinds of acoustic description of one song, stacked row upon row (paper, section 3 and figure 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from content import features
from content.spec import HyperImageSpec
from content.spectrum import power_blocks
from content.tempogram import cyclic_tempogram, novelty


def hyper_image(y: NDArray[np.floating], spec: HyperImageSpec) -> NDArray[np.floating]:
    """The hyper-image of a mono signal, (frames, n_rows) in [0, 1], in the dtype of `y`.

    Each block is brought to [0, 1] by constants (see `content.features`), none of them fitted to data, so that no song's image
    depends on another song.

    Parameters
    ----------
    y : float32 or float64 (n,), at spec.sample_rate.
    """
    rows = spec.rows
    raw = features.from_power(power_blocks(y, n_fft=spec.n_fft, hop_length=spec.hop_length), spec)
    image = np.empty((len(raw.mel), spec.n_rows), y.dtype)
    log_mel = features.log_mel(raw.mel, spec.top_db)
    image[:, rows["chroma"]] = raw.chroma
    image[:, rows["tempogram"]] = cyclic_tempogram(novelty(log_mel), spec.frames_per_second, spec.n_tempo)
    image[:, rows["mel"]] = 1.0 + log_mel / spec.top_db
    image[:, rows["mfcc"]] = features.scaled_mfcc(features.mfcc(log_mel, spec.n_mfcc), spec)
    image[:, rows["contrast"]] = features.contrast(raw.peak, raw.valley, spec.top_db) / spec.top_db
    image[:, rows["tonnetz"]] = 0.5 * (features.tonnetz(raw.chroma) + 1.0)
    return np.clip(image, 0.0, 1.0, out=image)


def to_bytes(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """[0, 1] -> 0..255, rounded; the form in which images are kept (error at most 0.002 of 1)."""
    levels: NDArray[np.uint8] = np.rint(image * 255.0).astype(np.uint8)
    return levels
