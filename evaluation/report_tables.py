"""The tables of a comparison of recommenders, made from the saved JSON alone; Markdown and HTML both render these."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

NAMES = {
    "ndcg": "nDCG",
    "recall": "recall",
    "precision": "precision",
    "map": "MAP",
    "hit_rate": "hit rate",
    "mrr": "MRR",
    "auc": "AUC",
    "coverage": "coverage",
    "gini": "Gini",
    "novelty": "novelty, bits",
    "tail_share": "tail share",
}
BUCKETS = ("head", "middle", "tail", "cold")


@dataclass(frozen=True)
class Cell:
    """A figure as shown: `text`, its interval or spread in small print, and whether it is the best of its column."""

    text: str
    small: str = ""
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A title, column heads, rows of cells (the first names the row), and one line below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def is_control(model: str) -> bool:
    """Whether a model only shows what chance or popularity gives."""
    return model in ("random", "popularity") or "shuffled" in model


def list_lengths(rows: Sequence[Row]) -> list[int]:
    """The k of the rows, in order of appearance."""
    return list(dict.fromkeys(int(row["k"]) for row in rows if row["k"] is not None))


def find(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """The rows whose members equal all of `wanted`."""
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def models_by_ndcg(rows: Sequence[Row], split: str, k: int) -> list[str]:
    """Models of a split, best nDCG@k first; those without a value last."""
    value = {row["model"]: row["value"] for row in find(rows, split=split, slice="all", metric="ndcg", k=k)}
    models = dict.fromkeys(row["model"] for row in find(rows, split=split))
    return sorted(models, key=lambda m: -1.0 if value.get(m) is None else value[m], reverse=True)


def result_table(report: Mapping[str, Any], split: str, k: int) -> Table:
    """All figures of one split at one k, one line a model, sorted by nDCG."""
    rows = [row for row in find(report["rows"], split=split, slice="all") if row["k"] in (k, None)]
    metrics = [m for m in NAMES if any(row["metric"] == m for row in rows)]
    seconds = report.get("train_seconds", {}).get(split, {})
    head = ("model", *(f"{NAMES[m]}@{k}" if m in ("ndcg", "recall", "precision", "map") else NAMES[m] for m in metrics))
    top = {m: max((r["value"] for r in rows if r["metric"] == m and r["value"] is not None), default=None) for m in metrics}
    lines = []
    for model in models_by_ndcg(report["rows"], split, k):
        cells = [Cell(model)]
        for metric in metrics:
            found = find(rows, model=model, metric=metric)
            wins = metric not in ("gini", "novelty", "tail_share", "coverage")  # of these, more is not simply better
            cells.append(
                figure(found[0], interval=metric in ("ndcg", "auc"), best=top[metric] if wins else None) if found else Cell("-")
            )
        lines.append((*cells, *([Cell(f"{seconds[model]:.2f}")] if model in seconds else [Cell("-")] if seconds else [])))
    users = max((row["n_users"] for row in rows), default=0)
    candidates = max((row["n_candidates"] for row in rows), default=0)
    note = f"{users} users, {candidates} candidate songs, all ranked. Small print: 95 % interval. Train: CPU seconds of a fit."
    return Table(f"Split {split}, top {k}", (*head, *(["train s"] if seconds else [])), tuple(lines), note)


def bucket_table(report: Mapping[str, Any], split: str, k: int) -> Table | None:
    """Recall by popularity of the song, or None for a split without popularity buckets."""
    rows = find(report["rows"], split=split, metric="recall", k=k)
    shown = [bucket for bucket in BUCKETS if any(row["slice"] == bucket for row in rows)]
    if not shown:
        return None
    users = ", ".join(f"{b} {max(r['n_users'] for r in rows if r['slice'] == b)}" for b in shown)
    meaning = "Head: the fewest songs with half of all listens; middle: up to 80 %; tail: the rest"
    note = f"{meaning}{'; cold: without listens' if 'cold' in shown else ''}. Users with test songs: {users}."
    lines = _by_slice(report, rows, shown, split, k)
    return Table(f"Recall@{k} by popularity, split {split}", ("model", *shown), lines, note)


def history_slices(rows: Sequence[Row], split: str) -> list[str]:
    """The slices of users by history that a split has, shortest histories first."""
    return list(dict.fromkeys(row["slice"] for row in rows if row["split"] == split and row["slice"].startswith("history ")))


def history_table(report: Mapping[str, Any], split: str, k: int) -> Table | None:
    """Recall and nDCG by how many songs a listener has in train, or None for a split without such slices."""
    slices = history_slices(report["rows"], split)
    if not slices:
        return None
    lines: tuple[tuple[Cell, ...], ...] = ()
    for metric in ("recall", "ndcg"):
        part = _by_slice(report, find(report["rows"], split=split, metric=metric, k=k), slices, split, k)
        lines = tuple(before + new[1:] for before, new in zip(lines, part, strict=True)) if lines else part
    of_slice = {s: find(report["rows"], split=split, slice=s) for s in slices}
    users = ", ".join(f"{s.removeprefix('history ')} {max(r['n_users'] for r in of_slice[s])}" for s in slices)
    head = [f"{NAMES[metric]} {s.removeprefix('history ')}" for metric in ("recall", "ndcg") for s in slices]
    note = f"Songs that a listener has in train; thirds of the listeners. Listeners: {users}."
    return Table(f"Recall@{k} and nDCG@{k} by length of the listener's history, split {split}", ("model", *head), lines, note)


def _by_slice(
    report: Mapping[str, Any], rows: Sequence[Row], slices: Sequence[str], split: str, k: int
) -> tuple[tuple[Cell, ...], ...]:
    """One line a model with a figure for each slice; `rows` are those of one split, metric and k."""
    top = {s: max((r["value"] for r in rows if r["slice"] == s and r["value"] is not None), default=None) for s in slices}
    lines = []
    for model in models_by_ndcg(report["rows"], split, k):
        found = {row["slice"]: row for row in find(rows, model=model)}
        lines.append((Cell(model), *(figure(found[s], best=top[s]) if s in found else Cell("-") for s in slices)))
    return tuple(lines)


def models_table(report: Mapping[str, Any]) -> Table | None:
    """What each model is fitted on and whom it can answer, or None if the report does not say."""
    models = report.get("models")
    if not models:
        return None
    yes = {True: "yes", False: "no"}
    lines = tuple(
        (Cell(name), Cell(about.get("knows", "-")), Cell(yes[about["cold_songs"]]), Cell(yes[about["new_users"]]))
        for name, about in models.items()
    )
    note = "Cold songs: means to rank songs without listens. New users: answers listeners who came after training."
    return Table("What each model knows", ("model", "fitted on", "cold songs", "new users"), lines, note)


def difference_table(report: Mapping[str, Any], split: str, k: int) -> Table | None:
    """Paired differences in nDCG and recall to the reference model, or None if the report has none."""
    rows = find(report.get("differences", ()), split=split, slice="all", k=k)
    if not rows:
        return None
    metrics = ("ndcg", "recall", "map")
    lines = []
    for model in models_by_ndcg(report["rows"], split, k):
        found = {row["metric"]: row for row in find(rows, model=model)}
        if found:
            lines.append((Cell(model), *(_signed(found[m]) if m in found else Cell("-") for m in metrics)))
    title = f"Difference to {rows[0]['reference']}, split {split}, same users"
    note = "Paired bootstrap over users. Bold: the interval does not hold 0."
    return Table(title, ("model", *(f"{NAMES[m]}@{k}" for m in metrics)), tuple(lines), note)


def counts_table(report: Mapping[str, Any]) -> Table:
    """What was counted before and after each filter of each split; the folds of one split share a line."""
    numbers: dict[tuple[str, str], list[str]] = {}
    for split, counts in report["counts"].items():
        for what, n in counts.items():
            numbers.setdefault((re.sub(r" \d+ of \d+$", "", split), what), []).append(str(n))
    lines = tuple((Cell(split), Cell(what), Cell(", ".join(each))) for (split, what), each in numbers.items())
    return Table("Counts before and after each filter", ("split", "what", "number (of each fold)"), lines)


def number(value: float | None) -> str:
    """Four digits at most; "-" where a figure is not defined."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def figure(row: Row, *, interval: bool = True, best: float | None = None) -> Cell:
    """A row's value with its interval; best if it equals `best`."""
    has = interval and row["low"] is not None and row["high"] != row["low"]
    small = f"{number(row['low'])} to {number(row['high'])}" if has else ""
    return Cell(number(row["value"]), small, row["value"] is not None and row["value"] == best)


def _signed(row: Row) -> Cell:
    clear = row["low"] is not None and (row["low"] > 0 or row["high"] < 0)
    small = "" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
    return Cell(f"{row['value']:+.3f}", small, clear)
