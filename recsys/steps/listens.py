"""Who played what: import listening histories, and tell how they were matched with the songs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data import stored_listens
from data.importers.parsed import Counted
from data.loaded_listens import load
from data.match_report import match_report
from data.stored_listens import ImportReport
from recsys.report import SILENT, Report
from recsys.workspace import create_workspace, open_workspace


def import_listens(root: Path, files: Sequence[Path], *, user: str | None = None, report: Report = SILENT) -> dict[str, Any]:
    """Read listening histories into the workspace at `root`, making it if there is none; songs may be scanned later.

    The same file again changes nothing; a newer version of it replaces the old one.

    Parameters
    ----------
    files : files, folders or zip archives in any known format (docs/listens.md).
    user : who listened, where the files do not say; None: "me".

    Returns
    -------
    "files": for each {"path", "stored_as", "format", "rows", "bad_rows", "rejected": [{"reason", "rows", "first_line", "file"}],
    "filtered_rows", "filtered": the same for sound rows that are no listens of music, "unchanged", "replaced", "summary"};
    "matching": way -> {"items", "rows", "listens"}, "" for what is not in the catalogue; "counts" of all listens joined with the
    catalogue; "summary".

    Raises
    ------
    InputError : a file is missing, empty, of no known format, or holds no good row; `user` is given for files that name their
        users (code "user").
    """
    for path in files:  # before the first one is read, so that a slip of the pen leaves nothing half done
        stored_listens.checked_source(path, user)
    workspace = create_workspace(root)
    with workspace.writing():
        results = []
        for path in files:
            with report.task(f"reading {path.name}") as progress:
                done = stored_listens.import_file(workspace.listens, path, user=user, progress=progress)
                progress(done.rows, done.rows)
            results.append(_told(path, done))
        with workspace.catalogue(readonly=True) as catalogue:
            tracks = catalogue.tracks()
        _, counts = load(workspace.listens, tracks)
        matching = match_report(workspace.listens, tracks, k=0)["matching"]
    summary = "; ".join(f"{number} {what}" for what, number in counts.items())
    return {"files": results, "matching": matching, "counts": counts, "summary": f"All listens: {summary}"}


def unmatched(root: Path, *, k: int = 20) -> dict[str, Any]:
    """What was listened to and is not in the catalogue, and what was matched by similar names, most listens first.

    Returns
    -------
    "unmatched": at most k {"artist", "title", "album", "id", "listens", "rows"}, one for each artist and title ("id" where there
    are no names); "similar": at most k {"name", "artist", "title", "listens", "track_id", "matched_name"}; "matching" as in
    `import_listens`; "summary".

    Raises
    ------
    InputError : there is no workspace; stored listens are damaged.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        tracks = catalogue.tracks()
    found = match_report(workspace.listens, tracks, k=k)
    ways = [
        f"{way or 'not in the catalogue'}: {count['items']} items with {count['listens']:g} listens"
        for way, count in found["matching"].items()
    ]
    return {**found, "summary": f"Matched by {'; '.join(ways)}" if ways else "There are no listens; import some first"}


def _told(path: Path, done: ImportReport) -> dict[str, Any]:
    bad, left_out = (sum(one.rows for one in counted) for counted in (done.rejected, done.filtered))
    source = done.source
    if done.unchanged:
        text = f"{path}: imported before as {source.path}, nothing has changed"
    else:
        text = f"{path} ({source.format}): {done.rows} rows, {bad} of them bad" + _reasons(done.rejected)
        text += f"; {left_out} left out" + _reasons(done.filtered) if left_out else ""
        text += "; replaces its earlier version" if done.replaced else ""
    text += "".join(f"; {note}" for note in done.notes)
    return {
        "path": str(path),
        "stored_as": source.path,
        "format": source.format,
        "rows": done.rows,
        "bad_rows": bad,
        "rejected": _listed(done.rejected),
        "filtered_rows": left_out,
        "filtered": _listed(done.filtered),
        "unchanged": done.unchanged,
        "replaced": done.replaced,
        "summary": text,
    }


def _reasons(counted: Sequence[Counted]) -> str:
    return "".join(f"; {one.reason}: {one.rows}, first in line {one.first_line}{_in(one)}" for one in counted)


def _in(one: Counted) -> str:
    return f" of {one.file}" if one.file else ""


def _listed(counted: Sequence[Counted]) -> list[dict[str, Any]]:
    return [{"reason": one.reason, "rows": one.rows, "first_line": one.first_line, "file": one.file} for one in counted]
