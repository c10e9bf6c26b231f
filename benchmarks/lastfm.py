"""`python -m benchmarks.lastfm FOLDER`: every engine on HetRec-2011 Last.fm, artists as items, tags as content.

A fifth of each user's artists is hidden (warm), or a fold of five of the artists (cold), three seeds each. All tag assignments of
hidden (user, artist) pairs are removed before content is made: what a listener typed must not tell what the listener plays.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from collab.engine import ENGINES, fit
from data.embeddings import SongEmbeddings
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_split, warm_split
from evaluation.compare import compare
from recsys.steps.evaluate_recommenders import shuffled_embeddings

LISTENERS = 3  # an artist counts from so many listeners on
SEEDS = (0, 1, 2)
WIDTH = 192


def read(folder: Path) -> tuple[Listens, NDArray[np.int64]]:
    """Plays, and tag assignments int64 (n, 3): rows of users (-1: not among them) and artists, and tag ids."""
    plays = np.loadtxt(folder / "user_artists.dat", skiprows=1, dtype=np.int64)
    tags = np.loadtxt(folder / "user_taggedartists.dat", skiprows=1, dtype=np.int64)[:, :3]
    listeners = np.bincount(plays[:, 1])
    artists = np.intersect1d(np.flatnonzero(listeners >= LISTENERS), tags[:, 1])
    plays, tags = plays[np.isin(plays[:, 1], artists)], tags[np.isin(tags[:, 1], artists)]
    users = IdMap.of(plays[:, 0], "user")
    tracks = IdMap.of(artists, "track")
    user, track = users.rows([str(u) for u in plays[:, 0]]), tracks.rows([str(a) for a in plays[:, 1]])
    listens = Listens(user, track, plays[:, 2].astype(np.float32), None, users, tracks)
    rows = users.rows([str(u) for u in tags[:, 0]]), tracks.rows([str(a) for a in tags[:, 1]])
    return listens, np.column_stack([*rows, tags[:, 2]]).astype(np.int64)


def content(listens: Listens, tags: NDArray[np.int64], test: Listens) -> SongEmbeddings:
    """TF-IDF of an artist's tags, without those of hidden pairs, in 192 dimensions."""
    n_artists = len(listens.tracks)
    hidden = np.isin(tags[:, 0] * n_artists + tags[:, 1], test.user.astype(np.int64) * n_artists + test.track)
    kept = tags[~hidden]
    words, column = np.unique(kept[:, 2], return_inverse=True)
    counts = sp.csr_matrix((np.ones(len(kept)), (kept[:, 1], column)), shape=(n_artists, len(words)))
    artists_of_word = np.bincount(counts.indices, minlength=len(words))
    counts, artists_of_word = counts[:, artists_of_word >= 2], artists_of_word[artists_of_word >= 2]
    counts.data = np.log1p(counts.data)
    weighted = counts @ sp.diags(np.log(n_artists / artists_of_word))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    u, s, _ = svds(sp.diags(1 / np.maximum(length, 1e-9)) @ weighted, k=WIDTH, random_state=0)
    return SongEmbeddings(listens.tracks, np.ascontiguousarray((u * s)[:, ::-1], np.float32), "tags")


def main(folder: Path) -> None:
    """Print nDCG@10 with its interval, and CPU seconds of a fit, for each engine and split."""
    listens, tags = read(folder)
    splits = [warm_split(listens, [""] * len(listens.tracks), seed=seed) for seed in SEEDS]
    for seed in SEEDS:  # an artist is its own group here, so folds are drawn without regard to anything
        fold_of = np.random.default_rng(seed).permutation(np.arange(len(listens.tracks)) % 5).astype(np.int32)
        splits.append(cold_split(listens, fold_of, 0, seed=seed))
    tests = {(split.name, split.seed): split.test for split in splits}

    @lru_cache(maxsize=len(splits))
    def content_of(name: str, seed: int) -> SongEmbeddings:
        return content(listens, tags, tests[name, seed])

    def engine(name: str, *, shuffled: bool = False) -> object:
        def run(split: Split, seed: int) -> object:
            vectors = content_of(split.name, split.seed)
            return fit(name, split.train, shuffled_embeddings(vectors, seed) if shuffled else vectors, None, seed + split.seed)

        return run

    engines = {name: engine(name) for name in ENGINES}
    engines |= {f"{name}-shuffled": engine(name, shuffled=True) for name in ("content", "als")}
    result = compare(splits, engines, reference="lightfm", slices=("all",), workers=2)
    print(f"{len(listens.users)} users, {len(listens.tracks)} artists, {len(listens)} plays")
    for split in ("warm", "cold"):
        print(f"\n{split:<20}{'nDCG@10':>9}{'95 % interval':>18}{'CPU s a fit':>14}")
        for row in result.rows:
            if (row["split"], row["metric"]) == (split, "ndcg"):
                seconds = result.train_seconds[split][row["model"]]
                print(f"{row['model']:<20}{row['value']:>9.3f}{row['low']:>10.3f} to {row['high']:.3f}{seconds:>14.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
