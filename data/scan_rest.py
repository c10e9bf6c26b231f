"""What a scan notes besides the songs it met: problems of folders and tables, and the songs that it did not meet."""

from __future__ import annotations

import os
from pathlib import Path

from data.catalogue import Failure
from data.layouts.layout import Layout
from data.scan_run import ScanRun
from data.song_files import lies_below


def note_problems(run: ScanRun, layout: Layout) -> None:
    """Ledger what is wrong with the folder besides its songs; strike what was and is mended."""
    run.report.lines += layout.notes
    tables = {str(table) for table in layout.tables}  # they may lie beside the folder
    here = set()
    for problem in layout.problems:
        where = problem.where.encode("utf-8", "backslashreplace").decode()
        here.add(where)
        run.fail(Failure(where, "layout", problem.code, problem.reason, problem.hint))
    for path, failure in run.failures.items():
        ours = lies_below(path, layout.root) or path.rpartition(":")[0] in tables
        if failure.stage == "layout" and path not in here and ours and not run.dry_run:
            run.catalogue.clear_failure(path)


def note_vanished(run: ScanRun, roots: list[Path], seen: set[str]) -> None:
    """Report the songs below `roots` that were not met; strike the failures of files that are gone or ignored."""
    report = run.report
    below = [path for path in run.states if path not in seen and any(lies_below(path, root) for root in roots)]
    report.vanished = sorted(run.states[path].track_id for path in below)
    report.ignored = sorted(run.states[path].track_id for path in below if os.path.lexists(path))
    if report.vanished:
        ignored = f" or are ignored ({len(report.ignored)})" if report.ignored else ""
        report.lines.append(
            f"{len(report.vanished)} songs are no longer there{ignored}; the catalogue keeps them until `recsys purge`"
        )
    for path, failure in run.failures.items():
        dead = failure.stage == "scan" and not failure.kept and path not in seen
        if dead and not run.dry_run and any(lies_below(path, root) for root in roots):
            run.catalogue.clear_failure(path)
