"""How long one answer takes on a workspace of 10,000 songs, as a whole process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SONGS, LISTENERS = 10_000, 2_000


def run(scratch: Path) -> None:
    """Build a workspace without audio, then time `recsys recommend` against an empty Python process."""
    from data.embeddings import SongEmbeddings, write_embeddings
    from data.ids import IdMap
    from data.tracks import Track
    from data.world.catalogue import catalogue, properties
    from data.world.listeners import listens
    from data.world.spec import WorldSpec
    from recsys.steps.hybrid import train_hybrid
    from recsys.steps.listens import import_listens
    from recsys.workspace import create_workspace

    spec = WorldSpec(songs=SONGS, listeners=LISTENERS)
    songs, root = catalogue(spec), scratch / "workspace"
    workspace = create_workspace(root)
    with workspace.catalogue() as store:
        for song in songs:
            track = Track(
                song.track_id,
                f"/nowhere/{song.path}",
                song.artist,
                song.title,
                song.album,
                {"genre": song.genre},
                10.0,
                song.track_id,
            )
            store.put(track, root="/nowhere", size=1, mtime_ns=1)
    rng = np.random.default_rng(0)
    audible = properties(songs) @ rng.standard_normal((20, 192)) + 0.5 * rng.standard_normal((SONGS, 192))
    ids = IdMap(tuple(song.track_id for song in songs), "track")
    write_embeddings(workspace.embeddings, SongEmbeddings(ids, audible.astype(np.float32), "benchmark"))
    plays = listens(spec, songs)
    lines = [
        f"{plays.users.ids[u]},{plays.tracks.ids[t]},{w:.0f}"
        for u, t, w in zip(plays.user, plays.track, plays.weight, strict=True)
    ]
    (scratch / "listens.csv").write_text("user_id,track_id,plays\n" + "\n".join(lines) + "\n", encoding="utf-8")
    import_listens(root, [scratch / "listens.csv"])
    train_hybrid(root)
    command = [sys.executable, "-m", "recsys", "-w", str(root), "recommend", "--json"]
    competitors = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "recommend --user KNOWN": [*command, "--user", plays.users.ids[0]],
        "recommend --user UNKNOWN": [*command, "--user", "nobody"],
        "recommend --like SONG": [*command, "--like", songs[0].track_id],
    }
    print(f"\none answer from {SONGS:,} songs and {LISTENERS:,} listeners, whole process, wall time")
    for name, words in competitors.items():
        seconds = []
        for _ in range(6):
            start = time.perf_counter()
            subprocess.run(words, check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        print(f"  {name:<58}{1000 * statistics.median(seconds[1:]):>10.0f} ms")
