"""What other programs hear in songs: `PYTHON peer_features.py bliss|musly SONGS.json OUT.npz`.

Runs in the peers' own environment (`pip install bliss-audio pymusly numpy`; musly also needs the program ffmpeg), and imports
nothing of this repository. SONGS.json is a list of [id, path]; OUT.npz holds "ids" and, for bliss, "vectors" float32 (n, d), for
musly "distances" float32 (n, n); songs that a peer cannot read are left out and named on stderr. "seconds" is the CPU time a song
took, child processes included.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STYLE_SONGS = 1000  # musly's manual: normalise by at most about so many songs, drawn at random


def analyse(songs: list[list[str]], hear: Callable[[str], Any]) -> tuple[list[str], list[Any], float]:
    """Ids and analyses of the songs that could be read, and CPU seconds a song."""
    ids, heard = [], []
    start = sum(os.times()[:4])
    for number, (name, path) in enumerate(songs):
        try:
            heard.append(hear(path))
            ids.append(name)
        except Exception as error:  # peers raise what they like; the caller compares only songs that all could read
            print(f"{path}: {error}", file=sys.stderr)
        if number % 100 == 99:
            print(f"{number + 1} of {len(songs)}", file=sys.stderr, flush=True)
    return ids, heard, (sum(os.times()[:4]) - start) / max(1, len(songs))


def bliss(songs: list[list[str]]) -> dict[str, Any]:
    """bliss: a vector of descriptors a song; compared by Euclidean distance."""
    from bliss_audio import Song

    ids, heard, seconds = analyse(songs, lambda path: Song(path).analysis)
    return {"ids": np.array(ids), "vectors": np.array(heard, np.float32), "seconds": seconds}


def musly(songs: list[list[str]]) -> dict[str, Any]:
    """musly's timbre method: a Gaussian of MFCCs a song; Jensen-Shannon divergence, normalised by mutual proximity."""
    from pymusly import MuslyJukebox

    jukebox = MuslyJukebox(method="timbre", decoder="none")  # "none": decodes by the program ffmpeg
    ids, heard, seconds = analyse(songs, lambda path: jukebox.track_from_audiofile(path, 0.0))
    jukebox.set_style(random.Random(0).sample(heard, min(STYLE_SONGS, len(heard))))
    numbers = jukebox.add_tracks(heard)
    tracks = list(zip(numbers, heard, strict=True))
    distances = np.array([jukebox.compute_similarity(track, tracks) for track in tracks], np.float32)
    return {"ids": np.array(ids), "distances": distances, "seconds": seconds}


def main(method: str, songs: str, out: str) -> None:
    """Analyse all songs and write the result."""
    listed = json.loads(Path(songs).read_text(encoding="utf-8"))
    with Path(out).open("wb") as file:
        np.savez(file, **{"bliss": bliss, "musly": musly}[method](listed))


if __name__ == "__main__":
    main(*sys.argv[1:4])
