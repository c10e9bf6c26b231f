"""`python -m benchmarks.norm_shrinkage LASTFM2K [MOODS4Q VECTORS.parquet]`: what it costs to even out who sees new songs.

An engine (`als` if none is named) at each strength of `BridgeConfig.norm_shrinkage`, on songs without listens, ranked among one
another: nDCG@10, and of the top 10 of all listeners with a test play the share of songs that anybody sees (coverage) and the Gini
coefficient of exposure.

- lastfm2k: the cold artists of `recsys benchmark lastfm2k` by their tags, SEEDS seeds.
- moods4q, where given: the artists of `python -m benchmarks.taste` by the sound of their songs, its ten splits.

The strength may be chosen on validation only: a further share of the artists is held out of each training, their listeners' tags
too, and the same figures are taken on them. Differences to no shrinkage are paired over listeners, with 95 % intervals.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.lastfm_words import content_without
from benchmarks.taste import read_artists, read_plays, splits_of
from collab.bridge import BridgeConfig
from collab.engine import EngineConfig, fit
from data.embeddings import SongEmbeddings
from data.published.lastfm2k import COLD, COLD_LISTENERS, LastFm, read_lastfm, trial
from data.recommender import Recommender
from data.splits import Split, cold_split
from evaluation.compare import compare

STRENGTHS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
SEEDS = 3
K = 10
Content = Callable[[Split], SongEmbeddings]


def held_out_again(split: Split, eligible: NDArray[np.bool_], share: float) -> Split:
    """The same question inside the training of `split`: `share` of its eligible artists, bool (I,), held out as well."""
    rows = np.flatnonzero(eligible & ~split.cold_tracks)
    fold_of = np.full(len(eligible), -1, np.int32)
    fold_of[np.random.default_rng([split.seed, 1]).permutation(rows)[: max(1, round(share * len(rows)))]] = 0
    return replace(cold_split(split.train, fold_of, 0, seed=split.seed), name="validation")


def of_lastfm(lastfm: LastFm) -> tuple[list[Split], Content]:
    """Test and validation splits, and the tags that each may see."""
    plays = lastfm.plays
    tests = [next(s for s in trial(lastfm, seed).splits if s.name == "cold") for seed in range(SEEDS)]
    splits = [*tests, *(held_out_again(s, s.train.track_counts() >= COLD_LISTENERS, COLD) for s in tests)]
    of_plays = lastfm.pair(plays.user, plays.track)

    def content(split: Split) -> SongEmbeddings:
        learned = lastfm.pair(split.train.user, split.train.track)
        return content_without(lastfm, ~np.isin(of_plays, learned)).vectors

    return splits, _once(content)


def of_moods(moods4q: Path, lastfm2k: Path, vectors: Path) -> tuple[list[Split], Content]:
    """As `of_lastfm`, by sound."""
    listens = read_plays(lastfm2k)
    sound = read_artists(moods4q, vectors, listens.tracks)
    known = sound.aligned(listens.tracks)[1]
    tests = splits_of(listens, known)
    return [*tests, *(held_out_again(s, known & (s.train.track_counts() > 0), 0.2) for s in tests)], lambda _: sound


def _once(make: Content) -> Content:
    """Content made once for each split."""
    made: dict[tuple[str, int], SongEmbeddings] = {}

    def content(split: Split) -> SongEmbeddings:
        key = (split.name, split.seed)
        if key not in made:
            made[key] = make(split)
        return made[key]

    return content


def engine(name: str, strength: float, content: Content) -> Callable[[Split, int], Recommender]:
    """Engine `name` with one strength, as `compare` wants it."""
    config = EngineConfig(bridge=BridgeConfig(norm_shrinkage=strength))
    return lambda split, seed: fit(name, split.train, content(split), config, seed + split.seed)


def table(name: str, splits: Sequence[Split], content: Content, strengths: Sequence[float]) -> list[str]:
    """Lines of Markdown: split, alpha, nDCG, its paired difference to no shrinkage, coverage and Gini."""
    names = {f"{strength:g}": engine(name, strength, content) for strength in strengths}
    result = compare(splits, names, k=(K,), slices=("all",), reference=next(iter(names)), workers=1)
    figure = {(row["split"], row["model"], row["metric"]): row for row in result.rows}
    less = {(row["split"], row["model"]): row for row in result.differences if row["metric"] == "ndcg"}
    lines = []
    for split in dict.fromkeys(split.name for split in splits):
        for alpha in names:
            ndcg, coverage, gini = (figure[split, alpha, metric] for metric in ("ndcg", "coverage", "gini"))
            paired = less.get((split, alpha))
            difference = "" if paired is None else f"{paired['value']:+.4f} ({paired['low']:+.4f} to {paired['high']:+.4f})"
            interval = f"{ndcg['value']:.3f} ({ndcg['low']:.3f} to {ndcg['high']:.3f})"
            lines.append(f"| {split} | {alpha} | {interval} | {difference} | {coverage['value']:.3f} | {gini['value']:.3f} |")
    return lines


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lastfm2k", type=Path, metavar="LASTFM2K")
    parser.add_argument("moods4q", type=Path, nargs="?", metavar="MOODS4Q")
    parser.add_argument("vectors", type=Path, nargs="?", metavar="VECTORS.parquet", help="track_id and the vector of each song")
    parser.add_argument(
        "--engine", choices=("als", "bpr", "ease", "hybrid"), default="als", help="one that places songs by a map"
    )
    parser.add_argument(
        "--alpha", type=float, action="append", help="may be repeated; differences are to the first; default: all"
    )
    parser.add_argument("--validation", action="store_true", help="leave the test alone")
    args = parser.parse_args()
    if args.moods4q is not None and args.vectors is None:
        parser.error("MOODS4Q needs VECTORS.parquet as well: songs without vectors cannot be placed")
    sets = {"lastfm2k": of_lastfm(read_lastfm(args.lastfm2k))}
    if args.moods4q is not None:
        sets["moods4q"] = of_moods(args.moods4q, args.lastfm2k, args.vectors)
    for name, (both, content) in sets.items():
        splits = [split for split in both if split.name == "validation" or not args.validation]
        print(f"\n{args.engine} on {name}, {sum(split.name == splits[0].name for split in splits)} splits of each kind\n")
        print("| split | alpha | nDCG@10 | less the first alpha, paired | coverage@10 | Gini of exposure |")
        print("|---|---|---|---|---|---|")
        print("\n".join(table(args.engine, splits, content, args.alpha or STRENGTHS)), flush=True)


if __name__ == "__main__":
    main()
