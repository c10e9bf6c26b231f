"""The table of one label under one split: networks of all folds, controls on the same folds, and a rival architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from content.crossfit import FoldResult
from data.files import fingerprint
from evaluation.label_differences import song_difference
from evaluation.labels import LabelFold, label_table
from recsys.report import Report
from recsys.steps.fold_rows import FoldRows
from recsys.steps.folds import FoldNetworks, fold_networks, shuffle_known, used_values
from recsys.steps.images import Songs
from recsys.steps.label_controls import classical_folds
from recsys.steps.starting import PRETRAINED, SCRATCH, SHIPPED, Recipe
from recsys.workspace import Workspace


class LabelRun(NamedTuple):
    """What all splits of one run share."""

    workspace: Workspace
    songs: Songs
    label: str
    also: tuple[str, ...]
    seed: int
    workers: int
    report: Report


def evaluate_split(run: LabelRun, rows: FoldRows, competitors: Sequence[Recipe]) -> dict[str, Any]:
    """The table of one split: the first competitor with its controls, and its difference to the second if there is one."""
    first, *others = competitors
    values = used_values(run.songs, rows, run.label)
    for note in rows.notes[1:]:
        run.report.say(note)
    networks = _networks(run, rows, first, control=True)
    results = label_folds_of(networks.results, rows, run.songs, values)
    controls = {
        "shuffled_labels": label_folds_of(networks.control, rows, run.songs, shuffle_known(values, run.seed)),
        "svm_statistics": label_folds_of(
            classical_folds(networks.results, rows, run.songs, values, run.seed), rows, run.songs, values
        ),
    }
    table = label_table(run.label, rows.split, first.network.text, results, controls=controls)
    table["counts"] |= rows.counts
    table["notes"] += rows.notes
    if first.start:
        table["notes"] += [f"Networks start from {SHIPPED.format(first.started)}"]
    table["start"] = PRETRAINED if first.start else SCRATCH
    table["seed"] = run.seed
    table["seconds"] = _seconds(networks.results)
    table["settings"] = _settings(run, rows, first)
    for other in others:
        rivals = _networks(run, rows, other, control=False).results
        table["against"] = _against(run, other, results, label_folds_of(rivals, rows, run.songs, values))
        table["against"]["train_seconds"] = {"architecture": table["seconds"], "against": _seconds(rivals)}
    return table


def _networks(run: LabelRun, rows: FoldRows, competitor: Recipe, *, control: bool) -> FoldNetworks:
    return fold_networks(
        run.workspace,
        run.songs,
        rows,
        run.label,
        run.seed,
        competitor,
        control=control,
        also=run.also,
        workers=run.workers,
        report=run.report,
    )


def _against(run: LabelRun, other: Recipe, results: list[LabelFold], rivals: list[LabelFold]) -> dict[str, Any]:
    """The JSON of a comparison: figures of the other architecture, and the first minus the other."""
    by_artist = any(track.artist for track in run.songs.tracks)
    unit = {t.track_id: t.artist if by_artist and t.artist else f"\0{t.track_id}" for t in run.songs.tracks}
    difference = song_difference(results, rivals, unit, seed=run.seed)
    mean = label_table(run.label, "", other.network.text, rivals)["mean"]
    return {
        "architecture": other.network.text,
        "mean": mean,
        "unit": "artist" if by_artist else "song",
        "units": difference.pop("units"),
        "songs": difference.pop("songs"),
        "difference": difference,
    }


def label_folds_of(results: Sequence[FoldResult], rows: FoldRows, songs: Songs, values: Sequence[str]) -> list[LabelFold]:
    """Each fold's predictions with the songs that they are about."""
    return [_label_fold(result, rows, songs, values) for result in results]


def _label_fold(result: FoldResult, rows: FoldRows, songs: Songs, values: Sequence[str]) -> LabelFold:
    of_row = rows.song[result.rows]  # song of each held-out row
    held, position = np.unique(of_row, return_inverse=True)
    inside = rows.song[rows.fold_of != result.fold].tolist()
    return LabelFold(
        result.fold,
        tuple(songs.tracks[row].track_id for row in held),
        tuple(values[row] for row in held),
        result.classes,
        result.log_probabilities,
        np.repeat(position, result.snippets),
        Counter(values[song] for song in inside if values[song]),
    )


def _seconds(results: Sequence[FoldResult]) -> float:
    return round(sum(result.seconds for result in results), 1)


def _settings(run: LabelRun, rows: FoldRows, recipe: Recipe) -> dict[str, Any]:
    """What two tables must share to be compared, beside label and architecture."""
    kinds = (run.label, *run.also)
    examples = [(track.content_hash, *(track.labels.get(kind, "") for kind in kinds)) for track in run.songs.tracks]
    songs = fingerprint("songs", run.songs.images.cache.spec.fingerprint(), examples)
    training = recipe.config.run() | ({"start": recipe.started} if recipe.start else {})
    return {"folds": len(rows.tested), "seed": run.seed, "songs": songs, "also": list(run.also), "training": training}
