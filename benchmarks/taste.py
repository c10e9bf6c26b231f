"""Do songs' vectors tell who will like an artist?

    python -m benchmarks.taste MOODS4Q LASTFM2K [--folds WORKSPACE] NAME=VECTORS.parquet ...

Real audio and real listeners: the artists of moods4q are among those of HetRec-2011 Last.fm. Collaborative evidence is all of
Last.fm's plays but those of the artists held out; an artist's content is the mean of its songs' vectors. In each of SPLITS splits
a fifth of the artists with songs is held out, and they are ranked among one another for each listener who plays one.

Each file has columns track_id and a vector; the first named is the reference of the paired differences. A control gives each
artist the vectors of another. With --folds, the splits are the artist folds of two seeds of a workspace of moods4q whose encoder
was trained from scratch, and "scratch" stands for its fold networks: each was trained without the artists that its split holds
out, and map and test are in its space. Rows: AUC and nDCG@10, mean over listeners, 95 % intervals by bootstrap over listeners.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collab.bridge import BridgeConfig
from collab.engine import EngineConfig, fit
from data.embeddings import SongEmbeddings
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_split
from evaluation.compare import compare
from recsys.steps.evaluate_recommenders import shuffled_embeddings

SPLITS = 10
FOLDS = 5
ENGINES = {
    "content": ("content", EngineConfig()),
    "als": ("als", EngineConfig()),
    "als, linear": ("als", EngineConfig(bridge=BridgeConfig(kind="ridge"))),
}  # name -> engine and its choices


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
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        artist_of = {row["track_id"]: row["lastfm_artist_id"] for row in csv.DictReader(file)}
    return _mean_of_artists(of_song, artist_of, artists, vectors.name)


def _mean_of_artists(
    of_song: Mapping[str, NDArray[np.float32]], artist_of: Mapping[str, str], artists: IdMap, name: str
) -> SongEmbeddings:
    songs: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for song, vector in of_song.items():
        if artist_of.get(song, "") in artists:
            songs[artist_of[song]].append(np.asarray(vector, np.float32))
    means = np.stack([np.mean(songs[artist], axis=0) for artist in songs])
    return SongEmbeddings(IdMap(tuple(songs), "track"), means.astype(np.float32), name)


def scratch(moods4q: Path, workspace: Path, artists: IdMap) -> tuple[list[NDArray[np.int64]], list[SongEmbeddings]]:
    """For each fold of each seed: rows of the artists held out, and all artists' vectors by the network that has not met them."""
    from recsys.report import SILENT
    from recsys.steps.fold_content import fold_content
    from recsys.steps.fold_rows import song_folds
    from recsys.workspace import open_workspace

    held_out, content = [], []
    opened = open_workspace(workspace)
    with opened.catalogue(readonly=True) as catalogue, (moods4q / "tracks.csv").open(encoding="utf-8", newline="") as file:
        artist_of = {row["track_id"]: row["lastfm_artist_id"] for row in csv.DictReader(file)}
        for seed in range(2):
            networks = fold_content(opened, catalogue, None, FOLDS, seed, device="cpu", workers=1, report=SILENT)
            fold_of = song_folds(catalogue.tracks(), str(networks.encoder["label"]), "artist", FOLDS, seed)
            for fold, vectors in networks.cold.items():
                hidden = {artist_of[song] for song, its in fold_of.items() if its == fold} & set(artists.ids)
                held_out.append(artists.rows(sorted(hidden)).astype(np.int64))
                content.append(
                    _mean_of_artists(dict(zip(vectors.tracks.ids, vectors.vectors, strict=True)), artist_of, artists, "scratch")
                )
    return held_out, content


def splits_of(listens: Listens, held_out: Sequence[NDArray[np.int64]]) -> list[Split]:
    """A cold-start split for each set of artist rows."""
    splits = []
    for number, rows in enumerate(held_out):
        fold_of = np.full(len(listens.tracks), -1, np.int32)
        fold_of[rows] = 0
        splits.append(cold_split(listens, fold_of, 0, seed=number))
    return splits


def main(moods4q: Path, lastfm2k: Path, workspace: Path | None, named: Mapping[str, Path]) -> None:
    """Print a line for each engine and each kind of vectors, then paired differences to the first kind."""
    listens = read_plays(lastfm2k)
    first, *others = (read_artists(moods4q, path, listens.tracks) for path in named.values())
    if workspace is None:
        rows = np.flatnonzero(first.aligned(listens.tracks)[1])
        held_out = [np.random.default_rng(seed).permutation(rows)[: len(rows) // 5] for seed in range(SPLITS)]
        content = dict(zip(named, [[one] * SPLITS for one in (first, *others)], strict=True))
    else:
        held_out, networks = scratch(moods4q, workspace, listens.tracks)
        content = dict(zip(named, [[one] * len(held_out) for one in (first, *others)], strict=True)) | {"scratch": networks}
    splits = splits_of(listens, held_out)

    def engine(name: str, vectors: Sequence[SongEmbeddings], *, shuffled: bool) -> object:
        def run(split: Split, seed: int) -> object:
            own, (kind_of_engine, config) = vectors[split.seed], ENGINES[name]
            given = shuffled_embeddings(own, split.seed) if shuffled else own
            return fit(kind_of_engine, split.train, given, config, seed + split.seed)

        return run

    engines: dict[str, object] = {"random": lambda split, seed: fit("random", split.train, seed=seed + split.seed)}
    for kind, vectors in content.items():
        engines |= {f"{name}: {kind}": engine(name, vectors, shuffled=False) for name in ENGINES}
        engines |= {f"{name}: {kind}, shuffled": engine(name, vectors, shuffled=True) for name in ("als",)}
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("moods4q", type=Path)
    parser.add_argument("lastfm2k", type=Path)
    parser.add_argument("vectors", nargs="+", metavar="NAME=VECTORS")
    parser.add_argument("--folds", type=Path, metavar="WORKSPACE")
    given = parser.parse_args()
    pairs = dict(pair.split("=", 1) for pair in given.vectors)
    main(given.moods4q, given.lastfm2k, given.folds, {name: Path(path) for name, path in pairs.items()})
