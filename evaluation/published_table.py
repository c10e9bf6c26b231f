"""One table of a benchmark: our rows and the published ones, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.report_tables import NAMES, Cell, Row, Table, find, list_lengths

OURS = "here"


def beside_published(report: Mapping[str, Any], split: str) -> Table | None:
    """The figures by which others report, of our models and of theirs; None if the report is of no benchmark.

    Where nothing was published: nDCG and recall. The last columns: AUC and CPU seconds of a fit (ours only), and who says so.
    """
    if "published" not in report:
        return None
    theirs = find(report["published"], split=split)
    ours = find(report["rows"], split=split, slice="all")
    figures = list(dict.fromkeys((row["metric"], row["k"]) for row in theirs)) or [
        (metric, k) for k in list_lengths(ours) for metric in ("ndcg", "recall")
    ]
    columns = [*figures, ("auc", None)]
    top = {
        c: max((r["value"] for r in (*ours, *theirs) if (r["metric"], r["k"]) == c and r["value"] is not None), default=None)
        for c in columns
    }
    seconds = report.get("train_seconds", {}).get(split, {})
    lines: list[tuple[float, tuple[Cell, ...]]] = []
    for model in dict.fromkeys(row["model"] for row in ours):
        cells = _cells(find(ours, model=model), columns, top)
        spent = Cell(f"{seconds[model]:.2f}" if model in seconds else "-")
        lines.append((_value(ours, model, figures[0]), (Cell(model), *cells, spent, Cell(OURS))))
    for model, source in dict.fromkeys((row["model"], row["source"]) for row in theirs):
        rows = find(theirs, model=model, source=source)
        cells = _cells(rows, columns, top)
        lines.append((_value(rows, model, figures[0]), (Cell(model), *cells, Cell("-"), Cell(source))))
    lines.sort(key=lambda line: -line[0])
    users, candidates = (max((row[what] for row in ours), default=0) for what in ("n_users", "n_candidates"))
    head = ("model", *(NAMES[m] if k is None else f"{NAMES[m]}@{k}" for m, k in columns), "train s", "source")
    note = f"{users} users, {candidates} candidates, all ranked. Small print: 95 % interval. Train: CPU seconds of a fit."
    title = f"{report['benchmark']}, {split}" + (": our rows beside the published ones" if theirs else "")
    return Table(title, head, tuple(cells for _, cells in lines), note)


def _cells(
    rows: Sequence[Row], columns: Sequence[tuple[str, int | None]], top: Mapping[tuple[str, int | None], float | None]
) -> list[Cell]:
    cells = []
    for metric, k in columns:
        found = find(rows, metric=metric, k=k)
        value = found[0]["value"] if found else None
        if value is None:
            cells.append(Cell("-"))
            continue
        low, high = found[0].get("low"), found[0].get("high")
        small = "" if low is None else f"{low:.4f} to {high:.4f}"
        cells.append(Cell(f"{value:.4f}", small, value == top[metric, k]))
    return cells


def _value(rows: Sequence[Row], model: str, figure: tuple[str, int | None]) -> float:
    found = find(rows, model=model, metric=figure[0], k=figure[1])
    return -1.0 if not found or found[0]["value"] is None else float(found[0]["value"])
