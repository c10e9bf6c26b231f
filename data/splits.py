"""Splits of listens and of songs: disjoint by construction, by artist where artists are known, saved as files."""

from __future__ import annotations

import logging
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, read_json, write_json
from data.ids import IdMap, artist_numbers
from data.listens import Listens

SCHEMA = 1
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Split:
    """Listens to learn from and listens to be found again, over the same users and tracks.

    Parameters
    ----------
    name : "warm", "cold", ...
    train, test : share `users` and `tracks`; no (user, track) pair stands in both.
    cold_tracks : bool (I,), songs without any listen in train.
    candidates : bool (I,), the songs that are ranked; each test pair's song is one.
    fold : which fold of artists is held out, or -1.
    seed : the seed that made it.
    counts : (what, number) in the order in which filters were applied; for the report.
    """

    name: str
    train: Listens
    test: Listens
    cold_tracks: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    fold: int = -1
    seed: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.train.users.ids != self.test.users.ids or self.train.tracks.ids != self.test.tracks.ids:
            raise InputError(f"split {self.name!r}: train and test must share their users and tracks")
        pairs = [part.user.astype(np.int64) * max(1, part.shape[1]) + part.track for part in (self.train, self.test)]
        both = np.intersect1d(pairs[0], pairs[1])
        if len(both):
            user, track = divmod(int(both[0]), self.train.shape[1])
            raise InputError(
                f"split {self.name!r}: {len(both)} listens stand in train and in test, the first is user "
                f"{self.train.users.ids[user]!r}, track {self.train.tracks.ids[track]!r}",
                code="overlap",
            )
        if self.cold_tracks[self.train.track].any():
            raise InputError(f"split {self.name!r}: a song marked cold has listens in train")
        if not self.candidates[self.test.track].all():
            raise InputError(f"split {self.name!r}: a test listen's song is no candidate")


def group_folds(groups: Sequence[str], strata: Sequence[str], folds: int, seed: int) -> NDArray[np.int32]:
    """Assign n rows to folds so that no group is divided and each stratum is spread evenly.

    Greedy, as in scikit-learn's StratifiedGroupKFold: groups in random order, large ones first; each goes to the fold where the
    strata stay most even.

    Parameters
    ----------
    groups : n group names (artists); rows of one group share a fold.
    strata : n class names to balance.

    Returns
    -------
    int32 (n,), fold of each row in [0, folds).

    Raises
    ------
    InputError : fewer groups than folds.
    """
    if folds < 2:
        raise InputError(f"folds={folds} must be 2 or more")
    names, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < folds:
        raise InputError(
            f"folds={folds} needs at least as many groups (artists), found {len(names)}",
            code="too-few-groups",
            hint="Take fewer folds" if len(names) > 1 else "Add songs by others: one group cannot be divided",
        )
    classes, class_of = np.unique(np.asarray(strata, dtype=str), return_inverse=True)
    table = np.zeros((len(names), len(classes)))
    np.add.at(table, (group_of, class_of), 1.0)
    share = table / table.sum(axis=0)  # each class weighs the same, rare ones too
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-table[order].sum(axis=1), kind="stable")]
    size = np.zeros(folds)
    load = np.zeros((folds, len(classes)))
    fold_of_group = np.zeros(len(names), np.int32)
    for group in order:
        # Squared load grows least in the fold that lacks these classes; size breaks ties.
        cost = (2 * load * share[group] + share[group] ** 2).sum(axis=1) + 1e-9 * size
        best = int(np.argmin(cost))
        fold_of_group[group] = best
        load[best] += share[group]
        size[best] += table[group].sum()
    return fold_of_group[group_of]


def warm_split(listens: Listens, artists: Sequence[str], *, held_out: float = 0.2, seed: int = 0) -> Split:
    """Hide a share of what each user plays; the songs themselves stay known through other listeners.

    What is hidden together is all that one user played of one artist: where plays are counted per artist, hiding one song while
    its sibling with the same count stays in train would ask for nothing. A user of one artist stays in train whole.

    Parameters
    ----------
    artists : I names, "" where unknown (such a song is its own artist).
    held_out : share of each user's artists, in (0, 1).
    """
    if not 0 < held_out < 1:
        raise InputError(f"held_out={held_out} must lie in (0, 1)")
    group = artist_numbers(artists, listens.tracks)[listens.track].astype(np.int64)
    pair, pair_of = np.unique(listens.user.astype(np.int64) * (len(listens.tracks) + 1) + group, return_inverse=True)
    user_of_pair = pair // (len(listens.tracks) + 1)
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(pair)), user_of_pair))
    start = np.searchsorted(user_of_pair[order], np.arange(len(listens.users)))
    rank = np.empty(len(pair), np.int64)
    rank[order] = np.arange(len(pair)) - start[user_of_pair[order]]
    size = np.bincount(user_of_pair, minlength=len(listens.users))
    quota = np.where(size > 1, np.clip(np.round(size * held_out), 1, np.maximum(1, size - 1)), 0).astype(np.int64)
    test_pair = rank < quota[user_of_pair]
    hidden = test_pair[pair_of]
    train = listens.where(~hidden)
    known = train.track_counts() > 0
    scorable = hidden & known[listens.track]
    test = listens.where(scorable)
    counts = {
        "listens": len(listens),
        "listens hidden": int(hidden.sum()),
        "hidden listens of songs without listens left in train (left out: cold)": int((hidden & ~scorable).sum()),
        "test listens": len(test),
        "test users": len(np.unique(test.user)),
        "candidates": int(known.sum()),
    }
    return Split("warm", train, test, ~known, known, -1, seed, counts)


def cold_split(listens: Listens, fold_of_track: NDArray[np.int32], fold: int, *, seed: int = 0) -> Split:
    """Hide every listen of the songs of one fold: songs that arrived today.

    Parameters
    ----------
    fold_of_track : int32 (I,), as `group_folds` gives it for artists, so no artist stands on both sides.
    """
    held = fold_of_track == fold
    train = listens.where(~held[listens.track])
    active = np.bincount(train.user, minlength=len(listens.users)) > 0
    in_test = held[listens.track]
    test = listens.where(in_test & active[listens.user])
    cold = train.track_counts() == 0
    counts = {
        "listens": len(listens),
        "songs held out": int(held.sum()),
        "listens of held-out songs": int(in_test.sum()),
        "of users without any other listen (left out)": int((in_test & ~active[listens.user]).sum()),
        "test listens": len(test),
        "test users": len(np.unique(test.user)),
        "candidates": int(held.sum()),
    }
    return Split("cold", train, test, cold, held, fold, seed, counts)


def write_split(path: Path, split: Split) -> None:
    """Save as `path`.npz (rows) and `path`.json (ids, counts), readable by `read_split` and by anyone.

    The endings are appended: "cold-0.2" becomes "cold-0.2.npz". The JSON goes first and comes back last, so a killed write never
    mixes old and new.
    """
    rows_path, meta_path = _split_files(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta_path.unlink(missing_ok=True)
    arrays: dict[str, NDArray[np.generic]] = {"cold_tracks": split.cold_tracks, "candidates": split.candidates}
    for name, part in (("train", split.train), ("test", split.test)):
        arrays |= {f"{name}_user": part.user, f"{name}_track": part.track, f"{name}_weight": part.weight}
        if part.time is not None:
            arrays[f"{name}_time"] = part.time
    with atomic_path(rows_path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    meta = {
        "schema": SCHEMA,
        "name": split.name,
        "fold": split.fold,
        "seed": split.seed,
        "counts": split.counts,
    }
    write_json(meta_path, meta | {"users": split.train.users.ids, "tracks": split.train.tracks.ids})


def read_split(path: Path) -> Split:
    """Read what `write_split` wrote. Raises InputError if it is missing or damaged."""
    rows_path, meta_path = _split_files(path)
    meta = read_json(meta_path, schema=SCHEMA)
    try:
        users, tracks = IdMap(tuple(meta["users"]), "user"), IdMap(tuple(meta["tracks"]), "track")
        with rows_path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:  # np.load leaks a damaged file
            train, test = (
                Listens(
                    arrays[f"{name}_user"],
                    arrays[f"{name}_track"],
                    arrays[f"{name}_weight"],
                    arrays.get(f"{name}_time"),
                    users,
                    tracks,
                )
                for name in ("train", "test")
            )
            return Split(
                meta["name"],
                train,
                test,
                arrays["cold_tracks"],
                arrays["candidates"],
                meta["fold"],
                meta["seed"],
                meta["counts"],
            )
    except (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"split {path} cannot be read: {error}", code="damaged") from None


def _split_files(path: Path) -> tuple[Path, Path]:
    """The file of rows and the file of ids and counts."""
    return path.with_name(path.name + ".npz"), path.with_name(path.name + ".json")
