"""A report as Markdown, from the saved JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation import report_labels as labels_tables
from evaluation import report_tables as tables
from evaluation.published_table import beside_published
from evaluation.report_tables import Cell, Table


def render_markdown(
    recommenders: Mapping[str, Any] | None,
    labels: Sequence[Mapping[str, Any]] = (),
    *,
    title: str,
    run: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """One Markdown page with the tables of `evaluation.report_html.render_html`; parameters as there."""
    parts = [f"# {_escape(title)}"]
    if run:
        parts.append("\n".join(f"- {_escape(what)}: `{value}`" for what, value in run.items()))
    parts += [f"> {_escape(note)}" for note in notes]
    if recommenders is not None:
        rows = recommenders["rows"]
        parts.append("## Recommenders")
        for split in dict.fromkeys(row["split"] for row in rows):
            beside = beside_published(recommenders, split)
            parts += [] if beside is None else [_table(beside)]
            for k in tables.list_lengths(rows):
                found = (
                    tables.result_table(recommenders, split, k),
                    tables.difference_table(recommenders, split, k),
                    tables.bucket_table(recommenders, split, k),
                    tables.history_table(recommenders, split, k),
                )
                parts += [_table(table) for table in found if table is not None]
        models = tables.models_table(recommenders)
        parts += [_table(table) for table in (models, tables.counts_table(recommenders)) if table is not None]
        parts += ["\n".join(f"- {_escape(note)}" for note in recommenders.get("notes", ()))]
    for report in labels:
        parts.append("## Labels" if report is labels[0] else "")
        found_labels = (
            labels_tables.fold_table(report),
            labels_tables.confusion_table(report),
            labels_tables.against_table(report),
            labels_tables.flattery_table(report),
        )
        parts += [_table(table) for table in found_labels if table is not None]
        parts.append("\n".join(f"- {_escape(note)}" for note in labels_tables.notes(report)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: Table) -> str:
    lines = [
        "| " + " | ".join(_escape(name) for name in table.head) + " |",
        "|" + "|".join(["---", *["---:"] * (len(table.head) - 1)]) + "|",
        *("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows),
    ]
    note = f"\n\n{_escape(table.note)}" if table.note else ""
    return f"### {_escape(table.title)}\n\n" + "\n".join(lines) + note


def _cell(cell: Cell) -> str:
    text = f"**{_escape(cell.text)}**" if cell.best else _escape(cell.text)
    return f"{text} ({_escape(cell.small)})" if cell.small else text


def _escape(text: str) -> str:
    """Keep names of users' labels and models from being read as Markdown or HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    return re.sub(r"([\\|*`\[\]])", r"\\\1", text)
