"""`python -m benchmarks.taste MOODS4Q LASTFM2K NAME=VECTORS.parquet ...`: how well vectors of songs tell who will like an artist.

Real audio and real listeners: the artists of moods4q are among those of HetRec-2011 Last.fm. Collaborative evidence is all of
Last.fm's plays but those of the artists held out; an artist's content is the mean of its songs' vectors. In each of SPLITS splits
a fifth of the artists with songs is held out, and they are ranked among one another for each listener who plays one.

Each file has columns track_id and a vector; the first named is the reference of the paired differences. A control gives each
artist the vectors of another. Rows: AUC and nDCG@10, mean over splits, 95 % intervals by bootstrap over listeners.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collab.engine import fit
from data.embeddings import SongEmbeddings
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_split
from evaluation.compare import compare
from recsys.steps.evaluate_recommenders import shuffled_embeddings

SPLITS = 10
ENGINES = ("content", "als")


def read_plays(folder: Path) -> Listens:
    """All plays of all artists."""
    plays = np.loadtxt(folder / "user_artists.dat", skiprows=1, dtype=np.int64)
    users, artists = IdMap.of(plays[:, 0], "user"), IdMap.of(plays[:, 1], "track")
    rows = users.rows([str(u) for u in plays[:, 0]]), artists.rows([str(a) for a in plays[:, 1]])
    return Listens(rows[0], rows[1], plays[:, 2].astype(np.float32), None, users, artists)


def read_artists(folder: Path, vectors: Path, artists: IdMap) -> SongEmbeddings:
    """The mean vector of each artist's songs, of artists that Last.fm knows."""
    table = pd.read_parquet(vectors)
    column = next(name for name in table.columns if name != "track_id")
    of_song = dict(zip(table["track_id"].astype(str), table[column], strict=True))
    songs: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["lastfm_artist_id"] in artists and row["track_id"] in of_song:
                songs[row["lastfm_artist_id"]].append(np.asarray(of_song[row["track_id"]], np.float32))
    means = np.stack([np.mean(songs[artist], axis=0) for artist in songs])
    return SongEmbeddings(IdMap(tuple(songs), "track"), means.astype(np.float32), vectors.name)


def splits_of(listens: Listens, with_songs: NDArray[np.bool_]) -> list[Split]:
    """A fifth of the artists with songs held out, `SPLITS` times."""
    rows = np.flatnonzero(with_songs)
    splits = []
    for seed in range(SPLITS):
        fold_of = np.full(len(with_songs), -1, np.int32)
        fold_of[np.random.default_rng(seed).permutation(rows)[: len(rows) // 5]] = 0
        splits.append(cold_split(listens, fold_of, 0, seed=seed))
    return splits


def main(moods4q: Path, lastfm2k: Path, named: Mapping[str, Path]) -> None:
    """Print a line for each engine and each kind of vectors, then paired differences to the first kind."""
    listens = read_plays(lastfm2k)
    content = {name: read_artists(moods4q, path, listens.tracks) for name, path in named.items()}
    first = next(iter(content.values()))
    splits = splits_of(listens, first.aligned(listens.tracks)[1])

    def engine(name: str, vectors: SongEmbeddings, *, shuffled: bool) -> object:
        def run(split: Split, seed: int) -> object:
            given = shuffled_embeddings(vectors, split.seed) if shuffled else vectors
            return fit(name, split.train, given, None, seed + split.seed)

        return run

    engines: dict[str, object] = {"random": lambda split, seed: fit("random", split.train, seed=seed + split.seed)}
    for kind, vectors in content.items():
        engines |= {f"{name}: {kind}": engine(name, vectors, shuffled=False) for name in ENGINES}
        engines |= {f"{name}: {kind}, shuffled": engine(name, vectors, shuffled=True) for name in ENGINES[1:]}
    reference = f"als: {next(iter(content))}"
    result = compare(splits, engines, reference=reference, slices=("all",), workers=1)  # type: ignore[arg-type]
    print(f"{len(listens.users)} listeners, {len(first.tracks)} artists with songs, {len(splits)} splits; means over listeners")
    for row in result.rows:
        if row["metric"] in ("auc", "ndcg"):
            print(f"{row['model']:<34}{row['metric']:>6}{row['value']:>8.3f}{row['low']:>8.3f} to {row['high']:.3f}")
    print(f"\npaired differences to {reference}")
    for row in result.differences:
        if row["metric"] in ("auc", "ndcg"):
            print(f"{row['model']:<34}{row['metric']:>6}{row['value']:>+8.3f}{row['low']:>+8.3f} to {row['high']:+.3f}")


if __name__ == "__main__":
    pairs = dict(argument.split("=", 1) for argument in sys.argv[3:])
    main(Path(sys.argv[1]), Path(sys.argv[2]), {name: Path(path) for name, path in pairs.items()})
