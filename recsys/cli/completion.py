"""Values that a shell completes: fast, without any package of the models, and silent where there is no workspace."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import typer

from recsys.workspace import DEFAULT


def engines(incomplete: str) -> list[str]:
    """Engines of `train-hybrid`."""
    from collab.recommendation import SOURCES

    return [name for name in SOURCES if name.startswith(incomplete)]


def labels(context: typer.Context, incomplete: str) -> list[str]:
    """Kinds of labels that the songs of the workspace carry."""
    from data.errors import InputError
    from recsys.workspace import open_workspace

    parent = context.parent
    root = Path((parent.params.get("workspace") if parent is not None else None) or DEFAULT)
    while parent is not None and parent.parent is not None:  # below `evaluate`, the workspace is known one level up
        parent = parent.parent
        root = Path(parent.params.get("workspace") or root)
    try:
        with open_workspace(root).catalogue(readonly=True) as catalogue:
            return [kind for kind in catalogue.label_kinds() if kind.startswith(incomplete)]
    except (InputError, OSError, sqlite3.Error):
        return []
