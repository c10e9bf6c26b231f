"""The songs that decoding, features and extraction are measured on: real clips where there are some, else composed ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.world.spec import WorldSpec
from data.world.world import compose_world


def clips(scratch: Path, wanted: int) -> list[Path]:
    """About `wanted` mp3 files of 30 s, spread over the set in the folder RECSYS_DATASETS, or composed (then nine)."""
    root = os.environ.get("RECSYS_DATASETS")
    real = sorted(Path(root).glob("moods4q/audio/*.mp3")) if root else []
    if real:
        found = spread(real, wanted)
        print(f"\n({len(found)} of the {len(real)} real clips in {root})")
        return found
    compose_world(scratch / "composed", WorldSpec(songs=9, listeners=3, seconds=30.0))
    print("\n(nine composed clips; RECSYS_DATASETS names no folder with moods4q)")
    return sorted((scratch / "composed").rglob("*.mp3"))


def spread(items: Sequence[Any], wanted: int) -> list[Any]:
    """At most `wanted` of `items`, evenly over the whole."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, wanted).astype(int))]


def composed_sound(seconds: float, sample_rate: int) -> NDArray[np.float32]:
    """Tones, beats and noise in stereo, quieter in every other half minute; float32 (n, 2)."""
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 277.2, 329.6))
    beat = np.exp(-12.0 * (t % 0.5)) * rng.standard_normal(len(t))
    level = np.where(t // 15 % 2 == 0, 0.02, 1.0)
    mono = (0.08 * chord + 0.2 * beat) * level
    return np.stack([mono, 0.7 * mono], axis=1).astype(np.float32)
