"""HetRec-2011 Last.fm (Cantador, Brusilovsky & Kuflik, RecSys 2011): artists as items, tags as content, warm and cold at once.

Its tags were typed by the very people whose listening is to be predicted; so every tag assignment of a hidden (user, artist) pair
is removed before content is made, and an artist is cold only if someone who does not listen to it has tagged it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.published.benchmark_set import BenchmarkSet, Trial
from data.published.reading import bad, integer_table
from data.splits import Split

if TYPE_CHECKING:
    import scipy.sparse as sp

PLAYS, PLAYS_HEADER = "user_artists.dat", ("userID", "artistID", "weight")
TAGS, TAGS_HEADER = "user_taggedartists.dat", ("userID", "artistID", "tagID")

LISTENERS = 3  # an artist counts from so many listeners on
COLD_LISTENERS = 5  # and may be cold from so many on
COLD, HELD_OUT = 0.15, 0.15  # shares: of the artists that are cold; of the other artists' pairs that are hidden


@dataclass(frozen=True)
class LastFm:
    """The set after the filter of artists.

    Parameters
    ----------
    plays : one row a (user, artist) pair, in the order of the file.
    tagger, tagged, tag : int64 (m,), assignments by listeners: rows of users and of artists, and columns of tags.
    n_tags : distinct tags of these.
    counts : (what, number) before and after the filter.
    """

    plays: Listens
    tagger: NDArray[np.int64]
    tagged: NDArray[np.int64]
    tag: NDArray[np.int64]
    n_tags: int
    counts: dict[str, int]

    def pair(self, user: NDArray[np.generic], artist: NDArray[np.generic]) -> NDArray[np.int64]:
        """One number a (user, artist) pair, int64."""
        return user.astype(np.int64) * len(self.plays.tracks) + artist.astype(np.int64)

    def typed_of(self, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The assignments, bool (m,), of pairs that `hidden`, bool (n,), marks among the plays."""
        return np.isin(self.pair(self.tagger, self.tagged), self.pair(self.plays.user, self.plays.track)[hidden])

    def tag_counts(self, kept: NDArray[np.bool_]) -> sp.csr_matrix:
        """How many listeners gave an artist each tag, CSR float32 (I, tags), of the assignments `kept`, bool (m,)."""
        import scipy.sparse as sp

        ones = np.ones(int(kept.sum()), np.float32)
        return sp.csr_matrix((ones, (self.tagged[kept], self.tag[kept])), shape=(len(self.plays.tracks), self.n_tags))


def read_lastfm(folder: Path) -> LastFm:
    """Read plays and tag assignments; keep artists with at least 3 listeners and a tag.

    Raises
    ------
    InputError : a file is missing or a line is broken; a pair stands twice, or has no plays; no artist is left.
    """
    path = folder / PLAYS
    plays, tags = integer_table(path, PLAYS_HEADER), integer_table(folder / TAGS, TAGS_HEADER)
    _, first, times = np.unique(plays[:, :2], axis=0, return_index=True, return_counts=True)
    if (times > 1).any():
        raise bad(path, "names a user and artist that stand again below", line=int(first[times > 1][0]) + 2)
    if (plays[:, 2] < 1).any():
        raise bad(path, "has weight 0; plays must be 1 or more", line=int(np.flatnonzero(plays[:, 2] < 1)[0]) + 2)
    artists, listeners = np.unique(plays[:, 1], return_counts=True)
    kept = np.intersect1d(artists[listeners >= LISTENERS], tags[:, 1])
    if not len(kept):
        raise InputError(
            f"{path}: no artist has {LISTENERS} listeners and a tag; there is nothing to compare", code="too-few-listens"
        )
    mine = plays[np.isin(plays[:, 1], kept)]
    users = np.unique(mine[:, 0])
    ours = np.unique(tags[np.isin(tags[:, 1], kept) & np.isin(tags[:, 0], users)], axis=0)
    words, word = np.unique(ours[:, 2], return_inverse=True)
    counts = {
        "plays in the file": len(plays),
        f"artists with fewer than {LISTENERS} listeners or without a tag (left out)": len(artists) - len(kept),
        "artists": len(kept),
        "plays": len(mine),
    }
    listens = Listens(
        np.searchsorted(users, mine[:, 0]).astype(np.int32),
        np.searchsorted(kept, mine[:, 1]).astype(np.int32),
        mine[:, 2].astype(np.float32),
        None,
        IdMap(tuple(str(user) for user in users), "user"),
        IdMap(tuple(str(artist) for artist in kept), "artist"),
    )
    return LastFm(listens, np.searchsorted(users, ours[:, 0]), np.searchsorted(kept, ours[:, 1]), word, len(words), counts)


def trial(lastfm: LastFm, seed: int) -> Trial:
    """Hide 15 % of the artists from everybody and 15 % of the other pairs; one train serves both questions.

    "warm": artists with train listens are the candidates; "cold": the hidden artists are.

    Raises
    ------
    InputError : no artist may be cold.
    """
    rng = np.random.default_rng(seed)
    plays, n_artists = lastfm.plays, len(lastfm.plays.tracks)
    listened = lastfm.pair(plays.user, plays.track)
    outside = ~np.isin(lastfm.pair(lastfm.tagger, lastfm.tagged), listened)  # tagged by one who does not listen to it
    others = np.bincount(lastfm.tagged[outside], minlength=n_artists) > 0
    eligible = np.flatnonzero(others & (plays.track_counts() >= COLD_LISTENERS))
    chosen = min(int(COLD * n_artists), len(eligible))
    if not chosen:
        raise InputError(
            f"lastfm2k: too few artists with {COLD_LISTENERS} listeners and a tagger who is none of them", code="too-few-listens"
        )
    cold = np.zeros(n_artists, np.bool_)
    cold[rng.choice(eligible, chosen, replace=False)] = True
    of_cold = cold[plays.track]
    hidden = of_cold | (rng.random(len(plays)) < HELD_OUT)
    train = plays.where(~hidden)
    if not len(train):
        raise InputError("lastfm2k: too few plays to hide any", code="too-few-listens")
    removed = lastfm.typed_of(hidden)
    about = {
        **lastfm.counts,
        "tag assignments": len(removed),
        "of hidden pairs (removed)": int(removed.sum()),
        "train plays": len(train),
    }
    known = train.track_counts() > 0
    splits = (
        _split("warm", plays, hidden & ~of_cold, train, known, about, seed),
        _split("cold", plays, of_cold, train, cold, about, seed),
    )
    return Trial(splits, cache(partial(lastfm.tag_counts, ~removed)))


def _split(
    name: str,
    plays: Listens,
    hidden: NDArray[np.bool_],
    train: Listens,
    candidates: NDArray[np.bool_],
    about: dict[str, int],
    seed: int,
) -> Split:
    """The hidden pairs that can be asked for: of candidates, and of users with anything left in train."""
    active = np.bincount(train.user, minlength=len(plays.users)) > 0
    asked = hidden & candidates[plays.track] & active[plays.user]
    test = plays.where(asked)
    counts = about | {
        "plays hidden": int(hidden.sum()),
        "of artists or users without any train play (left out)": int((hidden & ~asked).sum()),
        "test plays": len(test),
        "candidates": int(candidates.sum()),
    }
    return Split(name, train, test, train.track_counts() == 0, candidates, seed=seed, counts=counts)


def read(folder: Path, protocols: Sequence[str], seeds: Sequence[int]) -> list[Trial]:
    """A trial for each seed, with the splits among `protocols`."""
    lastfm = read_lastfm(folder)
    whole = [trial(lastfm, seed) for seed in seeds]
    return [Trial(tuple(split for split in one.splits if split.name in protocols), one.words) for one in whole]


LASTFM2K = BenchmarkSet(
    "lastfm2k",
    protocols=("warm", "cold"),
    k=(10,),
    columns=192,
    seeds=3,
    drawn=True,
    read=read,
    notes=(
        "No published figure uses this protocol: nothing stands beside our rows.",
        "Artists with 3 listeners and a tag; in each seed 15 % of them are cold (from 5 listeners on, and tagged by someone who "
        "does not listen to them) and 15 % of the other plays are hidden (warm); one fit answers both.",
        "Tags come from listeners of the same set: all assignments of hidden (user, artist) pairs are removed before content is "
        "made, so a cold artist is described by people who do not listen to it: less than a real new artist may have.",
    ),
)
