"""`python -m benchmarks.staleness LASTFM2K`: how stale may a model become before it has to be trained anew?

HetRec-2011 Last.fm, as `recsys benchmark lastfm2k` filters it. HELD_OUT of each listener's artists are the test and stand in no
training. The rest are today's plays; yesterday's are a share of them: of each listener's plays, or of the listeners, whose others
are then new. Shares are nested: the smaller is part of the larger. A model trained on yesterday's plays is asked today:

- stale: with the vectors of its training; a new listener has none;
- folded in: with today's plays, by `fold_in`, without training;
- trained anew: the same engine, trained on today's plays.

All artists with plays today are candidates but those that the listener plays today. Tags are the content of the hybrid; those
that the listeners of plays outside the training typed for them are removed. nDCG@10, 95 % intervals by bootstrap over listeners;
where listeners are new, over the new ones alone. Seeds: --seed draws test and shares, fits, and breaks ties.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.lastfm_words import content_without
from collab.engine import ENGINES, fit
from data.listens import Listens
from data.published.lastfm2k import LastFm, read_lastfm
from data.recommender import FoldsIn
from data.splits.artists_of_users import hide_artists
from evaluation.bootstrap import Interval, mean_interval, paired_difference
from evaluation.metrics import ndcg
from evaluation.ranking import candidate_block, rank_positives

ENGINE_NAMES = ("als-cf", "ease-cf", "lightfm-cf", "bpr-cf", "hybrid")
SHARES = (1.0, 0.9, 0.75, 0.5, 0.25)
HELD_OUT = 0.15
K = 10
BLOCK = 500  # listeners ranked at a time


class Day(NamedTuple):
    """Today: bool (n,) over the plays of the set, and the two matrices CSR (U, I) that they make.

    `test` holds only artists that have plays among `today`; `order_of_play` and `order_of_listener` in [0, 1) draw the shares.
    """

    today: NDArray[np.bool_]
    known: sp.csr_matrix
    test: sp.csr_matrix
    candidates: NDArray[np.bool_]
    order_of_play: NDArray[np.float64]
    order_of_listener: NDArray[np.float64]


def today(lastfm: LastFm, seed: int) -> Day:
    """Hide the test, and put plays and listeners in random order."""
    rng = np.random.default_rng(seed)
    plays = lastfm.plays
    hidden = hide_artists(plays, [""] * len(plays.tracks), HELD_OUT, rng)
    known = plays.where(~hidden)
    candidates = known.track_counts() > 0
    test = plays.where(hidden & candidates[plays.track]).matrix()
    return Day(~hidden, known.matrix(), test, candidates, _places(plays, ~hidden, rng), _uniform(len(plays.users), rng))


def _uniform(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random order as (place + 1/2) / n, so that a share of it is that share to the unit. float64 (n,)."""
    return (rng.permutation(n) + 0.5) / max(1, n)


def _places(plays: Listens, among: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random order of each listener's plays `among` all, as `_uniform`; the first of each is 0: nobody is left without any."""
    order = np.lexsort((rng.random(len(plays)), ~among, plays.user))
    size = np.bincount(plays.user[among], minlength=len(plays.users))
    start = np.searchsorted(plays.user[order], np.arange(len(plays.users)))
    place = np.empty(len(plays), np.float64)
    place[order] = np.arange(len(plays)) - start[plays.user[order]]
    return np.where(place == 0, 0.0, (place + 0.5) / np.maximum(1, size[plays.user]))


def yesterday(plays: Listens, day: Day, share: float, kind: str) -> NDArray[np.bool_]:
    """Which plays a model learned from, bool (n,): `share` of today's, of each listener's "plays" or of the "listeners"."""
    order = day.order_of_play if kind == "plays" else day.order_of_listener[plays.user]
    return day.today & (order < share)


def accuracy(
    score: Callable[[NDArray[np.int32]], NDArray[np.float32]], day: Day, users: NDArray[np.int32], seed: int
) -> NDArray[np.float64]:
    """nDCG@K of each listener, float64 (U,); NaN where `users` lacks one or the test holds nothing of them.

    Parameters
    ----------
    score : user rows int32 (b,) -> scores of all artists, (b, I).
    """
    values = np.full(day.test.shape[0], np.nan)
    rng = np.random.default_rng(seed)
    for start in range(0, len(users), BLOCK):
        rows = users[start : start + BLOCK]
        block = candidate_block(score(rows), day.known[rows], day.candidates)
        values[rows] = ndcg(rank_positives(block, day.test[rows], rng), K)
    return values


class Asker:
    """Fits one engine on plays of one day and asks it; content is made once for each set of plays."""

    def __init__(self, lastfm: LastFm, day: Day, seed: int) -> None:
        self.lastfm, self.day, self.seed = lastfm, day, seed
        self._content = cache(lambda plays: content_without(lastfm, ~np.frombuffer(plays, np.bool_)))

    def fit(self, name: str, learned: NDArray[np.bool_]) -> FoldsIn:
        """`name`, trained on the plays that `learned`, bool (n,), marks."""
        content = self._content(learned.tobytes()) if ENGINES[name].uses_content else None
        train = self.lastfm.plays.where(learned)
        vectors, features = (None, None) if content is None else (content.vectors, content.features)
        model = fit(name, train, vectors, None, self.seed, features=features)
        if not isinstance(model, FoldsIn):
            raise TypeError(f"engine {name!r} does not fold in")
        return model

    def stale(self, model: FoldsIn, users: NDArray[np.int32]) -> NDArray[np.float64]:
        """Asked with the vectors of its training."""
        return accuracy(model.scores, self.day, users, self.seed)

    def folded(self, model: FoldsIn, users: NDArray[np.int32]) -> NDArray[np.float64]:
        """Asked with today's plays."""
        return accuracy(lambda rows: model.fold_in(self.day.known[rows]), self.day, users, self.seed)


def shown(interval: Interval) -> str:
    """`.263 (.256 to .270)`"""
    return "{} ({} to {})".format(*(f"{value:.3f}".replace("0.", ".", 1) for value in interval[:3]))


def rows_of(name: str, asker: Asker, shares: Sequence[float]) -> list[tuple[str, str, float, int, str, str, str, str]]:
    """For each kind and share: engine, kind, share, listeners, stale, folded in, trained anew, folded in less trained anew."""
    plays, day = asker.lastfm.plays, asker.day
    everybody = np.flatnonzero(np.diff(day.test.indptr) > 0).astype(np.int32)
    whole = asker.fit(name, day.today)
    anew = asker.stale(whole, everybody)
    rows = []
    for kind in ("plays", "listeners"):
        for share in shares:
            users = everybody
            if kind == "listeners":
                users = everybody[day.order_of_listener[everybody] >= share]
                if not len(users):
                    continue
            model = whole if share == 1 else asker.fit(name, yesterday(plays, day, share, kind))
            stale, folded = asker.stale(model, users), asker.folded(model, users)
            reference = np.where(np.isin(np.arange(len(anew)), users), anew, np.nan)
            means = [shown(mean_interval(values, seed=asker.seed)) for values in (stale, folded, reference)]
            less = paired_difference(folded, reference, seed=asker.seed)
            difference = f"{less.value:+.3f} ({less.low:+.3f} to {less.high:+.3f})"
            rows.append((name, kind, share, len(users), *means, difference))
    return rows


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="LASTFM2K", help="folder of the set's original files")
    parser.add_argument("--engine", action="append", choices=ENGINE_NAMES, help="may be repeated; default: all")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    lastfm = read_lastfm(args.data)
    day = today(lastfm, args.seed)
    asker = Asker(lastfm, day, args.seed)
    users, artists = day.test.shape
    print(f"{users} listeners, {artists} artists, {day.known.nnz} plays today, {day.test.nnz} in the test, seed {args.seed}")
    print(f"{int(day.candidates.sum())} candidates; nDCG@{K}; the last column is paired\n")
    print("| engine | trained on | listeners asked | stale | folded in | trained anew | folded in less anew |")
    print("|---|---|---|---|---|---|---|", flush=True)
    begin = time.process_time()
    with threadpool_limits(1):
        for name in args.engine or ENGINE_NAMES:
            for _, kind, share, n, *cells in rows_of(name, asker, SHARES):
                print(f"| {name} | {share:.0%} of {kind} | {n} | {' | '.join(cells)} |", flush=True)
    print(f"\n{time.process_time() - begin:.0f} CPU s")


if __name__ == "__main__":
    main()
