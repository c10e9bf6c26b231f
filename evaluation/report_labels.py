"""The tables of a label's cross-validation, made from the saved JSON alone; terminal, Markdown and HTML all show these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.report_tables import Cell, Table, number

NAMES = {"loss": "loss", "precision_at_1": "precision@1", "precision_at_3": "precision@3", "macro_f1": "macro F1"}
CONTROLS = {"majority": "majority class", "shuffled_labels": "shuffled labels", "svm_statistics": "SVM on statistics"}


def fold_table(report: Mapping[str, Any], *, per: Sequence[str] = ("snippet", "song")) -> Table:
    """The paper's table: one line a fold, then mean, spread and controls; `per` snippet, song or both."""
    wanted = [f"{'song_' if unit == 'song' else ''}{name}" for unit in per for name in NAMES]
    names = [name for name in wanted if name in report["mean"]]
    lines = [(Cell(str(fold["fold"])), *(Cell(number(fold[n])) for n in names)) for fold in report["folds"]]
    mean, sd, low, high = report["mean"], report.get("sd", {}), report.get("low", {}), report.get("high", {})
    spread = [f"{number(low[n])} to {number(high[n])}" if low.get(n) is not None else "" for n in names]
    lines.append((Cell("mean"), *(Cell(number(mean[n]), s, best=True) for n, s in zip(names, spread, strict=True))))
    if any(value is not None for value in sd.values()):
        lines.append((Cell("sd"), *(Cell(number(sd.get(n))) for n in names)))
    for control, figures in report["controls"].items():
        name = CONTROLS.get(control, control.replace("_", " "))
        lines.append((Cell(f"control: {name}"), *(Cell(number(figures.get(n))) for n in names)))
    title = f"Label {report['label']}, split by {report['split']}, {report['architecture']}"
    note = "Small print: 95 % interval of the mean over folds."
    return Table(title, ("fold", *(_heading(n, per) for n in names)), tuple(lines), note)


def flattery_table(report: Mapping[str, Any]) -> Table | None:
    """By how much other splits flatter against the split by artist, or None if that is not known."""
    flatters = report.get("flatters")
    if not flatters:
        return None
    names = [f"{prefix}{name}" for prefix in ("", "song_") for name in NAMES]
    lines = [
        (Cell(_heading(n)), *(Cell(f"{figures[n]:+.3f}" if n in figures else "-") for figures in flatters.values()))
        for n in names
        if any(n in figures for figures in flatters.values())
    ]
    note = "Mean of that split minus mean of the split by artist: what a network gains by having heard song or artist."
    return Table(f"What a split flatters: {report['label']}", ("figure", *(f"by {s}" for s in flatters)), tuple(lines), note)


def against_table(report: Mapping[str, Any]) -> Table | None:
    """Two architectures on the same held-out songs, or None if only one was run."""
    other = report.get("against")
    if not other:
        return None
    names, mean = ("song_precision_at_1", "song_macro_f1"), report["mean"]
    seconds = other["train_seconds"]

    def line(architecture: str, figures: Mapping[str, Any], cpu: float) -> tuple[Cell, ...]:
        return Cell(architecture), *(Cell(number(figures[n])) for n in names), Cell(f"{cpu:.0f}")

    def change(figure: Mapping[str, float]) -> Cell:
        clear = figure["low"] > 0 or figure["high"] < 0
        return Cell(f"{figure['value']:+.3f}", f"{figure['low']:+.3f} to {figure['high']:+.3f}", clear)

    lines = (
        line(report["architecture"], mean, seconds["architecture"]),
        line(other["architecture"], other["mean"], seconds["against"]),
        (Cell("difference"), *(change(other["difference"][n]) for n in names), Cell("")),
    )
    note = (
        f"The difference is of all {other['songs']} held-out songs together; 95 % interval by paired bootstrap over "
        f"{other['units']} {other['unit']}s, bold if it does not hold 0."
    )
    head = ("architecture", *(_heading(n) for n in names), "training, CPU s")
    return Table(f"Two architectures on the same folds: {report['label']}, split by {report['split']}", head, lines, note)


def confusion_table(report: Mapping[str, Any]) -> Table | None:
    """Confusion matrix per song in counts, or None if the report has none."""
    matrix = report.get("song_confusion")
    if not matrix:
        return None
    classes = report["classes"]
    lines = [(Cell(name), *(Cell(str(n)) for n in row)) for name, row in zip(classes, matrix, strict=True)]
    title = f"Confusion by song: {report['label']}, split by {report['split']}"
    return Table(title, ("true \\ said", *classes), tuple(lines))


def notes(report: Mapping[str, Any]) -> list[str]:
    """What must be read beside the tables."""
    more = report.get("flatters_note")
    return [*report.get("notes", ()), *([more] if more else [])]


def _heading(name: str, per: Sequence[str] = ("snippet", "song")) -> str:
    """A column's name; "song" is said only where snippets stand beside."""
    plain = NAMES[name.removeprefix("song_")]
    return f"song {plain}" if name.startswith("song_") and len(per) > 1 else plain
