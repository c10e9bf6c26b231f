"""The training parts of several sets, for defaults that do not suit one of them only.

Of lastfm2k and moods4q a part of the artists and listens is drawn and set aside first, of citeulike-t the published test lists
are never read: the search looks at a part of each set only.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from collab.tuning_tasks import Task
from data.embeddings import SongEmbeddings
from data.external_file import read_external_vectors
from data.ids import IdMap
from data.item_features import tf_idf
from data.listens import Listens
from data.published.citeulike import FOLDER, WORDS, read_lists, read_words
from data.splits import cold_split, group_folds
from data.world.catalogue import catalogue, properties
from data.world.listeners import listens as world_listens
from data.world.spec import WorldSpec

USERS = 2000  # of citeulike-t
WIDTH = 192


@dataclass(frozen=True)
class TuningSet:
    """Listens to learn from, who made each item ("" unknown), and content for a task that is cut from them."""

    name: str
    listens: Listens
    artists: list[str]
    content: Callable[[Task], SongEmbeddings]


def lastfm2k(folder: Path, seed: int) -> TuningSet:
    """HetRec-2011 Last.fm, artists with three listeners and a tag; a sixth of the artists and of the other pairs is set aside.

    Content: an SVD of TF-IDF of tags, without what a listener typed about an artist whom the task hides from that listener.
    """
    plays = np.loadtxt(folder / "user_artists.dat", skiprows=1, dtype=np.int64)
    tags = np.loadtxt(folder / "user_taggedartists.dat", skiprows=1, dtype=np.int64)[:, :3]
    kept = np.intersect1d(np.flatnonzero(np.bincount(plays[:, 1]) >= 3), tags[:, 1])
    plays, tags = plays[np.isin(plays[:, 1], kept)], tags[np.isin(tags[:, 1], kept)]
    rng = np.random.default_rng([seed, 17])
    aside = np.isin(plays[:, 1], kept[rng.random(len(kept)) < 0.15]) | (rng.random(len(plays)) < 0.15)
    listens = _listens(plays[~aside, 0], plays[~aside, 1], plays[~aside, 2])
    wide = int(plays.max()) + 1
    tags = tags[~np.isin(tags[:, 0] * wide + tags[:, 1], plays[aside, 0] * wide + plays[aside, 1])]
    user, track = listens.users.rows(_names(tags[:, 0])), listens.tracks.rows(_names(tags[:, 1]))
    tags = np.column_stack([user, track, tags[:, 2]])[(user >= 0) & (track >= 0)].astype(np.int64)
    all_cells = _cells(listens)

    def content(task: Task) -> SongEmbeddings:
        # Only tags of pairs that the task learns from, and of people on artists that they do not play: the rest is hidden.
        cell = tags[:, 0] * len(listens.tracks) + tags[:, 1]
        known = ~np.isin(cell, all_cells) | np.isin(cell, _cells(task.warm.train))
        words, column = np.unique(tags[known, 2], return_inverse=True)
        counts = sp.csr_matrix((np.ones(len(column)), (tags[known, 1], column)), shape=(len(listens.tracks), len(words)))
        return _svd(listens.tracks, counts)

    return TuningSet("lastfm2k", listens, [""] * len(listens.tracks), _once(content))


def citeulike_t(folder: Path, seed: int) -> TuningSet:
    """The published training lists with ten items a user, of some users; content: an SVD of TF-IDF of the words."""
    words = read_words(folder / WORDS)
    lists = read_lists(folder / FOLDER / "cf-train-10-users.dat", words.shape[0])
    chosen = np.sort(np.random.default_rng([seed, 19]).permutation(lists.n_users)[:USERS])
    of_chosen = np.isin(lists.user, chosen)
    listens = _listens(lists.user[of_chosen], lists.item[of_chosen], np.ones(int(of_chosen.sum())))
    counts = words[[int(item) for item in listens.tracks.ids]]
    fixed = _svd(listens.tracks, counts)
    return TuningSet("citeulike-t", listens, [""] * len(listens.tracks), lambda _task: fixed)


def moods4q(folder: Path, vectors: Path, seed: int) -> TuningSet:
    """Real songs and listeners, a fifth of the artists set aside; content: vectors that somebody made of the clips."""
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        artist = {row["track_id"]: row["lastfm_artist_id"] or row["artist"] for row in csv.DictReader(file)}
    with (folder / "listens.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["user_id"], row["track_id"], float(row["plays"])) for row in csv.DictReader(file)]
    user, track, plays = zip(*rows, strict=True)
    listens = _listens(np.array(user), np.array(track), np.array(plays))
    artists = [artist[name] for name in listens.tracks.ids]
    fold = group_folds(artists, [""] * len(artists), 5, seed)
    listens = cold_split(listens, fold, 0, seed=seed).train
    table = read_external_vectors(vectors)
    fixed = SongEmbeddings(IdMap(tuple(table.names), "track"), table.vectors, "given")
    return TuningSet("moods4q", listens, artists, lambda _task: fixed)


def composed(seed: int) -> TuningSet:
    """A world of its own seed; content: the audible properties of its songs, as an encoder without fault would give them."""
    spec = WorldSpec(seed=100 + seed)
    songs = catalogue(spec)
    listens = world_listens(spec, songs)
    table = properties(songs)
    table = (table - table.mean(axis=0)) / np.maximum(table.std(axis=0), 1e-6)
    fixed = SongEmbeddings(listens.tracks, table.astype(np.float32), "properties")
    return TuningSet("composed", listens, [song.artist for song in songs], lambda _task: fixed)


def _cells(listens: Listens) -> NDArray[np.int64]:
    """One number a (user, song) pair, int64 (n,)."""
    return listens.user.astype(np.int64) * len(listens.tracks) + listens.track


def _once(make: Callable[[Task], SongEmbeddings]) -> Callable[[Task], SongEmbeddings]:
    """`make`, called once for each task."""
    made: dict[int, tuple[Task, SongEmbeddings]] = {}  # the task is kept, so that no other takes its number

    def content(task: Task) -> SongEmbeddings:
        if id(task) not in made:
            made[id(task)] = task, make(task)
        return made[id(task)][1]

    return content


def _listens(user: NDArray[Any], track: NDArray[Any], weight: NDArray[Any]) -> Listens:
    users, tracks = IdMap.of(user, "user"), IdMap.of(track, "track")
    return Listens(users.rows(_names(user)), tracks.rows(_names(track)), weight.astype(np.float32), None, users, tracks)


def _names(values: NDArray[Any]) -> list[str]:
    return [str(value) for value in values.tolist()]


def _svd(tracks: IdMap, counts: sp.csr_matrix) -> SongEmbeddings:
    u, s, _ = randomized_svd(tf_idf(counts), WIDTH, n_iter=4, random_state=0)
    return SongEmbeddings(tracks, np.ascontiguousarray(u * s, np.float32), "svd")
