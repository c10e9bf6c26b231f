"""What is held out together in a cross-validation: songs, artists or snippets dealt out by chance, or the folds of a file."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.snippets import Snippets, snippet_frames
from content.training_config import TrainingConfig
from data.errors import InputError
from data.splits import group_folds
from data.tracks import Track
from evaluation.label_folds import LabelSplit, snippet_folds
from recsys.steps.images import Songs

FROM_FILE = "file"  # the split's name where a file says what is held out


class FoldRows(NamedTuple):
    """The rows that are dealt out, and the folds that are tested.

    Parameters
    ----------
    split : "snippet", "song", "artist" or "file".
    images : one a row: songs, or for split "snippet" snippets.
    song : int64 (rows,), the song of each row.
    fold_of : int32 (rows,), -1 for a row that is neither trained on nor tested.
    tested : the folds that are held out one after the other.
    counts : what was left out, for the report.
    notes : what a reader must know of these folds.
    """

    split: str
    images: Sequence[NDArray[np.uint8]]
    song: NDArray[np.int64]
    fold_of: NDArray[np.int32]
    tested: tuple[int, ...]
    counts: dict[str, int]
    notes: tuple[str, ...]


def deal(
    songs: Songs, tracks: Sequence[Track], label: str, split: LabelSplit, folds: int, seed: int, config: TrainingConfig
) -> FoldRows:
    """Deal out the rows by chance.

    Parameters
    ----------
    tracks : the whole catalogue: folds do not depend on which songs could be heard.
    config : says how long a snippet is.

    Raises
    ------
    InputError : fewer artists (songs, snippets) with the label than folds.
    """
    images: Sequence[NDArray[np.uint8]] = songs.images
    if split == "snippet":
        frames = snippet_frames(config.snippet_seconds, songs.images.cache.spec.frames_per_second)
        snippets = Snippets(songs.images, frames, [len(image) for image in songs.images])
        images, song = snippets, snippets.song.astype(np.int64)
        fold_of = np.concatenate(snippet_folds(np.bincount(song).tolist(), folds=folds, seed=seed))
    else:
        song = np.arange(len(songs.tracks), dtype=np.int64)
        by_song = song_folds(tracks, label, split, folds, seed)
        fold_of = np.array([by_song[track.track_id] for track in songs.tracks], np.int32)
    return FoldRows(split, images, song, fold_of, tuple(range(folds)), {}, ())


def matched_training(config: TrainingConfig, rows: FoldRows) -> TrainingConfig:
    """The training under these folds: under each split a network learns from about as many snippets.

    Where the rows are snippets, a song has several of them: each is taken once an epoch, and there are fewer epochs. Otherwise
    the split by snippet would be trained several times as long, and look better for that reason, too.
    """
    if rows.split != "snippet":
        return config
    songs = len(np.unique(rows.song))
    epochs = max(1, round(config.epochs * config.snippets_per_song * songs / len(rows.song)))
    return dataclasses.replace(config, epochs=epochs, snippets_per_song=1)


def deal_by_files(songs: Songs, label: str, files: Sequence[Path]) -> FoldRows:
    """The folds of published files; songs that they do not name are neither trained on nor tested.

    Where the folds are called train and test (and validation), the test part alone is tested, by a network that was
    trained on the train part alone.

    Raises
    ------
    InputError : a file cannot be read or names no song of the catalogue; fewer than two of its folds hold songs with the label.
    """
    from data.fold_file import match_folds, read_folds

    found = match_folds(read_folds(files), songs.tracks)
    tested, used = parts(found.names)
    fold_of = np.array([found.fold_of.get(track.track_id, -1) for track in songs.tracks], np.int32)
    fold_of[~np.isin(fold_of, used)] = -1
    known = np.array([bool(track.labels.get(label)) for track in songs.tracks])
    present = set(fold_of[known & (fold_of >= 0)].tolist())
    tested = tuple(fold for fold in tested if fold in present)
    if len(present) < 2 or not tested:
        raise InputError(
            f"fold file {', '.join(map(str, files))}: songs with label {label!r} stand in {len(present)} of its folds "
            f"({', '.join(found.names)}); they must stand in two or more, and in one that is tested",
            code="fold-file",
        )
    counts = {
        "names in the fold file that are no song here (left out)": len(found.unmatched),
        "songs with the label that the fold file leaves out": int((known & (fold_of < 0)).sum()),
    }
    notes = [f"Folds are those of {', '.join(file.name for file in files)}: {', '.join(found.names[fold] for fold in tested)}."]
    notes += [f"Warning: {found.warning}."] if found.warning else []
    images, song = songs.images, np.arange(len(songs.tracks), dtype=np.int64)
    notes += on_both_sides(songs.tracks, fold_of, known)
    return FoldRows(FROM_FILE, images, song, fold_of, tested, counts, tuple(notes))


def parts(names: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which folds are tested, and which are used at all: every one, unless some are called train and others test or valid.

    Raises
    ------
    InputError : there is a train part, but nothing to test.
    """

    def called(pattern: str) -> tuple[int, ...]:
        return tuple(n for n, name in enumerate(names) if re.match(pattern, name, flags=re.IGNORECASE))

    train, test = called("train"), called("test") or called("(valid|dev)")
    if not train:
        return tuple(range(len(names))), tuple(range(len(names)))
    if not test:
        raise InputError(
            f"the folds are called {', '.join(names)}: there is a train part and none called test or validation to test on",
            code="fold-file",
            hint="Give the file of the test part as well",
        )
    return test, (*train, *test)


def on_both_sides(tracks: Sequence[Track], fold_of: NDArray[np.int32], known: NDArray[np.bool_]) -> tuple[str, ...]:
    """A warning for artists, and one for songs (by the bytes of their files), that stand in several folds of a file."""
    used = [(track, int(fold)) for track, fold, labelled in zip(tracks, fold_of, known, strict=True) if labelled and fold >= 0]
    artists = _in_several((track.artist, fold) for track, fold in used if track.artist)
    copies = _in_several((track.content_hash, fold) for track, fold in used if track.content_hash)
    warnings = []
    if artists:
        warnings.append(
            f"Warning: {artists} artists stand in several folds of the file: figures flatter, a network also learns who plays."
        )
    if copies:
        warnings.append(f"Warning: {copies} songs stand in several folds of the file as copies of the same sound.")
    return tuple(warnings)


def _in_several(pairs: Iterable[tuple[str, int]]) -> int:
    """How many names come with more than one fold."""
    folds = defaultdict(set)
    for name, fold in pairs:
        folds[name].add(fold)
    return sum(len(of_name) > 1 for of_name in folds.values())


def song_folds(tracks: Sequence[Track], label: str, split: LabelSplit, folds: int, seed: int) -> dict[str, int]:
    """Track id -> fold: whole artists together for split "artist"; label values spread evenly.

    Songs without the label have a fold, too, for the recommenders' cold-start split needs one for every artist; but artists with
    labelled songs are dealt out among themselves, so that each fold gets its share of these.

    Raises
    ------
    InputError : fewer artists (songs) with the label than folds.
    """
    by_artist = split == "artist"
    group_of = {track.track_id: track.artist if by_artist and track.artist else f"\0{track.track_id}" for track in tracks}
    labelled = {group_of[track.track_id] for track in tracks if track.labels.get(label)}
    fold_of: dict[str, int] = {}
    for part in (
        [track for track in tracks if group_of[track.track_id] in labelled],
        [track for track in tracks if group_of[track.track_id] not in labelled],
    ):
        groups = [group_of[track.track_id] for track in part]
        few = bool(fold_of) and len(set(groups)) < folds  # a handful without the label, beside enough that have it
        values = [track.labels.get(label, "") for track in part]
        dealt = [0] * len(part) if few or not part else group_folds(groups, values, folds, seed).tolist()
        fold_of |= {track.track_id: fold for track, fold in zip(part, dealt, strict=True)}
    return fold_of
