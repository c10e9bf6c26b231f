"""The failure ledger: what was refused and why, and another try."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Any

from data import library
from data.catalogue import Catalogue, Failure
from data.errors import InputError
from data.guarded import TIME_LIMIT_S, guard_of
from data.scan_report import told
from data.song_files import lies_below
from recsys.report import SILENT, Report
from recsys.steps.images import STAGE as EXTRACT
from recsys.steps.machine import workers_or_all
from recsys.workspace import open_workspace


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


def retry(root: Path, *, workers: int = 0, time_limit: float = TIME_LIMIT_S, report: Report = SILENT) -> dict[str, Any]:
    """Try again what was refused, although the files have not changed: a new decoder, a repaired disk or more time may help.

    Files that a scan refused are read now. Songs that could not be analysed leave the ledger: the next `embed` tries them.

    Parameters
    ----------
    workers, time_limit : as in `recsys.steps.library.scan`.

    Returns
    -------
    "tried" (files that a scan had refused), "mended" (of them), "failed" (of them, again), "reasons" (code -> number of these),
    "cleared" (songs that the next `embed` tries), "elsewhere" (refused files below no folder that songs came from; they leave the
    ledger, and a scan of their folder tries them), "summary".

    Raises
    ------
    InputError : no workspace, or another command is writing to it.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        failures = [failure for failure in catalogue.failures() if not failure.kept]
        extracts = [failure.path for failure in failures if failure.stage == EXTRACT]
        scans = {failure.path: failure for failure in failures if failure.stage == "scan"}
        for path in (*extracts, *scans):
            catalogue.clear_failure(path)
        elsewhere = set(scans) - _scan_again(catalogue, scans, workers, time_limit, report)
        after = {failure.path: failure for failure in catalogue.failures() if failure.path in scans and not failure.kept}
    tried, again = len(scans) - len(elsewhere), Counter(failure.code for failure in after.values())
    summary = f"{tried} refused files tried again: {tried - len(after)} are songs now, {len(after)} failed again"
    summary += f" ({told(again)})" if again else ""
    if extracts:
        summary += f"; {len(extracts)} songs that could not be analysed: the next `recsys embed` tries them"
    if elsewhere:
        summary += f"; {len(elsewhere)} files lie in no folder that songs came from: scan it again"
    return {
        "tried": tried,
        "mended": tried - len(after),
        "failed": len(after),
        "reasons": dict(again.most_common()),
        "cleared": len(extracts),
        "elsewhere": len(elsewhere),
        "summary": summary,
    }


def _scan_again(catalogue: Catalogue, scans: dict[str, Failure], workers: int, time_limit: float, report: Report) -> set[str]:
    """Look at these files again, each below the folder that it was scanned with as far as songs of it tell; returns which."""
    guard = guard_of(workers_or_all(workers), time_limit)
    below: dict[str, set[str]] = {}
    for path in scans:
        root = max((root for root in catalogue.roots() if lies_below(path, Path(root))), key=len, default="")
        if root:
            below.setdefault(root, set()).add(path)
    looked: set[str] = set()
    with report.task("files") as progress:
        for root, paths in below.items():
            try:
                library.scan(catalogue, [Path(root)], guard=guard, only=paths, progress=progress)
            except InputError as error:  # the folder is gone, or holds no song any more: these files are tried when it is back
                report.say(str(error))
                for path in paths:
                    catalogue.record_failure(scans[path])
            looked |= paths
    return looked
