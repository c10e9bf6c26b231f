"""Networks of cross-validation, shared by both evaluations: what one has trained, the other reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from content.crossfit import FoldResult, Plan, crossfit
from content.layers import Architecture
from content.snippets import Snippets, snippet_frames
from content.training_config import TrainingConfig
from data.catalogue import Catalogue
from data.files import fingerprint
from data.splits import group_folds
from data.tracks import Track
from evaluation.label_folds import LabelSplit, snippet_folds
from recsys.report import Report
from recsys.steps.images import Songs
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.steps.training import training_fingerprint
from recsys.workspace import Workspace


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


class FoldNetworks(NamedTuple):
    """Results of the networks of all folds; of the control, trained on shuffled labels; and the song of each of their rows.

    `song` is int64 (rows,); rows are snippets for split "snippet", else songs. `control` is empty unless it was asked for.
    """

    results: list[FoldResult]
    control: list[FoldResult]
    song: NDArray[np.int64]


def fold_networks(
    workspace: Workspace,
    catalogue: Catalogue,
    songs: Songs,
    label: str,
    split: LabelSplit,
    folds: int,
    seed: int,
    network: Architecture,
    config: TrainingConfig,
    *,
    control: bool,
    also: Sequence[str] = (),
    workers: int,
    report: Report,
) -> FoldNetworks:
    """Train, or read, a network for each fold, none of which has seen its fold.

    Parameters
    ----------
    control : also train one network on labels dealt out anew among the songs; one fold of it is enough. It learns nothing else.
    also : further labels to learn at the same time.
    """
    spec = songs.images.cache.spec
    values = [track.labels.get(label, "") for track in songs.tracks]
    images: Sequence[NDArray[np.uint8]] = songs.images
    if split == "snippet":
        snippets = Snippets(
            songs.images, snippet_frames(config.snippet_seconds, spec.frames_per_second), [len(image) for image in songs.images]
        )
        images, song = snippets, snippets.song
        fold_of = np.concatenate(snippet_folds(np.bincount(song).tolist(), folds=folds, seed=seed))
    else:
        song = np.arange(len(songs.tracks), dtype=np.int64)
        by_song = song_folds(catalogue.tracks(), label, split, folds, seed)
        fold_of = np.array([by_song[track.track_id] for track in songs.tracks], np.int32)

    further = {kind: [track.labels.get(kind, "") for track in songs.tracks] for kind in also}
    artists = [track.artist or f"\0{track.track_id}" for track in songs.tracks]
    rows = song.tolist()

    def plan(of_song: Sequence[str], wanted: Sequence[int], more: Mapping[str, Sequence[str]], *, with_vectors: bool) -> Plan:
        examples = [(track.content_hash, value) for track, value in zip(songs.tracks, of_song, strict=True)]
        made_from = training_fingerprint(label, network, config, spec, examples, more, artists)
        return Plan(
            images,
            tuple(of_song[row] for row in rows),
            fold_of,
            tuple(wanted),
            workspace.folds / fingerprint("folds", made_from, split, fold_of.tolist()),
            with_vectors,
            {kind: [texts[row] for row in rows] for kind, texts in more.items()},
            tuple(artists[row] for row in rows),
        )

    plans = [plan(values, range(folds), further, with_vectors=split != "snippet")]
    if control:
        plans.append(plan(shuffle_known(values, seed), [0], {}, with_vectors=False))
    patient_threads()
    with report.task(f"{folds} folds{' and a control' if control else ''}, {label}, split by {split}") as progress:
        results = crossfit(plans, network, config, spec=spec, label=label, workers=workers_or_all(workers), progress=progress)
    return FoldNetworks(results[0], results[1] if control else [], song)


def shuffle_known(values: Sequence[str], seed: int) -> list[str]:
    """The same values dealt out anew among the songs that have one; "" stays where it is."""
    known = [row for row, value in enumerate(values) if value]
    shuffled = list(values)
    for row, other in zip(known, np.random.default_rng(seed).permutation(known), strict=True):
        shuffled[row] = values[other]
    return shuffled
