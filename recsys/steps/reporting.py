"""One report from all saved results: Markdown and a self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.files import read_json, write_text
from evaluation.report_html import render_html
from evaluation.report_markdown import render_markdown
from recsys.workspace import Workspace


def write_report(workspace: Workspace) -> Path:
    """Render every saved evaluation of the workspace; returns the path of the page."""
    folder = workspace.reports
    recommenders: dict[str, Any] | None = None
    if (folder / "recommenders.json").exists():
        recommenders = read_json(folder / "recommenders.json")
    labels = [read_json(path) for path in sorted(folder.glob("labels-*.json"))]
    with workspace.catalogue(readonly=True) as catalogue:
        title = f"Evaluation of {catalogue.count()} songs"
        composed = [root for root in catalogue.roots() if (Path(root) / "world.json").exists()]
    notes = []
    if composed:
        notes.append(
            "This world is composed: songs and listeners were made by rule. Figures show that the chain works, nothing else."
        )
    write_text(folder / "report.md", render_markdown(recommenders, labels, title=title, notes=notes))
    page = folder / "report.html"
    write_text(page, render_html(recommenders, labels, title=title, notes=notes))
    return page
