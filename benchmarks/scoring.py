"""Top-10 lists of many users against LightFM's own predict."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.timing import medians, print_ratios


def run(_scratch: Path) -> None:
    """Top-10 of many users: LightFM's own predict against factors, blocks and partial sorting."""
    from lightfm import LightFM

    from collab import lightfm_hybrid
    from collab.engine import EngineConfig, fit
    from collab.history import History
    from collab.ranking import top_k
    from data.world.catalogue import catalogue
    from data.world.listeners import listens
    from data.world.spec import WorldSpec

    spec = WorldSpec(songs=5000, listeners=300)
    plays = listens(spec, catalogue(spec))
    model = fit("lightfm-cf", plays, None, EngineConfig(lightfm=lightfm_hybrid.LightFMConfig(epochs=1)))
    theirs = LightFM(no_components=64)
    theirs.fit(plays.matrix().tocoo(), epochs=1, num_threads=1)
    songs = np.arange(len(plays.tracks))

    def predict() -> None:
        for user in range(len(plays.users)):
            scores = theirs.predict(user, songs, num_threads=1)
            scores[scores.argpartition(-10)[-10:]].sort()

    history = History.of_listens(plays)
    users = np.arange(len(plays.users), dtype=np.int32)
    competitors = {
        "LightFM.predict, user by user": predict,
        "ours, in blocks": lambda: top_k(model.scores, users, 10, seen=history),
    }
    print_ratios("top 10 of 5,000 songs for 300 users, ids only", medians(competitors, repeats=3), next(iter(competitors)))
