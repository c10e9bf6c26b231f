"""Who is compared with whom: the songs that each network has not heard, under both protocols, for every competitor alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.nearest import NORMALISATIONS, Floats, euclidean, hits, interval, standardised
from benchmarks.rivals import Rival
from content.statistics import statistics_of
from recsys.steps.images import Songs

KS = (1, 5)
PROTOCOLS = ("unheard", "all songs")
CHANCE_DRAWS = 20
OURS = "embedding, {}"
STATISTICS = "our image statistics, standardised"


class Fold(NamedTuple):
    """One network: vectors float32 (n, d) of all songs in its space, and the rows that it was not trained on."""

    vectors: NDArray[np.float32]
    held_out: NDArray[np.int64]
    trained: NDArray[np.int64]


def distances(fold: Fold, statistics: NDArray[np.float32], rivals: dict[str, Rival], n: int) -> Iterator[tuple[str, Floats]]:
    """Each competitor's distances of a fold's held-out songs to all songs, float64 (held out, n); infinite where unknown."""
    queries, train = fold.held_out, fold.trained
    for name, distance in NORMALISATIONS.items():
        yield OURS.format(name), distance(fold.vectors, train, queries)
    yield STATISTICS, euclidean(standardised(statistics, train), queries)
    for name, rival in rivals.items():
        full = np.full((n, n), np.inf)
        if rival.distances is not None:
            full[np.ix_(rival.rows, rival.rows)] = rival.distances
        elif rival.vectors is not None:
            here = np.isin(rival.rows, train)
            vectors = standardised(rival.vectors, np.flatnonzero(here)) if name.startswith("librosa") else rival.vectors
            full[np.ix_(rival.rows, rival.rows)] = euclidean(vectors, np.arange(len(vectors)))
        yield name, full[queries]


def compare(songs: Songs, folds: Sequence[Fold], label: str, rivals: dict[str, Rival], seed: int) -> dict[str, Any]:
    """Hits of every competitor, by protocol and k, with the artist of each query; songs that a rival cannot read are left out."""
    n = len(songs.tracks)
    labels = np.array([track.labels.get(label, "") for track in songs.tracks])
    artists = np.array([track.artist or f"\0{track.track_id}" for track in songs.tracks])
    readable = np.ones(n, bool)
    for rival in rivals.values():
        readable &= np.isin(np.arange(n), rival.rows)
    statistics, rng = statistics_of(songs.images), np.random.default_rng(seed)
    found: dict[tuple[str, int], dict[str, list[Floats]]] = {(p, k): {} for p in PROTOCOLS for k in KS}
    asked: list[NDArray[np.str_]] = []
    for fold in folds:
        kept = readable[fold.held_out]
        queries = fold.held_out[kept]
        asked.append(artists[queries])
        held_out = np.isin(np.arange(n), queries)
        candidates = {"unheard": held_out, "all songs": readable & (labels != "")}
        of_all = list(distances(fold, statistics, rivals, n))
        for (protocol, k), table in found.items():
            closed = np.where(candidates[protocol], 0.0, np.inf)[None]
            for name, distance in of_all:
                table.setdefault(name, []).append(hits(distance[kept] + closed, labels, artists, queries.tolist(), k))
            chance = [
                hits(rng.random((len(queries), n)) + closed, labels, artists, queries.tolist(), k) for _ in range(CHANCE_DRAWS)
            ]
            table.setdefault("chance: random neighbours", []).append(np.mean(chance, axis=0))
    hit = {key: {name: np.concatenate(parts) for name, parts in table.items()} for key, table in found.items()}
    return {"hits": hit, "artists": np.concatenate(asked), "unreadable": int((~readable).sum())}


def figures(compared: dict[str, Any], ours: str) -> list[dict[str, Any]]:
    """One row a protocol, k and competitor: accuracy, and ours minus it, both with 95 % intervals by bootstrap over artists."""
    rows = []
    for (protocol, k), table in compared["hits"].items():
        for name, values in table.items():
            accuracy = interval(values, compared["artists"])
            difference = interval(table[ours] - values, compared["artists"])
            rows.append(
                {
                    "protocol": protocol,
                    "k": k,
                    "competitor": name,
                    **dict(zip(("accuracy", "low", "high"), accuracy, strict=True)),
                    **dict(zip(("ours_minus_it", "difference_low", "difference_high"), difference, strict=True)),
                }
            )
    return rows
