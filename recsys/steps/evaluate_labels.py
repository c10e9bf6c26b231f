"""Cross-validate a label: the paper's table 1, with controls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.crossfit import FoldResult
from content.notation import architecture as parse_architecture
from content.spec import HyperImageSpec
from content.training_config import training_for
from data.files import fingerprint, write_json
from data.tracks import Track
from evaluation.label_folds import LabelSplit
from evaluation.labels import LabelFold, label_table
from recsys.report import SILENT, Report
from recsys.steps.content import check_labels
from recsys.steps.folds import fold_networks, shuffle_known
from recsys.steps.images import songs_with_images
from recsys.steps.reporting import write_report
from recsys.workspace import open_workspace


def evaluate_labels(
    root: Path,
    *,
    label: str = "genre",
    also: Sequence[str] = (),
    split: LabelSplit = "artist",
    folds: int = 10,
    architecture: str = "paper",
    epochs: int | None = None,
    snippets_per_song: int | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Train a network for each fold and let it name the label of what it has not heard.

    Folds that an earlier run has finished are not trained again. `also` and `settings` are those of `train_content`.

    Returns
    -------
    {"label", "split", "architecture", "folds": [{"fold", "loss", "precision_at_1", "precision_at_3", "macro_f1", ...}], "mean",
    "controls": {"majority", "shuffled_labels"}, ..., "report" (path), "summary"}; also in reports/labels-<label>-<split>.json.

    Raises
    ------
    InputError : no workspace or songs, an unknown label, too few artists (songs) for the folds, a bad architecture.
    """
    network = parse_architecture(architecture)
    config = training_for(
        architecture, settings, epochs=epochs, snippets_per_song=snippets_per_song, device=device, seed=seed, threads=1
    )
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_labels(catalogue, label, also)
        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=workers, report=report)
        networks = fold_networks(
            workspace,
            catalogue,
            songs,
            label,
            split,
            folds,
            seed,
            network,
            config,
            control=True,
            also=also,
            workers=workers,
            report=report,
        )
        values = [track.labels.get(label, "") for track in songs.tracks]
        dealt = shuffle_known(values, seed)
        table = label_table(
            label,
            split,
            network.text,
            [_label_fold(result, networks.song, songs.tracks, values) for result in networks.results],
            controls={
                "shuffled_labels": [_label_fold(result, networks.song, songs.tracks, dealt) for result in networks.control]
            },
        )
        table["seed"] = seed
        table["seconds"] = round(sum(result.seconds for result in networks.results), 1)
        write_json(workspace.reports / report_name(label, split), table)
        table["report"] = str(write_report(workspace))
        mean, majority = table["mean"], table["controls"]["majority"]
        table["summary"] = (
            f"{label} of songs never heard, split by {split}: precision@1 {mean['precision_at_1']:.3f} a snippet, "
            f"{mean['song_precision_at_1']:.3f} a song (majority class {majority['song_precision_at_1']:.3f}). "
            f"Report: {table['report']}"
        )
    return table


def _label_fold(result: FoldResult, song: NDArray[np.int64], tracks: Sequence[Track], values: Sequence[str]) -> LabelFold:
    """A fold's predictions with the songs that they are about."""
    of_row = song[result.rows]  # song of each held-out row
    held, position = np.unique(of_row, return_inverse=True)
    held_rows = set(result.rows.tolist())
    train = Counter(values[song[row]] for row in range(len(song)) if row not in held_rows and values[song[row]])
    return LabelFold(
        result.fold,
        tuple(tracks[row].track_id for row in held),
        tuple(values[row] for row in held),
        result.classes,
        result.log_probabilities,
        np.repeat(position, result.snippets),
        train,
    )


def report_name(label: str, split: str) -> str:
    """File name of a result; a label's name may hold anything, a file's may not."""
    plain = re.fullmatch(r"[\w-]{1,64}", label, flags=re.ASCII)
    return f"labels-{label if plain else fingerprint(label)}-{split}.json"
