"""Networks of cross-validation, shared by both evaluations: what one has trained, the other reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from content.crossfit import FoldResult, Plan, crossfit
from data.files import fingerprint
from recsys.report import Report
from recsys.steps.fold_rows import FoldRows, matched_training
from recsys.steps.images import Songs
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.steps.starting import Recipe
from recsys.steps.training import training_fingerprint
from recsys.workspace import Workspace


class FoldNetworks(NamedTuple):
    """Results of the networks of all tested folds, and of the control, trained on shuffled labels (empty unless asked for)."""

    results: list[FoldResult]
    control: list[FoldResult]


def fold_networks(
    workspace: Workspace,
    songs: Songs,
    rows: FoldRows,
    label: str,
    seed: int,
    recipe: Recipe,
    *,
    control: bool,
    also: Sequence[str] = (),
    workers: int,
    report: Report,
) -> FoldNetworks:
    """Train, or read, a network for each tested fold, none of which has seen its fold.

    Parameters
    ----------
    rows : what is held out together.
    control : also train one network on labels dealt out anew among the songs; one fold of it is enough. It learns nothing else.
    also : further labels to learn at the same time.
    """
    spec, network, config = songs.images.cache.spec, recipe.network, matched_training(recipe.config, rows)
    values = used_values(songs, rows, label)
    further = {kind: used_values(songs, rows, kind) for kind in also}
    artists = [track.artist or f"\0{track.track_id}" for track in songs.tracks]
    song_of = rows.song.tolist()

    def plan(of_song: Sequence[str], wanted: Sequence[int], more: Mapping[str, Sequence[str]], *, with_vectors: bool) -> Plan:
        examples = [(track.content_hash, value) for track, value in zip(songs.tracks, of_song, strict=True)]
        made_from = training_fingerprint(label, network, config, spec, examples, more, artists, recipe.started)
        return Plan(
            rows.images,
            tuple(of_song[song] for song in song_of),
            rows.fold_of,
            tuple(wanted),
            workspace.folds / fingerprint("folds", made_from, rows.split, rows.fold_of.tolist()),
            with_vectors,
            {kind: [texts[song] for song in song_of] for kind, texts in more.items()},
            tuple(artists[song] for song in song_of),
        )

    # A frozen body gives all folds the same vectors.
    plans = [plan(values, rows.tested, further, with_vectors=rows.split != "snippet" and config.body_rate != 0)]
    if control:
        plans.append(plan(shuffle_known(values, seed), rows.tested[:1], {}, with_vectors=False))
    patient_threads()
    task = f"{len(rows.tested)} folds{' and a control' if control else ''}, {label}, split by {rows.split}"
    with report.task(task) as progress:
        results = crossfit(
            plans,
            network,
            config,
            spec=spec,
            label=label,
            pretrained=recipe.start is not None,
            workers=workers_or_all(workers),
            progress=progress,
        )
    return FoldNetworks(results[0], results[1] if control else [])


def used_values(songs: Songs, rows: FoldRows, label: str) -> list[str]:
    """The label of each song; "" where it has none, or where a fold file leaves the song out."""
    used = np.zeros(len(songs.tracks), bool)
    used[rows.song[rows.fold_of >= 0]] = True
    return [track.labels.get(label, "") if use else "" for track, use in zip(songs.tracks, used, strict=True)]


def shuffle_known(values: Sequence[str], seed: int) -> list[str]:
    """The same values dealt out anew among the songs that have one; "" stays where it is."""
    known = [row for row, value in enumerate(values) if value]
    shuffled = list(values)
    for row, other in zip(known, np.random.default_rng(seed).permutation(known), strict=True):
        shuffled[row] = values[other]
    return shuffled
