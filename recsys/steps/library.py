"""Songs: scan folders into the catalogue."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from data import library
from data.catalogue import Catalogue
from data.guarded import TIME_LIMIT_S, Guard, guard_of
from data.scan_report import told
from recsys.report import SILENT, Report
from recsys.steps.machine import workers_or_all
from recsys.workspace import MARKER, create_workspace


def scan(
    root: Path,
    folders: Sequence[Path],
    *,
    folder_label: str = "auto",
    dry_run: bool = False,
    workers: int = 0,
    time_limit: float = TIME_LIMIT_S,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Catalogue the songs in `folders`, making the workspace at `root` if there is none.

    Parameters
    ----------
    workers : processes that read files; 0: one for each core. Nothing but the time depends on it.
    time_limit : seconds a file may take before it is given up (code "time-limit").

    Returns
    -------
    Counts ("songs", "new", "changed", "moved", "unchanged", "vanished", "ignored", "retagged", "failed", "known_failures",
    "damaged"), "dry_run", "reasons" (failure code -> number) and "summary" (lines for a person). "ignored" are those of
    "vanished" whose file is still there; "retagged" had tags that this version of the program reads more of. In a dry run no
    file is decoded, so that one that cannot be read counts as new.

    Raises
    ------
    InputError : a folder is missing or holds no audio; the workspace cannot be used.
    """
    guard = guard_of(workers_or_all(workers), time_limit)
    if dry_run and not (root / MARKER).exists():
        with (
            tempfile.TemporaryDirectory() as scratch,
            Catalogue.open(Path(scratch) / "catalogue.sqlite", create=True) as catalogue,
        ):
            return _scan(catalogue, folders, folder_label, guard, True, report)
    workspace = create_workspace(root)
    with workspace.writing() if not dry_run else nullcontext(), workspace.catalogue(readonly=dry_run) as catalogue:
        return _scan(catalogue, folders, folder_label, guard, dry_run, report)


def _scan(
    catalogue: Catalogue, folders: Sequence[Path], folder_label: str, guard: Guard, dry_run: bool, report: Report
) -> dict[str, Any]:
    with report.task("songs") as progress:
        found = library.scan(catalogue, folders, folder_label=folder_label, dry_run=dry_run, guard=guard, progress=progress)
    counts = {
        "songs": catalogue.count(),
        "new": found.new,
        "changed": found.changed,
        "moved": found.moved,
        "unchanged": found.unchanged,
        "vanished": len(found.vanished),
        "ignored": len(found.ignored),
        "retagged": found.retagged,
        "failed": len(found.failed) + len(found.damaged),
        "known_failures": found.known_failures,
        "damaged": len(found.damaged),
    }
    names = ("new", "changed", "moved", "unchanged", "vanished")
    if dry_run:
        found.lines.insert(0, "dry run: nothing is written, and whether new files can be read is not known yet")
    lines = [*found.lines, f"{counts['songs']} songs in the catalogue: " + ", ".join(f"{counts[name]} {name}" for name in names)]
    if found.retagged:
        lines.append(f"the tags of {found.retagged} songs were read again: this version reads more of them")
    reasons = found.reasons()
    if found.damaged:
        reasons["damaged"] = len(found.damaged)
    if reasons:
        lines.append(f"{counts['failed']} failed: {told(reasons)}. `recsys failed` lists them")
    if found.known_failures:
        lines.append(f"{found.known_failures} had failed before and have not changed since; `recsys failed` lists them")
    return {**counts, "dry_run": dry_run, "reasons": reasons, "summary": lines}
