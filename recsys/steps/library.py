"""Songs: scan folders into the catalogue, list what failed."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from data import library
from data.catalogue import Catalogue
from recsys.report import SILENT, Report
from recsys.workspace import MARKER, create_workspace, open_workspace


def scan(
    root: Path, folders: Sequence[Path], *, folder_label: str = "auto", dry_run: bool = False, report: Report = SILENT
) -> dict[str, Any]:
    """Catalogue the songs in `folders`, making the workspace at `root` if there is none.

    Returns
    -------
    Counts ("songs", "new", "changed", "moved", "unchanged", "vanished", "failed", "known_failures", "damaged"), "reasons"
    (failure code -> number) and "summary" (lines for a person).

    Raises
    ------
    InputError : a folder is missing or holds no audio; the workspace cannot be used.
    """
    if dry_run and not (root / MARKER).exists():
        with (
            tempfile.TemporaryDirectory() as scratch,
            Catalogue.open(Path(scratch) / "catalogue.sqlite", create=True) as catalogue,
        ):
            return _scan(catalogue, folders, folder_label, True, report)
    workspace = create_workspace(root)
    with workspace.writing() if not dry_run else nullcontext(), workspace.catalogue(readonly=dry_run) as catalogue:
        return _scan(catalogue, folders, folder_label, dry_run, report)


def _scan(catalogue: Catalogue, folders: Sequence[Path], folder_label: str, dry_run: bool, report: Report) -> dict[str, Any]:
    with report.task("songs") as progress:
        found = library.scan(catalogue, folders, folder_label=folder_label, dry_run=dry_run, progress=progress)
    counts = {
        "songs": catalogue.count(),
        "new": found.new,
        "changed": found.changed,
        "moved": found.moved,
        "unchanged": found.unchanged,
        "vanished": len(found.vanished),
        "failed": len(found.failed) + len(found.damaged),
        "known_failures": found.known_failures,
        "damaged": len(found.damaged),
    }
    names = ("new", "changed", "moved", "unchanged", "vanished")
    lines = [*found.lines, f"{counts['songs']} songs in the catalogue: " + ", ".join(f"{counts[name]} {name}" for name in names)]
    reasons = found.reasons()
    if found.damaged:
        reasons["damaged"] = len(found.damaged)
    if reasons:
        told = ", ".join(f"{number} {code}" for code, number in reasons.items())
        lines.append(f"{counts['failed']} failed: {told}. `recsys failed` lists them")
    if found.known_failures:
        lines.append(f"{found.known_failures} had failed before and have not changed since; `recsys failed` lists them")
    return {**counts, "reasons": reasons, "summary": lines}


def failed(root: Path) -> list[dict[str, Any]]:
    """The failure ledger: path, stage, code, reason, hint, time (ISO 8601, UTC) and whether the song is used all the same."""
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        return [
            {
                "path": failure.path,
                "stage": failure.stage,
                "code": failure.code,
                "reason": failure.reason,
                "hint": failure.hint,
                "time": datetime.datetime.fromtimestamp(failure.time, datetime.UTC).isoformat(timespec="seconds"),
                "kept": failure.kept,
            }
            for failure in catalogue.failures()
        ]
