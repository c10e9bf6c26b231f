"""Networks of cross-validation, shared by both evaluations: what one has trained, the other reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from content.crossfit import FoldResult, Snippets, crossfit
from content.notation import Architecture
from content.snippets import snippet_frames
from content.training import TrainingConfig
from data.files import fingerprint
from data.tracks import Track
from evaluation.label_folds import LabelSplit, label_folds, snippet_folds
from recsys.report import Report
from recsys.steps.content import training_fingerprint
from recsys.steps.images import Songs
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.workspace import Workspace


def song_folds(tracks: Sequence[Track], label: str, split: LabelSplit, folds: int, seed: int) -> NDArray[np.int32]:
    """Fold of each song, int32 (n,): whole artists together for split "artist"; label values spread evenly.

    Songs without the label have a fold, too: the recommenders' cold-start split needs one for every artist.
    """
    ids, artists = [track.track_id for track in tracks], [track.artist for track in tracks]
    return label_folds(ids, artists, [track.labels.get(label, "") for track in tracks], split=split, folds=folds, seed=seed)


def fold_networks(
    workspace: Workspace,
    songs: Songs,
    label: str,
    split: LabelSplit,
    folds: int,
    seed: int,
    network: Architecture,
    config: TrainingConfig,
    *,
    workers: int,
    report: Report,
    shuffled: bool = False,
) -> tuple[list[FoldResult], NDArray[np.int64]]:
    """Train, or read, a network for each fold, none of which has seen its fold.

    Parameters
    ----------
    split : "snippet", "song" or "artist".
    shuffled : the control: labels are dealt out anew among the songs, and one fold is enough.

    Returns
    -------
    The folds' results; and the song of each of their rows, int64 (rows,): snippets for split "snippet", else songs.
    """
    values = [track.labels.get(label, "") for track in songs.tracks]
    if shuffled:
        values = shuffle_known(values, seed)
    if split == "snippet":
        frames = snippet_frames(config.snippet_seconds, songs.images.cache.spec.frames_per_second)
        snippets = Snippets(songs.images, frames, [len(image) for image in songs.images])
        song = snippets.song
        fold_of = np.concatenate(snippet_folds(np.bincount(song).tolist(), folds=folds, seed=seed))
        images: Sequence[NDArray[np.uint8]] = snippets
        row_values = [values[row] for row in song]
    else:
        song = np.arange(len(songs.tracks), dtype=np.int64)
        fold_of = song_folds(songs.tracks, label, split, folds, seed)
        images, row_values = songs.images, values
    examples = [(track.content_hash, value) for track, value in zip(songs.tracks, values, strict=True)]
    made_from = training_fingerprint(label, network, config, examples)
    name = fingerprint("folds", made_from, split, folds, seed, shuffled, fold_of.tolist())
    patient_threads()
    with report.task(f"{'control: shuffled labels' if shuffled else f'{folds} folds'}, split by {split}, {label}") as progress:
        results = crossfit(
            images,
            row_values,
            fold_of,
            network,
            config,
            spec=songs.images.cache.spec,
            label=label,
            folder=workspace.folds / name,
            folds=[0] if shuffled else range(folds),
            workers=workers_or_all(workers),
            with_vectors=split != "snippet" and not shuffled,
            progress=progress,
        )
    return results, song


def shuffle_known(values: Sequence[str], seed: int) -> list[str]:
    """The same values dealt out anew among the songs that have one; "" stays where it is."""
    known = [row for row, value in enumerate(values) if value]
    shuffled = list(values)
    for row, other in zip(known, np.random.default_rng(seed).permutation(known), strict=True):
        shuffled[row] = values[other]
    return shuffled
