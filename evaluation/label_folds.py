"""Which songs (or snippets) are held out together when labels are cross-validated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.splits import group_folds

LabelSplit = Literal["snippet", "song", "artist"]


def label_folds(
    song_ids: Sequence[str], artists: Sequence[str], labels: Sequence[str], *, split: LabelSplit, folds: int, seed: int
) -> NDArray[np.int32]:
    """Fold of each of n songs, int32 (n,): balanced over labels, and for "artist" no artist in two folds.

    Parameters
    ----------
    song_ids : unique.
    artists : "" where unknown; such a song is an artist of its own.
    split : "song" or "artist". Snippets of one song may part only in the "snippet" split, for which see `snippet_folds`.

    Raises
    ------
    InputError : unequal lengths, an unknown split, or fewer songs (artists) than folds.
    """
    if not len(song_ids) == len(artists) == len(labels):
        raise InputError(f"songs ({len(song_ids)}), artists ({len(artists)}) and labels ({len(labels)}) must be equally many")
    if split == "song":
        return group_folds(song_ids, labels, folds, seed)
    if split == "artist":
        # The prefix keeps a song without artist apart from an artist who is called like its id.
        groups = [f"a {artist}" if artist else f"s {song}" for song, artist in zip(song_ids, artists, strict=True)]
        return group_folds(groups, labels, folds, seed)
    if split == "snippet":
        raise InputError("split 'snippet' parts the snippets of a song: call snippet_folds with the number of snippets of each")
    raise InputError(f"split {split!r} must be one of {', '.join(get_args(LabelSplit))}")


def snippet_folds(n_snippets: Sequence[int], *, folds: int, seed: int) -> list[NDArray[np.int32]]:
    """Fold of each snippet of each song, at random over all snippets and equally many a fold, as in the paper's first split.

    It flatters: the network is tested on songs that it has heard. Reported to show by how much.

    Parameters
    ----------
    n_snippets : snippets of each of n songs.

    Returns
    -------
    n arrays int32 (n_snippets[i],).

    Raises
    ------
    InputError : fewer snippets than folds.
    """
    total = int(sum(n_snippets))
    if folds < 2 or total < folds:
        raise InputError(f"folds={folds} must be 2 or more, and at most the number of snippets, {total}")
    fold = np.random.default_rng(seed).permutation(np.arange(total, dtype=np.int32) % folds).astype(np.int32)
    return np.split(fold, np.cumsum(np.asarray(n_snippets, np.int64))[:-1])
