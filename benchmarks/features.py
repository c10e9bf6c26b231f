"""The six feature blocks of a 30 s clip against librosa 0.11, by the same definitions and by librosa's defaults."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.clips import clips
from benchmarks.timing import medians_over, print_ratios
from content.decode import decode
from content.hyperimage import hyper_image
from content.spec import HyperImageSpec


def run(scratch: Path, *, wanted: int = 8) -> None:
    """Two tables, and by how much the blocks of the first differ in float64."""
    from benchmarks.librosa_blocks import deviations, librosa_defaults, librosa_same, librosa_shared, ours_same

    spec = HyperImageSpec()
    signals = [decode(path, 30.0, spec) for path in clips(scratch, wanted)]
    competitors = {
        "librosa, a call for each block": librosa_same,
        "librosa, one STFT shared by hand": librosa_shared,
        "ours, float64": lambda y: ours_same(y.astype(np.float64)),
        "ours, float32 (as used)": ours_same,
    }
    title = (
        "the same six blocks by the same definitions: chroma_stft(tuning=0), melspectrogram in dB, mfcc of it,\n"
        "spectral_contrast to 11,025 Hz, tonnetz of that chroma, tempogram of 384 lags of onset_strength(center=False)"
    )
    print_ratios(title, medians_over(signals, competitors), *list(competitors)[:2])
    y = signals[0].astype(np.float64)
    worst = deviations(ours_same(y), librosa_same(y))
    print("  largest difference, float64, by the block's maximum: " + ", ".join(f"{k} {v:.0e}" for k, v in worst.items()))
    competitors = {
        "librosa's defaults: tuning estimated, tonnetz from CQT": librosa_defaults,
        "hyper_image as used: cyclic tempogram, contrast to 10 kHz": lambda y: hyper_image(y, spec),
    }
    print_ratios("six blocks by different definitions", medians_over(signals, competitors), next(iter(competitors)))
