"""Real songs as the judge hears them: decoded, cut to the length of a composition, described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.decode import decode
from content.spec import HyperImageSpec
from data.processes import process_pool
from data.tracks import Track
from evaluation.composing_features import sound_features
from evaluation.composing_sound import spectral_centroid
from recsys.report import Report

CUTS = 3  # of a song, at most, each as long as a composition


@dataclass(frozen=True)
class RealSong:
    """Cuts of one song: features float32 (cuts, d), centroid in Hz of each; none where every cut is silent."""

    features: NDArray[np.float32]
    centroids: tuple[float, ...]


def hear_real(tracks: Sequence[Track], seconds: float, *, workers: int, report: Report) -> list[RealSong]:
    """What the judge may know of real songs, in cuts of `seconds`; in worker processes."""
    hear = partial(_hear, seconds=seconds)
    heard = []
    with report.task(f"{len(tracks)} real songs for the judge") as progress:
        if workers == 1:
            for track in tracks:
                heard.append(hear(track))
                progress(len(heard), len(tracks))
            return heard
        with process_pool(workers) as pool:
            for song in pool.map(hear, tracks, chunksize=8):
                heard.append(song)
                progress(len(heard), len(tracks))
    return heard


def _hear(track: Track, seconds: float) -> RealSong:
    spec = HyperImageSpec()
    y = decode(Path(track.path), track.duration, spec)
    length = min(len(y), round(seconds * spec.sample_rate))
    count = min(CUTS, len(y) // length)
    starts = np.linspace(0, len(y) - length, count).astype(int) if count > 1 else [(len(y) - length) // 2]
    cuts = [cut for cut in (y[start : start + length] for start in starts) if np.abs(cut).max() > 0]
    features = [sound_features(cut, spec.sample_rate) for cut in cuts]
    return RealSong(np.array(features, np.float32), tuple(spectral_centroid(cut, spec.sample_rate) for cut in cuts))
