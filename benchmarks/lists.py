"""How good lists of sound are, against simpler rules: `python -m benchmarks.lists WORKSPACE [--copies WORKSPACE]`.

Journeys, playlists of several seeds, subtraction, surprise and reordering on the songs, labels and listens of a workspace. With
`--copies`, a workspace of re-encoded copies named `<track_id>__<how>.<suffix>`: how far copies and different songs lie apart.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from content.journey import journey, waypoints
from content.mixing import by_seeds, surprising
from content.ordering import flowing_order, steps
from content.similarity import from_cosine
from data import stored_listens
from data.list_limits import SAME_SOUND
from recsys.steps.song_vectors import SongVectors, song_vectors
from recsys.workspace import Workspace, open_workspace

NONE = np.empty(0, np.int32)
Floats = NDArray[np.float32]
Rows = NDArray[np.int32]


def journeys(unit: Floats, k: int, pairs: int = 100) -> None:
    """Steps of ways of k songs between random pairs."""
    rng = np.random.default_rng(0)
    told: dict[str, list[tuple[float, float]]] = {"random songs": [], "nearest to each waypoint": [], "recsys path": []}
    for _ in range(pairs):
        a, b = rng.choice(len(unit), 2, replace=False).tolist()
        between = rng.choice(np.setdiff1d(np.arange(len(unit)), [a, b]), k - 2, replace=False)
        naive = [a, b]
        for stop in waypoints(unit[a], unit[b], k)[1:-1]:
            near = unit @ stop
            near[naive] = -2
            naive.insert(-1, int(near.argmax()))
        for name, way in zip(told, ([a, *between, b], naive, journey(unit, a, b, k)), strict=True):
            step = steps(unit[way])
            told[name].append((float(step.mean()), float(step.max())))
    print(
        f"\n{pairs} journeys of {k} songs; step = 1 - similarity           mean step   largest, mean   largest, 95th percentile"
    )
    for name, values in told.items():
        mean, largest = np.transpose(values)
        print(f"  {name:<50}{mean.mean():>12.3f}{largest.mean():>16.3f}{np.percentile(largest, 95):>16.3f}")


RULES: dict[str, Callable[[Floats, Rows], Rows]] = {
    "mean of the seeds": lambda unit, seeds: np.argsort(-(unit @ unit[seeds].mean(axis=0)), kind="stable").astype(np.int32),
    "nearest seed": lambda unit, seeds: np.argsort(-(unit @ unit[seeds].T).max(axis=1), kind="stable").astype(np.int32),
    "recsys playlist": lambda unit, seeds: by_seeds(unit, seeds, NONE),
}


def seeds_of_styles(unit: Floats, artists: NDArray[np.str_], genres: NDArray[np.str_], count: int, draws: int = 400) -> None:
    """Lists of 20 songs by other artists from seeds of different genres."""
    rng, told = np.random.default_rng(0), {name: [] for name in RULES}
    for _ in range(draws):
        names = rng.choice(np.unique(genres[genres != ""]), count, replace=False)
        seeds = np.array([rng.choice(np.flatnonzero(genres == name)) for name in names], np.int32)
        allowed = ~np.isin(artists, artists[seeds]) & (genres != "")
        for name, rule in RULES.items():
            order = rule(unit, seeds)
            top = order[allowed[order]][:20]
            near = unit[top] @ unit[seeds].T
            shares = np.bincount(near.argmax(axis=1), minlength=count) / 20
            told[name].append((shares.min(), np.isin(genres[top], names).mean(), from_cosine(near.max(axis=1)).mean()))
    print(
        f"\n{draws} lists of 20 from {count} seeds of different genres   share of the least seed   of a seed's genre   similarity"
    )
    for name, values in told.items():
        print(f"  {name:<50}" + "".join(f"{value:>16.3f}" for value in np.mean(values, axis=0)))


def seeds_of_listeners(unit: Floats, artists: NDArray[np.str_], played: list[NDArray[np.int64]], count: int = 3) -> None:
    """Seeds: songs of three artists of a listener. Hits: songs of their other artists among 20."""
    rng, told = np.random.default_rng(0), {name: [] for name in (*RULES, "chance")}
    for songs in played:
        theirs = np.unique(artists[songs])
        if len(theirs) < 2 * count:
            continue
        known = rng.choice(theirs, count, replace=False)
        seeds = np.array([rng.choice([s for s in songs if artists[s] == name]) for name in known], np.int32)
        allowed = ~np.isin(artists, known)
        hit = np.isin(np.arange(len(unit)), songs) & allowed
        for name, rule in RULES.items():
            order = rule(unit, seeds)
            told[name].append(hit[order[allowed[order]][:20]].mean())
        told["chance"].append(hit[allowed].mean())
    print(
        f"\n{len(told['chance'])} listeners, seeds of {count} of their artists: share of 20 songs that they play (standard error)"
    )
    for name, values in told.items():
        print(f"  {name:<50}{np.mean(values):>12.4f} ({np.std(values) / len(values) ** 0.5:.4f})")


def without(unit: Floats, artists: NDArray[np.str_], genres: NDArray[np.str_], draws: int = 400) -> None:
    """Seeds of genres A and B, without another song of B."""
    rng, told = np.random.default_rng(0), {"nothing subtracted": [], "recsys playlist --without": []}
    for _ in range(draws):
        a, b = rng.choice(np.unique(genres[genres != ""]), 2, replace=False)
        songs = np.array([rng.choice(np.flatnonzero(genres == name)) for name in (a, b, b)], np.int32)
        allowed = ~np.isin(artists, artists[songs]) & (genres != "")
        for name, minus in zip(told, (NONE, songs[2:]), strict=True):
            order = by_seeds(unit, songs[:2], minus)
            top = order[allowed[order]][:20]
            told[name].append(((genres[top] == a).mean(), (genres[top] == b).mean()))
    print(f"\n{draws} lists of 20 from a seed of genre A and one of B, without another song of B         of A       of B")
    for name, values in told.items():
        print(f"  {name:<62}" + "".join(f"{value:>12.3f}" for value in np.mean(values, axis=0)))


def surprise(unit: Floats, draws: int = 200) -> None:
    """How far lists of 20 go from their seed, and how many of the 20 nearest songs stay."""
    rng = np.random.default_rng(0)
    print("\nsurprise, lists of 20 from one seed                        similarity to it   of the 20 nearest")
    for amount in (0.0, 0.25, 0.5, 0.75, 1.0):
        told = []
        for draw in range(draws):
            seed = int(rng.integers(len(unit)))
            order = by_seeds(unit, np.array([seed], np.int32), NONE)[1:]
            top = surprising(order, amount, 20, np.random.default_rng(draw))[:20]
            told.append((from_cosine(unit[top] @ unit[seed]).mean(), np.isin(top, order[:20]).mean()))
        print(f"  {amount:<50}" + "".join(f"{value:>16.3f}" for value in np.mean(told, axis=0)))


def reordering(unit: Floats, draws: int = 100) -> None:
    """Random lists, and lists of 30 songs near one another."""
    rng = np.random.default_rng(0)
    print("\nreorder                                                      mean step before   after   largest before   after")
    for name in ("30 random songs", "30 songs about one seed", "200 random songs"):
        told = []
        for _ in range(draws if name.startswith("30") else draws // 10):
            rows = rng.choice(len(unit), int(name.split()[0]), replace=False)
            if "seed" in name:
                rows = rng.permutation(by_seeds(unit, rows[:1].astype(np.int32), NONE)[:30])
            before, after = steps(unit[rows]), steps(unit[rows][flowing_order(unit[rows])])
            told.append((before.mean(), after.mean(), before.max(), after.max()))
        print(f"  {name:<50}" + "".join(f"{value:>12.3f}" for value in np.mean(told, axis=0)))


def copies(unit: Floats, vectors: SongVectors, other: SongVectors) -> None:
    """Re-encoded copies against different songs."""
    found: dict[str, list[float]] = {}
    for track, vector in zip(other.tracks, other.unit, strict=True):
        original, _, how = PurePosixPath(track.path).stem.partition("__")
        if original in vectors.rows:
            found.setdefault(how, []).append(float(unit[vectors.rows[original]] @ vector))
    pairs = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
    print(f"\ncosine of copies and of {len(pairs):,} pairs of different songs; the rule asks for {SAME_SOUND}")
    for threshold in (0.97, 0.98, 0.99, 0.995):
        told = ", ".join(f"{how} {np.mean(np.array(values) >= threshold):.2f}" for how, values in found.items())
        print(f"  >= {threshold:<8} pairs {int((pairs >= threshold).sum()):>5}; copies found: {told}")


def main() -> None:
    """All sections on the workspaces that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--copies", type=Path)
    parser.add_argument("--genre", default="genre", help="the label that tells styles apart")
    given = parser.parse_args()
    workspace = open_workspace(given.workspace)
    vectors = _vectors(workspace)
    unit, tracks = vectors.unit, vectors.tracks
    artists = np.array([track.artist for track in tracks])
    genres = np.array([track.labels.get(given.genre, "") for track in tracks])
    listens, _ = stored_listens.load(workspace.listens, tracks)
    plays = listens.matrix()
    played = [plays.indices[plays.indptr[u] : plays.indptr[u + 1]].astype(np.int64) for u in range(plays.shape[0])]
    for k in (10, 20):
        journeys(unit, k)
    for count in (2, 3):
        seeds_of_styles(unit, artists, genres, count)
    seeds_of_listeners(unit, artists, played)
    without(unit, artists, genres)
    surprise(unit)
    reordering(unit)
    if given.copies is not None:
        copies(unit, vectors, _vectors(open_workspace(given.copies)))


def _vectors(workspace: Workspace) -> SongVectors:
    with workspace.catalogue(readonly=True) as catalogue:
        return song_vectors(workspace, catalogue)


if __name__ == "__main__":
    main()
