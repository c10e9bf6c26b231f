"""Small sound files and short ways to look at a scan, shared by the tests of scanning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from data.catalogue import Catalogue
from data.scan_report import ScanReport

RATE = 8000


def song(path: Path, seed: int = 0, seconds: float = 1.0, **tags: str) -> Path:
    """Write noise with tags to `path`, FLAC or WAV by its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.3 * np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)
    kind = "FLAC" if path.suffix.lower() == ".flac" else "WAV"
    with soundfile.SoundFile(path, "w", RATE, 1, format=kind) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(samples)
    return path


def ids(catalogue: Catalogue) -> list[str]:
    """Ids of the catalogue's songs, in order."""
    return [track.track_id for track in catalogue.tracks()]


def numbers(report: ScanReport) -> tuple[int, int, int, int]:
    """New, changed, moved, unchanged."""
    return report.new, report.changed, report.moved, report.unchanged
