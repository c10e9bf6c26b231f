"""Who played what: import listening histories."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data import stored_listens
from data.errors import InputError
from data.stored_listens import ImportReport
from recsys.report import SILENT, Report
from recsys.workspace import create_workspace


def import_listens(root: Path, files: Sequence[Path], *, report: Report = SILENT) -> dict[str, Any]:
    """Read listening histories into the workspace at `root`, making it if there is none; songs may be scanned later.

    The same file again changes nothing; a newer version of it replaces the old one.

    Returns
    -------
    "files": for each {"path", "stored_as", "format", "rows", "bad_rows", "rejected": [{"reason", "rows", "first_line"}],
    "unchanged", "replaced", "summary"}; "counts" of all listens joined with the catalogue; "summary".

    Raises
    ------
    InputError : a file is missing, empty, of no known format, or holds no good row.
    """
    for path in files:  # before the first one is read, so that a slip of the pen leaves nothing half done
        if not path.exists():
            raise InputError(f"{path} does not exist", code="missing")
    workspace = create_workspace(root)
    with workspace.writing():
        results = []
        for path in files:
            with report.task(f"reading {path.name}") as progress:
                done = stored_listens.import_file(workspace.listens, path, progress=progress)
                progress(done.rows, done.rows)
            results.append(_told(path, done))
        with workspace.catalogue(readonly=True) as catalogue:
            _, counts = stored_listens.load(workspace.listens, catalogue.tracks())
    summary = "; ".join(f"{number} {what}" for what, number in counts.items())
    return {"files": results, "counts": counts, "summary": f"All listens: {summary}"}


def _told(path: Path, done: ImportReport) -> dict[str, Any]:
    bad = sum(rejected.rows for rejected in done.rejected)
    source = done.source
    if done.unchanged:
        text = f"{path}: imported before as {source.path}, nothing has changed"
    else:
        text = f"{path} ({source.format}): {done.rows} rows, {bad} of them bad"
        text += "".join(f"; {r.reason}: {r.rows}, first in line {r.first_line}" for r in done.rejected)
        text += "; replaces its earlier version" if done.replaced else ""
    text += "".join(f"; {note}" for note in done.notes)
    rejected = [{"reason": r.reason, "rows": r.rows, "first_line": r.first_line} for r in done.rejected]
    about = {
        "path": str(path),
        "stored_as": source.path,
        "format": source.format,
        "rows": done.rows,
        "bad_rows": bad,
        "rejected": rejected,
    }
    return {**about, "unchanged": done.unchanged, "replaced": done.replaced, "summary": text}
