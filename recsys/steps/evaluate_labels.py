"""Cross-validate a label: the paper's table 1, with controls, and by how much the choice of the split flatters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from data.catalogue import Catalogue
from data.errors import InputError
from data.label_values import multiple_values
from evaluation.label_differences import REFERENCE_SPLIT, flattery
from evaluation.label_folds import LabelSplit
from recsys.report import SILENT, Report
from recsys.steps.checks import check_labels
from recsys.steps.fold_rows import deal, deal_by_files
from recsys.steps.images import songs_with_images
from recsys.steps.label_reports import save
from recsys.steps.label_tables import LabelRun, evaluate_split
from recsys.steps.machine import patient_threads
from recsys.steps.reporting import write_report
from recsys.steps.starting import PRETRAINED, SCRATCH, Start, check_known, recipe_for
from recsys.workspace import open_workspace

ALL = "all"
FOLDS = 10


def evaluate_labels(
    root: Path,
    *,
    label: str = "genre",
    also: Sequence[str] = (),
    split: LabelSplit | Literal["all"] | None = None,
    folds: int | None = None,
    fold_files: Sequence[Path] = (),
    start: Start = SCRATCH,
    architecture: str | None = None,
    against: str | None = None,
    epochs: int | None = None,
    snippets_per_song: int | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Train a network for each fold and let it name the label of what it has not heard.

    Folds that an earlier run has finished are not trained again.

    Parameters
    ----------
    split : "artist" if None; "all" runs one after the other.
    folds : 10 if None.
    fold_files : published folds, instead of `split` and `folds`.
    start : "scratch", or "pretrained": each fold's network starts from the shipped encoder.
    architecture : from scratch; None: the paper's.
    against : another architecture, from scratch on the same folds (a preset by its own settings) and compared song by song.
    also, settings : as of `train_content`.

    Returns
    -------
    {"label", "split", "architecture", "folds": [{"fold", "loss", "precision_at_1", "precision_at_3", "macro_f1", ...}], "mean",
    "controls": {"majority", "shuffled_labels", "svm_statistics"}, "flatters", "against", "seed", "seconds", ..., "report" (path),
    "summary"}; also in reports/labels-<label>-<split>.json. For split "all": {"label", "architecture", "splits": {each as above},
    "flatters", "report", "summary"}.

    Raises
    ------
    InputError : no workspace or songs, an unknown label or one of several values a song, too few artists (songs) for the folds, a
        bad architecture, setting or fold file.
    """
    if fold_files and (split is not None or folds is not None):
        raise InputError("split and folds cannot be given beside a fold file: the file says what is held out", code="fold-file")
    given = {"epochs": epochs, "snippets_per_song": snippets_per_song, "device": device, "seed": seed, "threads": 1}
    check_known(start)
    patient_threads()
    competitors = [recipe_for(start, architecture, settings, **given)]
    if against is not None:
        others = {name: value for name, value in (settings or {}).items() if start == SCRATCH or name != "body_rate"}
        competitors.append(recipe_for(SCRATCH, against, others, **given))
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_labels(catalogue, label, also)
        check_one_value(catalogue, label)
        songs = songs_with_images(workspace, catalogue, competitors[0].spec, workers=workers, report=report)
        config = competitors[0].config
        if fold_files:
            dealt = [deal_by_files(songs, label, fold_files)]
        else:
            splits = get_args(LabelSplit) if split == ALL else (split or REFERENCE_SPLIT,)
            dealt = [
                deal(songs, catalogue.tracks(), label, each, FOLDS if folds is None else folds, seed, config) for each in splits
            ]
        run = LabelRun(workspace, songs, label, tuple(also), seed, workers, report)
        tables = {rows.split: evaluate_split(run, rows, competitors) for rows in dealt}
        save(workspace.reports, tables.values())
        page = str(write_report(workspace))
    for table in tables.values():
        table["report"] = page
        table["summary"] = f"{_summary(table)} Report: {page}"
    if split != ALL:
        return next(iter(tables.values()))
    return {
        "label": label,
        "architecture": competitors[0].network.text,
        "start": start,
        "splits": tables,
        "flatters": flattery({name: table["mean"] for name, table in tables.items()}),
        "report": page,
        "summary": f"{_summary(tables[REFERENCE_SPLIT])} Report: {page}",
    }


def check_one_value(catalogue: Catalogue, label: str) -> None:
    """Raise InputError if songs carry several values of `label`: a table of single true classes would say nothing about it."""
    several = next((value for value in catalogue.label_values(label) if len(multiple_values(value)) > 1), None)
    if several is not None:
        raise InputError(
            f"label {label!r} has several values a song, such as {several!r}; a table is of a label with one",
            code="several-values",
            hint=f"It can be learned beside such a label, by --also {label}",
        )


def _summary(table: dict[str, Any]) -> str:
    """The result in a sentence or three, for a person."""
    mean, unheard = table["mean"], "snippets" if table["split"] == "snippet" else "songs"
    majority, svm = (table["controls"][name]["song_precision_at_1"] for name in ("majority", "svm_statistics"))
    parts = [
        f"{table['label']} of {unheard} never heard, split by {table['split']}"
        f"{', from the shipped encoder' if table['start'] == PRETRAINED else ''}:",
        f"precision@1 {mean['precision_at_1']:.3f} a snippet, {mean['song_precision_at_1']:.3f} a song",
        f"(majority class {majority:.3f}, SVM on statistics {svm:.3f}).",
    ]
    parts += [
        f"A split by {split} flatters by {figures['song_precision_at_1']:+.3f} a song."
        for split, figures in table["flatters"].items()
    ]
    if "against" in table:
        change = table["against"]["difference"]["song_precision_at_1"]
        parts.append(
            f"Against {table['against']['architecture']}: {change['value']:+.3f} a song, 95 % interval {change['low']:+.3f} to "
            f"{change['high']:+.3f}."
        )
    return " ".join(parts)
