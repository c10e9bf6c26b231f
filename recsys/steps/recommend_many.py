"""Recommendations for every user of a file, as a table. Light, as `recsys.steps.recommend` is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from collab.fallback import Person, answers
from data.errors import InputError
from data.list_limits import Limits
from recsys.report import SILENT, Report
from recsys.steps.current import current_model
from recsys.steps.recommend import terms_of
from recsys.steps.unrepeated import unrepeated_answer
from recsys.workspace import open_workspace

_ITEM = ("rank", "track_id", "score", "source", "reason", "cold", "tags")


def recommend_many(
    root: Path,
    users_file: Path,
    out: Path,
    *,
    k: int = 10,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
    explore: float = 0.0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Recommend for every user of a text file (one id a line) and write Parquet: user_id and what `recommend` says of an item.

    Returns
    -------
    "path", "users", "unknown_users", "users_who_heard_everything", "rows", "notes", "summary".

    Raises
    ------
    InputError : as `recommend`; the file of users cannot be read or names none; `out` cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.files import atomic_path

    users = _users_of(users_file)
    workspace = open_workspace(root)
    columns: dict[str, list[Any]] = {name: [] for name in ("user_id", *_ITEM)}
    heard_all = 0
    with workspace.catalogue(readonly=True) as catalogue, report.task("users") as progress:
        current = current_model(workspace, catalogue, users)
        terms = terms_of(current, catalogue, k, artist_cap, explore)
        limits, tracks = Limits(None, album_cap, keep_duplicates), {track.track_id: track for track in catalogue.tracks()}
        people = [Person(user, (), current.newer.get(user)) for user in users]
        for done, (person, picked) in enumerate(zip(people, answers(current.serving, people, terms), strict=True), start=1):
            heard_all += not picked
            if picked:
                picked, _ = unrepeated_answer(  # noqa: PLW2901
                    current.serving, catalogue, person, terms, limits, first=picked, known=tracks
                )
            for item in picked:
                columns["user_id"].append(person.user)
                for name in _ITEM:
                    columns[name].append(getattr(item, name))
            progress(done, len(users))
    with atomic_path(out) as path:
        pq.write_table(pa.table(columns | {"tags": pa.array(columns["tags"], pa.list_(pa.string()))}), path)
    rows, unknown = len(columns["user_id"]), sum(user not in current.serving.users for user in users)
    summary = (
        f"{rows} recommendations for {len(users)} users in {out}; {unknown} of them unknown, {heard_all} have heard everything"
    )
    return {
        "path": str(out),
        "users": len(users),
        "unknown_users": unknown,
        "users_who_heard_everything": heard_all,
        "rows": rows,
        "notes": [current.note] if current.note else [],
        "summary": summary,
    }


def _users_of(path: Path) -> list[str]:
    """The distinct lines of a file, in order."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of users: {error}") from None
    users = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not users:
        raise InputError(f"{path} names no user", hint="Write one user id a line")
    return users
