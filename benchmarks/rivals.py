"""Descriptions of songs by others, computed once and kept: bliss, musly, and means of librosa's features."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.files import atomic_path, fingerprint
from data.tracks import Track


class Rival(NamedTuple):
    """How alike songs are to a rival.

    Parameters
    ----------
    rows : int64 (m,), the songs that it could read.
    vectors : float32 (m, d), or None where the rival gives distances.
    distances : float32 (m, m), or None.
    seconds : CPU time a song.
    """

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32] | None
    distances: NDArray[np.float32] | None
    seconds: float


def peer(name: str, tracks: Sequence[Track], cache: Path, python: str) -> Rival | str:
    """What `bliss` or `musly` hear, by `peer_features.py` in the environment of `python`; or why that cannot be had."""
    out = _kept(name, tracks, cache)
    if not out.exists():
        print(f"{name} listens to {len(tracks)} songs", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            songs, made = Path(scratch) / "songs.json", Path(scratch) / "made.npz"
            songs.write_text(json.dumps([[track.track_id, track.path] for track in tracks]), encoding="utf-8")
            try:
                command = [python, str(Path(__file__).with_name("peer_features.py")), name, str(songs), str(made)]
                subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                said = getattr(error, "stderr", "") or str(error)
                return f"{name} is left out: {said.strip().splitlines()[-1]} (see --peers-python)"
            made.replace(out)
    return _read(out, tracks)


def librosa_means(tracks: Sequence[Track], cache: Path) -> Rival:
    """Means over time of 20 MFCCs, the chromagram and spectral contrast, as librosa makes them by default: 39 values a song."""
    out = _kept("librosa", tracks, cache)
    if not out.exists():
        import librosa

        print(f"librosa listens to {len(tracks)} songs", file=sys.stderr, flush=True)
        ids, vectors = [], []
        start = time.process_time()
        for track in tracks:
            y, rate = librosa.load(track.path, sr=22050)
            parts = (librosa.feature.mfcc, librosa.feature.chroma_stft, librosa.feature.spectral_contrast)
            vectors.append(np.concatenate([feature(y=y, sr=rate).mean(axis=1) for feature in parts]))
            ids.append(track.track_id)
        seconds = (time.process_time() - start) / len(tracks)
        with atomic_path(out) as path, path.open("wb") as file:
            np.savez(file, ids=np.array(ids), vectors=np.array(vectors, np.float32), seconds=seconds)
    return _read(out, tracks)


def _kept(name: str, tracks: Sequence[Track], cache: Path) -> Path:
    """Where a rival's description of just these songs lies."""
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"{name}-{fingerprint(name, [[track.track_id, track.content_hash] for track in tracks])}.npz"


def _read(path: Path, tracks: Sequence[Track]) -> Rival:
    row = {track.track_id: number for number, track in enumerate(tracks)}
    with np.load(path, allow_pickle=False) as arrays:
        found: dict[str, Any] = dict(arrays)
    rows = np.array([row[name] for name in found["ids"].tolist()], np.int64)
    return Rival(rows, found.get("vectors"), found.get("distances"), float(found["seconds"]))
