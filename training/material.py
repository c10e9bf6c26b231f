"""Clips that teacher and student hear: where they lie, whose they are, and which of them are heard together."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.audio import probe
from data.errors import InputError

CLIP_SECONDS = 30.0
SHORTEST_SECONDS = 6.0  # two of the teacher's patches
FOLDS = 5
NEVER_HELD_OUT = -1
SUFFIXES = {".mp3", ".ogg", ".opus", ".flac", ".wav", ".m4a"}


@dataclass(frozen=True)
class Clip:
    """At most 30 s of one file.

    Parameters
    ----------
    fold : the fold of its artist, 0 to 4, or -1 for music that is never measured. Who trains for a fold hears nothing of
        it, and mixtures join only clips that are held out together.
    """

    path: Path
    track_id: str
    artist: str
    start_s: float
    seconds: float
    fold: int


def labelled_clips(folder: Path) -> list[Clip]:
    """The songs of a `tracks.csv` (track_id, path, artist); whole artists are dealt to the folds."""
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    whose = [row.get("lastfm_artist_id") or row["artist"].strip().casefold() or row["track_id"] for row in rows]
    folds = artist_folds(whose)
    clips = []
    for row, artist in zip(rows, whose, strict=True):
        path = folder / row["path"]
        clips.append(Clip(path, row["track_id"], artist, 0.0, min(CLIP_SECONDS, probe(path).duration_s), folds[artist]))
    return clips


def artist_folds(artists: list[str], *, folds: int = FOLDS, seed: int = 0) -> dict[str, int]:
    """Artist -> fold: artists in random order, each to the fold that has the fewest songs so far."""
    names, counts = np.unique(artists, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    size, fold_of = np.zeros(folds, np.int64), {}
    for i in order:
        fold = int(size.argmin())
        size[fold] += counts[i]
        fold_of[str(names[i])] = fold
    return fold_of


def free_clips(folder: Path) -> list[Clip]:
    """Every audio file below `folder`, cut into clips of 30 s one after the other; none is held out."""
    clips = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()):
        try:
            length = probe(path).duration_s
        except InputError:
            continue
        name = str(path.relative_to(folder))
        for start in np.arange(0.0, length, CLIP_SECONDS):
            seconds = min(CLIP_SECONDS, length - start)
            if seconds >= SHORTEST_SECONDS:
                clips.append(Clip(path, f"{name}@{start:g}", name, float(start), float(seconds), NEVER_HELD_OUT))
    return clips
